//! The section as YAML that says everything.

use super::{AshaMode, EarlyTerminate, PbtSpec, SchedulerSpec};
use crate::spec::write::float;

impl EarlyTerminate {
    /// The keys of the section with their values, in the order in which they are written.
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let mut lines = vec![("type", self.scheduler.name().to_owned())];
        lines.extend(self.scheduler.lines());
        if let Some(patience) = self.patience {
            lines.push(("patience", float(patience.epochs)));
            lines.push(("min_delta", float(patience.min_delta)));
        }
        lines.extend((self.audit > 0.0).then(|| ("audit", float(self.audit))));
        lines
    }
}

impl SchedulerSpec {
    fn lines(self) -> Vec<(&'static str, String)> {
        match self {
            Self::None => Vec::new(),
            Self::Asha { eta, mode, cost_aware } => {
                let mode = match mode {
                    AshaMode::Promotion => "promotion",
                    AshaMode::Stopping => "stopping",
                };
                vec![
                    ("eta", eta.to_string()),
                    ("mode", mode.to_owned()),
                    ("cost_aware", cost_aware.to_string()),
                ]
            }
            Self::Hyperband { eta } | Self::Pasha { eta } => vec![("eta", eta.to_string())],
            Self::SuccessiveHalving { eta, bracket } => {
                let bracket = bracket.map(|bracket| ("bracket", bracket.to_string()));
                [("eta", eta.to_string())].into_iter().chain(bracket).collect()
            }
            Self::Median { interval, min_trials } => {
                let interval = interval.map(|interval| ("interval", float(interval)));
                let min_trials = ("min_trials", min_trials.to_string());
                interval.into_iter().chain([min_trials]).collect()
            }
            Self::Pbt(PbtSpec {
                population,
                interval,
                quantile,
                resample,
            }) => {
                let mut lines = vec![("population", population.to_string())];
                lines.extend(interval.map(|interval| ("interval", float(interval))));
                lines.push(("quantile", float(quantile)));
                lines.push(("resample", float(resample)));
                lines
            }
        }
    }
}
