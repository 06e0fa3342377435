//! Priors of spaces: what is searched, and between which values.

use crate::metrics::Task as TaskKind;

/// One parameter of a space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) name: &'static str,
    /// The domain, as YAML.
    pub(super) domain: String,
    pub(super) reason: &'static str,
}

/// Learning rates by the weights of the blocks: the most weights of each row, in ascending order.
const RATES: [(f64, &str, &str); 3] = [
    (
        2e6,
        "{min: 1e-4, max: 3e-3, log: true}",
        "Turc et al. 2019 choose between 3e-5 and 3e-4 for the smallest BERTs; small data need more",
    ),
    (
        3e7,
        "{min: 1e-5, max: 1e-3, log: true}",
        "the authors of MiniLM (Wang et al. 2020) use 4e-5 and 5e-5 in their examples; small data need more",
    ),
    (
        f64::INFINITY,
        "{min: 5e-6, max: 2e-4, log: true}",
        "Devlin et al. 2019, appendix A.3: 2e-5 to 5e-5, and a factor of four on both sides",
    ),
];

/// Number of full trainings that must fit into the budget before more than rate, batch and depth is searched. Of all
/// parameters the learning rate matters most (Goodfellow et al. 2016, "Deep Learning", section 11.4.1).
const FOR_MORE: f64 = 8.0;

/// The facts on which the space depends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Circumstances {
    pub(super) task: TaskKind,
    /// Weights of the model's blocks.
    pub(super) weights: f64,
    /// Number of its blocks, if it is known.
    pub(super) layers: Option<u32>,
    /// Training examples.
    pub(super) rows: u64,
    /// Number of full trainings that fit into the budget, on all workers together.
    pub(super) trainings: f64,
    /// True if one class has most of the rows.
    pub(super) is_imbalanced: bool,
}

/// The parameters to search.
pub(super) fn lines(circumstances: &Circumstances) -> Vec<Line> {
    let line = |name, domain: &str, reason| Line {
        name,
        domain: domain.to_owned(),
        reason,
    };
    let (_, rate, source) = RATES[RATES.iter().position(|row| circumstances.weights <= row.0).unwrap_or(0)];
    let mut lines = vec![line("learning_rate", rate, source)];
    lines.push(if circumstances.rows < FEW {
        line(
            "batch_size",
            "{values: [4, 8, 16, 32], ordered: true}",
            "few rows: small batches make more steps of an epoch",
        )
    } else {
        line(
            "batch_size",
            "{values: [8, 16, 32, 64], ordered: true}",
            "around 16 and 32 of Devlin et al. 2019, appendix A.3; Turc et al. 2019 choose between 8 and 128",
        )
    });
    if let Some(layers) = circumstances.layers {
        // Most of a question's answer is in the upper blocks, but none of them is frozen away.
        let deepest = layers.saturating_sub(u32::from(circumstances.task == TaskKind::QuestionAnswering));
        lines.push(line(
            "freeze_depth",
            &format!("{{min: 0, max: {deepest}}}"),
            "frozen layers are cheap, and the last fourth alone gives 90 % of the quality (Lee et al. 2019)",
        ));
    }
    if circumstances.is_imbalanced {
        lines.push(line(
            "class_weights",
            "{values: [none, balanced]}",
            "one class has most of the rows, and the others are underestimated (King & Zeng 2001)",
        ));
    }
    if circumstances.trainings < FOR_MORE {
        lines.push(line(
            "lr_schedule",
            "linear",
            "the budget is short: the rest has its usual value",
        ));
        lines.push(line("warmup_ratio", "0.1", "the default of BERT's scripts"));
        return lines;
    }
    lines.extend([
        line(
            "dropout",
            "{min: 0.0, max: 0.3, q: 0.05}",
            "around 0.1 of Devlin et al. 2019",
        ),
        line(
            "weight_decay",
            "{min: 1e-4, max: 1e-1, log: true}",
            "around 0.01 of Devlin et al. 2019",
        ),
        line(
            "lr_schedule",
            "{values: [linear, cosine, constant]}",
            "linear is BERT's",
        ),
        line(
            "warmup_ratio",
            "{min: 0.0, max: 0.2, when: \"lr_schedule != 'constant'\"}",
            "around 0.1 of BERT's scripts",
        ),
    ]);
    lines
}

/// Rows below which a data set is small: the training rows of RTE, a set of GLUE on which fine-tuning depends much on the
/// seed (Mosbach et al. 2021, "On the Stability of Fine-Tuning BERT").
const FEW: u64 = 2_500;

/// Epochs of a complete trial, and the reason.
pub(super) fn epochs(rows: u64) -> (f64, &'static str) {
    if rows < FEW {
        (
            8.0,
            "few rows need more passes than the usual three (Zhang et al. 2021, \"Revisiting Few-sample BERT Fine-tuning\"); weak trials pause earlier",
        )
    } else {
        (
            4.0,
            "Devlin et al. 2019, appendix A.3: 2 to 4; weak trials pause earlier",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINI: Circumstances = Circumstances {
        task: TaskKind::Classification,
        weights: 1.06e7,
        layers: Some(6),
        rows: 9_000,
        trainings: 20.0,
        is_imbalanced: false,
    };

    fn names(circumstances: &Circumstances) -> Vec<&'static str> {
        lines(circumstances).iter().map(|line| line.name).collect()
    }

    #[test]
    fn a_short_budget_searches_what_matters_most() {
        let short = Circumstances { trainings: 3.0, ..MINI };
        let open = |circumstances: &Circumstances| {
            let lines = lines(circumstances);
            lines.iter().filter(|line| line.domain.starts_with('{')).count()
        };
        assert_eq!((open(&short), open(&MINI)), (3, 7));
    }

    #[test]
    fn weights_of_classes_are_searched_if_one_has_most_rows() {
        let imbalanced = Circumstances {
            is_imbalanced: true,
            ..MINI
        };
        assert!(!names(&MINI).contains(&"class_weights"));
        assert!(names(&imbalanced).contains(&"class_weights"));
    }

    #[test]
    fn small_models_learn_faster() {
        let rate = |weights: f64| lines(&Circumstances { weights, ..MINI })[0].domain.clone();
        assert!(rate(4e5).contains("3e-3") && rate(1e7).contains("1e-3") && rate(9e7).contains("2e-4"));
    }
}
