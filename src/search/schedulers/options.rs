//! The options of schedulers: rows with a name, a kind and a default. Specs, the schema and the reference use them.

/// Maximum number of options of a scheduler.
const MOST: usize = 4;

/// An option of a scheduler.
#[derive(Clone, Copy, Debug)]
pub struct OptionRow {
    /// Its key in `early_terminate`.
    pub name: &'static str,
    /// Its meaning, in one sentence.
    pub about: &'static str,
    /// The values that it accepts.
    pub kind: OptionKind,
    /// The value if it is not given; `None`: that depends on the study.
    pub default: Option<OptionValue>,
}

/// The kind of values that an option accepts.
#[derive(Clone, Copy, Debug)]
pub enum OptionKind {
    /// A whole number in a range, both ends included.
    Integer(u32, u32),
    /// A number in a range, both ends included.
    Number(f64, f64),
    /// A number of epochs, more than 0.
    Epochs,
    /// One of several words.
    Words(&'static [&'static str]),
    /// `true` or `false`.
    Boolean,
}

/// The value of an option.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OptionValue {
    /// A whole number.
    Integer(u32),
    /// A number, or epochs.
    Number(f64),
    /// A word.
    Word(&'static str),
    /// `true` or `false`.
    Boolean(bool),
}

impl From<u32> for OptionValue {
    fn from(value: u32) -> Self {
        Self::Integer(value)
    }
}

impl From<f64> for OptionValue {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<&'static str> for OptionValue {
    fn from(value: &'static str) -> Self {
        Self::Word(value)
    }
}

impl From<bool> for OptionValue {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

/// The options of one scheduler, with the values that were given.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    rows: &'static [OptionRow],
    given: [Option<OptionValue>; MOST],
}

impl PartialEq for Options {
    fn eq(&self, other: &Self) -> bool {
        self.effective().eq(other.effective())
    }
}

impl Options {
    /// Options without given values: every default holds.
    pub fn new(rows: &'static [OptionRow]) -> Self {
        debug_assert!(rows.len() <= MOST, "no scheduler has more options");
        Self {
            rows,
            given: [None; MOST],
        }
    }

    /// Sets the value of an option. An unknown option is ignored (and fails an assertion in debug builds).
    #[must_use]
    pub fn with(mut self, name: &str, value: OptionValue) -> Self {
        let row = self.rows.iter().position(|row| row.name == name);
        debug_assert!(row.is_some(), "there is no option `{name}`");
        if let Some(given) = row.and_then(|row| self.given.get_mut(row)) {
            *given = Some(value);
        }
        self
    }

    /// Every option that is given or has a default, in the order of the rows.
    pub fn effective(&self) -> impl Iterator<Item = (&'static str, OptionValue)> {
        let values = self.rows.iter().zip(self.given);
        values.filter_map(|(row, given)| Some((row.name, given.or(row.default)?)))
    }

    fn value(&self, name: &str) -> Option<OptionValue> {
        self.effective()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// The value of an integer option; `None` if it is neither given nor has a default.
    pub fn integer(&self, name: &str) -> Option<u32> {
        match self.value(name)? {
            OptionValue::Integer(value) => Some(value),
            OptionValue::Number(_) | OptionValue::Word(_) | OptionValue::Boolean(_) => None,
        }
    }

    /// The value of a number or epochs; `None` if it is neither given nor has a default.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.value(name)? {
            OptionValue::Number(value) => Some(value),
            OptionValue::Integer(_) | OptionValue::Word(_) | OptionValue::Boolean(_) => None,
        }
    }

    /// Returns whether the option has this value.
    pub fn is(&self, name: &str, value: impl Into<OptionValue>) -> bool {
        self.value(name) == Some(value.into())
    }
}

/// The halving rate of the ASHA paper's main experiments and of Optuna's and Ray Tune's examples (Li et al. 2020, §4).
pub const DEFAULT_ETA: u32 = 3;

/// The option for the reduction factor of every scheduler that halves.
pub(super) const ETA: OptionRow = OptionRow {
    name: "eta",
    about: "One in `eta` trials continues from a rung.",
    kind: OptionKind::Integer(2, 100),
    default: Some(OptionValue::Integer(DEFAULT_ETA)),
};

/// The option for the interval between comparisons.
pub const INTERVAL: OptionRow = OptionRow {
    name: "interval",
    about: "Epochs from one comparison to the next. By default a tenth of a complete trial, at least `epochs.min`.",
    kind: OptionKind::Epochs,
    default: None,
};

/// The value of [`ETA`].
pub(super) fn eta(options: Options) -> u32 {
    options.integer(ETA.name).unwrap_or(DEFAULT_ETA)
}
