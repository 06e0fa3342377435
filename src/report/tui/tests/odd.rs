//! Drawing does not panic, whatever the study contains and whatever the size of the terminal.

use proptest::prelude::*;

use crate::report::State;
use crate::report::tui::testing::{drawn, event, parameter, under_way};
use crate::report::view::StudyView;
use crate::space::Value;

use super::after;

/// Ordinary and extreme numbers, including ones that are not finite.
fn odd() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -10.0..10.0f64,
        1 => any::<f64>(),
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, f64::MAX, f64::MIN, 5e-324]),
    ]
}

fn odd_view() -> impl Strategy<Value = StudyView> {
    let curve = prop::collection::vec((odd(), odd()), 0..5);
    let words = prop_oneof!["\\PC{0,30}", ".{0,8}", Just("語".repeat(50))];
    let numbers = (
        odd(),
        odd(),
        odd(),
        prop::option::of(odd()),
        prop::option::of(odd()),
        prop::option::of(0..9u32),
    );
    let flags = (
        any::<bool>(),
        any::<bool>(),
        prop::sample::select(vec![State::Running, State::Ended, State::Died, State::Interrupted]),
    );
    (
        0..30u32,
        numbers,
        flags,
        curve,
        prop::collection::vec(words, 4),
        prop::option::of(0..40u32),
    )
        .prop_map(
            |(count, (one, two, three, wall, left, most), (has_epochs, has_front, state), curve, words, best)| {
                let mut view = under_way(count);
                (view.name, view.state, view.best) = (words[0].clone(), state, best);
                (view.has_epochs, view.has_front, view.max_epochs) = (has_epochs, has_front, one);
                (view.elapsed, view.wall, view.seconds_left, view.max_trials) = (two, wall, left, most);
                for trial in view.trials.iter_mut().step_by(3) {
                    (trial.value, trial.epochs, trial.curve) = (Some(three), one, curve.clone());
                    (trial.origin, trial.is_on_front) = (words[2].clone(), true);
                    trial.params.insert("dropout".into(), Value::Text(words[1].clone()));
                }
                if count % 4 == 3 {
                    // Trial numbers that are not the indices in the list.
                    view.trials.reverse();
                    view.metrics.clear();
                }
                for (improvement, (seconds, value)) in view.incumbent.iter_mut().zip(&curve) {
                    (improvement.seconds, improvement.value, improvement.hypervolume) = (*seconds, *value, wall);
                }
                view.incumbent.truncate(count as usize);
                if let Some(running) = view.slots.first_mut().and_then(|slot| slot.running.as_mut()) {
                    (running.levels, running.at, running.train_loss) = ((one, two), three, left);
                    running.curve = curve;
                }
                for rung in &mut view.rungs {
                    rung.epochs = three;
                }
                if let Some(target) = view.metrics.first_mut() {
                    (target.name, target.target) = (words[3].clone(), wall);
                }
                view.events.push(event(one, "trouble", &words[0]));
                view.parameters.push(parameter(&words[1], "number"));
                view
            },
        )
}

proptest! {
    #[test]
    fn no_study_and_no_size_makes_it_panic(
        view in odd_view(),
        width in 0u16..200,
        height in 0u16..80,
        keys in "[1234jk?spqny ]{0,6}",
        is_coloured: bool,
    ) {
        let screen = after(&keys, width, height, &view);
        drawn(width, height, &view, &screen, is_coloured);
        // A screen whose state belongs to another study.
        drawn(width, height, &under_way(3), &screen, is_coloured);
    }
}
