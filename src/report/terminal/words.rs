//! Numbers as text for people.

use crate::space::Value;
use crate::units::Samples;

/// A running time in the format of a stopwatch: `0:42`, `12:03`, `1:02:03`.
pub(in crate::report) fn stopwatch(seconds: f64) -> String {
    let (hours, minutes, seconds) = split(seconds.max(0.0).floor());
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// A duration, rounded up to whole seconds: `4 s`, `1m 12s`, `2h 05m`.
pub(in crate::report) fn duration(seconds: f64) -> String {
    let (hours, minutes, seconds) = split(seconds.max(0.0).ceil());
    if hours > 0 {
        format!("{hours}h {minutes:02}m")
    } else if minutes > 0 {
        format!("{minutes}m {seconds:02}s")
    } else {
        format!("{seconds} s")
    }
}

/// An estimated duration; below ten seconds with a decimal.
pub(in crate::report) fn seconds(seconds: f64) -> String {
    if seconds < 9.95 {
        format!("{} s", digits(seconds, if seconds < 1.0 { 1 } else { 2 }))
    } else {
        duration(seconds)
    }
}

fn split(seconds: f64) -> (u64, u64, u64) {
    let whole = seconds as u64;
    (whole / 3600, whole / 60 % 60, whole % 60)
}

/// A number of epochs with two significant digits: `0.44`, `1.3`, `4`, `120`.
pub(in crate::report) fn epochs(samples: Samples, epoch: Samples) -> String {
    let epochs = samples.epochs(epoch);
    if epochs.is_finite() {
        digits(epochs, 2)
    } else {
        samples.to_string()
    }
}

/// A number with its unit in the singular or plural: `1 epoch`, `1.3 epochs`.
pub(in crate::report) fn counted(number: &str, unit: &str) -> String {
    if number == "1" {
        format!("1 {unit}")
    } else {
        format!("{number} {unit}s")
    }
}

/// A metric's value with 4 decimals; very large and very small values with an exponent.
pub(in crate::report) fn metric(value: f64) -> String {
    if !value.is_finite() {
        return "not a number".into();
    }
    if value != 0.0 && !(5e-4..1e7).contains(&value.abs()) {
        return format!("{value:.3e}");
    }
    format!("{value:.4}")
}

/// A training loss: `0.61`.
pub(in crate::report) fn loss(value: f64) -> String {
    digits(value, 2)
}

/// A share in [0, 1] as a percentage: `12 %`.
pub(in crate::report) fn percentage(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// A parameter's value, numbers with three significant digits: `0.0031`, `3.1e-5`, `linear`.
pub(in crate::report) fn value(value: &Value) -> String {
    match value {
        Value::Float(number) => digits(*number, 3),
        Value::Bool(_) | Value::Int(_) | Value::Text(_) | Value::Data(_) => {
            // A text may contain line breaks, but the output must stay on one line.
            value.to_string().replace(char::is_control, " ")
        }
    }
}

/// A number with this many significant digits, without trailing zeros. All digits before the point are kept.
fn digits(number: f64, significant: usize) -> String {
    if number == 0.0 || !number.is_finite() {
        return number.to_string();
    }
    // Round first: 9.96 has one digit before the decimal point, but its rounded value 10 has two.
    let exponent = format!("{number:.*e}", significant - 1);
    let (mantissa, power) = exponent.split_once('e').unwrap_or((&exponent, "0"));
    let power: i32 = power.parse().unwrap_or(0);
    if !(-4..7).contains(&power) {
        return format!("{}e{power}", trimmed(mantissa));
    }
    let decimals = (significant as i32 - 1 - power).max(0) as usize;
    trimmed(&format!("{number:.decimals$}")).to_owned()
}

fn trimmed(number: &str) -> &str {
    if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        number
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_short_and_whole() {
        let shown = [0.0, 42.9, 60.0, 723.0, 3723.0].map(stopwatch);
        assert_eq!(shown, ["0:00", "0:42", "1:00", "12:03", "1:02:03"]);
        let shown = [0.0, 0.2, 4.0, 59.5, 72.0, 7500.0].map(duration);
        assert_eq!(shown, ["0 s", "1 s", "4 s", "1m 00s", "1m 12s", "2h 05m"]);
    }

    #[test]
    fn epochs_have_two_digits() {
        let shown =
            [1, 4, 5, 444, 996, 1333, 4000, 12_345, 120_400].map(|samples| epochs(Samples(samples), Samples(1000)));
        assert_eq!(shown, ["0.001", "0.004", "0.005", "0.44", "1", "1.3", "4", "12", "120"]);
        assert_eq!(epochs(Samples(7), Samples(0)), "7");
    }

    #[test]
    fn one_epoch_is_no_plural() {
        assert_eq!(counted("1", "epoch"), "1 epoch");
        assert_eq!(counted("1.3", "epoch"), "1.3 epochs");
    }

    #[test]
    fn metrics_have_four_decimals_where_these_say_something() {
        let shown = [0.879, 0.0, -1.5, 1e-6, 123_456_789.0, f64::INFINITY].map(metric);
        assert_eq!(
            shown,
            ["0.8790", "0.0000", "-1.5000", "1.000e-6", "1.235e8", "not a number"]
        );
    }

    #[test]
    fn values_have_three_digits_and_names_stay_on_their_line() {
        let shown = [0.003_127, 3.14e-5, 0.1, 1234.5, 2.5e9, -0.25, 0.0].map(|number| value(&Value::Float(number)));
        assert_eq!(shown, ["0.00313", "3.14e-5", "0.1", "1234", "2.5e9", "-0.25", "0"]);
        assert_eq!(value(&Value::Int(32)), "32");
        assert_eq!(value(&Value::Text("a\nb".into())), "a b");
    }

    proptest! {
        #[test]
        fn three_digits_are_within_half_a_percent(number in prop_oneof![-1e12..1e12f64, -1e-3..1e-3f64]) {
            let read: f64 = digits(number, 3).parse().unwrap();
            prop_assert!((read - number).abs() <= number.abs() * 0.005_001);
        }
    }
}
