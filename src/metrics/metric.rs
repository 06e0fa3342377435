//! A metric: its name, how the name is read, and how it is computed.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::{
    counts::ClassCounts,
    error::MetricError,
    outcomes::{Answers, Classes, Labels, Outcomes, Tags, Task, Values},
    registry::METRICS,
};

/// The direction in which a metric is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// Higher is better.
    Maximize,
    /// Lower is better.
    Minimize,
}

/// How a metric is computed for one kind of task.
#[derive(Clone, Copy, Debug)]
pub enum Formula {
    /// For one class per row.
    Classes(fn(&Classes<'_>) -> f64),
    /// For any number of labels per row.
    Labels(fn(&Labels<'_>) -> f64),
    /// For numbers.
    Values(fn(&Values<'_>) -> f64),
    /// For a tag per token.
    Tags(fn(&Tags<'_>) -> f64),
    /// For answers to questions.
    Answers(fn(&Answers<'_>) -> f64),
}

impl Formula {
    /// The kind of task the formula is for.
    pub fn task(&self) -> Task {
        match self {
            Self::Classes(_) => Task::Classification,
            Self::Labels(_) => Task::MultiLabel,
            Self::Values(_) => Task::Regression,
            Self::Tags(_) => Task::TokenClassification,
            Self::Answers(_) => Task::QuestionAnswering,
        }
    }

    /// The value for outcomes of the formula's task; `None` for others.
    fn apply(&self, outcomes: &Outcomes<'_>) -> Option<f64> {
        match (self, outcomes) {
            (Self::Classes(formula), Outcomes::Classes(classes)) => Some(formula(classes)),
            (Self::Labels(formula), Outcomes::Labels(labels)) => Some(formula(labels)),
            (Self::Values(formula), Outcomes::Values(values)) => Some(formula(values)),
            (Self::Tags(formula), Outcomes::Tags(tags)) => Some(formula(tags)),
            (Self::Answers(formula), Outcomes::Answers(answers)) => Some(formula(answers)),
            _ => None,
        }
    }
}

/// A row of the registry.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// The name, in `snake_case`.
    pub name: &'static str,
    /// Other names it is known by.
    pub aliases: &'static [&'static str],
    /// The direction in which it is better.
    pub goal: Goal,
    /// Set if every value is in 0..=1.
    pub is_share: bool,
    /// One line of help.
    pub help: &'static str,
    /// At most one formula for each kind of task.
    pub formulas: &'static [Formula],
    /// The value for one class, from its counts, where that is defined: `name:CLASS`.
    pub of_class: Option<fn(&ClassCounts) -> f64>,
}

impl Metric {
    /// The kinds of task the metric measures.
    pub fn tasks(&self) -> impl Iterator<Item = Task> + use<> {
        self.formulas.iter().map(Formula::task)
    }

    /// The metric's value, NaN if it has none.
    ///
    /// # Errors
    /// Fails if the metric does not measure this kind of task.
    pub fn compute(&self, outcomes: &Outcomes<'_>) -> Result<f64, MetricError> {
        let task = outcomes.task();
        let formula = self.formulas.iter().find(|formula| formula.task() == task);
        let not_for_task = || MetricError::NotForTask {
            metric: self.name,
            task,
            tasks: self.tasks().collect(),
        };
        let formula = formula.ok_or_else(not_for_task)?;
        if outcomes.is_empty() || outcomes.has_nan() {
            return Ok(f64::NAN);
        }
        formula.apply(outcomes).ok_or_else(not_for_task)
    }
}

/// A metric, perhaps of one class: what a name such as `f1` or `recall:spam` stands for.
#[derive(Clone, Debug)]
pub struct Measure {
    /// The metric.
    pub metric: &'static Metric,
    /// The class by name, or by number if classes have no names; an entity type for token classification.
    pub class: Option<String>,
}

impl fmt::Display for Measure {
    /// Writes the name that [`metric`] reads.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.metric.name)?;
        self.class
            .as_ref()
            .map_or(Ok(()), |class| write!(formatter, ":{class}"))
    }
}

impl Measure {
    /// The measured value, NaN if there is none.
    ///
    /// # Errors
    /// Fails if the metric does not measure this kind of task, or if no class has the name.
    pub fn of(&self, outcomes: &Outcomes<'_>) -> Result<f64, MetricError> {
        let (Some(class), Some(of_class)) = (&self.class, self.metric.of_class) else {
            return self.metric.compute(outcomes);
        };
        let counts = outcomes.counts_of(class, self.metric)?;
        if outcomes.is_empty() || outcomes.has_nan() {
            return Ok(f64::NAN);
        }
        Ok(of_class(&counts))
    }
}

/// The measure of a name or an alias: `f1`, `recall:spam`.
///
/// # Errors
/// Fails if no metric has the name, or if a class is named for a metric without values for single classes.
pub fn metric(name: &str) -> Result<Measure, MetricError> {
    let (base, class) = match name.split_once(':') {
        Some((base, class)) => (base, Some(class)),
        None => (name, None),
    };
    let metric = METRICS
        .iter()
        .find(|metric| metric.name == base || metric.aliases.contains(&base))
        .ok_or_else(|| MetricError::Unknown { name: name.to_owned() })?;
    match class {
        Some(class) if metric.of_class.is_none() => Err(MetricError::NotByClass {
            metric: metric.name,
            class: class.to_owned(),
        }),
        _ => Ok(Measure {
            metric,
            class: class.map(str::to_owned),
        }),
    }
}

/// Every metric that measures this kind of task, by name.
pub fn measure_all(outcomes: &Outcomes<'_>) -> BTreeMap<&'static str, f64> {
    METRICS
        .iter()
        .filter_map(|metric| metric.compute(outcomes).ok().map(|value| (metric.name, value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_found_by_name_and_by_alias() {
        assert_eq!(metric("accuracy").unwrap().metric.name, "accuracy");
        assert_eq!(metric("matthews").unwrap().metric.name, "mcc");
        assert!(matches!(metric("acuracy"), Err(MetricError::Unknown { .. })));
    }

    #[test]
    fn a_class_may_hold_a_colon() {
        let measure = metric("f1:a:b").unwrap();
        assert_eq!(measure.class.as_deref(), Some("a:b"));
        assert_eq!(measure.to_string(), "f1:a:b");
    }

    #[test]
    fn a_class_is_refused_where_it_means_nothing() {
        assert!(matches!(
            metric("mcc:spam"),
            Err(MetricError::NotByClass { metric: "mcc", .. })
        ));
    }

    #[test]
    fn one_class_is_measured_by_name() {
        let names = ["ham".to_owned(), "spam".to_owned()];
        let classes = Classes::new(&[1.0, 0.0, 0.0, 1.0, 1.0, 0.0], 2, &[0, 1, 1], &names).unwrap();
        let outcomes = Outcomes::Classes(classes);
        assert_eq!(metric("recall:spam").unwrap().of(&outcomes), Ok(0.5));
        assert_eq!(metric("precision:spam").unwrap().of(&outcomes), Ok(1.0));
        let unknown = metric("recall:span").unwrap().of(&outcomes);
        assert_eq!(
            unknown.unwrap_err().to_string(),
            "unknown class `span`; known are `ham`, `spam`"
        );
    }
}
