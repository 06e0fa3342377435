//! Domains and the unit interval.

use proptest::prelude::*;

use super::super::Shape;
use super::*;

fn texts() -> Vec<Value> {
    ["a", "b", "c"].map(|text| Value::Text(text.to_owned())).to_vec()
}

/// Every kind of domain.
fn any_domain() -> impl Strategy<Value = Domain> {
    // Ranges of up to 8 standard deviations, anywhere within 4 of the mean, as specs make them.
    let normal = (any_uniform(), 0.1..1.0_f64, 0.0..1.0_f64).prop_map(|(range, width, position)| {
        let Some((min, max)) = range.bounds() else { return range };
        let is_log = matches!(range, Domain::Float { log: true, .. } | Domain::Int { log: true, .. });
        let (low, high) = if is_log { (min.ln(), max.ln()) } else { (min, max) };
        let deviation = (high - low).max(1e-9) / (8.0 * width);
        let mean = (high - 4.0 * deviation) + position * (low - high + 8.0 * deviation);
        range.normal(mean, deviation)
    });
    let weighted = (prop::collection::vec(0.01..1.0_f64, 1..4), any::<bool>()).prop_map(|(weights, ordered)| {
        let total: f64 = weights.iter().sum();
        let probabilities: Vec<f64> = weights.iter().map(|weight| weight / total).collect();
        let domain = Domain::choice(["a", "b", "c"][..weights.len()].iter().copied()).weighted(probabilities);
        if ordered { domain.ordered() } else { domain }
    });
    prop_oneof![3 => any_uniform(), 3 => normal, 1 => weighted]
}

/// Every kind of domain that is uniform on its scale, with bounds of all sizes.
fn any_uniform() -> impl Strategy<Value = Domain> {
    let linear = (-1e6..1e6_f64, 0.0..1e6_f64);
    let log = (-12.0..3.0_f64, 0.0..12.0_f64);
    prop_oneof![
        linear.clone().prop_map(|(min, width)| Domain::Float {
            min,
            max: min + width,
            log: false,
            step: None
        }),
        log.clone().prop_map(|(low, width)| Domain::Float {
            min: 10_f64.powf(low),
            max: 10_f64.powf(low + width),
            log: true,
            step: None
        }),
        (
            -50..50_i64,
            0..200_i64,
            prop::sample::select(vec![0.05, 0.1, 0.3, 0.001, 1.0, 2.5, 1e-5])
        )
            .prop_map(|(first, steps, step)| Domain::Float {
                min: first as f64 * step,
                max: (first + steps) as f64 * step,
                log: false,
                step: Some(step)
            }),
        (
            1..50_i64,
            0..200_i64,
            prop::sample::select(vec![0.05, 0.1, 0.3, 0.001, 1.0, 2.5, 1e-5])
        )
            .prop_map(|(first, steps, step)| Domain::Float {
                min: first as f64 * step,
                max: (first + steps) as f64 * step,
                log: true,
                step: Some(step)
            }),
        (-1000..1000_i64, 0..300_i64, 1..7_i64).prop_map(|(min, width, step)| Domain::Int {
            min,
            max: min + width,
            log: false,
            step
        }),
        (1..1000_i64, 0..300_i64, 1..7_i64).prop_map(|(min, width, step)| Domain::Int {
            min,
            max: min + width,
            log: true,
            step
        }),
        (1..4_usize, any::<bool>()).prop_map(|(count, ordered)| Domain::Choice {
            values: texts()[..count].to_vec(),
            ordered
        }),
    ]
}

/// Returns whether `value` lies inside the bounds of `domain`.
fn is_inside(domain: &Domain, value: &Value) -> bool {
    match domain {
        Domain::Float { min, max, .. } => value.as_f64().is_some_and(|number| (*min..=*max).contains(&number)),
        Domain::Int { min, max, .. } => value.as_i64().is_some_and(|number| (*min..=*max).contains(&number)),
        Domain::Normal { range, .. } => is_inside(range, value),
        Domain::Choice { values, .. } | Domain::Weighted { values, .. } => values.contains(value),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_value_survives_encoding_and_decoding(domain in any_domain(), unit in 0.0..=1.0_f64) {
        let value = domain.decode(unit);
        prop_assert!(is_inside(&domain, &value), "{:?} left {:?}", value, domain);
        let position = domain.encode(&value);
        prop_assert!(position.is_some_and(|position| (0.0..=1.0).contains(&position)), "{:?} encodes as {:?}", value, position);
        let again = domain.decode(position.unwrap_or(f64::NAN));
        if let (None, Some((min, max)), Value::Float(value), Value::Float(again)) =
            (domain.cardinality(), domain.bounds(), &value, &again)
        {
            let tolerance = 1e-9 * value.abs().max((max - min) * 1e-3);
            prop_assert!((value - again).abs() <= tolerance, "{} became {}", value, again);
        } else {
            prop_assert_eq!(value, again);
        }
    }

    #[test]
    fn every_value_of_a_finite_domain_is_reached_in_order(domain in any_uniform()) {
        let Some(count) = domain.cardinality() else { return Ok(()) };
        prop_assume!(count > 1);
        let mut values: Vec<Value> = Vec::new();
        // The narrowest sub-interval here is that of the last of 200 steps on a logarithmic scale.
        for point in 0..=20_000 {
            let value = domain.decode(f64::from(point) / 20_000.0);
            if values.last() != Some(&value) {
                values.push(value);
            }
        }
        prop_assert_eq!(values.len() as u64, count, "{:?}", values);
        prop_assert!(values.iter().all(|value| domain.encode(value).is_some()));
    }

    #[test]
    fn shares_cover_the_interval_and_hold_their_value(domain in any_domain()) {
        let Some(count) = domain.cardinality() else { return Ok(()) };
        let mut end = 0.0;
        for number in 0..count {
            let share = domain.share(number);
            prop_assert_eq!(share.start, end);
            end = share.end;
            let middle = f64::midpoint(share.start, share.end);
            prop_assert_eq!(domain.decode(middle), domain.nth(number), "{:?}", domain);
            prop_assert_eq!(domain.number(&domain.nth(number)), Some(number));
        }
        prop_assert_eq!(end, 1.0);
    }

    #[test]
    fn a_value_outside_has_no_position(domain in any_domain(), text in "[d-z]+") {
        prop_assert_eq!(domain.encode(&Value::Text(text)), None);
        if let Domain::Float { min, max, .. } = domain {
            prop_assert_eq!(domain.encode(&Value::Float(max + (max - min) + 1.0)), None);
        }
    }
}

#[test]
fn steps_are_free_of_binary_tails() {
    let domain = Domain::Float {
        min: 0.0,
        max: 0.5,
        log: false,
        step: Some(0.05),
    };
    let shown: Vec<String> = (0..11)
        .map(|step| domain.decode((f64::from(step) + 0.5) / 11.0).to_string())
        .collect();
    assert_eq!(
        shown,
        [
            "0.0", "0.05", "0.1", "0.15", "0.2", "0.25", "0.3", "0.35", "0.4", "0.45", "0.5"
        ]
    );
    let around = Domain::Float {
        min: -0.3,
        max: 0.3,
        log: false,
        step: Some(0.1),
    };
    assert_eq!(around.decode(0.5).to_string(), "0.0");
}

#[test]
fn a_step_between_values_has_no_position() {
    let domain = Domain::Float {
        min: 0.0,
        max: 0.5,
        log: false,
        step: Some(0.05),
    };
    assert_eq!(domain.encode(&Value::Float(0.07)), None);
    assert!(domain.encode(&Value::Float(0.15)).is_some() && domain.encode(&Value::Float(0.1 + 0.2)).is_some());
    let even = Domain::Int {
        min: 2,
        max: 8,
        log: false,
        step: 2,
    };
    assert_eq!(even.encode(&Value::Int(3)), None);
    assert!(even.encode(&Value::Float(4.0)).is_some());
}

#[test]
fn the_unit_interval_is_where_a_normal_distribution_is_uniform() {
    let normal = Domain::float(-4.0, 4.0).normal(0.0, 1.0);
    let at = |unit: f64| normal.decode(unit).as_f64().unwrap();
    // The quartiles of a standard normal number.
    assert!((at(0.25) + 0.674_49).abs() < 1e-3 && (at(0.75) - 0.674_49).abs() < 1e-3);
    assert_eq!((at(0.0), at(0.5), at(1.0)), (-4.0, 0.0, 4.0));
    let log = Domain::float(1e-6, 1.0).log().normal(1e-3_f64.ln(), 1.0);
    assert!((log.decode(0.5).as_f64().unwrap() / 1e-3 - 1.0).abs() < 1e-6);
}

#[test]
fn whole_numbers_have_the_mass_of_half_a_step_around_them() {
    let dice = Domain::int(-2, 2).normal(0.0, 1.0);
    let widths: Vec<f64> = (0..5)
        .map(|number| dice.share(number))
        .map(|share| share.end - share.start)
        .collect();
    // P(|z| < 0.5), P(0.5 < z < 1.5) and P(1.5 < z < 2.5), of P(|z| < 2.5) = 0.98758.
    for (width, mass) in widths
        .iter()
        .zip([0.060_598, 0.241_730, 0.382_925, 0.241_730, 0.060_598])
    {
        assert!((width - mass / 0.987_581).abs() < 1e-5, "{widths:?}");
    }
}

#[test]
fn a_choice_has_the_share_it_was_given() {
    let domain = Domain::choice(["a", "b", "c"]).weighted([0.25, 0.5, 0.25]);
    assert_eq!(domain.decode(0.24), "a".into());
    assert_eq!(domain.decode(0.26), "b".into());
    assert_eq!(domain.decode(0.76), "c".into());
    assert_eq!(domain.encode(&"b".into()), Some(0.5));
    assert_eq!(domain.shape(), Shape::Unordered { count: 3 });
    assert_eq!(domain.ordered().shape(), Shape::Ordered { count: 3 });
}

#[test]
fn a_value_is_written_as_its_domain_writes_it() {
    let canonical = |domain: Domain, value: Value| domain.canonical(&value);
    assert_eq!(canonical(Domain::float(0.0, 5.0), Value::Int(3)), Some(3.0.into()));
    assert_eq!(canonical(Domain::int(0, 5), 3.0.into()), Some(Value::Int(3)));
    assert_eq!(
        canonical(Domain::float(0.0, 1.0).step(0.1), (0.1 + 0.2).into()),
        Some(0.3.into())
    );
    assert_eq!(
        canonical(Domain::choice([8_i64, 16]), 16.0.into()),
        Some(Value::Int(16))
    );
    assert_eq!(canonical(Domain::int(0, 5), 3.5.into()), None);
}

#[test]
fn a_step_wider_than_the_smallest_number_has_a_share() {
    let domain = Domain::int(1, 99).log().step(9.0).normal(2.0, 1.0);
    assert_eq!(domain.share(0).start, 0.0);
    assert!(domain.share(0).end > 0.0 && domain.share(0).end < 1.0);
    assert_eq!(domain.decode(0.0), Value::Int(1));
}

#[test]
fn the_widest_ranges_stay_within_their_bounds() {
    let float = |min, max, log| Domain::Float {
        min,
        max,
        log,
        step: None,
    };
    for domain in [
        float(1e-300, 1e300, true),
        float(f64::MIN_POSITIVE, f64::MAX, true),
        float(f64::MIN, f64::MAX, false),
        float(-1e308, 1e308, false),
    ] {
        let (min, max) = domain.bounds().unwrap();
        for unit in [
            0.0,
            1e-9,
            0.25,
            0.5,
            0.75,
            1.0,
            -1.0,
            7.0,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
        ] {
            let value = domain.decode(unit);
            let number = value.as_f64().unwrap();
            assert!((min..=max).contains(&number), "{domain:?} at {unit}: {number}");
            let back = domain.encode(&value).unwrap();
            assert!((0.0..=1.0).contains(&back), "{domain:?} at {unit}: {back}");
            if (0.0..=1.0).contains(&unit) {
                assert!((back - unit).abs() < 1e-6, "{domain:?} at {unit}: {back}");
            }
        }
        assert!(domain.magnitudes().is_none_or(f64::is_finite));
    }
}
