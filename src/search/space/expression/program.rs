//! An expression compiled for evaluation: a list of steps for a stack machine, without name lookups.

use super::super::Value;
use super::tree::{Arithmetic, Comparison, Logic, Node, Tree};

/// The steps of an expression, operands before operators.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Program {
    steps: Vec<Step>,
    /// The parameters that it reads, each once, in order of appearance.
    references: Vec<String>,
}

/// One operation on the stack.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    Literal(Value),
    /// Pushes the value of the parameter with this index in `references`.
    Load(usize),
    Not,
    Negate,
    Logic(Logic),
    Compare(Comparison),
    /// Tests whether an item is one of this many values above it on the stack.
    Member(usize),
    Arithmetic(Arithmetic),
}

/// A value as expressions see it: one type of number, and borrowed texts.
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
            Value::Text(text) | Value::Data(text) => Self::Text(text),
        }
    }
}

/// A value; `None` if it depends on an inactive parameter.
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

    /// The condition that the parameter `name` has one of `values`.
    pub(super) fn one_of(name: &str, values: &[Value]) -> Self {
        let mut steps = vec![Step::Load(0)];
        steps.extend(values.iter().cloned().map(Step::Literal));
        steps.push(Step::Member(values.len()));
        Self {
            steps,
            references: vec![name.to_owned()],
        }
    }

    /// The conjunction of both.
    pub(super) fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        for step in &other.steps {
            let step = match step {
                Step::Load(index) => Step::Load(both.index_of(&other.references[*index])),
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

    /// The index of a name in the references. Adds the name if it is new.
    fn index_of(&mut self, name: &str) -> usize {
        let known = self.references.iter().position(|reference| reference == name);
        known.unwrap_or_else(|| {
            self.references.push(name.to_owned());
            self.references.len() - 1
        })
    }

    fn add(&mut self, tree: &Tree) {
        let step = match &tree.node {
            Node::Literal(value) => Step::Literal(value.clone()),
            Node::Reference(name) => Step::Load(self.index_of(name)),
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

    /// Kleene's three-valued truth: `None` if it depends on an inactive parameter. `load` gives a reference's value.
    pub(super) fn truth<'a>(&'a self, load: impl Fn(usize) -> Slot<'a>) -> Option<bool> {
        truth(self.run(load).0)
    }

    /// The amount of violation: 0 if the expression is true, else above 0; `None` if its truth value is unknown.
    pub(super) fn violation<'a>(&'a self, load: impl Fn(usize) -> Slot<'a>) -> Option<f64> {
        let (result, violation) = self.run(load);
        truth(result).map(|_| violation)
    }

    /// The value, and the amount of violation.
    fn run<'a>(&'a self, load: impl Fn(usize) -> Slot<'a>) -> (Slot<'a>, f64) {
        let mut stack: Vec<Item<'a>> = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let item = match step {
                Step::Literal(value) => Item::exact(Some(Datum::from(value))),
                Step::Load(index) => Item::exact(load(*index)),
                Step::Not => Item::truth(truth(pop(&mut stack).slot).map(|truth| !truth), 1.0),
                Step::Negate => {
                    let item = pop(&mut stack);
                    let negative = number(item.slot).map(|number| Datum::Number(-number));
                    Item { slot: negative, ..item }
                }
                Step::Logic(logic) => {
                    let (right, left) = (pop(&mut stack), pop(&mut stack));
                    let violation = match logic {
                        Logic::And => left.violation + right.violation,
                        Logic::Or => left.violation.min(right.violation),
                    };
                    Item::truth(logic.of(truth(left.slot), truth(right.slot)), violation)
                }
                Step::Compare(comparison) => {
                    let (right, left) = (pop(&mut stack), pop(&mut stack));
                    let most = SLACK * (left.error + right.error);
                    let sides = both(left.slot, right.slot);
                    let holds = sides.map(|(left, right)| comparison.holds(left, right, most));
                    let distance = sides.map_or(0.0, |(left, right)| comparison.distance(left, right, most));
                    Item::truth(holds, distance)
                }
                Step::Arithmetic(operator) => {
                    let (right, left) = (pop(&mut stack), pop(&mut stack));
                    operator.of(left, right)
                }
                Step::Member(count) => {
                    let list = stack.split_off(stack.len().saturating_sub(*count));
                    Item::truth(member(pop(&mut stack), &list), 1.0)
                }
            };
            stack.push(item);
        }
        let result = pop(&mut stack);
        (result.slot, result.violation)
    }
}

/// Results of arithmetic compare as decimals do. Numbers are equal if they differ by no more than this many times their
/// accumulated rounding error. Whole numbers that were only added, subtracted or multiplied compare exactly.
const SLACK: f64 = 2.0;

/// An intermediate value on the stack.
#[derive(Clone, Copy, Debug)]
struct Item<'a> {
    slot: Slot<'a>,
    /// The amount of violation: 0 if the value is true or not a boolean.
    violation: f64,
    /// Bound on the rounding error of a number, compared with exact decimal arithmetic.
    error: f64,
}

impl<'a> Item<'a> {
    /// A literal or a parameter's value: the float nearest to its decimal.
    fn exact(slot: Slot<'a>) -> Self {
        let error = number(slot).map_or(0.0, rounding);
        let is_false = slot == Some(Datum::Truth(false));
        Self {
            slot,
            violation: f64::from(u8::from(is_false)),
            error,
        }
    }

    fn truth(truth: Option<bool>, violation: f64) -> Self {
        Self {
            slot: truth.map(Datum::Truth),
            violation: if truth == Some(false) { violation } else { 0.0 },
            error: 0.0,
        }
    }
}

/// The rounding error of a number itself; 0 for whole numbers.
fn rounding(number: f64) -> f64 {
    if number.fract() == 0.0 {
        0.0
    } else {
        f64::EPSILON * number.abs()
    }
}

/// Pops the top of the stack. Programs are compiled from trees, so there always is one.
fn pop<'a>(stack: &mut Vec<Item<'a>>) -> Item<'a> {
    stack.pop().unwrap_or(Item::truth(None, 0.0))
}

fn both<T>(left: Option<T>, right: Option<T>) -> Option<(T, T)> {
    Some((left?, right?))
}

/// The truth value of a slot. Expressions are type-checked before they are compiled, so other types do not occur.
fn truth(slot: Slot<'_>) -> Option<bool> {
    slot.map(|datum| datum == Datum::Truth(true))
}

fn number(slot: Slot<'_>) -> Option<f64> {
    match slot? {
        Datum::Number(number) => Some(number),
        Datum::Truth(_) | Datum::Text(_) => None,
    }
}

fn member(item: Item<'_>, list: &[Item<'_>]) -> Option<bool> {
    let value = item.slot?;
    let is_it = |element: &Item<'_>| {
        let slack = SLACK * (item.error + element.error);
        element
            .slot
            .is_some_and(|element| Comparison::Equal.holds(value, element, slack))
    };
    if list.iter().any(is_it) {
        return Some(true);
    }
    if list.iter().any(|element| element.slot.is_none()) {
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
    /// Compares two values. Numbers that differ by at most `slack` are equal.
    fn holds(self, left: Datum<'_>, right: Datum<'_>, slack: f64) -> bool {
        let numbers = match (left, right) {
            (Datum::Number(left), Datum::Number(right)) => Some((left, right)),
            (Datum::Number(_) | Datum::Truth(_) | Datum::Text(_), _) => None,
        };
        let is_equal = left == right || numbers.is_some_and(|(left, right)| (left - right).abs() <= slack);
        // Texts have no order here, and a comparison with NaN (0/0) never holds.
        let is_less = numbers.is_some_and(|(left, right)| left < right);
        let is_greater = numbers.is_some_and(|(left, right)| left > right);
        match self {
            Self::Equal => is_equal,
            Self::NotEqual => !is_equal,
            Self::Less => is_less && !is_equal,
            Self::LessOrEqual => numbers.is_some() && (is_less || is_equal),
            Self::Greater => is_greater && !is_equal,
            Self::GreaterOrEqual => numbers.is_some() && (is_greater || is_equal),
        }
    }

    /// The violation of a comparison: 0 if it holds, else the difference of the sides as a share of the larger one.
    fn distance(self, left: Datum<'_>, right: Datum<'_>, slack: f64) -> f64 {
        if self.holds(left, right, slack) {
            return 0.0;
        }
        let (Datum::Number(left), Datum::Number(right)) = (left, right) else {
            return 1.0;
        };
        match self {
            Self::Equal | Self::NotEqual => 1.0,
            Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual => {
                let share = (left - right).abs() / left.abs().max(right.abs());
                // Equal sides violate `<` a little; NaN violates more than any number.
                if (left - right).abs() <= slack {
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
    /// The result, with a bound on its rounding error.
    fn of<'a>(self, left: Item<'a>, right: Item<'a>) -> Item<'a> {
        let Some((one, other)) = both(number(left.slot), number(right.slot)) else {
            return Item::truth(None, 0.0);
        };
        let (result, carried) = match self {
            Self::Add => (one + other, left.error + right.error),
            Self::Subtract => (one - other, left.error + right.error),
            Self::Multiply => (one * other, one.abs() * right.error + other.abs() * left.error),
            Self::Divide => (
                one / other,
                (left.error + (one / other).abs() * right.error) / other.abs(),
            ),
            // The result has the sign of the divisor, as in Python.
            Self::Remainder => {
                let quotient = one / other;
                let slack = SLACK * ((left.error + quotient.abs() * right.error) / other.abs() + rounding(quotient));
                let nearest = quotient.round();
                let whole = if (quotient - nearest).abs() <= slack {
                    nearest
                } else {
                    quotient.floor()
                };
                (one - other * whole, left.error + whole.abs() * right.error)
            }
            Self::Power => {
                let result = one.powf(other);
                let relative = (other * left.error / one).abs() + (one.abs().ln() * right.error).abs();
                (result, result.abs() * relative)
            }
        };
        // The operation's own rounding is small compared with the operands, which may cancel each other out.
        let own = match self {
            Self::Add | Self::Subtract | Self::Remainder if left.error + right.error > 0.0 => {
                f64::EPSILON * one.abs().max(other.abs())
            }
            _ => rounding(result),
        };
        let error = carried + own;
        Item {
            slot: Some(Datum::Number(result)),
            violation: 0.0,
            error: if error.is_finite() { error } else { 0.0 },
        }
    }
}
