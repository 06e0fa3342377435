//! Any lines are answered, each with one line of JSON.
#![no_main]

use automl::ask_tell::{Options, Session};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let mut session = Session::new(Options::default());
    session.answer(r#"{"op": "init", "seed": 0, "budget": 4, "max_step": 9, "space": [{"name": "x", "type": "float", "low": 0, "high": 1}]}"#);
    for line in text.lines().take(20) {
        let (answer, is_over) = session.answer(line);
        assert!(!answer.trim_end().contains('\n'));
        if is_over {
            break;
        }
    }
});
