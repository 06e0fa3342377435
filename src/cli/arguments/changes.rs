//! Flags that change a spec: common to `search` and `plan`.

use clap::Args;

use crate::spec::Override;

/// Changes of a spec.
#[derive(Args, Debug)]
pub(in crate::cli) struct Changes {
    /// Worker processes
    #[arg(long, value_name = "N")]
    workers: Option<String>,
    /// Total number of trials
    #[arg(long, value_name = "N")]
    trials: Option<String>,
    /// Total time, such as `90s`, `10m` or `1h30m`
    #[arg(long, value_name = "TIME")]
    budget: Option<String>,
    /// The seed of all random decisions
    #[arg(long, value_name = "N")]
    seed: Option<String>,
    /// Change a value of the spec, such as `parameters.dropout.max=0.3`; paths are relative to the current folder
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<Override>,
}

impl Changes {
    /// The flags as overrides of the spec. The special flags come first, so that `--set` takes precedence.
    pub(in crate::cli) fn overrides(&self) -> Vec<Override> {
        let flags = [
            ("--workers", "resources.workers", &self.workers),
            ("--trials", "budget.trials", &self.trials),
            ("--budget", "budget.wall", &self.budget),
            ("--seed", "seed", &self.seed),
        ];
        let flags = flags
            .into_iter()
            .filter_map(|(flag, key, value)| Some(Override::new(key, value.clone()?).with_flag(flag)));
        flags.chain(self.set.iter().cloned()).collect()
    }
}
