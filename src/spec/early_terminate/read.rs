//! The section `early_terminate` of a spec.

use super::{options, planned};
use crate::policies::{EarlyTerminate, SchedulerSpec};
use crate::schedulers::{Conflict, DEFAULT_ETA, OptionKind, OptionRow, OptionValue, Patience};
use crate::spec::diagnostics::{Diagnostic, list};
use crate::spec::raw::{Content, Entry, Node, SourceKind};
use crate::spec::reader::{self, Fields, Problems};
use crate::suggestion::did_you_mean;

/// Keys that every scheduler accepts.
const COMMON: [&str; 4] = ["type", "patience", "min_delta", "audit"];

/// Keys of W&B's `hyperband`, which differs from ours: it stops at rungs that are counted from the first iterations or
/// from the last.
const WANDB: [&str; 4] = ["min_iter", "max_iter", "s", "strict"];

/// The type that these keys belong to.
const WANDB_TYPE: &str = "hyperband";

/// Assumed number of halvings if W&B's `min_iter` is given without `max_iter`.
const GUESSED_HALVINGS: i32 = 2;

/// The section, and its length of trials.
#[derive(Clone, Copy, Debug)]
pub(in crate::spec) struct Section {
    pub(in crate::spec) early_terminate: EarlyTerminate,
    pub(in crate::spec) iterations: Iterations,
}

/// The length of trials in a W&B sweep, which has no `epochs`.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::spec) struct Iterations {
    /// No trial is pruned before this epoch.
    pub(in crate::spec) min: Option<f64>,
    /// Number of epochs of a complete trial.
    pub(in crate::spec) max: Option<f64>,
}

/// Reads the section, or returns the default without one. `is_planned` is `true` for fine-tuning with a wall budget.
pub(in crate::spec) fn read(spec: &Fields<'_>, is_planned: bool, problems: &mut Problems) -> Option<Section> {
    let plain = |scheduler: SchedulerSpec| Section {
        early_terminate: scheduler.into(),
        iterations: Iterations::default(),
    };
    let Some(node) = spec.get("early_terminate") else {
        return Some(Section {
            early_terminate: if is_planned {
                planned()
            } else {
                SchedulerSpec::default().into()
            },
            iterations: Iterations::default(),
        });
    };
    if matches!(node.content, Content::Scalar(_)) {
        return reader::one_of(node, "early_terminate", &SchedulerSpec::names(), problems).map(plain);
    }
    let fields = Fields::read_any(node, "early_terminate", problems)?;
    let default = SchedulerSpec::default();
    let kind = fields.get("type").map_or(Some(default), |node| {
        reader::one_of(node, "type", &SchedulerSpec::names(), problems)
    })?;
    // Checked after the type, since keys of an unsupported type are not misprints.
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
    // An invalid key was read as if it were absent, so the section counts only without errors.
    (problems.errors.len() == errors_before).then_some(section)
}

/// The keys that the type accepts. Others are reported, except if the command line replaces the file's type: then the
/// keys that the file has for its own type are ignored.
fn known_keys(kind: SchedulerSpec, fields: &Fields<'_>, problems: &mut Problems) -> Vec<&'static str> {
    let name = kind.name();
    let own = own_keys(kind);
    let is_by_hand = |node: &Node| node.location.source.kind == SourceKind::Override;
    let is_switched = fields.get("type").is_some_and(is_by_hand);
    for Entry {
        key,
        key_location,
        value,
    } in fields.entries()
    {
        let key = key.as_str();
        let owners = SchedulerSpec::all().filter(|rule| own_keys(*rule).contains(&key));
        let owners: Vec<&str> = owners.map(SchedulerSpec::name).collect();
        if own.contains(&key) || COMMON.contains(&key) {
            continue;
        }
        if owners.is_empty() {
            let all = all_keys();
            let meant = did_you_mean(key, all.iter().copied());
            let message = format!("unknown key `{key}` in `early_terminate`");
            problems.error(Diagnostic::error(key_location, message).with_meant(meant, &all));
        } else if !is_switched || is_by_hand(value) {
            let message = format!("`early_terminate` of type `{name}` has no key `{key}`");
            let help = format!("it is one of {}", list(&owners));
            problems.error(Diagnostic::error(key_location, message).with_help(help));
        }
    }
    COMMON.iter().chain(&own).copied().collect()
}

/// The keys of a type, without the common ones.
fn own_keys(rule: SchedulerSpec) -> Vec<&'static str> {
    let options = rule.info().options.iter().map(|row| row.name);
    let wandb = WANDB.iter().copied().filter(|_| rule.name() == WANDB_TYPE);
    options.chain(wandb).collect()
}

/// Every key of every type.
fn all_keys() -> Vec<&'static str> {
    let options = options().into_iter().map(|(row, _)| row.name);
    COMMON.into_iter().chain(options).chain(WANDB).collect()
}

/// The entries of the section that its type accepts.
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

    /// A number of epochs above 0, if the key is present.
    fn epochs(&self, key: &str, problems: &mut Problems) -> Option<f64> {
        let rule = "greater than 0 and at most a million";
        let is_allowed = |number| number > 0.0 && number <= 1e6;
        reader::number_that(self.get(key)?, key, is_allowed, rule, problems)
    }

    /// The reduction factor. W&B's keys use it in the same sense.
    fn eta(&self, problems: &mut Problems) -> u32 {
        self.integer("eta", (2, 100), DEFAULT_ETA, problems)
    }

    /// The value that is given for an option, if any.
    fn option(&self, row: &OptionRow, problems: &mut Problems) -> Option<OptionValue> {
        let name = row.name;
        let node = self.get(name)?;
        Some(match row.kind {
            OptionKind::Integer(min, max) => self.integer(name, (min, max), min, problems).into(),
            OptionKind::Number(min, max) => self.number(name, (min, max), min, problems).into(),
            OptionKind::Epochs => self.epochs(name, problems)?.into(),
            OptionKind::Boolean => reader::boolean(node, name, problems)?.into(),
            OptionKind::Words(words) => {
                let words: Vec<(&str, &'static str)> = words.iter().map(|word| (*word, *word)).collect();
                reader::one_of(node, name, &words, problems)?.into()
            }
        })
    }
}

fn scheduler(kind: SchedulerSpec, keys: &Keys<'_>, problems: &mut Problems) -> SchedulerSpec {
    if WANDB.iter().any(|key| keys.get(key).is_some()) {
        // W&B's `hyperband` stops trials at the rungs of one bracket.
        let eta = keys.eta(problems);
        return SchedulerSpec::default().with("eta", eta).with("mode", "stopping");
    }
    let given = kind.info().options.iter();
    let given: Vec<(&str, OptionValue)> = given
        .filter_map(|row| Some((row.name, keys.option(row, problems)?)))
        .collect();
    let rule = given
        .into_iter()
        .fold(kind, |rule, (name, value)| rule.with(name, value));
    if let Some(Conflict { option, message, help }) = (kind.info().conflict)(rule.options())
        && let Some(entry) = keys.fields.entry(option)
    {
        problems.error(Diagnostic::error(&entry.key_location, message).with_help(help));
    }
    rule
}

/// The length of trials from W&B's rungs: `min_iter · eta^k`, or `max_iter / eta^k` for the last `s` of them.
fn iterations(keys: &Keys<'_>, problems: &mut Problems) -> Iterations {
    let min = keys.epochs("min_iter", problems);
    let max = keys.epochs("max_iter", problems);
    let halvings = keys.integer("s", (1, 100), 1, problems);
    if let Some(node) = keys.get("strict")
        && reader::boolean(node, "strict", problems).is_some()
    {
        let message = "`strict` has no effect: a trial that is not among the best always ends";
        problems.warning(&node.location, message, "remove it");
    }
    // Errors in `eta` were already reported.
    let eta = f64::from(keys.eta(&mut Problems::default()));
    Iterations {
        min: min.or_else(|| Some(max? / eta.powi(halvings as i32))),
        max: max.or_else(|| Some(min? * eta.powi(GUESSED_HALVINGS))),
    }
}

/// Warns if a population takes all trials: clones are trials too, so it would never improve.
pub(in crate::spec) fn check_population(
    early: EarlyTerminate,
    trials: Option<u32>,
    spec: &Fields<'_>,
    problems: &mut Problems,
) {
    let (Some(population), Some(trials)) = (early.scheduler.members(), trials) else {
        return;
    };
    if population >= trials
        && let Some(entry) = spec.entry("early_terminate")
    {
        let message = format!("a population of {population} leaves no room for clones among {trials} trials");
        let help = "a clone is a trial too: give more `trials`, or a smaller `population`";
        problems.warning(&entry.key_location, message, help);
    }
}

/// Warns of keys that have no effect with the other keys.
fn warn_of_idle_keys(early: EarlyTerminate, keys: &Keys<'_>, problems: &mut Problems) {
    let is_population = early.scheduler.members().is_some();
    let prunes = early.scheduler.info().prunes || early.patience.is_some();
    let mut warn = |key: &str, why: &str, help: &str| {
        if let Some(entry) = keys.fields.entry(key) {
            problems.warning(&entry.key_location, format!("`{key}` has no effect: {why}"), help);
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
