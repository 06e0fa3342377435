//! Checks the names and types of an expression against the parameters' domains.

use super::super::{Domain, Value};
use super::ExpressionError;
use super::tree::{Comparison, Node, Tree};
use crate::suggestion::did_you_mean;

/// The type of a part of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    Truth,
    /// A choice among values of several types, which may only be compared for equality.
    Mixed,
}

impl Kind {
    fn of(value: &Value) -> Self {
        match value {
            Value::Int(_) | Value::Float(_) => Self::Number,
            Value::Text(_) | Value::Data(_) => Self::Text,
            Value::Bool(_) => Self::Truth,
        }
    }

    fn of_domain(domain: &Domain) -> Self {
        match domain {
            Domain::Float { .. } | Domain::Int { .. } | Domain::Normal { .. } => Self::Number,
            Domain::Choice { values, .. } | Domain::Weighted { values, .. } => {
                let mut kinds = values.iter().map(Self::of);
                let first = kinds.next().unwrap_or(Self::Mixed);
                if kinds.all(|kind| kind == first) {
                    first
                } else {
                    Self::Mixed
                }
            }
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Truth => "true or false",
            Self::Mixed => "a choice of several kinds",
        }
    }
}

/// Checks that `tree` is a boolean expression over the `parameters`. Messages call a parameter a `noun`.
pub(super) fn check(tree: &Tree, parameters: &[(&str, &Domain)], noun: &'static str) -> Result<(), ExpressionError> {
    Checker { parameters, noun }.expect(tree, Kind::Truth)
}

struct Checker<'a> {
    parameters: &'a [(&'a str, &'a Domain)],
    noun: &'static str,
}

impl Checker<'_> {
    fn domain(&self, name: &str) -> Option<&Domain> {
        self.parameters
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, domain)| *domain)
    }

    fn kind(&self, tree: &Tree) -> Result<Kind, ExpressionError> {
        match &tree.node {
            Node::Literal(value) => Ok(Kind::of(value)),
            Node::Reference(name) => match self.domain(name) {
                Some(domain) => Ok(Kind::of_domain(domain)),
                None => Err(self.unknown(name, tree)),
            },
            Node::Not(inner) => self.expect(inner, Kind::Truth).map(|()| Kind::Truth),
            Node::Negate(inner) => self.expect(inner, Kind::Number).map(|()| Kind::Number),
            Node::Logic(_, left, right) => {
                self.expect(left, Kind::Truth)?;
                self.expect(right, Kind::Truth).map(|()| Kind::Truth)
            }
            Node::Arithmetic(_, left, right) => {
                self.expect(left, Kind::Number)?;
                self.expect(right, Kind::Number).map(|()| Kind::Number)
            }
            Node::Compare(Comparison::Equal | Comparison::NotEqual, left, right) => {
                self.comparable(left, right)?;
                Ok(Kind::Truth)
            }
            Node::Compare(_, left, right) => {
                self.comparable(left, right)?;
                self.expect(left, Kind::Number)?;
                self.expect(right, Kind::Number).map(|()| Kind::Truth)
            }
            Node::Member(item, list) => {
                list.iter().try_for_each(|element| self.comparable(item, element))?;
                Ok(Kind::Truth)
            }
        }
    }

    fn expect(&self, tree: &Tree, expected: Kind) -> Result<(), ExpressionError> {
        let kind = self.kind(tree)?;
        if kind == expected {
            return Ok(());
        }
        let error = ExpressionError::new(
            tree.range.clone(),
            format!("expected {}, but this is {}", expected.name(), kind.name()),
        );
        Err(if expected == Kind::Truth {
            error.suggest("compare it, as in `x > 3` or `x == 'a'`")
        } else {
            error
        })
    }

    fn comparable(&self, left: &Tree, right: &Tree) -> Result<(), ExpressionError> {
        let (left_kind, right_kind) = (self.kind(left)?, self.kind(right)?);
        if left_kind != right_kind && left_kind != Kind::Mixed && right_kind != Kind::Mixed {
            return Err(ExpressionError::new(
                left.range.start.min(right.range.start)..right.range.end.max(left.range.end),
                format!("{} is compared with {}", left_kind.name(), right_kind.name()),
            ));
        }
        self.possible(left, right)?;
        self.possible(right, left)
    }

    /// Finds the misspelt value in `scheduler == 'cosin'`. Accepts a text that resembles no value of the parameter: it
    /// may be a value that is currently not part of the search.
    fn possible(&self, parameter: &Tree, literal: &Tree) -> Result<(), ExpressionError> {
        let (Node::Reference(name), Node::Literal(Value::Text(text))) = (&parameter.node, &literal.node) else {
            return Ok(());
        };
        let Some(Domain::Choice { values, .. } | Domain::Weighted { values, .. }) = self.domain(name) else {
            return Ok(());
        };
        if values.iter().any(|value| value.as_str() == Some(text)) {
            return Ok(());
        }
        match did_you_mean(text, values.iter().filter_map(Value::as_str)) {
            None => Ok(()),
            Some(meant) => Err(
                ExpressionError::new(literal.range.clone(), format!("`{name}` is never '{text}'"))
                    .suggest(format!("did you mean '{meant}'?")),
            ),
        }
    }

    fn unknown(&self, name: &str, tree: &Tree) -> ExpressionError {
        let error = ExpressionError::new(tree.range.clone(), format!("there is no {} `{name}`", self.noun));
        match did_you_mean(name, self.parameters.iter().map(|(known, _)| *known)) {
            Some(meant) => error.suggest(format!("did you mean `{meant}`?")),
            None => error.suggest("a text is written in quotes, as in `x == 'a'`"),
        }
    }
}
