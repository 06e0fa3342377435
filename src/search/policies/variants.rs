//! All rules of the registry and variants of them, for conformance tests here and for whole studies in `engine`.

use super::{EarlyTerminate, Lengths, SchedulerSpec};
use crate::schedulers::Patience;
use crate::units::Samples;

/// Trials of 10 to 810 samples: five rungs.
pub const LENGTHS: Lengths = Lengths {
    min: Samples(10),
    max: Samples(810),
    epoch: Samples(45),
    reaches_min: false,
};

/// Every rule of the registry, and variants with other options.
///
/// # Panics
///
/// If the registry has lost a rule that is named here.
pub fn all() -> Vec<SchedulerSpec> {
    let named = |name| SchedulerSpec::named(name).expect("the registry has this rule");
    let more = [
        named("asha").with("mode", "stopping"),
        named("asha").with("cost_aware", true),
        named("successive_halving").with("eta", 2).with("bracket", 7),
        named("median").with("interval", 1.0).with("min_trials", 2),
    ];
    SchedulerSpec::all().chain(more).collect()
}

/// All rules of [`all`]: plain, with patience, with an audit, and with both.
pub fn all_wrapped() -> Vec<EarlyTerminate> {
    let patience = Some(Patience {
        epochs: 3.0,
        min_delta: 0.001,
    });
    let wrapped = |scheduler| {
        [(None, 0.0), (patience, 0.0), (None, 0.2), (patience, 0.2)].map(|(patience, audit)| EarlyTerminate {
            scheduler,
            patience,
            audit,
        })
    };
    all().into_iter().flat_map(wrapped).collect()
}
