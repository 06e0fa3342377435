//! Any text is a condition, which then has a value, or is explained.
#![no_main]

use automl::space::{Configuration, Domain, Expression, Value};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let number = Domain::Float { min: -1e3, max: 1e3, log: false, step: None };
    let word = Domain::Choice { values: vec![Value::Text("a".into()), Value::Text("b".into())], ordered: false };
    match Expression::parse(text, &[("x", &number), ("y", &number), ("kind", &word)]) {
        Ok(condition) => {
            let values = [("x", Value::Float(0.5)), ("kind", Value::Text("a".into()))];
            let configuration: Configuration = values.into_iter().collect();
            condition.evaluate(&configuration);
        }
        Err(error) => assert!(text.is_char_boundary(error.range.start) && text.is_char_boundary(error.range.end)),
    }
});
