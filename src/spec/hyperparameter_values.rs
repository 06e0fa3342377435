//! The values that a hyperparameter accepts.

use crate::catalogue::HyperparameterKind;
use crate::space::Value;

/// Converts a value of a hyperparameter to the type that the trainer reads, such as 1.0 for the number 1.
///
/// # Errors
/// Returns the rule, in words that follow "must be", if the value is not allowed.
pub(super) fn accept(kind: HyperparameterKind, value: &Value) -> Result<Value, String> {
    match kind {
        HyperparameterKind::Number { is_allowed, rule } => match value.as_f64() {
            Some(number) if is_allowed(number) => Ok(Value::Float(number)),
            Some(_) => Err(rule.to_owned()),
            None => Err("a number".to_owned()),
        },
        HyperparameterKind::Integer { min } => match value.as_i64() {
            Some(number) if number >= min => Ok(Value::Int(number)),
            Some(_) => Err(format!("at least {min}")),
            None => Err("a whole number".to_owned()),
        },
        HyperparameterKind::Word(words) => match value.as_str() {
            Some(word) if words.contains(&word) => Ok(value.clone()),
            _ => Err(format!("one of {}", words.join(", "))),
        },
        HyperparameterKind::Flag => match value {
            Value::Bool(_) => Ok(value.clone()),
            Value::Int(_) | Value::Float(_) | Value::Text(_) | Value::Data(_) => Err("true or false".to_owned()),
        },
        HyperparameterKind::WordOrNumbers(words) => match (value.as_str(), numbers_by_name(value)) {
            (Some(word), _) if words.contains(&word) => Ok(value.clone()),
            (None, Some(numbers)) if !numbers.is_empty() => Ok(value.clone()),
            _ => Err(format!(
                "one of {}, or numbers greater than 0 by name, such as {{spam: 3}}",
                words.join(", ")
            )),
        },
    }
}

/// The numbers of a mapping such as `{spam: 3, ham: 1}`; `None` if it is none, or if a number is not greater than 0.
pub fn numbers_by_name(value: &Value) -> Option<Vec<(String, f64)>> {
    let Value::Data(_) = value else { return None };
    let json = value.to_json();
    let numbers = json.as_object()?.iter();
    numbers
        .map(|(name, number)| {
            let number = number.as_f64().filter(|number| *number > 0.0 && number.is_finite())?;
            Some((name.clone(), number))
        })
        .collect()
}
