//! The tree of an expression and its value.

use std::ops::Range;

use super::super::{Configuration, Value};

/// A node and the bytes of the text it stands for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tree {
    pub(super) node: Node,
    pub(super) range: Range<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Literal(Value),
    Reference(String),
    Not(Box<Tree>),
    Negate(Box<Tree>),
    Logic(Logic, Box<Tree>, Box<Tree>),
    Compare(Comparison, Box<Tree>, Box<Tree>),
    /// Whether the value is one of the list's.
    Member(Box<Tree>, Vec<Tree>),
    Arithmetic(Arithmetic, Box<Tree>, Box<Tree>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Logic {
    And,
    Or,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
}

impl Tree {
    /// Adds every name it refers to that is not in `names` yet.
    pub(super) fn collect_references(&self, names: &mut Vec<String>) {
        match &self.node {
            Node::Literal(_) => {}
            Node::Reference(name) => {
                if !names.contains(name) {
                    names.push(name.clone());
                }
            }
            Node::Not(inner) | Node::Negate(inner) => inner.collect_references(names),
            Node::Logic(_, left, right) | Node::Compare(_, left, right) | Node::Arithmetic(_, left, right) => {
                left.collect_references(names);
                right.collect_references(names);
            }
            Node::Member(item, list) => {
                item.collect_references(names);
                for element in list {
                    element.collect_references(names);
                }
            }
        }
    }

    /// Kleene's three values: `None` is "depends on an inactive parameter".
    pub(super) fn truth(&self, configuration: &Configuration) -> Option<bool> {
        match &self.node {
            Node::Not(inner) => inner.truth(configuration).map(|truth| !truth),
            Node::Logic(logic, left, right) => {
                let decisive = *logic == Logic::Or;
                match (left.truth(configuration), right.truth(configuration)) {
                    (Some(truth), _) | (_, Some(truth)) if truth == decisive => Some(decisive),
                    (Some(_), Some(_)) => Some(!decisive),
                    _ => None,
                }
            }
            Node::Compare(comparison, left, right) => {
                Some(comparison.holds(&left.value(configuration)?, &right.value(configuration)?))
            }
            Node::Member(item, list) => {
                let item = item.value(configuration)?;
                let mut is_open = false;
                for element in list {
                    match element.value(configuration) {
                        Some(value) if value.is_same(&item) => return Some(true),
                        Some(_) => {}
                        None => is_open = true,
                    }
                }
                if is_open { None } else { Some(false) }
            }
            Node::Literal(_) | Node::Reference(_) | Node::Negate(_) | Node::Arithmetic(..) => {
                match self.value(configuration)? {
                    Value::Bool(truth) => Some(truth),
                    Value::Int(_) | Value::Float(_) | Value::Text(_) => Some(false),
                }
            }
        }
    }

    /// How far it is from being true: 0 where it is, else above 0.
    pub(super) fn violation(&self, configuration: &Configuration) -> Option<f64> {
        if self.truth(configuration)? {
            return Some(0.0);
        }
        let violation = match &self.node {
            Node::Logic(Logic::And, left, right) => left.violation(configuration)? + right.violation(configuration)?,
            Node::Logic(Logic::Or, left, right) => left.violation(configuration)?.min(right.violation(configuration)?),
            Node::Compare(comparison, left, right) => {
                let (left, right) = (
                    left.value(configuration)?.as_f64(),
                    right.value(configuration)?.as_f64(),
                );
                comparison.distance(left.unwrap_or(f64::NAN), right.unwrap_or(f64::NAN))
            }
            Node::Not(_)
            | Node::Member(..)
            | Node::Literal(_)
            | Node::Reference(_)
            | Node::Negate(_)
            | Node::Arithmetic(..) => 1.0,
        };
        Some(violation)
    }

    fn value(&self, configuration: &Configuration) -> Option<Value> {
        match &self.node {
            Node::Literal(value) => Some(value.clone()),
            Node::Reference(name) => configuration.get(name).cloned(),
            Node::Negate(inner) => inner.value(configuration)?.as_f64().map(|number| Value::Float(-number)),
            Node::Arithmetic(operator, left, right) => {
                let (left, right) = (
                    left.value(configuration)?.as_f64()?,
                    right.value(configuration)?.as_f64()?,
                );
                Some(Value::Float(operator.apply(left, right)))
            }
            Node::Not(_) | Node::Logic(..) | Node::Compare(..) | Node::Member(..) => {
                self.truth(configuration).map(Value::Bool)
            }
        }
    }
}

impl Comparison {
    fn holds(self, left: &Value, right: &Value) -> bool {
        match self {
            Self::Equal => left.is_same(right),
            Self::NotEqual => !left.is_same(right),
            // Texts have no order here and a comparison with what is not a number (0/0) never holds.
            Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual => {
                let (Some(left), Some(right)) = (left.as_f64(), right.as_f64()) else {
                    return false;
                };
                match self {
                    Self::Less => left < right,
                    Self::LessOrEqual => left <= right,
                    Self::Greater => left > right,
                    Self::GreaterOrEqual | Self::Equal | Self::NotEqual => left >= right,
                }
            }
        }
    }
}

impl Comparison {
    /// How far two numbers are from a comparison that does not hold, as a share of the larger; above 0.
    fn distance(self, left: f64, right: f64) -> f64 {
        match self {
            Self::Equal | Self::NotEqual => 1.0,
            Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual => {
                let share = (left - right).abs() / left.abs().max(right.abs());
                // Equal sides violate `<` a little; what is not a number violates as much as anything.
                if left == right {
                    f64::EPSILON
                } else if share.is_finite() {
                    share
                } else {
                    2.0
                }
            }
        }
    }
}

impl Arithmetic {
    fn apply(self, left: f64, right: f64) -> f64 {
        match self {
            Self::Add => left + right,
            Self::Subtract => left - right,
            Self::Multiply => left * right,
            Self::Divide => left / right,
            // The sign of the divisor, as in Python.
            Self::Remainder => left - right * (left / right).floor(),
            Self::Power => left.powf(right),
        }
    }
}
