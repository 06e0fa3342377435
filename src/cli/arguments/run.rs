//! Arguments of commands that run trials: searching, resuming, running again, and options for batch jobs.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Args, Command, ValueEnum};

use super::registered::Registered as Names;
use super::{Changes, Network};
use crate::spec::{Spec, TrackerSpec};
use crate::tracking::{Registered, TRACKERS};

/// `automl search`
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  automl search space.yaml --budget 30m --set parameters.dropout.max=0.3 --out results/reviews"
)]
pub(in crate::cli) struct Search {
    /// The spec, such as `space.yaml`
    pub(in crate::cli) spec: PathBuf,
    /// The study's folder [default: results/NAME]
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) out: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) changes: Changes,
    #[command(flatten)]
    pub(in crate::cli) network: Network,
    /// Print progress as JSON on standard output, one object per line
    #[arg(long)]
    pub(in crate::cli) json: bool,
    /// Show the study in a full-screen view; without a terminal, as lines
    #[arg(long, conflicts_with = "json")]
    pub(in crate::cli) tui: bool,
    #[command(flatten)]
    pub(in crate::cli) tracking: TrackingArguments,
    #[command(flatten)]
    pub(in crate::cli) gate: GateArguments,
}

/// Options for trackers.
#[derive(Args, Clone, Debug, Default)]
pub(in crate::cli) struct TrackingArguments {
    /// Show the study in this tracker too; may be repeated
    #[arg(long, value_parser = Named, value_name = "TRACKER[=WHERE]")]
    track: Vec<Track>,
    /// Ignore the trackers of the spec
    #[arg(long, conflicts_with = "track")]
    no_tracking: bool,
}

/// A tracker, with the value of its first option if there is one.
#[derive(Clone, Debug)]
struct Track {
    tracker: &'static Registered,
    first: Option<String>,
}

impl TrackingArguments {
    /// Changes the trackers of the spec.
    pub(in crate::cli) fn apply(&self, spec: &mut Spec) {
        if self.no_tracking {
            spec.tracking.clear();
        }
        for Track { tracker, first } in &self.track {
            if spec.tracking.iter().all(|known| known.name != tracker.name) {
                spec.tracking.extend(TrackerSpec::named(tracker.name));
            }
            let mut known = spec.tracking.iter_mut().filter(|known| known.name == tracker.name);
            if let (Some(known), Some(first)) = (known.next(), first) {
                known.set_first(first);
            }
        }
    }
}

/// The names of trackers.
const TRACKER_NAMES: Names<Registered> = Names {
    rows: TRACKERS,
    name: |tracker| tracker.name,
    about: |_| "",
};

/// A value parser of `NAME` and `NAME=WHERE`.
#[derive(Clone)]
struct Named;

impl TypedValueParser for Named {
    type Value = Track;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<Track, clap::Error> {
        let text = value.to_string_lossy();
        let (name, first) = match text.split_once('=') {
            Some((name, first)) => (name, Some(first.to_owned())),
            None => (text.as_ref(), None),
        };
        let tracker = TRACKER_NAMES.parse_ref(command, argument, OsStr::new(name))?;
        Ok(Track { tracker, first })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        TRACKER_NAMES
            .possible_values()
            .map(|values| Box::new(values.collect::<Vec<_>>().into_iter()) as Box<dyn Iterator<Item = PossibleValue>>)
    }
}

/// `automl resume`
#[derive(Args, Debug)]
pub(in crate::cli) struct Resume {
    /// The study's folder
    pub(in crate::cli) folder: PathBuf,
    /// Time to add to the budget, such as `10m`
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) add_budget: Option<String>,
    /// Worker processes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(in crate::cli) workers: Option<u16>,
    /// Print progress as JSON on standard output, one object per line
    #[arg(long)]
    pub(in crate::cli) json: bool,
    /// Show the study in a full-screen view; without a terminal, as lines
    #[arg(long, conflicts_with = "json")]
    pub(in crate::cli) tui: bool,
    /// Resume from the intact part of a damaged journal
    #[arg(long)]
    pub(in crate::cli) keep_sound: bool,
    #[command(flatten)]
    pub(in crate::cli) network: Network,
    #[command(flatten)]
    pub(in crate::cli) tracking: TrackingArguments,
    #[command(flatten)]
    pub(in crate::cli) gate: GateArguments,
}

/// Options for batch jobs.
#[derive(Args, Clone, Debug, Default)]
pub(in crate::cli) struct GateArguments {
    /// Exit with 5 if the winner is worse than the winner of this `leaderboard.csv`
    #[arg(long, value_name = "CSV")]
    pub(in crate::cli) baseline: Option<PathBuf>,
    /// How much worse than the baseline the winner may be
    #[arg(long, value_name = "X", requires = "baseline", value_parser = not_negative)]
    pub(in crate::cli) tolerance: Option<f64>,
    /// Print a summary on standard output
    #[arg(long, value_enum, value_name = "FORMAT", conflicts_with = "json")]
    pub(in crate::cli) summary: Option<SummaryFormat>,
    /// Write the checks as test results, in the format of `JUnit`
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) junit: Option<PathBuf>,
}

/// Formats of the summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum SummaryFormat {
    Md,
}

fn not_negative(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| "a number of 0 or more, in units of the metric".to_owned())
}

/// `automl rerun`
#[derive(Args, Debug)]
pub(in crate::cli) struct Rerun {
    /// The study's folder
    pub(in crate::cli) folder: PathBuf,
    /// Number of the best configurations to run again
    #[arg(long, value_name = "N", default_value = "3", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(in crate::cli) top: u16,
    /// Number of seeds for each
    #[arg(long, value_name = "N", default_value = "5", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(in crate::cli) seeds: u16,
    /// The folder of the new study [default: `rerun` in the study's folder]
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// Worker processes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(in crate::cli) workers: Option<u16>,
    #[command(flatten)]
    pub(in crate::cli) network: Network,
    /// Print progress as JSON on standard output, one object per line
    #[arg(long)]
    pub(in crate::cli) json: bool,
}
