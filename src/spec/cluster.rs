//! `cluster`: workers on other machines.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::declared::{self, Field, Word, at, field, words_of};
use super::diagnostics::Diagnostic;
use super::keys::{Kind, Section};
use super::raw::Node;
use super::reader::{Fields, Problems};
use ClusterEngine::{Ray, Slurm};

/// Workers on other machines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClusterSpec {
    /// How workers are reached.
    pub engine: ClusterEngine,
    /// Number of workers that are expected to join. A study with a wall budget is planned for them.
    pub workers: usize,
    /// The address for workers, `IP` or `IP:PORT`; `None`: the address of this machine's default route.
    pub listen: Option<String>,
    /// Seconds after which a worker that is not heard of has lost its trial.
    pub lease: f64,
    /// CPUs of each job; `None`: as the system gives.
    pub cpus: Option<usize>,
    /// GPUs of each job.
    pub gpus: Option<usize>,
    /// Bytes of memory of each job; `None`: as the system gives.
    pub memory: Option<u64>,
    /// Shell lines that run on the node before the worker.
    pub setup: Option<String>,
    /// The path of this program on the nodes; `None`: as here.
    pub program: Option<String>,
    /// Number of jobs in a row that may end before their worker is ready.
    pub max_worker_failures: usize,
    /// The partition of Slurm.
    pub partition: Option<String>,
    /// The account that Slurm charges.
    pub account: Option<String>,
    /// The quality of service of Slurm.
    pub qos: Option<String>,
    /// Seconds that a job may run; `None`: as the partition says.
    pub time: Option<f64>,
    /// Seconds before that limit in which a worker saves its trial.
    pub grace: f64,
    /// Generic resources of Slurm, such as `gpu:a100:1`.
    pub gres: Option<String>,
    /// Features that nodes of Slurm must have.
    pub constraint: Option<String>,
    /// Further options of `sbatch`.
    pub extra: Vec<String>,
    /// The address of Ray's dashboard.
    pub address: Option<String>,
}

impl Default for ClusterSpec {
    fn default() -> Self {
        Self {
            engine: ClusterEngine::Local,
            workers: 8,
            listen: None,
            lease: 60.0,
            cpus: None,
            gpus: None,
            memory: None,
            setup: None,
            program: None,
            max_worker_failures: 5,
            partition: None,
            account: None,
            qos: None,
            time: None,
            grace: 120.0,
            gres: None,
            constraint: None,
            extra: Vec::new(),
            address: None,
        }
    }
}

impl ClusterSpec {
    /// The address that workers connect to, with port 0 for any free port; `None`: it follows from the default route.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listen.as_deref().and_then(address)
    }

    /// Returns whether workers join from elsewhere.
    pub fn is_used(&self) -> bool {
        self.engine != ClusterEngine::Local
    }

    /// Returns whether the study submits its workers as jobs.
    pub fn has_jobs(&self) -> bool {
        matches!(self.engine, ClusterEngine::Slurm | ClusterEngine::Ray)
    }
}

/// How workers are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClusterEngine {
    /// Processes of this machine, which the study starts.
    Local,
    /// Workers that join over TCP.
    Tcp,
    /// Workers that the study submits as jobs of Slurm.
    Slurm,
    /// Workers that the study submits as jobs of Ray.
    Ray,
}

impl ClusterEngine {
    /// Every engine.
    pub const ALL: [Self; 4] = [Self::Local, Self::Tcp, Self::Slurm, Self::Ray];
}

impl Word for ClusterEngine {
    fn names() -> Vec<(&'static str, Self)> {
        vec![
            ("local", Self::Local),
            ("tcp", Self::Tcp),
            ("slurm", Self::Slurm),
            ("ray", Self::Ray),
        ]
    }
}

/// `cluster` in the schema.
pub(super) const CLUSTER: Section = Section {
    name: "cluster",
    about: "Workers on other machines.",
    keys: || declared::keys(KEYS),
};

/// The keys of `cluster`.
pub(super) const KEYS: &[Field<ClusterSpec>] = &[
    field(
        "engine",
        Kind::Words(words_of::<ClusterEngine>),
        at!(ClusterSpec.engine),
        "How workers are reached. `local`: the study starts them on this machine. `slurm`, `ray`: it submits them as jobs. `tcp`: they join from any machine with `automl worker --connect`.",
    ),
    field(
        "workers",
        Kind::Integer { min: 1, max: 4_096 },
        at!(ClusterSpec.workers),
        "Number of workers. With `slurm` and `ray` that many jobs are kept while work is left. A study with a wall budget is planned for them; more or fewer may join.",
    ),
    field(
        "listen",
        Kind::Any(&[Kind::OneOf(&["auto"]), Kind::Text]),
        at!(ClusterSpec.listen),
        "The address for workers: `IP` or `IP:PORT` of this machine. `auto`: the address of its default route, and any free port.",
    )
    .examples(&["\"10.0.0.5:7070\""]),
    field(
        "lease",
        Kind::Duration,
        at!(ClusterSpec.lease),
        "Time after which a worker that was not heard of has lost its trial, which another worker then runs. The worker itself stops at four fifths of it.",
    ),
    field(
        "cpus",
        WORKERS,
        at!(ClusterSpec.cpus),
        "CPUs of each job. Without it Slurm decides, and Ray counts one.",
    )
    .terse()
    .examples(&["8"]),
    field("gpus", WORKERS, at!(ClusterSpec.gpus), "GPUs of each job.").terse().examples(&["1"]),
    field(
        "memory",
        Kind::Size { min: 1 << 20 },
        at!(ClusterSpec.memory),
        "Memory of each job.",
    )
    .terse()
    .examples(&["\"32GB\""]),
    field(
        "setup",
        Kind::Text,
        at!(ClusterSpec.setup),
        "Shell lines that run on the node before the worker, for example to load modules.",
    )
    .terse()
    .examples(&["\"module load cuda/12.4\""]),
    field(
        "program",
        Kind::Text,
        at!(ClusterSpec.program),
        "Path of `automl` on the nodes. Without it, the path on this machine.",
    )
    .terse()
    .examples(&["\"/shared/bin/automl\""]),
    field(
        "max_worker_failures",
        Kind::Integer { min: 1, max: 1_000 },
        at!(ClusterSpec.max_worker_failures),
        "Number of jobs in a row that may end before their worker is ready. Then no more are submitted, and the study stops if no worker is left.",
    )
    .terse(),
    field(
        "partition",
        Kind::Text,
        at!(ClusterSpec.partition),
        "The partition of Slurm. Without it, the default one.",
    )
    .terse()
    .examples(&["\"gpu\""]),
    field("account", Kind::Text, at!(ClusterSpec.account), "The account that Slurm charges.")
        .terse()
        .examples(&["\"proj123\""]),
    field("qos", Kind::Text, at!(ClusterSpec.qos), "The quality of service of Slurm.")
        .terse()
        .examples(&["\"normal\""]),
    field(
        "time",
        Kind::Duration,
        at!(ClusterSpec.time),
        "Time limit of each Slurm job. A trial may take longer: it continues in the next job. Without it, the limit of the partition.",
    )
    .terse()
    .examples(&["\"4h\""]),
    field(
        "grace",
        Kind::Duration,
        at!(ClusterSpec.grace),
        "Time before the limit at which Slurm signals a worker to save its trial and to leave; at most half of `time`.",
    )
    .terse(),
    field(
        "gres",
        Kind::Text,
        at!(ClusterSpec.gres),
        "Generic resources of Slurm, if `gpus` does not say enough.",
    )
    .terse()
    .examples(&["\"gpu:a100:1\""]),
    field(
        "constraint",
        Kind::Text,
        at!(ClusterSpec.constraint),
        "Features that nodes of Slurm must have.",
    )
    .terse()
    .examples(&["\"nvlink\""]),
    field(
        "extra",
        Kind::List(&Kind::Text),
        at!(ClusterSpec.extra),
        "Further options of `sbatch`.",
    )
    .terse()
    .examples(&["[\"--exclude=n13\"]"]),
    field(
        "address",
        Kind::Text,
        at!(ClusterSpec.address),
        "The address of Ray's dashboard, which serves its jobs API.",
    )
    .terse()
    .examples(&["\"http://head:8265\""]),
];

/// More than any node has, and few enough to notice a misprint.
const WORKERS: Kind = Kind::Integer { min: 1, max: 4_096 };

/// The keys that only some engines know.
const OWNERS: &[(&str, &[ClusterEngine])] = &[
    ("cpus", &[Slurm, Ray]),
    ("gpus", &[Slurm, Ray]),
    ("memory", &[Slurm, Ray]),
    ("setup", &[Slurm, Ray]),
    ("program", &[Slurm, Ray]),
    ("max_worker_failures", &[Slurm, Ray]),
    ("partition", &[Slurm]),
    ("account", &[Slurm]),
    ("qos", &[Slurm]),
    ("time", &[Slurm]),
    ("grace", &[Slurm]),
    ("gres", &[Slurm]),
    ("constraint", &[Slurm]),
    ("extra", &[Slurm]),
    ("address", &[Ray]),
];

/// The shortest and the longest lease, in seconds. A shorter one would end while a worker is only busy.
const LEASES: (f64, f64) = (1.0, 86_400.0);

/// Reads the section; the default if there is none.
pub(super) fn read(spec: &Fields<'_>, problems: &mut Problems) -> Option<ClusterSpec> {
    let cluster: ClusterSpec = declared::read_or_default(spec, "cluster", KEYS, problems)?;
    let node = spec.get("cluster");
    let location = |key: &str| node.and_then(|node| node.child(key)).or(node);
    if let (Some(listen), Some(node)) = (&cluster.listen, location("listen")) {
        let fault = match address(listen) {
            None => Some("not an address"),
            Some(address) if address.ip().is_unspecified() => Some("stands for every address of the machine"),
            Some(_) => None,
        };
        if let Some(fault) = fault {
            let message = format!("`listen: {listen}`: {fault}");
            let help =
                "write the one address of this machine that workers can reach, such as `10.0.0.5` or `10.0.0.5:7070`";
            problems.error(Diagnostic::error(&node.location, message).with_help(help));
            return None;
        }
    }
    if let (false, Some(node)) = ((LEASES.0..=LEASES.1).contains(&cluster.lease), location("lease")) {
        let message = format!("`lease` is {} seconds, but must be from 1s to 24h", cluster.lease);
        problems.error(Diagnostic::error(&node.location, message));
        return None;
    }
    let sound = [
        owned_keys(&cluster, node, problems),
        sound_job(&cluster, node, problems),
    ];
    sound.into_iter().all(|is_sound| is_sound).then_some(cluster)
}

/// Refuses keys of other engines; returns whether there are none.
fn owned_keys(cluster: &ClusterSpec, node: Option<&Node>, problems: &mut Problems) -> bool {
    let given = OWNERS.iter().filter(|(_, owners)| !owners.contains(&cluster.engine));
    let given = given.filter_map(|(key, owners)| Some((key, owners, node?.child(key)?)));
    let mut is_sound = true;
    for (key, owners, at) in given {
        is_sound = false;
        let word = |engine: &ClusterEngine| {
            let names = ClusterEngine::names();
            names
                .into_iter()
                .find(|(_, known)| known == engine)
                .map_or("", |(word, _)| word)
        };
        let owners: Vec<String> = owners
            .iter()
            .map(|owner| format!("`engine: {}`", word(owner)))
            .collect();
        let message = format!(
            "`{key}` needs {}, but the engine is `{}`",
            owners.join(" or "),
            word(&cluster.engine)
        );
        problems.error(Diagnostic::error(&at.location, message));
    }
    is_sound
}

/// Checks values that the job systems could misread; returns whether they are sound.
fn sound_job(cluster: &ClusterSpec, node: Option<&Node>, problems: &mut Problems) -> bool {
    let mut is_sound = true;
    let mut refuse = |key: &str, message: String, help: &str| {
        is_sound = false;
        if let Some(node) = node.and_then(|node| node.child(key)).or(node) {
            problems.error(Diagnostic::error(&node.location, message).with_help(help));
        }
    };
    if cluster.engine == Ray {
        match &cluster.address {
            None => refuse(
                "engine",
                "`engine: ray` needs `address`".to_owned(),
                "write the address of Ray's dashboard, such as `address: http://head:8265`",
            ),
            Some(address) if !address.starts_with("http://") && !address.starts_with("https://") => refuse(
                "address",
                format!("`address: {address}` must begin with `http://` or `https://`"),
                "write the address of Ray's dashboard, such as `http://head:8265`",
            ),
            Some(_) => {}
        }
    }
    if cluster.gpus.is_some() && cluster.gres.is_some() {
        refuse(
            "gres",
            "`gpus` and `gres` say the same thing".to_owned(),
            "keep one of them",
        );
    }
    if cluster
        .time
        .is_some_and(|time| !(60.0..=366.0 * 86_400.0).contains(&time))
    {
        refuse(
            "time",
            "`time` must be from one minute to a year".to_owned(),
            "Slurm counts in minutes",
        );
    }
    if !(1.0..=65_535.0).contains(&cluster.grace) {
        refuse(
            "grace",
            "`grace` must be from 1s to 65535s".to_owned(),
            "Slurm accepts no other values",
        );
    }
    is_sound
}

fn address(text: &str) -> Option<SocketAddr> {
    let without_port = || text.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, 0));
    text.parse().ok().or_else(without_port)
}
