use proptest::prelude::*;

use super::*;

fn domains() -> Vec<(&'static str, Domain)> {
    vec![
        ("batch_size", Domain::int(1, 128)),
        ("dropout", Domain::float(0.0, 0.5)),
        ("scheduler", Domain::choice(["linear", "cosine", "constant"])),
        ("augment", Domain::choice([true, false])),
        ("mixed", Domain::choice([Value::Int(1), Value::Text("auto".to_owned())])),
        ("optimizer.lr", Domain::float(1e-5, 1.0).log()),
        ("learning-rate", Domain::float(1e-5, 1.0).log()),
    ]
}

fn parse(text: &str) -> Result<Expression, ExpressionError> {
    let domains = domains();
    let parameters: Vec<(&str, &Domain)> = domains.iter().map(|(name, domain)| (*name, domain)).collect();
    Expression::parse(text, &parameters)
}

fn truth(text: &str) -> Option<bool> {
    let configuration: Configuration = [
        ("batch_size", Value::Int(32)),
        ("dropout", Value::Float(0.1)),
        ("scheduler", Value::Text("cosine".to_owned())),
        ("augment", Value::Bool(true)),
        ("mixed", Value::Text("auto".to_owned())),
        ("learning-rate", Value::Float(0.001)),
    ]
    .into_iter()
    .collect();
    parse(text)
        .unwrap_or_else(|error| panic!("{text}: {error}"))
        .evaluate(&configuration)
}

/// The message, the marked text and the suggestion, as one text.
fn error(text: &str) -> String {
    let error = parse(text).unwrap_err();
    let marks = text
        .get(error.range.clone())
        .unwrap_or_else(|| panic!("{:?} cuts `{text}`", error.range));
    let hint = error.suggestion.map(|hint| format!(" ({hint})")).unwrap_or_default();
    format!("{} at `{marks}`{hint}", error.message)
}

#[test]
fn arithmetic_binds_as_in_python() {
    for text in [
        "1 + 2 * 3 == 7",
        "2 ** 3 ** 2 == 512",
        "-2 ** 2 == -4",
        "2 ** -1 == 0.5",
        "7 % 4 == 3 and -7 % 4 == 1",
        "(1 + 2) * 3 == 9",
        "8 / 2 / 2 == 2",
        "1 - 2 - 3 == -4",
        "1e-3 == 0.001 and .5 == 1 / 2",
        "not 1 == 2",
        "true or false and false",
        "not (true and false)",
    ] {
        assert_eq!(truth(text), Some(true), "{text}");
    }
}

#[test]
fn comparisons_read_the_configuration() {
    assert_eq!(truth("batch_size * 128 <= 4096"), Some(true));
    assert_eq!(truth("batch_size > 32"), Some(false));
    assert_eq!(truth("scheduler in ['linear', \"cosine\"]"), Some(true));
    assert_eq!(truth("scheduler not in ['linear', 'cosine']"), Some(false));
    assert_eq!(truth("batch_size in [16, 32.0]"), Some(true));
    assert_eq!(truth("augment"), Some(true));
    assert_eq!(truth("augment == false"), Some(false));
    assert_eq!(truth("mixed == 'auto' and mixed != 1"), Some(true));
    assert_eq!(truth("`learning-rate` < 1e-2"), Some(true));
    assert_eq!(
        truth("1 / (batch_size - 32) > 0 or 0 / (batch_size - 32) == 0"),
        Some(true)
    );
}

#[test]
fn decimals_compare_as_decimals_and_whole_numbers_exactly() {
    let tenths = Domain::float(0.0, 1.0).step(0.1);
    let domains = [("a", &tenths), ("b", &tenths), ("c", &tenths)];
    let truth = |text: &str, values: [f64; 3]| {
        let named = ["a", "b", "c"].into_iter().zip(values.map(Value::Float));
        Expression::parse(text, &domains).unwrap().is_true(&named.collect())
    };
    let tenths = || (0..=10).map(|tenth| f64::from(tenth) / 10.0);
    let mut mixtures = 0;
    for (one, other, third) in tenths()
        .flat_map(|one| tenths().map(move |other| (one, other)))
        .flat_map(|(one, other)| tenths().map(move |third| (one, other, third)))
    {
        let [a, b, c] = [one, other, third].map(|number| (number * 10.0).round() as i64);
        let values = [one, other, third];
        mixtures += u32::from(truth("a + b + c == 1", values));
        for (text, expected) in [
            ("a + b + c == 1", a + b + c == 10),
            ("a + b + c != 1", a + b + c != 10),
            ("a - b == c", a - b == c),
            ("a + b <= c", a + b <= c),
            ("a + b < c", a + b < c),
            ("a - b - c >= 0", a - b - c >= 0),
            ("a * b == c / 10", a * b == c),
            ("a * 10 % 3 == 0", a % 3 == 0),
            ("a % 0.2 == 0", a % 2 == 0),
            ("a + b in [0.3, 0.7]", [3, 7].contains(&(a + b))),
            ("a + 0.05 > b", a * 10 + 5 > b * 10),
        ] {
            assert_eq!(truth(text, values), expected, "{text} with {values:?}");
        }
    }
    assert_eq!(mixtures, 66, "12 choose 2");
    let wide = Domain::float(-1e18, 1e18);
    let equal = Expression::parse("x + 1 == y", &[("x", &wide), ("y", &wide)]).unwrap();
    let holds = |x: f64, y: f64| equal.is_true(&[("x", Value::Float(x)), ("y", Value::Float(y))].into_iter().collect());
    assert!(holds(4_503_599_627_370_495.0, 4_503_599_627_370_496.0));
    assert!(!holds(4_503_599_627_370_495.0, 4_503_599_627_370_495.0));
}

#[test]
fn an_inactive_parameter_leaves_open_only_what_depends_on_it() {
    assert_eq!(truth("optimizer.lr < 1"), None);
    assert_eq!(truth("optimizer.lr < 1 or batch_size == 32"), Some(true));
    assert_eq!(truth("optimizer.lr < 1 and batch_size == 3"), Some(false));
    assert_eq!(truth("not optimizer.lr < 1"), None);
    assert_eq!(truth("batch_size in [1, optimizer.lr]"), None);
    assert!(!parse("optimizer.lr < 1").unwrap().is_true(&Configuration::default()));
}

#[test]
fn a_violation_is_a_share_of_the_larger_side() {
    let violation = |text: &str| {
        let measured = [("latency", Value::Float(30.0)), ("size", Value::Float(4.0))];
        let parsed = Expression::parse_of_metrics(text, Some(&["latency", "size"])).unwrap();
        parsed.violation(&measured.into_iter().collect()).unwrap()
    };
    assert_eq!(violation("latency <= 30 and size < 5"), 0.0);
    assert_eq!(violation("latency <= 24"), 0.2);
    assert_eq!(violation("size > 5"), 0.2);
    assert!(violation("latency < 30") > 0.0, "nearly is not quite");
    assert_eq!(violation("latency <= 24 and size >= 5"), 0.4);
    assert_eq!(violation("latency <= 24 or size >= 8"), 0.2);
    assert_eq!(violation("size == 3"), 1.0);
    assert_eq!(violation("not (latency > 24)"), 1.0);
    let unknown = Expression::parse_of_metrics("latensy < 3", Some(&["latency", "size"])).unwrap_err();
    assert_eq!(unknown.to_string(), "there is no metric `latensy`");
}

#[test]
fn references_are_listed_once_in_order() {
    let expression = parse("dropout < 0.1 and (batch_size > 3 or dropout in [0.2, optimizer.lr])").unwrap();
    assert_eq!(
        expression.references().collect::<Vec<_>>(),
        ["dropout", "batch_size", "optimizer.lr"]
    );
    assert_eq!(
        expression.source(),
        "dropout < 0.1 and (batch_size > 3 or dropout in [0.2, optimizer.lr])"
    );
}

#[test]
fn errors_say_what_is_wrong_where_and_what_to_write() {
    let texts = [
        "",
        "batch_size >",
        "batch_sise > 3",
        "batch_size > 'a'",
        "scheduler > 3",
        "scheduler == 'cosin'",
        "scheduler in ['linear', 'constat']",
        "batch_size",
        "batch_size + 1",
        "batch_size = 3",
        "batch_size > 3 && dropout < 1",
        "batch_size > 3 || dropout < 1",
        "!augment",
        "1 < batch_size < 3",
        "(batch_size > 3",
        "batch_size > 3)",
        "batch_size in 3",
        "scheduler == 'linear",
        "scheduler in []",
        "augment and dropout",
        "not dropout",
        "-scheduler == 3",
        "dropout § 3",
        "momentum > 3",
        "augment < true",
        "mixed + 1 == 2",
        "batch_size > 12abc",
        "and",
    ];
    let shown: Vec<String> = texts
        .iter()
        .map(|text| format!("`{text}`\n    {}", error(text)))
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r##"
``
    the expression is empty at ``
`batch_size >`
    the expression ends where a parameter, a number or a text should follow at ``
`batch_sise > 3`
    there is no parameter `batch_sise` at `batch_sise` (did you mean `batch_size`?)
`batch_size > 'a'`
    a number is compared with a text at `batch_size > 'a'`
`scheduler > 3`
    a text is compared with a number at `scheduler > 3`
`scheduler == 'cosin'`
    `scheduler` is never 'cosin' at `'cosin'` (did you mean 'cosine'?)
`scheduler in ['linear', 'constat']`
    `scheduler` is never 'constat' at `'constat'` (did you mean 'constant'?)
`batch_size`
    expected true or false, but this is a number at `batch_size` (compare it, as in `x > 3` or `x == 'a'`)
`batch_size + 1`
    expected true or false, but this is a number at `batch_size + 1` (compare it, as in `x > 3` or `x == 'a'`)
`batch_size = 3`
    `=` is not an operator here at `=` (write `==`)
`batch_size > 3 && dropout < 1`
    `&&` is not an operator here at `&&` (write `and`)
`batch_size > 3 || dropout < 1`
    `||` is not an operator here at `||` (write `or`)
`!augment`
    `!` is not an operator here at `!` (write `not`)
`1 < batch_size < 3`
    comparisons cannot be chained at `<` (write `a < b and b < c`)
`(batch_size > 3`
    the expression ends where `)` should follow at ``
`batch_size > 3)`
    expected an operator or the end, found `)` at `)`
`batch_size in 3`
    expected a list such as `[1, 2]`, found a number at `3`
`scheduler == 'linear`
    a quote is opened but not closed at `'linear`
`scheduler in []`
    the list is empty at `[]`
`augment and dropout`
    expected true or false, but this is a number at `dropout` (compare it, as in `x > 3` or `x == 'a'`)
`not dropout`
    expected true or false, but this is a number at `dropout` (compare it, as in `x > 3` or `x == 'a'`)
`-scheduler == 3`
    expected a number, but this is a text at `scheduler`
`dropout § 3`
    unexpected character `§` at `§`
`momentum > 3`
    there is no parameter `momentum` at `momentum` (a text is written in quotes, as in `x == 'a'`)
`augment < true`
    expected a number, but this is true or false at `augment`
`mixed + 1 == 2`
    expected a number, but this is a choice of several kinds at `mixed`
`batch_size > 12abc`
    `12abc` is not a number at `12abc`
`and`
    expected a parameter, a number or a text, found `and` at `and`
"##);
}

#[test]
fn deep_nesting_and_long_texts_are_errors_not_overflows() {
    for text in [
        "(".repeat(3_000),
        "not ".repeat(1_000),
        "-".repeat(3_000),
        "2 ** ".repeat(800),
    ] {
        assert!(error(&text).contains("nested deeper"), "{}", error(&text));
    }
    assert!(parse(&format!("1{} > 0", " + 1".repeat(1_000))).is_ok());
    assert!(
        parse(&format!("1{} > 0", " + 1".repeat(10_000)))
            .unwrap_err()
            .message
            .contains("longer than")
    );
}

proptest! {
    #[test]
    fn any_text_is_an_expression_or_an_error_inside_the_text(text in "\\PC{0,40}") {
        if let Err(error) = parse(&text) {
            prop_assert!(text.get(error.range).is_some());
        }
    }

    #[test]
    fn any_row_of_words_is_an_expression_or_an_error_inside_the_text(
        words in prop::collection::vec(
            prop::sample::select(vec![
                "dropout", "batch_size", "scheduler", "augment", "'linear'", "1", "1e-3", "true", "(", ")", "[", "]",
                ",", "+", "-", "*", "/", "%", "**", "==", "!=", "<", "<=", "in", "not", "and", "or",
            ]),
            0..12,
        )
    ) {
        let text = words.join(" ");
        match parse(&text) {
            Ok(expression) => { expression.evaluate(&Configuration::default()); }
            Err(error) => prop_assert!(text.get(error.range).is_some()),
        }
    }
}
