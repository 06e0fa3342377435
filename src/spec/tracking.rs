//! `tracking`: the trackers that show a study.
//!
//! Forms: `tracking: csv` · `tracking: [csv]` · `tracking: {csv: {folder: curves}}`

use std::collections::BTreeMap;

use super::diagnostics::Diagnostic;
use super::files::Files;
use super::keys::{Key, Kind, Section, key};
use super::raw::{Content, Entry, Node};
use super::reader::{self, Fields, Problems};

/// A tracker that specs can name.
#[derive(Debug)]
pub struct TrackerRow {
    /// Its name.
    pub name: &'static str,
    /// Its output, in one sentence.
    pub about: &'static str,
    /// Its options.
    pub options: &'static [TrackerOption],
    /// Its options in the schema.
    pub section: &'static Section,
}

/// An option of a tracker. The first one of a tracker is the value of `--track NAME=VALUE`.
#[derive(Debug)]
pub struct TrackerOption {
    /// Its key.
    pub name: &'static str,
    /// `true` for a path. Relative paths start at the spec's folder.
    pub is_path: bool,
    /// The environment variables that it is taken from if the spec leaves it out, the first that is set.
    pub variables: &'static [&'static str],
    /// Its meaning in one sentence.
    pub about: &'static str,
}

/// Every tracker. `tracking::TRACKERS` has the code of each.
pub const TRACKER_ROWS: &[TrackerRow] = &[
    TrackerRow {
        name: "csv",
        about: "Tables of trials, learning curves and segments: `trials.csv`, `curves.csv` and `segments.csv`.",
        options: CSV,
        section: &Section {
            name: "tracking_csv",
            about: "The tracker `csv`.",
            keys: || option_keys(CSV),
        },
    },
    TrackerRow {
        name: "tensorboard",
        about: "Event files for TensorBoard: curves, hyperparameters and texts.",
        options: TENSORBOARD,
        section: &Section {
            name: "tracking_tensorboard",
            about: "The tracker `tensorboard`.",
            keys: || option_keys(TENSORBOARD),
        },
    },
    TrackerRow {
        name: "optuna",
        about: "The journal file of Optuna, for `optuna-dashboard` and `optuna.load_study`.",
        options: OPTUNA,
        section: &Section {
            name: "tracking_optuna",
            about: "The tracker `optuna`.",
            keys: || option_keys(OPTUNA),
        },
    },
    TrackerRow {
        name: "mlflow",
        about: "A run for the study on an MLflow server, with nested runs for its trials.",
        options: MLFLOW,
        section: &Section {
            name: "tracking_mlflow",
            about: "The tracker `mlflow`.",
            keys: || option_keys(MLFLOW),
        },
    },
    TrackerRow {
        name: "wandb",
        about: "Offline runs for Weights & Biases, which `wandb sync` uploads.",
        options: WANDB,
        section: &Section {
            name: "tracking_wandb",
            about: "The tracker `wandb`.",
            keys: || option_keys(WANDB),
        },
    },
    TrackerRow {
        name: "comet",
        about: "Offline experiments for Comet, which `comet upload` uploads.",
        options: COMET,
        section: &Section {
            name: "tracking_comet",
            about: "The tracker `comet`.",
            keys: || option_keys(COMET),
        },
    },
];

const CSV: &[TrackerOption] = &[TrackerOption {
    name: "folder",
    is_path: true,
    variables: &[],
    about: "The folder of the tables. By default `tracking/csv` in the study's folder.",
}];

const TENSORBOARD: &[TrackerOption] = &[TrackerOption {
    name: "folder",
    is_path: true,
    variables: &[],
    about: "The folder of the event files. By default `tracking/tensorboard` in the study's folder.",
}];

const OPTUNA: &[TrackerOption] = &[TrackerOption {
    name: "file",
    is_path: true,
    variables: &[],
    about: "The file. By default `tracking/optuna.log` in the study's folder.",
}];

const MLFLOW: &[TrackerOption] = &[
    TrackerOption {
        name: "uri",
        is_path: false,
        variables: &["MLFLOW_TRACKING_URI"],
        about: "The address of the server, such as `http://localhost:5000`. By default `$MLFLOW_TRACKING_URI`.",
    },
    TrackerOption {
        name: "experiment",
        is_path: false,
        variables: &["MLFLOW_EXPERIMENT_NAME"],
        about: "The experiment. By default `$MLFLOW_EXPERIMENT_NAME`, or the study's name.",
    },
];

const WANDB: &[TrackerOption] = &[
    TrackerOption {
        name: "project",
        is_path: false,
        variables: &["WANDB_PROJECT"],
        about: "The project. By default `$WANDB_PROJECT`, or the study's name.",
    },
    TrackerOption {
        name: "entity",
        is_path: false,
        variables: &["WANDB_ENTITY"],
        about: "The team or user. By default `$WANDB_ENTITY`, or the one that `wandb sync` knows.",
    },
    TrackerOption {
        name: "group",
        is_path: false,
        variables: &["WANDB_RUN_GROUP"],
        about: "The group of the runs. By default `$WANDB_RUN_GROUP`, or the study's name and id.",
    },
    TrackerOption {
        name: "sweep",
        is_path: false,
        variables: &["WANDB_SWEEP_ID"],
        about: "The id of a sweep that shows the runs. By default `$WANDB_SWEEP_ID`, or none.",
    },
    TrackerOption {
        name: "tags",
        is_path: false,
        variables: &["WANDB_TAGS"],
        about: "Tags of all runs, separated by commas. By default `$WANDB_TAGS`, or none.",
    },
    TrackerOption {
        name: "notes",
        is_path: false,
        variables: &["WANDB_NOTES"],
        about: "A note on all runs. By default `$WANDB_NOTES`, or none.",
    },
    TrackerOption {
        name: "folder",
        is_path: true,
        variables: &[],
        about: "The folder of the runs. By default `$WANDB_DIR/wandb`, or `tracking/wandb` in the study's folder.",
    },
];

const COMET: &[TrackerOption] = &[
    TrackerOption {
        name: "project",
        is_path: false,
        variables: &["COMET_PROJECT_NAME"],
        about: "The project. By default `$COMET_PROJECT_NAME`, or the study's name.",
    },
    TrackerOption {
        name: "workspace",
        is_path: false,
        variables: &["COMET_WORKSPACE"],
        about: "The workspace. By default `$COMET_WORKSPACE`, or the one that `comet upload` knows.",
    },
    TrackerOption {
        name: "folder",
        is_path: true,
        variables: &["COMET_OFFLINE_DIRECTORY"],
        about: "The folder of the archives. By default `$COMET_OFFLINE_DIRECTORY`, or `tracking/comet` in the study's folder.",
    },
];

/// `tracking` in the schema.
pub(super) const TRACKING: Section = Section {
    name: "tracking",
    about: "Trackers by name, each with its options.",
    keys: || {
        let rows = TRACKER_ROWS.iter();
        rows.map(|row| key(row.name, Kind::Section(row.section), row.about))
            .collect()
    },
};

fn option_keys(options: &[TrackerOption]) -> Vec<Key> {
    let options = options.iter();
    options
        .map(|option| key(option.name, Kind::Text, option.about))
        .collect()
}

/// The names of the trackers.
pub(super) fn trackers() -> Vec<&'static str> {
    TRACKER_ROWS.iter().map(|row| row.name).collect()
}

/// A tracker of a study.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackerSpec {
    /// Its name.
    pub name: &'static str,
    /// Values of its options, by key.
    pub options: BTreeMap<&'static str, String>,
}

impl TrackerSpec {
    /// The tracker of this name, without options.
    pub fn named(name: &str) -> Option<Self> {
        let row = TRACKER_ROWS.iter().find(|row| row.name == name)?;
        Some(Self {
            name: row.name,
            options: BTreeMap::new(),
        })
    }

    /// The tracker's row.
    pub fn row(&self) -> Option<&'static TrackerRow> {
        TRACKER_ROWS.iter().find(|row| row.name == self.name)
    }

    /// Sets the first option, which is the most important one. A relative path starts at the current folder.
    pub fn set_first(&mut self, value: &str) {
        let Some(option) = self.row().and_then(|row| row.options.first()) else {
            return;
        };
        let path = std::path::absolute(value).ok().filter(|_| option.is_path);
        let text = path.map_or_else(|| value.to_owned(), |path| path.display().to_string());
        self.options.insert(option.name, text);
    }
}

/// Reads the section; empty if there is none.
pub(super) fn read(spec: &Fields<'_>, files: Files<'_>, problems: &mut Problems) -> Option<Vec<TrackerSpec>> {
    let Some(node) = spec.get("tracking") else {
        return Some(Vec::new());
    };
    let nodes: Vec<&Node> = match &node.content {
        Content::Sequence(items) => items.iter().collect(),
        Content::Null | Content::Scalar(_) | Content::Mapping(_) => vec![node],
    };
    let mut trackers: Vec<TrackerSpec> = Vec::new();
    for node in nodes {
        for tracker in named(node, files, problems)? {
            if trackers.iter().any(|known| known.name == tracker.name) {
                let message = format!("the tracker `{}` stands there twice", tracker.name);
                problems.error(Diagnostic::error(&node.location, message).with_help("keep one of them"));
                return None;
            }
            trackers.push(tracker);
        }
    }
    Some(trackers)
}

/// Reads a name, or a mapping of names to options.
fn named(node: &Node, files: Files<'_>, problems: &mut Problems) -> Option<Vec<TrackerSpec>> {
    let names: Vec<(&str, &TrackerRow)> = TRACKER_ROWS.iter().map(|row| (row.name, row)).collect();
    if !matches!(node.content, Content::Mapping(_)) {
        let row = reader::one_of(node, "tracking", &names, problems)?;
        return Some(TrackerSpec::named(row.name).into_iter().collect());
    }
    let fields = Fields::of(node, &TRACKING, problems)?;
    let told = |entry: &Entry| {
        let (_, row) = *names.iter().find(|(name, _)| *name == entry.key)?;
        Some((row, entry.value.clone()))
    };
    let entries: Vec<(&TrackerRow, Node)> = fields.entries().iter().filter_map(told).collect();
    entries
        .iter()
        .map(|(row, value)| options(row, value, files, problems))
        .collect()
}

fn options(row: &'static TrackerRow, node: &Node, files: Files<'_>, problems: &mut Problems) -> Option<TrackerSpec> {
    let mut tracker = TrackerSpec::named(row.name)?;
    if matches!(node.content, Content::Null) {
        return Some(tracker);
    }
    let names: Vec<&str> = row.options.iter().map(|option| option.name).collect();
    let fields = Fields::read(node, row.name, &names, problems)?;
    for entry in fields.entries() {
        let option = row.options.iter().find(|option| option.name == entry.key)?;
        let text = reader::text(&entry.value, option.name, problems)?;
        let text = if option.is_path {
            files.join(&entry.value, &text).display().to_string()
        } else {
            text
        };
        tracker.options.insert(option.name, text);
    }
    Some(tracker)
}
