//! The choices for a folder of pictures.

use std::path::Path;

use super::choose::{Split, choose_model_name, finished, name};
use super::spaces::Line;
use super::{Asked, Chosen, FitError, Reasoned};
use crate::finetune::data::guess::{Choice, Guess};
use crate::metrics::Task as TaskKind;
use crate::spec::Task;

/// The model inside the program.
const BUILTIN: &str = "builtin:resnet8-cifar10";

/// Pictures below which a complete trial makes more passes.
const FEW: u64 = 2_500;

/// Chooses everything that is not said about a folder of pictures.
///
/// # Errors
/// If there are no pictures, or they cannot be split.
pub(super) fn choose(asked: &Asked) -> Result<Chosen, FitError> {
    let model = match &asked.model {
        Some(model) => Reasoned::said(choose_model_name(model)),
        None => Reasoned::new(
            BUILTIN.to_owned(),
            "it is in the program; larger models are named with `--model`, as a folder or an id of the hub",
        ),
    };
    let metric = match &asked.metric {
        Some(metric) => Reasoned::said(metric.clone()),
        None => Reasoned::new("accuracy".to_owned(), "each picture has one class"),
    };
    let choice = |reason: &str| Choice {
        value: Vec::new(),
        reason: reason.to_owned(),
    };
    let guess = Guess {
        task: Choice {
            value: TaskKind::Classification,
            reason: "the folder has pictures, in a folder for each class or beside a table".to_owned(),
        },
        text: choice(""),
        label: Choice {
            value: asked.label.clone(),
            reason: "you said so".to_owned(),
        },
        separator: None,
        metric: Choice {
            value: "accuracy",
            reason: String::new(),
        },
        read: asked.read.clone(),
        header: None,
        unused: Vec::new(),
        labels: Vec::new(),
        records: 0,
        is_whole: true,
    };
    let is_builtin = model.value == BUILTIN;
    let chosen = Chosen {
        file: asked.file.clone(),
        name: name(&asked.file),
        form: "pictures".to_owned(),
        guess,
        task: Task::ImageClassification,
        metric,
        rows: 0,
        split: Reasoned::new(Split::Shares(0.2, 0.0), ""),
        max_length: Reasoned::new(0, ""),
        language: String::new(),
        model,
        passed_over: Vec::new(),
        is_missing: false,
        epochs: (4.0, ""),
        space: space(is_builtin),
        budget: asked.budget,
        has_selection: asked.budget >= super::choose::ENOUGH_FOR_SEEDS,
    };
    finished(chosen, |rows| {
        if rows < FEW {
            (8.0, "few pictures need more passes; weak trials pause earlier")
        } else {
            (4.0, "the recipe of the model; weak trials pause earlier")
        }
    })
}

/// Returns whether a file is a folder of pictures.
pub(super) fn is_here(file: &str) -> bool {
    crate::finetune::data::pictures::is_picture_folder(Path::new(file))
}

/// The space: wide around the recipe of any image model. The recipe of the family shapes the first proposals.
fn space(is_builtin: bool) -> Vec<Line> {
    let line = |name, domain: &str, reason| Line {
        name,
        domain: domain.to_owned(),
        reason,
    };
    let rate = if is_builtin {
        line(
            "learning_rate",
            "{min: 1e-4, max: 3e-2, log: true}",
            "a factor of twenty around the recipe of small residual networks (fastai's `fine_tune`)",
        )
    } else {
        line(
            "learning_rate",
            "{min: 1e-5, max: 1e-2, log: true}",
            "from 5e-5 of transformers (Steiner et al. 2022) to 1e-3 of convolutions, and beyond",
        )
    };
    let mut lines = vec![
        rate,
        line(
            "batch_size",
            "{values: [16, 32, 64], ordered: true}",
            "around 32, the usual size on one machine",
        ),
        line(
            "weight_decay",
            "{min: 1e-5, max: 1e-1, log: true}",
            "around 0.01 of AdamW (Loshchilov & Hutter 2019)",
        ),
        line("lr_schedule", "{values: [linear, cosine]}", "both end at zero"),
    ];
    if is_builtin {
        lines.push(line(
            "freeze_depth",
            "{min: 0, max: 4}",
            "frozen layers are cheap, and often as good (Lee et al. 2019)",
        ));
    }
    lines
}
