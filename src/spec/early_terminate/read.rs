//! The section `early_terminate` of a spec.

use super::{AshaMode, ETA, EarlyTerminate, MIN_TRIALS, Patience, PbtSpec, SchedulerSpec};
use crate::spec::diagnostics::{Diagnostic, list};
use crate::spec::raw::{Content, Entry, Node, SourceKind};
use crate::spec::reader::{self, Fields, Problems};
use crate::suggestion::did_you_mean;

/// What goes with every scheduler.
const COMMON: [&str; 4] = ["type", "patience", "min_delta", "audit"];

/// Every scheduler with the keys that are its own.
const OWN: [(&str, &[&str]); 7] = [
    ("asha", &["eta", "mode", "cost_aware"]),
    ("hyperband", &["eta", "min_iter", "max_iter", "s", "strict"]),
    ("successive_halving", &["eta", "bracket"]),
    ("pasha", &["eta"]),
    ("median", &["interval", "min_trials"]),
    ("pbt", &["population", "interval", "quantile", "resample"]),
    ("none", &[]),
];

/// Keys of W&B's `hyperband`, which is something else: stopping by rungs that are counted from the first iterations or from
/// the last.
const WANDB: [&str; 4] = ["min_iter", "max_iter", "s", "strict"];

/// Halvings that are guessed where W&B's `min_iter` says when to begin, and nothing when to end.
const GUESSED_HALVINGS: i32 = 2;

/// The section, and what it says of the length of trials.
#[derive(Clone, Copy, Debug)]
pub(in crate::spec) struct Section {
    pub(in crate::spec) early_terminate: EarlyTerminate,
    pub(in crate::spec) iterations: Iterations,
}

/// What a sweep of W&B says of the length of trials: it has no `epochs`.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::spec) struct Iterations {
    /// Before this no trial is judged.
    pub(in crate::spec) min: Option<f64>,
    /// A complete trial.
    pub(in crate::spec) max: Option<f64>,
}

/// Reads the section of a spec, or what holds without one; `is_planned`: for a fine-tuning with a wall budget.
pub(in crate::spec) fn read(spec: &Fields<'_>, is_planned: bool, problems: &mut Problems) -> Option<Section> {
    let plain = |scheduler: SchedulerSpec| Section {
        early_terminate: scheduler.into(),
        iterations: Iterations::default(),
    };
    let Some(node) = spec.get("early_terminate") else {
        return Some(Section {
            early_terminate: if is_planned {
                EarlyTerminate::planned()
            } else {
                SchedulerSpec::default().into()
            },
            iterations: Iterations::default(),
        });
    };
    if matches!(node.content, Content::Scalar(_)) {
        return reader::one_of(node, "early_terminate", &SchedulerSpec::NAMES, problems).map(plain);
    }
    let fields = Fields::read_any(node, "early_terminate", problems)?;
    let default = SchedulerSpec::default();
    let kind = fields.get("type").map_or(Some(default), |node| {
        reader::one_of(node, "type", &SchedulerSpec::NAMES, problems)
    })?;
    // Only now: keys of an unsupported type are no misprints.
    let errors_before = problems.errors.len();
    let keys = known_keys(kind, &fields, problems);
    let keys = Keys { fields, keys };
    let scheduler = scheduler(kind, &keys, problems);
    let patience = keys.epochs("patience", problems);
    let min_delta = keys.number("min_delta", (0.0, f64::MAX), 0.0, problems);
    let section = Section {
        early_terminate: EarlyTerminate {
            scheduler,
            patience: patience.map(|epochs| Patience { epochs, min_delta }),
            audit: keys.number("audit", (0.0, 1.0), 0.0, problems),
        },
        iterations: iterations(&keys, problems),
    };
    warn_of_idle_keys(section.early_terminate, &keys, problems);
    // Whatever was wrong was read as if it were not there.
    (problems.errors.len() == errors_before).then_some(section)
}

/// The keys that the type has. Others are reported, unless another type was chosen on the command line than in the file:
/// what the file says of its own is of no use then, and no fault.
fn known_keys(kind: SchedulerSpec, fields: &Fields<'_>, problems: &mut Problems) -> Vec<&'static str> {
    let name = kind.name();
    let own = OWN
        .iter()
        .find(|(owner, _)| *owner == name)
        .map_or(&[][..], |(_, own)| own);
    let is_by_hand = |node: &Node| node.place.source.kind == SourceKind::Override;
    let is_switched = fields.get("type").is_some_and(is_by_hand);
    for Entry { key, key_place, value } in fields.entries() {
        let key = key.as_str();
        let owners = OWN.iter().filter(|(_, own)| own.contains(&key));
        let owners: Vec<&str> = owners.map(|(owner, _)| *owner).collect();
        if own.contains(&key) || COMMON.contains(&key) {
            continue;
        }
        if owners.is_empty() {
            let all = all_keys();
            let meant = did_you_mean(key, all.iter().copied());
            let message = format!("unknown key `{key}` in `early_terminate`");
            problems.error(Diagnostic::error(key_place, message).with_meant(meant, &all));
        } else if !is_switched || is_by_hand(value) {
            let message = format!("`early_terminate` of type `{name}` has no key `{key}`");
            let help = format!("it is one of {}", list(&owners));
            problems.error(Diagnostic::error(key_place, message).with_help(help));
        }
    }
    COMMON.iter().chain(own).copied().collect()
}

/// Every key of every type.
fn all_keys() -> Vec<&'static str> {
    let mut keys = COMMON.to_vec();
    for key in OWN.iter().flat_map(|(_, own)| *own) {
        if !keys.contains(key) {
            keys.push(key);
        }
    }
    keys
}

/// The entries of the section that its type knows.
struct Keys<'a> {
    fields: Fields<'a>,
    keys: Vec<&'static str>,
}

impl Keys<'_> {
    fn get(&self, key: &str) -> Option<&Node> {
        self.fields.get(key).filter(|_| self.keys.contains(&key))
    }

    fn integer(&self, key: &str, (min, max): (u32, u32), default: u32, problems: &mut Problems) -> u32 {
        let read = |node| reader::integer(node, key, min.into()..=max.into(), problems);
        self.get(key).and_then(read).map_or(default, |number| number as u32)
    }

    fn number(&self, key: &str, (min, max): (f64, f64), default: f64, problems: &mut Problems) -> f64 {
        let rule = if max < f64::MAX {
            format!("from {min} to {max}")
        } else {
            format!("{min} or more")
        };
        let is_allowed = |number| (min..=max).contains(&number);
        let read = |node| reader::number_that(node, key, is_allowed, &rule, problems);
        self.get(key).and_then(read).unwrap_or(default)
    }

    /// Epochs above 0, if the key is there.
    fn epochs(&self, key: &str, problems: &mut Problems) -> Option<f64> {
        let rule = "greater than 0 and at most a million";
        let is_allowed = |number| number > 0.0 && number <= 1e6;
        reader::number_that(self.get(key)?, key, is_allowed, rule, problems)
    }

    fn eta(&self, problems: &mut Problems) -> u32 {
        self.integer("eta", (2, 100), ETA, problems)
    }
}

fn scheduler(kind: SchedulerSpec, keys: &Keys<'_>, problems: &mut Problems) -> SchedulerSpec {
    match kind {
        SchedulerSpec::None => kind,
        SchedulerSpec::Asha { .. } => {
            let eta = keys.eta(problems);
            let mode = keys.get("mode");
            let mode = mode.and_then(|node| reader::one_of(node, "mode", &AshaMode::NAMES, problems));
            let cost_aware = keys.get("cost_aware");
            let cost_aware = cost_aware.and_then(|node| reader::boolean(node, "cost_aware", problems));
            let (mode, cost_aware) = (mode.unwrap_or(AshaMode::Promotion), cost_aware.unwrap_or(false));
            if let (AshaMode::Stopping, true, Some(entry)) = (mode, cost_aware, keys.fields.entry("cost_aware")) {
                let message = "`cost_aware` is a rule of promotion, and with `mode: stopping` no trial is promoted";
                problems.error(Diagnostic::error(&entry.key_place, message).with_help("keep one of the two"));
            }
            SchedulerSpec::Asha { eta, mode, cost_aware }
        }
        SchedulerSpec::Hyperband { .. } => {
            let eta = keys.eta(problems);
            if WANDB.iter().any(|key| keys.get(key).is_some()) {
                SchedulerSpec::Asha {
                    eta,
                    mode: AshaMode::Stopping,
                    cost_aware: false,
                }
            } else {
                SchedulerSpec::Hyperband { eta }
            }
        }
        SchedulerSpec::SuccessiveHalving { .. } => {
            let bracket = keys.get("bracket");
            SchedulerSpec::SuccessiveHalving {
                eta: keys.eta(problems),
                bracket: bracket.map(|_| keys.integer("bracket", (2, 1_000_000), 2, problems)),
            }
        }
        SchedulerSpec::Pasha { .. } => SchedulerSpec::Pasha {
            eta: keys.eta(problems),
        },
        SchedulerSpec::Median { .. } => SchedulerSpec::Median {
            interval: keys.epochs("interval", problems),
            min_trials: keys.integer("min_trials", (1, 1_000_000), MIN_TRIALS, problems),
        },
        SchedulerSpec::Pbt(default) => SchedulerSpec::Pbt(PbtSpec {
            population: keys.integer("population", (2, 100_000), default.population, problems),
            interval: keys.epochs("interval", problems),
            quantile: keys.number("quantile", (0.01, 0.5), default.quantile, problems),
            resample: keys.number("resample", (0.0, 1.0), default.resample, problems),
        }),
    }
}

/// W&B's brackets are `min_iter · eta^k`, or `max_iter / eta^k` for the last `s` of them.
fn iterations(keys: &Keys<'_>, problems: &mut Problems) -> Iterations {
    let min = keys.epochs("min_iter", problems);
    let max = keys.epochs("max_iter", problems);
    let halvings = keys.integer("s", (1, 100), 1, problems);
    if let Some(node) = keys.get("strict")
        && reader::boolean(node, "strict", problems).is_some()
    {
        let message = "`strict` has no effect: a trial that is not among the best always ends";
        problems.warning(&node.place, message, "remove it");
    }
    // What is wrong with it was said before.
    let eta = f64::from(keys.eta(&mut Problems::default()));
    Iterations {
        min: min.or_else(|| Some(max? / eta.powi(halvings as i32))),
        max: max.or_else(|| Some(min? * eta.powi(GUESSED_HALVINGS))),
    }
}

/// Clones are trials, so a population that takes all of them is never improved.
pub(in crate::spec) fn check_population(
    early: EarlyTerminate,
    trials: Option<u32>,
    spec: &Fields<'_>,
    problems: &mut Problems,
) {
    let (SchedulerSpec::Pbt(PbtSpec { population, .. }), Some(trials)) = (early.scheduler, trials) else {
        return;
    };
    if population >= trials
        && let Some(entry) = spec.entry("early_terminate")
    {
        let message = format!("a population of {population} leaves no room for clones among {trials} trials");
        let help = "a clone is a trial too: give more `trials`, or a smaller `population`";
        problems.warning(&entry.key_place, message, help);
    }
}

/// What has no effect beside the rest.
fn warn_of_idle_keys(early: EarlyTerminate, keys: &Keys<'_>, problems: &mut Problems) {
    let is_population = matches!(early.scheduler, SchedulerSpec::Pbt(_));
    let prunes = early.scheduler != SchedulerSpec::None || early.patience.is_some();
    let mut warn = |key: &str, why: &str, help: &str| {
        if let Some(entry) = keys.fields.entry(key) {
            problems.warning(&entry.key_place, format!("`{key}` has no effect: {why}"), help);
        }
    };
    if is_population {
        let why = "population-based training replaces trials that fall behind";
        warn("patience", why, "remove it");
        warn("audit", why, "remove it");
    } else if !prunes {
        warn("audit", "no trial is pruned", "choose another `type`, or remove it");
    }
    if keys.get("patience").is_none() {
        let help = "write `patience: 2` for two epochs, or remove it";
        warn("min_delta", "there is no `patience`", help);
    }
}
