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
        truth(self.run(load).0)
    }

    /// How far it is from being true: 0 where it is, else above 0; `None` where its truth is open.
    pub(super) fn violation<'a>(&'a self, load: impl Fn(usize) -> Slot<'a>) -> Option<f64> {
        let (result, violation) = self.run(load);
        truth(result).map(|_| violation)
    }

    /// The value, and how far it is from being true.
    fn run<'a>(&'a self, load: impl Fn(usize) -> Slot<'a>) -> (Slot<'a>, f64) {
        let mut stack: Vec<(Slot<'a>, f64)> = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let mut violation = None;
            let result = match step {
                Step::Literal(value) => Some(Datum::from(value)),
                Step::Load(place) => load(*place),
                Step::Not => truth(pop(&mut stack).0).map(|truth| Datum::Truth(!truth)),
                Step::Negate => number(pop(&mut stack).0).map(|number| Datum::Number(-number)),
                Step::Logic(logic) => {
                    let ((right, far_right), (left, far_left)) = (pop(&mut stack), pop(&mut stack));
                    violation = Some(match logic {
                        Logic::And => far_left + far_right,
                        Logic::Or => far_left.min(far_right),
                    });
                    logic.of(truth(left), truth(right)).map(Datum::Truth)
                }
                Step::Compare(comparison) => {
                    let ((right, _), (left, _)) = (pop(&mut stack), pop(&mut stack));
                    both(left, right).map(|(left, right)| {
                        violation = Some(comparison.distance(left, right));
                        Datum::Truth(comparison.holds(left, right))
                    })
                }
                Step::Arithmetic(operator) => {
                    let ((right, _), (left, _)) = (pop(&mut stack), pop(&mut stack));
                    both(number(left), number(right)).map(|(left, right)| Datum::Number(operator.apply(left, right)))
                }
                Step::Member(count) => {
                    let list = stack.split_off(stack.len().saturating_sub(*count));
                    member(pop(&mut stack).0, &list).map(Datum::Truth)
                }
            };
            let violation = match truth(result) {
                Some(false) => violation.unwrap_or(1.0),
                Some(true) | None => 0.0,
            };
            stack.push((result, violation));
        }
        pop(&mut stack)
    }
}

/// The top of the stack. Programs are compiled from trees, so there always is one.
fn pop<'a>(stack: &mut Vec<(Slot<'a>, f64)>) -> (Slot<'a>, f64) {
    stack.pop().unwrap_or((None, 0.0))
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

fn member(item: Slot<'_>, list: &[(Slot<'_>, f64)]) -> Option<bool> {
    let item = item?;
    if list.iter().any(|(element, _)| *element == Some(item)) {
        return Some(true);
    }
    if list.iter().any(|(element, _)| element.is_none()) {
        None
    } else {
        Some(false)
    }
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

impl Comparison {
    /// How far a comparison is from holding: 0 where it does, else the share of the larger side that lies between both.
    fn distance(self, left: Datum<'_>, right: Datum<'_>) -> f64 {
        if self.holds(left, right) {
            return 0.0;
        }
        let (Datum::Number(left), Datum::Number(right)) = (left, right) else {
            return 1.0;
        };
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
