//! Tests and intervals for differences that may be luck: for means of a few seeds, and for accuracies on a test set.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// The result of a t-test of the hypothesis that two means are equal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TTest {
    /// The difference of the means, first minus second, in standard errors.
    pub statistic: f64,
    /// Degrees of freedom; not always an integer.
    pub freedom: f64,
    /// The probability of a difference at least as large, in either direction, if the means were equal.
    pub p: f64,
}

impl TTest {
    fn new(statistic: f64, freedom: f64) -> Option<Self> {
        let tail = StudentsT::new(0.0, 1.0, freedom).ok()?.cdf(-statistic.abs());
        Some(Self {
            statistic,
            freedom,
            p: (2.0 * tail).min(1.0),
        })
    }
}

/// The paired t-test: tests whether `first` and `second` differ on average, if they are paired by seeds or folds
/// (Student 1908). `None` for lists of different lengths, for fewer than two pairs, and if all differences are equal.
///
/// ```
/// use automl_search::analysis::paired_t_test;
///
/// let (ours, theirs) = ([0.88, 0.89, 0.87, 0.90], [0.86, 0.88, 0.86, 0.87]);
/// let test = paired_t_test(&ours, &theirs).unwrap();
/// assert!(test.statistic > 0.0 && test.p < 0.05);
/// ```
pub fn paired_t_test(first: &[f64], second: &[f64]) -> Option<TTest> {
    if first.len() != second.len() {
        return None;
    }
    let differences: Vec<f64> = first.iter().zip(second).map(|(one, other)| one - other).collect();
    let (mean, variance) = mean_and_variance(&differences)?;
    let count = differences.len() as f64;
    TTest::new(mean / (variance / count).sqrt(), count - 1.0)
}

/// Welch's t-test: tests whether two independent samples, with any variances, have different means (Welch 1947). `None`
/// if either has fewer than two numbers, and if neither varies.
pub fn welch_t_test(first: &[f64], second: &[f64]) -> Option<TTest> {
    let of = |values: &[f64]| -> Option<(f64, f64, f64)> {
        let count = values.len() as f64;
        let (mean, variance) = moments(values)?;
        Some((mean, variance / count, count - 1.0))
    };
    let (one, other) = (of(first)?, of(second)?);
    let error = one.1 + other.1;
    if error <= 0.0 || !error.is_finite() {
        return None;
    }
    // Satterthwaite (1946).
    let freedom = error * error / (one.1 * one.1 / one.2 + other.1 * other.1 / other.2);
    TTest::new((one.0 - other.0) / error.sqrt(), freedom)
}

/// The mean of some numbers; exact for a single number. `None` for an empty list.
pub fn mean(values: &[f64]) -> Option<f64> {
    let sum = values.iter().copied().reduce(|sum, value| sum + value)?;
    Some(sum / values.len() as f64)
}

/// The standard error of the mean: the sample's standard deviation divided by the root of its size. `None` below two.
pub fn standard_error(values: &[f64]) -> Option<f64> {
    let (_, variance) = moments(values)?;
    Some((variance / values.len() as f64).sqrt())
}

/// The pooled standard deviation of groups, each around its own mean: the root of the pooled variance. With few values
/// per group it is much more reliable than that of one group. `None` if no group has two values.
///
/// ```
/// use automl_search::analysis::pooled_deviation;
///
/// // By itself the first would be certain to the last digit.
/// let deviation = pooled_deviation([&[0.888, 0.888][..], &[0.884, 0.888], &[0.871, 0.877]]).unwrap();
/// assert!((deviation - 0.00294).abs() < 1e-5);
/// ```
pub fn pooled_deviation<'a>(groups: impl IntoIterator<Item = &'a [f64]>) -> Option<f64> {
    let (mut squares, mut freedom) = (0.0, 0.0);
    for values in groups {
        // A single value says nothing about a deviation.
        let Some((_, variance)) = moments(values) else { continue };
        let free = values.len() as f64 - 1.0;
        squares += variance * free;
        freedom += free;
    }
    (freedom > 0.0).then(|| (squares / freedom).sqrt())
}

/// Half the width of Student's confidence interval for the mean of `values`, at a confidence such as 0.95. `None` for
/// fewer than two values, if all values are equal, and for a confidence not between 0 and 1.
pub fn confidence_half_width(values: &[f64], confidence: f64) -> Option<f64> {
    let (_, variance) = mean_and_variance(values)?;
    let count = values.len() as f64;
    let quantile = StudentsT::new(0.0, 1.0, count - 1.0)
        .ok()?
        .inverse_cdf(upper(confidence)?);
    Some(quantile * (variance / count).sqrt())
}

/// The standard error of an accuracy measured on `examples` examples, from the binomial distribution. `None` without
/// examples, and for an accuracy outside of `[0, 1]`. `None` also for 0 and 1, where the standard error would be 0:
/// [`accuracy_interval`] is better there.
pub fn accuracy_standard_error(accuracy: f64, examples: u64) -> Option<f64> {
    let variance = accuracy * (1.0 - accuracy) / examples as f64;
    (examples > 0 && variance > 0.0).then(|| variance.sqrt())
}

/// The confidence interval of an accuracy that was measured on `examples` examples, at a confidence such as 0.95
/// (Wilson 1927; good also for few examples and near 0 and 1: Brown et al. 2001). `None` without examples, and for an
/// invalid accuracy or confidence.
pub fn accuracy_interval(accuracy: f64, examples: u64, confidence: f64) -> Option<(f64, f64)> {
    if examples == 0 || !(0.0..=1.0).contains(&accuracy) {
        return None;
    }
    let count = examples as f64;
    let z = Normal::new(0.0, 1.0).ok()?.inverse_cdf(upper(confidence)?);
    let scale = 1.0 + z * z / count;
    let centre = (accuracy + z * z / (2.0 * count)) / scale;
    let reach = z / scale * (accuracy * (1.0 - accuracy) / count + z * z / (4.0 * count * count)).sqrt();
    Some(((centre - reach).max(0.0), (centre + reach).min(1.0)))
}

/// The probability below the upper end of a two-sided interval.
fn upper(confidence: f64) -> Option<f64> {
    (confidence > 0.0 && confidence < 1.0).then_some(0.5 + confidence / 2.0)
}

/// The mean and the variance of a sample; `None` if all its values are equal.
fn mean_and_variance(values: &[f64]) -> Option<(f64, f64)> {
    moments(values).filter(|(_, variance)| *variance > 0.0 && variance.is_finite())
}

/// The mean and the unbiased variance of at least two numbers; equal ones have a variance of exactly 0.
fn moments(values: &[f64]) -> Option<(f64, f64)> {
    let (&first, others) = values.split_first()?;
    if others.is_empty() {
        return None;
    }
    let count = values.len() as f64;
    let mean = first + values.iter().map(|value| value - first).sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Some((mean, squares / (count - 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asserts that a value agrees with `scipy` 1.17.1 to ten digits.
    #[track_caller]
    fn assert_same(value: f64, scipy: f64) {
        assert!((value - scipy).abs() <= 1e-10 * scipy.abs(), "{value} against {scipy}");
    }

    const ONE: [f64; 5] = [0.812, 0.845, 0.790, 0.861, 0.833];
    const OTHER: [f64; 5] = [0.801, 0.829, 0.795, 0.840, 0.815];
    const STEADY: [f64; 7] = [0.71, 0.74, 0.69, 0.73, 0.72, 0.75, 0.70];
    const WILD: [f64; 4] = [0.78, 0.66, 0.91, 0.83];

    #[test]
    fn the_paired_test_is_scipys() {
        let test = paired_t_test(&ONE, &OTHER).unwrap();
        // scipy.stats.ttest_rel(ONE, OTHER)
        assert_same(test.statistic, 2.653_428_192_571_17);
        assert_same(test.p, 0.056_778_235_881_330_21);
        assert_eq!(test.freedom, 4.0);
        let reversed = paired_t_test(&OTHER, &ONE).unwrap();
        assert_eq!((reversed.statistic, reversed.p), (-test.statistic, test.p));
    }

    #[test]
    fn welchs_test_is_scipys() {
        let test = welch_t_test(&STEADY, &WILD).unwrap();
        // scipy.stats.ttest_ind(STEADY, WILD, equal_var=False)
        assert_same(test.statistic, -1.415_262_293_375_479_3);
        assert_same(test.p, 0.247_916_820_398_251_03);
        assert_same(test.freedom, 3.146_740_184_533_53);
        let clear = welch_t_test(&[1.0, 2.0, 3.0], &[101.0, 102.5, 103.0, 99.0]).unwrap();
        // scipy.stats.ttest_ind([1, 2, 3], [101, 102.5, 103, 99], equal_var=False)
        assert_same(clear.p, 5.864_705_329_583_03e-9);
    }

    #[test]
    fn one_constant_sample_is_enough_to_vary_for_welch() {
        assert!(welch_t_test(&[1.0, 1.0], &[2.0, 3.0]).is_some());
        assert_eq!(welch_t_test(&[1.0, 1.0], &[2.0, 2.0]), None);
        assert_eq!(welch_t_test(&[1.0], &[2.0, 3.0]), None);
    }

    #[test]
    fn students_interval_is_scipys() {
        // scipy.stats.t.ppf(0.975, 4) * scipy.stats.sem(ONE)
        assert_same(confidence_half_width(&ONE, 0.95).unwrap(), 0.034_582_069_936_261_825);
        // scipy.stats.t.ppf(0.95, 6) * scipy.stats.sem(STEADY)
        assert_same(confidence_half_width(&STEADY, 0.90).unwrap(), 0.015_866_000_551_669_267);
    }

    #[test]
    fn wilsons_interval_is_scipys() {
        let interval = |correct: f64, examples, confidence| {
            accuracy_interval(correct / examples as f64, examples, confidence).unwrap()
        };
        // scipy.stats.binomtest(correct, examples).proportion_ci(confidence, method="wilson")
        let (low, high) = interval(90.0, 100, 0.95);
        assert_same(low, 0.825_634_338_495_086_5);
        assert_same(high, 0.944_770_862_939_324_9);
        let (low, high) = interval(0.0, 10, 0.95);
        assert!(low < 1e-12);
        assert_same(high, 0.277_532_799_862_889_26);
        let (low, high) = interval(10.0, 10, 0.95);
        assert_same(low, 0.722_467_200_137_111);
        assert_same(high, 1.0);
        let (low, high) = interval(500.0, 872, 0.99);
        assert_same(low, 0.529_858_035_886_828_4);
        assert_same(high, 0.615_822_497_057_133_9);
    }

    #[test]
    fn the_standard_error_of_an_accuracy_is_the_binomials() {
        assert_same(accuracy_standard_error(0.9, 100).unwrap(), 0.03);
        assert_eq!(accuracy_standard_error(1.0, 100), None);
        assert_eq!(accuracy_standard_error(0.9, 0), None);
        assert_eq!(accuracy_standard_error(f64::NAN, 10), None);
    }

    #[test]
    fn what_says_nothing_of_luck_gives_nothing() {
        assert_eq!(paired_t_test(&[1.0], &[2.0]), None);
        assert_eq!(paired_t_test(&[1.0, 2.0], &[2.0]), None);
        assert_eq!(
            paired_t_test(&[1.0, 2.0], &[2.0, 3.0]),
            None,
            "always the same difference"
        );
        assert_eq!(paired_t_test(&[], &[]), None);
        assert_eq!(paired_t_test(&[1.0, f64::NAN], &[2.0, 3.5]), None);
        assert_eq!(confidence_half_width(&[0.1; 3], 0.95), None, "equal numbers");
        assert_eq!(confidence_half_width(&ONE, 1.0), None);
        assert_eq!(accuracy_interval(0.5, 0, 0.95), None);
        assert_eq!(accuracy_interval(1.5, 10, 0.95), None);
        assert_eq!(accuracy_interval(0.5, 10, 0.0), None);
    }
}
