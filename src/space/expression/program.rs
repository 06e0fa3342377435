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
            Value::Text(text) | Value::Data(text) => Self::Text(text),
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
        let mut stack: Vec<Item<'a>> = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let item = match step {
                Step::Literal(value) => Item::exact(Some(Datum::from(value))),
                Step::Load(place) => Item::exact(load(*place)),
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

/// Results of arithmetic compare as decimals do: numbers are equal that are nearer to each other than so many times what rounding may
/// have added to them. Whole numbers that have only been added, subtracted and multiplied compare exactly.
const SLACK: f64 = 2.0;

/// A value on the way.
#[derive(Clone, Copy, Debug)]
struct Item<'a> {
    slot: Slot<'a>,
    /// How far it is from being true: 0 where it is, or is no truth.
    violation: f64,
    /// How far a number may be from what decimals would come to.
    error: f64,
}

impl<'a> Item<'a> {
    /// A number as it was written or chosen: the one that is nearest to its decimal.
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

/// What rounding to the nearest number may have changed: nothing of whole ones.
fn rounding(number: f64) -> f64 {
    if number.fract() == 0.0 {
        0.0
    } else {
        f64::EPSILON * number.abs()
    }
}

/// The top of the stack. Programs are compiled from trees, so there always is one.
fn pop<'a>(stack: &mut Vec<Item<'a>>) -> Item<'a> {
    stack.pop().unwrap_or(Item::truth(None, 0.0))
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
    /// Numbers that are at most `slack` apart are equal.
    fn holds(self, left: Datum<'_>, right: Datum<'_>, slack: f64) -> bool {
        let numbers = match (left, right) {
            (Datum::Number(left), Datum::Number(right)) => Some((left, right)),
            (Datum::Number(_) | Datum::Truth(_) | Datum::Text(_), _) => None,
        };
        let is_equal = left == right || numbers.is_some_and(|(left, right)| (left - right).abs() <= slack);
        // Texts have no order here and a comparison with what is not a number (0/0) never holds.
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

    /// How far a comparison is from holding: 0 where it does, else the share of the larger side that lies between both.
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
                // Equal sides violate `<` a little; what is not a number violates as much as anything.
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
    /// The result, with how far rounding may have led it away.
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
            // The sign of the divisor, as in Python.
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
        // What the operation itself rounds is small beside its operands, which may cancel each other out.
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
