//! An expression compiled for evaluation: a list of steps on a stack, without names to look up.

use super::super::Value;
use super::tree::{Arithmetic, Comparison, Logic, Node, Tree};

/// The steps of an expression, operands before operators.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Program {
    steps: Vec<Step>,
    /// The parameters it reads, each once, in order of appearance.
    references: Vec<String>,
}

/// What is done to the stack next.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    Literal(Value),
    /// Puts the value of the parameter with this place in `references` on the stack.
    Load(usize),
    Not,
    Negate,
    Logic(Logic),
    Compare(Comparison),
    /// Whether an item is one of the so many values above it.
    Member(usize),
    Arithmetic(Arithmetic),
}

/// A value as an expression sees it: there is one kind of number, and a text is borrowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::space) enum Datum<'a> {
    Number(f64),
    Truth(bool),
    Text(&'a str),
}

impl<'a> From<&'a Value> for Datum<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Bool(truth) => Self::Truth(*truth),
            Value::Int(number) => Self::Number(*number as f64),
            Value::Float(number) => Self::Number(*number),
            Value::Text(text) => Self::Text(text),
        }
    }
}

/// A value, or nothing where it depends on an inactive parameter.
type Slot<'a> = Option<Datum<'a>>;

impl Program {
    pub(super) fn compile(tree: &Tree) -> Self {
        let mut program = Self {
            steps: Vec::new(),
            references: Vec::new(),
        };
        program.add(tree);
        program
    }

    /// That the parameter `name` has one of `values`.
    pub(super) fn one_of(name: &str, values: &[Value]) -> Self {
        let mut steps = vec![Step::Load(0)];
        steps.extend(values.iter().cloned().map(Step::Literal));
        steps.push(Step::Member(values.len()));
        Self {
            steps,
            references: vec![name.to_owned()],
        }
    }

    /// That both are true.
    pub(super) fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        for step in &other.steps {
            let step = match step {
                Step::Load(place) => Step::Load(both.place(&other.references[*place])),
                step => step.clone(),
            };
            both.steps.push(step);
        }
        both.steps.push(Step::Logic(Logic::And));
        both
    }

    pub(super) fn references(&self) -> &[String] {
        &self.references
    }

    pub(super) fn size(&self) -> usize {
        self.steps.len()
    }

    /// The place of a name in the references, to which it is added if it is new.
    fn place(&mut self, name: &str) -> usize {
        let known = self.references.iter().position(|reference| reference == name);
        known.unwrap_or_else(|| {
            self.references.push(name.to_owned());
            self.references.len() - 1
        })
    }

    fn add(&mut self, tree: &Tree) {
        let step = match &tree.node {
            Node::Literal(value) => Step::Literal(value.clone()),
            Node::Reference(name) => Step::Load(self.place(name)),
            Node::Not(inner) => self.after(&[inner], Step::Not),
            Node::Negate(inner) => self.after(&[inner], Step::Negate),
            Node::Logic(logic, left, right) => self.after(&[left, right], Step::Logic(*logic)),
            Node::Compare(comparison, left, right) => self.after(&[left, right], Step::Compare(*comparison)),
            Node::Arithmetic(operator, left, right) => self.after(&[left, right], Step::Arithmetic(*operator)),
            Node::Member(item, list) => {
                self.add(item);
                for element in list {
                    self.add(element);
                }
                Step::Member(list.len())
            }
        };
        self.steps.push(step);
    }

    fn after(&mut self, operands: &[&Tree], step: Step) -> Step {
        for operand in operands {
            self.add(operand);
        }
        step
    }

    /// Kleene's three values: `None` is "depends on an inactive parameter". `load` gives the value of a reference.
    pub(super) fn truth<'a>(&'a self, load: impl Fn(usize) -> Slot<'a>) -> Option<bool> {
        let mut stack: Vec<Slot<'a>> = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let result = match step {
                Step::Literal(value) => Some(Datum::from(value)),
                Step::Load(place) => load(*place),
                Step::Not => truth(pop(&mut stack)).map(|truth| Datum::Truth(!truth)),
                Step::Negate => number(pop(&mut stack)).map(|number| Datum::Number(-number)),
                Step::Logic(logic) => {
                    let (right, left) = (truth(pop(&mut stack)), truth(pop(&mut stack)));
                    logic.of(left, right).map(Datum::Truth)
                }
                Step::Compare(comparison) => {
                    let (right, left) = (pop(&mut stack), pop(&mut stack));
                    both(left, right).map(|(left, right)| Datum::Truth(comparison.holds(left, right)))
                }
                Step::Arithmetic(operator) => {
                    let (right, left) = (number(pop(&mut stack)), number(pop(&mut stack)));
                    both(left, right).map(|(left, right)| Datum::Number(operator.apply(left, right)))
                }
                Step::Member(count) => {
                    let list = stack.split_off(stack.len().saturating_sub(*count));
                    member(pop(&mut stack), &list).map(Datum::Truth)
                }
            };
            stack.push(result);
        }
        truth(pop(&mut stack))
    }
}

/// The top of the stack. Programs are compiled from trees, so there always is one.
fn pop<'a>(stack: &mut Vec<Slot<'a>>) -> Slot<'a> {
    stack.pop().flatten()
}

fn both<T>(left: Option<T>, right: Option<T>) -> Option<(T, T)> {
    Some((left?, right?))
}

/// Only truths are true: an expression is checked before it is compiled.
fn truth(slot: Slot<'_>) -> Option<bool> {
    slot.map(|datum| datum == Datum::Truth(true))
}

fn number(slot: Slot<'_>) -> Option<f64> {
    match slot? {
        Datum::Number(number) => Some(number),
        Datum::Truth(_) | Datum::Text(_) => None,
    }
}

fn member(item: Slot<'_>, list: &[Slot<'_>]) -> Option<bool> {
    let item = item?;
    if list.contains(&Some(item)) {
        return Some(true);
    }
    if list.contains(&None) { None } else { Some(false) }
}

impl Logic {
    fn of(self, left: Option<bool>, right: Option<bool>) -> Option<bool> {
        let decisive = self == Self::Or;
        match (left, right) {
            (Some(truth), _) | (_, Some(truth)) if truth == decisive => Some(decisive),
            (Some(_), Some(_)) => Some(!decisive),
            _ => None,
        }
    }
}

impl Comparison {
    fn holds(self, left: Datum<'_>, right: Datum<'_>) -> bool {
        // Texts have no order here and a comparison with what is not a number (0/0) never holds.
        let ordered = |holds: fn(&f64, &f64) -> bool| match (left, right) {
            (Datum::Number(left), Datum::Number(right)) => holds(&left, &right),
            (Datum::Number(_) | Datum::Truth(_) | Datum::Text(_), _) => false,
        };
        match self {
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::Less => ordered(f64::lt),
            Self::LessOrEqual => ordered(f64::le),
            Self::Greater => ordered(f64::gt),
            Self::GreaterOrEqual => ordered(f64::ge),
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
