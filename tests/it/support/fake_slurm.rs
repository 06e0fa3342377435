//! Small `sbatch`, `squeue`, `scancel`, `sinfo` and `srun` that run jobs on this machine, for tests without a Slurm.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::{Running, Sandbox};

const SBATCH: &str = r#"#!/bin/bash
D=@D@
echo "$*" >> $D/submitted
if [ -f $D/down ]; then echo "sbatch: error: Unable to contact slurm controller (connect failure)" >&2; exit 1; fi
if [ -f $D/refuse ]; then cat $D/refuse >&2; exit 1; fi
(flock 9; n=$(cat $D/next 2>/dev/null || echo 1); echo $((n + 1)) > $D/next; echo $n > $D/this.$$) 9> $D/lock
n=$(cat $D/this.$$); rm $D/this.$$
for option; do
  case "$option" in --array=1-*) count=${option#--array=1-} ;; --output=*) output=${option#--output=} ;;
    --job-name=*) name=${option#--job-name=} ;; esac
done
cat > $D/$n.script
for i in $(seq 1 $count); do
  job=${n}_$i; echo "$name" > $D/$job.name; log=${output//%A/$n}; log=${log//%a/$i}
  if [ -f $D/hold ]; then rm $D/hold; echo "PENDING|JobHeldUser|" > $D/$job.state; continue; fi
  if [ -f $D/full ]; then echo "PENDING|Resources|" > $D/$job.state; continue; fi
  echo "RUNNING|None|fake$i" > $D/$job.state
  (
    SLURM_ARRAY_JOB_ID=$n SLURM_ARRAY_TASK_ID=$i setsid bash $D/$n.script >> $log 2>&1 < /dev/null 9>&- &
    pid=$!; echo $pid > $D/$job.pid
    if wait $pid; then end=COMPLETED; else end=FAILED; fi
    grep -q CANCELLED $D/$job.state || echo "$end|None|fake$i" > $D/$job.state
  ) > /dev/null 2>&1 < /dev/null &
done
echo $n
"#;

const SQUEUE: &str = r#"#!/bin/bash
D=@D@
if [ -f $D/down ]; then echo "slurm_load_jobs error: Unable to contact slurm controller (connect failure)" >&2; exit 1; fi
for option; do case "$option" in --name=*) name=${option#--name=} ;; esac; done
for state in $D/*.state; do
  [ "$(cat ${state%.state}.name 2>/dev/null)" = "$name" ] && echo "$(basename $state .state)|$(cat $state)"
done
exit 0
"#;

const SCANCEL: &str = r#"#!/bin/bash
D=@D@
echo "$*" >> $D/cancelled
case "$1" in --name=*) set -- $(cd $D; grep -lx -- "${1#--name=}" *.name 2>/dev/null | sed 's/.name//') ;; esac
for job; do
  grep -qE 'RUNNING|PENDING' $D/$job.state || continue
  echo "CANCELLED|None|" > $D/$job.state
  [ -f $D/$job.pid ] && kill -TERM -- -$(cat $D/$job.pid) 2>/dev/null
done
exit 0
"#;

const SRUN: &str = "#!/bin/bash\nwhile [[ \"$1\" == --* ]]; do shift; done\nexec \"$@\"\n";

const SINFO: &str = "#!/bin/bash\necho 'low*|up|1:00:00|3|gpu:fake:2'\necho 'high|up|1:00:00|3|gpu:fake:2'\n";

/// A stand-in for Slurm in a story's folder.
pub(crate) struct FakeSlurm<'a> {
    sandbox: &'a Sandbox,
}

impl<'a> FakeSlurm<'a> {
    pub(crate) fn new(sandbox: &'a Sandbox) -> Self {
        let state = sandbox.path("slurm");
        std::fs::create_dir_all(&state).unwrap();
        for (name, script) in [
            ("sbatch", SBATCH),
            ("squeue", SQUEUE),
            ("scancel", SCANCEL),
            ("srun", SRUN),
            ("sinfo", SINFO),
        ] {
            let file = format!("bin/{name}");
            sandbox.write(&file, script.replace("@D@", &state.display().to_string()));
            std::fs::set_permissions(sandbox.path(&file), PermissionsExt::from_mode(0o755)).unwrap();
        }
        Self { sandbox }
    }

    /// The program with these commands in its path.
    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = self.sandbox.command(arguments);
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut folders = vec![self.sandbox.path("bin")];
        folders.extend(std::env::split_paths(&path));
        command.env("PATH", std::env::join_paths(folders).unwrap());
        command
    }

    pub(crate) fn start(&self, arguments: &str) -> Running {
        self.sandbox.start_command(self.command(arguments), arguments)
    }

    /// Makes the next commands behave in a way: `down`, `refuse` (with a message), `hold` (one job), `full`.
    pub(crate) fn set(&self, mood: &str, words: &str) {
        self.sandbox.write(&format!("slurm/{mood}"), words);
    }

    pub(crate) fn unset(&self, mood: &str) {
        let _ = std::fs::remove_file(self.sandbox.path(&format!("slurm/{mood}")));
    }

    /// The options of every `sbatch` so far.
    pub(crate) fn submitted(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.sandbox.path("slurm/submitted")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// The states of all jobs.
    pub(crate) fn states(&self) -> Vec<String> {
        let names = self.sandbox.list("slurm").into_iter();
        let jobs = names.filter_map(|name| name.strip_suffix(".state").map(str::to_owned));
        let states = jobs.map(|job| {
            let state = self.sandbox.read(&format!("slurm/{job}.state"));
            state.split('|').next().unwrap_or_default().to_owned()
        });
        states.collect()
    }

    /// Changes the state of a job that waits, as an administrator does.
    pub(crate) fn release(&self, job: &str, state: &str) {
        self.sandbox.write(&format!("slurm/{job}.state"), state);
    }
}
