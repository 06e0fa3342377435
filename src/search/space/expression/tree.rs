//! The tree of an expression, as it was written.

use std::ops::Range;

use super::super::Value;

/// A node and its byte range in the text.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub(super) node: Node,
    pub(super) range: Range<usize>,
}

#[derive(Clone, Debug)]
pub(super) enum Node {
    Literal(Value),
    Reference(String),
    Not(Box<Tree>),
    Negate(Box<Tree>),
    Logic(Logic, Box<Tree>, Box<Tree>),
    Compare(Comparison, Box<Tree>, Box<Tree>),
    /// True if the value is one of the list.
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
