//! The names in a spec: a method, which proposes configurations, and a rule for early stopping. Most methods are
//! searchers and most rules are schedulers. Those that are whole policies are registered here.

use super::{Paired, Policy, freeze_thaw, pbt};
use crate::preference::Preference;
use crate::schedulers::{self, Configured, Lengths, OptionValue, Options, Patience, SCHEDULERS};
use crate::searchers::{self, SEARCHERS, Searcher};

/// Methods that also decide which trials continue.
pub const METHODS: &[&MethodEntry] = &[&freeze_thaw::ENTRY];

/// Rules that also decide which configurations are tried.
pub const RULES: &[&RuleEntry] = &[&pbt::ENTRY];

/// A method that also decides which trials continue.
#[derive(Debug)]
pub struct MethodEntry {
    /// The facts that specs need.
    pub info: searchers::Info,
    /// Builds the policy without any observations.
    pub build: fn(Lengths) -> Box<dyn Policy>,
}

/// Builds the policy of a rule from its options and a searcher; for several metrics if there is a preference.
pub type BuildRule = fn(Options, Box<dyn Searcher>, Option<&Preference>, Lengths) -> Box<dyn Policy>;

/// A rule that also decides which configurations are tried.
#[derive(Debug)]
pub struct RuleEntry {
    /// The facts that specs need.
    pub info: schedulers::Info,
    /// Builds the policy without any observations. The searcher proposes its new configurations.
    pub build: BuildRule,
    /// Number of trials that are trained side by side. The budget must allow more trials than that.
    pub members: fn(Options) -> u32,
}

/// The searcher that proposes configurations: `method` of a spec.
#[derive(Clone, Copy)]
pub struct SearcherSpec(Method);

#[derive(Clone, Copy)]
enum Method {
    Searcher(&'static searchers::Entry),
    Policy(&'static MethodEntry),
}

impl SearcherSpec {
    /// Every method, the default first.
    pub fn all() -> impl Iterator<Item = Self> {
        let searchers = SEARCHERS.iter().map(|entry| Self(Method::Searcher(entry)));
        searchers.chain(METHODS.iter().map(|entry| Self(Method::Policy(entry))))
    }

    /// The method with this name or alias.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|method| method.info().name == name || method.info().aliases.contains(&name))
    }

    /// Every name and alias with its method.
    pub fn names() -> Vec<(&'static str, Self)> {
        let names = Self::all().map(|method| (method.name(), method));
        let aliases = Self::all().flat_map(|method| method.info().aliases.iter().map(move |alias| (*alias, method)));
        names.chain(aliases).collect()
    }

    /// Independent random draws, for spaces without anything to search.
    pub fn by_chance() -> Self {
        Self(Method::Searcher(searchers::BY_CHANCE))
    }

    /// The name of the method.
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// The facts about the method.
    pub fn info(self) -> &'static searchers::Info {
        match self.0 {
            Method::Searcher(entry) => &entry.info,
            Method::Policy(entry) => &entry.info,
        }
    }

    /// Returns whether the method also decides which trials continue, so that `early_terminate` is not used.
    pub fn decides_alone(self) -> bool {
        matches!(self.0, Method::Policy(_))
    }
}

impl Default for SearcherSpec {
    fn default() -> Self {
        Self(Method::Searcher(SEARCHERS[0]))
    }
}

impl PartialEq for SearcherSpec {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl std::fmt::Debug for SearcherSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The rule that decides which trials continue: `early_terminate.type` of a spec, with its options.
#[derive(Clone, Copy)]
pub struct SchedulerSpec {
    rule: Rule,
    options: Options,
}

#[derive(Clone, Copy)]
enum Rule {
    Scheduler(&'static schedulers::Entry),
    Policy(&'static RuleEntry),
}

impl SchedulerSpec {
    /// Every rule with its defaults, the default first.
    pub fn all() -> impl Iterator<Item = Self> {
        let schedulers = SCHEDULERS.iter().map(|entry| Self::of(Rule::Scheduler(entry)));
        schedulers.chain(RULES.iter().map(|entry| Self::of(Rule::Policy(entry))))
    }

    /// The rule with this name and its default options.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|rule| rule.name() == name)
    }

    /// Every name with its rule.
    pub fn names() -> Vec<(&'static str, Self)> {
        Self::all().map(|rule| (rule.name(), rule)).collect()
    }

    /// The rule that runs every trial to its end.
    pub fn none() -> Self {
        Self::of(Rule::Scheduler(schedulers::NONE))
    }

    /// The same rule with a value for one of its options. An option that the rule does not have is ignored.
    #[must_use]
    pub fn with(self, option: &str, value: impl Into<OptionValue>) -> Self {
        Self {
            options: self.options.with(option, value.into()),
            ..self
        }
    }

    /// The name of the rule.
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// The facts about the rule.
    pub fn info(self) -> &'static schedulers::Info {
        match self.rule {
            Rule::Scheduler(entry) => &entry.info,
            Rule::Policy(entry) => &entry.info,
        }
    }

    /// The options of the rule.
    pub fn options(self) -> Options {
        self.options
    }

    /// The scheduler with its options; `None` for a rule that also decides which configurations are tried.
    pub fn scheduler(self) -> Option<Configured> {
        match self.rule {
            Rule::Scheduler(entry) => Some(Configured {
                entry,
                options: self.options,
            }),
            Rule::Policy(_) => None,
        }
    }

    /// Number of trials that a rule trains side by side if it clones trials; `None` for a scheduler.
    pub fn members(self) -> Option<u32> {
        match self.rule {
            Rule::Scheduler(_) => None,
            Rule::Policy(entry) => Some((entry.members)(self.options)),
        }
    }

    fn of(rule: Rule) -> Self {
        let rows = match rule {
            Rule::Scheduler(entry) => entry.info.options,
            Rule::Policy(entry) => entry.info.options,
        };
        Self {
            rule,
            options: Options::new(rows),
        }
    }
}

impl Default for SchedulerSpec {
    fn default() -> Self {
        Self::of(Rule::Scheduler(SCHEDULERS[0]))
    }
}

impl PartialEq for SchedulerSpec {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name() && self.options == other.options
    }
}

impl std::fmt::Debug for SchedulerSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())?;
        f.debug_map().entries(self.options.effective()).finish()
    }
}

/// Early stopping of trials that are worse than others.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EarlyTerminate {
    /// The rule that decides which trials continue.
    pub scheduler: SchedulerSpec,
    /// Ends trials that no longer improve, whatever the others do.
    pub patience: Option<Patience>,
    /// The share of trials, in [0, 1], that run to their end whatever the scheduler decides. Shows the cost of pruning.
    pub audit: f64,
}

impl From<SchedulerSpec> for EarlyTerminate {
    fn from(scheduler: SchedulerSpec) -> Self {
        Self {
            scheduler,
            patience: None,
            audit: 0.0,
        }
    }
}

/// Builds the policy of a method and a rule; for several metrics if there is a preference.
///
/// The reader of specs and the ask-tell protocol refuse a method that needs one metric if there are several.
pub fn build(
    method: SearcherSpec,
    early: impl Into<EarlyTerminate>,
    preference: Option<&Preference>,
    lengths: Lengths,
) -> Box<dyn Policy> {
    let EarlyTerminate {
        scheduler,
        patience,
        audit,
    } = early.into();
    let searcher = match method.0 {
        Method::Policy(entry) => return (entry.build)(lengths),
        Method::Searcher(entry) => searchers::build(entry, preference),
    };
    let options = scheduler.options;
    match scheduler.rule {
        Rule::Policy(entry) => (entry.build)(options, searcher, preference, lengths),
        Rule::Scheduler(entry) => {
            let configured = Configured { entry, options };
            let scheduler = schedulers::build(configured, patience, audit, preference, lengths);
            Box::new(Paired::new(searcher, scheduler))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::schedulers::OptionKind;

    #[test]
    fn no_two_entries_share_a_name_and_every_one_says_what_it_does() {
        let methods = SearcherSpec::names();
        let names: BTreeSet<&str> = methods.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), methods.len());
        let rules = SchedulerSpec::names();
        let names: BTreeSet<&str> = rules.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), rules.len());
        let abouts = SearcherSpec::all().map(|method| method.info().about);
        for about in abouts.chain(SchedulerSpec::all().map(|rule| rule.info().about)) {
            assert!(about.len() > 10 && !about.ends_with('.'), "{about}");
        }
    }

    #[test]
    fn an_option_of_one_name_means_the_same_everywhere_and_defaults_are_of_its_kind() {
        let rows: Vec<_> = SchedulerSpec::all().flat_map(|rule| rule.info().options).collect();
        for row in &rows {
            assert!(
                rows.iter()
                    .all(|other| other.name != row.name || other.about == row.about)
            );
            let fits = match (row.kind, row.default) {
                (_, None) | (OptionKind::Boolean, Some(OptionValue::Boolean(_))) => true,
                (OptionKind::Integer(min, max), Some(OptionValue::Integer(value))) => (min..=max).contains(&value),
                (OptionKind::Number(min, max), Some(OptionValue::Number(value))) => (min..=max).contains(&value),
                (OptionKind::Epochs, Some(OptionValue::Number(value))) => value > 0.0,
                (OptionKind::Words(words), Some(OptionValue::Word(word))) => words.contains(&word),
                _ => false,
            };
            assert!(fits, "{row:?}");
        }
    }
}
