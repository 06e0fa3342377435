//! The keys of an entry of `parameters`, and the names of distributions (W&B's and ours): one row each, for the reader
//! of specs and for documentation.

use super::hints::PRIOR;
use super::keys::{Kind, NUMBER, POSITIVE, Section, key};

/// One of the words that a key accepts.
#[derive(Clone, Copy, Debug)]
pub struct Described {
    /// The word.
    pub name: &'static str,
    /// Its meaning in one sentence, for documentation.
    pub about: &'static str,
}

const fn described(name: &'static str, about: &'static str) -> Described {
    Described { name, about }
}

/// An entry of `parameters`.
pub(super) const PARAMETER: Section = Section {
    name: "parameter",
    about: "One parameter: a `value`, some `values`, or a range from `min` to `max`.",
    keys: || {
        vec![
            key("value", Kind::Anything, "A fixed value: the parameter is not searched."),
            key("values", Kind::List(&Kind::Anything), "The values to choose from.")
                .examples(&["[8, 16, 32]", "[\"linear\", \"cosine\"]"]),
            key(
                "probabilities",
                Kind::List(&Kind::Number {
                    min: 0.0,
                    max: 1.0,
                    open: (false, false),
                }),
                "The probability of each of `values`. They add up to 1.",
            ),
            key(
                "ordered",
                Kind::Boolean,
                "`true` if `values` are in order, such as 8, 16, 32. Models then interpolate between neighbours.",
            )
            .default("false"),
            key(
                "distribution",
                Kind::Words(names),
                "The distribution over the range, by its name in Weights & Biases. The bounds of `log_uniform` are exponents of e; use `log_uniform_values` for plain bounds.",
            ),
            key("min", NUMBER, "The smallest value, inclusive."),
            key("max", NUMBER, "The largest value, inclusive."),
            key("q", POSITIVE, "Only multiples of `q` are tried."),
            key(
                "step",
                POSITIVE,
                "The distance between neighbouring values, counted from `min`.",
            ),
            key(
                "log",
                Kind::Boolean,
                "`true` for a logarithmic scale, as for learning rates.",
            )
            .default("false"),
            key(
                "mu",
                NUMBER,
                "The mean of a normal distribution; of the logarithm for a log-normal one.",
            )
            .default("0.0"),
            key(
                "sigma",
                POSITIVE,
                "The standard deviation of a normal distribution; of the logarithm for a log-normal one.",
            )
            .default("1.0"),
            key(
                "prior",
                Kind::Any(&[Kind::Scalar, Kind::Section(&PRIOR)]),
                "Where the best value probably lies.",
            )
            .examples(&["2e-5", "{\"value\": 2e-5, \"confidence\": \"high\"}"]),
            key("init", Kind::Scalar, "The value to try first."),
            key(
                "low_cost",
                Kind::Scalar,
                "A value at which a trial is cheap. Local search (`cfo`, `blendsearch`) begins there.",
            ),
            key(
                "when",
                Kind::Any(&[Kind::Text, Kind::Boolean]),
                "A condition on other parameters. The parameter exists only where it is true.",
            )
            .examples(&["\"lr_schedule != 'constant'\""]),
            key(
                "parameters",
                Kind::Parameters,
                "Nested parameters, as in Weights & Biases. Their full names are joined by dots.",
            ),
        ]
    },
};

fn names() -> Vec<&'static str> {
    distributions().map(|known| known.name).collect()
}

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
        "one of `values`, with these `probabilities`",
        Family::Categorical,
    ),
    row(
        "uniform",
        "real numbers from `min` to `max`",
        range(Some(false), false, false),
    ),
    row(
        "int_uniform",
        "integers from `min` to `max`",
        range(Some(true), false, false),
    ),
    row(
        "q_uniform",
        "multiples of `q` from `min` to `max`",
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
        "integers, uniform in the logarithm",
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
    row(
        "q_normal",
        "multiples of `q`, normally distributed",
        normal(false, true),
    ),
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
