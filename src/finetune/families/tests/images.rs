//! What only references of images hold: feature maps, and batch norms in training mode.

use super::{above, for_images, labels, reference::relative_difference};
use crate::{backend::values, dropout::DropoutKeys, networks::PassSettings, parameters::Role};

#[test]
fn maps_and_logits_of_images_are_those_of_the_reference() {
    for_images(|reference, report| {
        let head = reference.head();
        let tiny = reference.model(head);
        let batch = reference.input();
        let states = tiny.model().hidden_states(&batch);
        let names = reference.names(&format!("{head}/hidden_states/"));
        let last = names.iter().filter_map(|name| name.parse::<usize>().ok()).max();
        for name in names {
            let expected = reference.get(&format!("{head}/hidden_states/{name}"));
            // Libraries count differently, and some take the last state before the norm that follows it: the state must
            // be one of ours.
            let apart = states.iter().filter_map(|state| {
                let found = values(state);
                let found = match *expected.shape.as_slice() {
                    [images, channels, height, width] if state.dims()[1] == channels => {
                        let all = found.len() / (channels * height * width);
                        (all >= images).then(|| planes(&found, [images, channels, height * width]))?
                    }
                    [_, _, _, _] => return None,
                    _ => found,
                };
                let found = found.get(..expected.values.len())?;
                Some(relative_difference(found, &expected.values))
            });
            let nearest = apart.fold(f64::INFINITY, f64::min);
            let is_last = tiny.network.finish.norm.is_some() && name.parse().ok() == last;
            if !is_last {
                report.hold(&format!("hidden states: {name}"), nearest, 1e-4);
            }
        }
        let logits = values(&tiny.model().logits(&batch, None));
        let expected = reference.get(&format!("{head}/logits"));
        report.hold("logits", relative_difference(&logits, &expected.values), 1e-4);
    });
}

/// Rows of channels as planes, `[images, channels, pixels]`.
fn planes(rows: &[f32], [images, channels, pixels]: [usize; 3]) -> Vec<f32> {
    let value = |index: usize| {
        let (plane, pixel) = (index / pixels, index % pixels);
        rows[(plane / channels * pixels + pixel) * channels + plane % channels]
    };
    (0..images * channels * pixels).map(value).collect()
}

#[test]
fn batch_norms_in_training_mode_are_those_of_the_reference() {
    for_images(|reference, report| {
        let head = reference.head();
        let Some(expected) = reference.find(&format!("{head}/train/logits")) else {
            return;
        };
        let tiny = reference.model(head);
        let trainable = above(&tiny.parameters, 0);
        let settings = PassSettings {
            trainable: &trainable,
            dropout: DropoutKeys::none(),
            drop_path: crate::dropout::DropPath::none(),
        };
        let labels = labels(reference);
        let logits = std::cell::RefCell::default();
        let pass = tiny
            .model()
            .pass((&reference.input(), None), settings, &|kernels, outputs| {
                *logits.borrow_mut() = values(&outputs);
                kernels.cross_entropy(outputs, &labels)
            });
        let logits = logits.into_inner();
        report.hold(
            "logits in training",
            relative_difference(&logits, &expected.values),
            1e-4,
        );
        let names = reference.names(&format!("{head}/train/running/"));
        assert!(!names.is_empty(), "{} has no running statistics", reference.name);
        for name in names {
            if name.ends_with("num_batches_tracked") {
                continue;
            }
            let expected = reference.get(&format!("{head}/train/running/{name}"));
            let handle = tiny.handle(&name).unwrap();
            assert!(matches!(
                tiny.parameters.description(handle).role,
                Role::Statistic { .. }
            ));
            let Some((_, found)) = pass.statistics.iter().find(|(known, _)| *known == handle) else {
                report.faults.push(format!("no statistic {name}"));
                continue;
            };
            report.hold(
                &format!("running statistics: {name}"),
                relative_difference(&values(found), &expected.values),
                1e-4,
            );
        }
    });
}
