//! Expressions over parameters: the language of `when:` and `constraints:`.
//!
//! `batch_size * max_length <= 16384`, `scheduler != 'constant' and warmup_ratio > 0`, `optimizer in ['sgd', 'adam']`.
//! Precedence from loose to tight: `or`; `and`; `not`; one comparison (`== != < <= > >= in`, `not in`); `+ -`; `* / %`;
//! `-x`; `**`. Text becomes tokens (`token`), and tokens become a tree (`parse`, `tree`). The tree is checked against
//! the parameters' domains (`check`) and compiled once (`program`). The result is true, false or unknown, because a
//! parameter may be inactive.

mod check;
mod parse;
mod program;
mod token;
mod tree;

use std::ops::Range;

pub(super) use self::program::Datum;
use self::program::Program;
use super::{Configuration, Domain, Value};

/// A type-checked boolean expression over configurations. Two are equal if their text and their meaning are equal.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    source: String,
    program: Program,
}

/// An error in an expression, with its position.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExpressionError {
    /// The problem: in lower case, with the offending text in backticks.
    pub message: String,
    /// The byte range of the offending text.
    pub range: Range<usize>,
    /// A suggestion, if there is a clear one: a phrase such as "did you mean `dropout`?".
    pub suggestion: Option<String>,
}

impl ExpressionError {
    fn new(range: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            range,
            suggestion: None,
        }
    }

    fn suggest(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestion = Some(suggestion.into());
        self
    }
}

impl Expression {
    /// Parses `text` as a condition over the `parameters`, given by name and domain.
    ///
    /// # Errors
    /// Returns [`ExpressionError`] for bad syntax, an unknown name, operands of types that do not match, and a result
    /// that is not true or false. Also for a comparison with a likely misspelt value of a parameter, and for
    /// expressions longer than 4,096 bytes or nested deeper than 64 levels.
    pub fn parse(text: &str, parameters: &[(&str, &Domain)]) -> Result<Self, ExpressionError> {
        Self::parse_of(text, parameters, "parameter")
    }

    /// The same as [`Self::parse`] over other named things, which messages call a `noun`.
    ///
    /// # Errors
    /// Returns [`ExpressionError`] as [`Self::parse`] does.
    pub fn parse_of(text: &str, names: &[(&str, &Domain)], noun: &'static str) -> Result<Self, ExpressionError> {
        let tree = parse::parse(text)?;
        check::check(&tree, names, noun)?;
        Ok(Self {
            source: text.to_owned(),
            program: Program::compile(&tree),
        })
    }

    /// Parses `text` as a condition over `metrics`, which are numbers; with `None`, any names are accepted.
    ///
    /// # Errors
    /// Returns [`ExpressionError`] as [`Self::parse`] does.
    pub fn parse_of_metrics(text: &str, metrics: Option<&[&str]>) -> Result<Self, ExpressionError> {
        let number = Domain::float(f64::MIN, f64::MAX);
        let tree = parse::parse(text)?;
        let program = Program::compile(&tree);
        let metrics = metrics.map_or_else(
            || program.references().iter().map(String::as_str).collect(),
            <[&str]>::to_vec,
        );
        let metrics: Vec<(&str, &Domain)> = metrics.into_iter().map(|name| (name, &number)).collect();
        check::check(&tree, &metrics, "metric")?;
        Ok(Self {
            source: text.to_owned(),
            program,
        })
    }

    /// The condition that the parameter `name` has one of `values`.
    pub fn one_of(name: &str, values: &[Value]) -> Self {
        let list: Vec<String> = values
            .iter()
            .map(|value| match value {
                Value::Text(text) | Value::Data(text) if text.contains('\'') => format!("\"{text}\""),
                Value::Text(text) | Value::Data(text) => format!("'{text}'"),
                Value::Bool(_) | Value::Int(_) | Value::Float(_) => value.to_string(),
            })
            .collect();
        Self {
            source: format!("`{name}` in [{}]", list.join(", ")),
            program: Program::one_of(name, values),
        }
    }

    /// The conjunction of both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self {
            source: format!("({}) and ({})", self.source, other.source),
            program: self.program.and(&other.program),
        }
    }

    /// The names of the parameters that it refers to, each once, in order of appearance.
    pub fn references(&self) -> impl Iterator<Item = &str> {
        self.program.references().iter().map(String::as_str)
    }

    /// Evaluates the expression; `None` if the result depends on an inactive parameter.
    pub fn evaluate(&self, configuration: &Configuration) -> Option<bool> {
        self.program
            .truth(|name| configuration.get(&self.program.references()[name]).map(Datum::from))
    }

    /// Number of steps of an evaluation.
    pub(super) fn size(&self) -> usize {
        self.program.size()
    }

    /// Evaluates the expression, where `values` gives the value of each of [`Self::references`] by its index. `None` if
    /// the result depends on an inactive parameter.
    pub(super) fn evaluate_with<'a>(&'a self, values: impl Fn(usize) -> Option<Datum<'a>>) -> Option<bool> {
        self.program.truth(values)
    }

    /// Returns whether it is true. A result that depends on an inactive parameter counts as not true.
    pub fn is_true(&self, configuration: &Configuration) -> bool {
        self.evaluate(configuration) == Some(true)
    }

    /// The amount of violation: 0 if it is true, else greater than 0; `None` if that depends on an inactive parameter.
    ///
    /// The violation of a comparison is the difference of its sides as a share of the larger one, so that violations in
    /// different units can be added. `and` adds them, `or` takes the smallest. Anything that is not an order comparison
    /// has a violation of 1.
    pub fn violation(&self, configuration: &Configuration) -> Option<f64> {
        self.program
            .violation(|name| configuration.get(&self.program.references()[name]).map(Datum::from))
    }

    /// The text it was read from.
    pub fn source(&self) -> &str {
        &self.source
    }
}

#[cfg(test)]
mod tests;
