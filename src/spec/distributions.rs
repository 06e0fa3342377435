//! The keys of an entry of `parameters`, and the names of distributions (W&B's and ours): one row each, for the reader
//! of specs and for documentation.

/// A key of an entry of `parameters`, or one of the words that a key accepts.
#[derive(Clone, Copy, Debug)]
pub struct Described {
    /// The key or word.
    pub name: &'static str,
    /// Its meaning in one sentence, for documentation.
    pub about: &'static str,
}

const fn described(name: &'static str, about: &'static str) -> Described {
    Described { name, about }
}

/// Every key that is allowed in an entry of `parameters`.
pub const PARAMETER_KEYS: [Described; 17] = [
    described("value", "the one value of a constant"),
    described("values", "the list of values to choose from"),
    described(
        "probabilities",
        "how likely each of the values is, in their order; the sum is 1",
    ),
    described("ordered", "whether neighbours in the list of values are alike"),
    described("min", "the smallest value, inclusive"),
    described("max", "the largest value, inclusive"),
    described("q", "only its multiples"),
    described(
        "step",
        "the distance of neighbouring values, the first of which is `min`",
    ),
    described("log", "search on a logarithmic scale"),
    described(
        "mu",
        "the mean of a normal distribution; of a log-normal one, the mean of the logarithm",
    ),
    described(
        "sigma",
        "the standard deviation of a normal distribution; of a log-normal one, that of the logarithm",
    ),
    described(
        "distribution",
        "how likely the values are; without it, uniform between the bounds",
    ),
    described(
        "when",
        "a condition on other parameters: where it is not true, there is no such parameter",
    ),
    described(
        "prior",
        "the value that is probably best, or `{value: 3, confidence: low}` (or medium, or high)",
    ),
    described("init", "the value to try first"),
    described(
        "low_cost",
        "a value at which a trial is cheap, where a local search begins",
    ),
    described(
        "parameters",
        "parameters of their own, whose names begin with this one's and a dot",
    ),
];

/// The range that a bounded distribution of numbers implies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RangeRules {
    /// `true` for integers; `None` if the bounds decide.
    pub(super) is_integer: Option<bool>,
    pub(super) is_log: bool,
    pub(super) is_stepped: bool,
    pub(super) bounds: Bounds,
}

/// The meaning of `min` and `max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bounds {
    /// The bounds themselves.
    Values,
    /// Exponents of e.
    Exponents,
    /// Exponents of e, for the reciprocal.
    InverseExponents,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Family {
    Constant,
    Categorical,
    Range(RangeRules),
    Normal {
        is_log: bool,
        is_stepped: bool,
    },
    /// Recognised, but not supported.
    Beta,
}

const fn range(is_integer: Option<bool>, is_log: bool, is_stepped: bool) -> Family {
    Family::Range(RangeRules {
        is_integer,
        is_log,
        is_stepped,
        bounds: Bounds::Values,
    })
}

const fn exponents(is_stepped: bool, bounds: Bounds) -> Family {
    Family::Range(RangeRules {
        is_integer: Some(false),
        is_log: true,
        is_stepped,
        bounds,
    })
}

const fn normal(is_log: bool, is_stepped: bool) -> Family {
    Family::Normal { is_log, is_stepped }
}

/// A value of `distribution`, and how it is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Distribution {
    pub(super) described: Described,
    pub(super) family: Family,
}

const fn row(name: &'static str, about: &'static str, family: Family) -> Distribution {
    Distribution {
        described: described(name, about),
        family,
    }
}

/// Every accepted value of `distribution`, including W&B's. `beta` is listed only for a helpful error.
pub(super) const ROWS: [Distribution; 19] = [
    row("constant", "one `value`", Family::Constant),
    row("categorical", "one of `values`", Family::Categorical),
    row(
        "categorical_w_probabilities",
        "one of `values`, as likely as `probabilities` say",
        Family::Categorical,
    ),
    row(
        "uniform",
        "real numbers from `min` to `max`",
        range(Some(false), false, false),
    ),
    row(
        "int_uniform",
        "whole numbers from `min` to `max`",
        range(Some(true), false, false),
    ),
    row(
        "q_uniform",
        "every `q`-th number from `min` to `max`",
        range(None, false, true),
    ),
    row(
        "log_uniform_values",
        "real numbers, uniform in the logarithm",
        range(Some(false), true, false),
    ),
    row(
        "q_log_uniform_values",
        "multiples of `q`, uniform in the logarithm",
        range(None, true, true),
    ),
    row(
        "int_log_uniform_values",
        "whole numbers, uniform in the logarithm",
        range(Some(true), true, false),
    ),
    row(
        "inv_log_uniform_values",
        "the same as `log_uniform_values`",
        range(Some(false), true, false),
    ),
    row(
        "log_uniform",
        "uniform in the logarithm; `min` and `max` are exponents of e",
        exponents(false, Bounds::Exponents),
    ),
    row(
        "q_log_uniform",
        "multiples of `q`, uniform in the logarithm; `min` and `max` are exponents of e",
        exponents(true, Bounds::Exponents),
    ),
    row(
        "inv_log_uniform",
        "uniform in the logarithm; `min` and `max` are exponents of e for the reciprocal",
        exponents(false, Bounds::InverseExponents),
    ),
    row(
        "normal",
        "normal, cut off 4 `sigma` from `mu` or at the bounds",
        normal(false, false),
    ),
    row("q_normal", "every `q`-th number, normal", normal(false, true)),
    row("log_normal", "the logarithm is normal", normal(true, false)),
    row(
        "q_log_normal",
        "multiples of `q` whose logarithm is normal",
        normal(true, true),
    ),
    row("beta", "not searched: write `normal` with bounds", Family::Beta),
    row("q_beta", "not searched: write `q_normal` with bounds", Family::Beta),
];

/// The distributions that a parameter can name.
pub fn distributions() -> impl Iterator<Item = Described> {
    let known = ROWS.iter().filter(|row| !matches!(row.family, Family::Beta));
    known.map(|row| row.described)
}
