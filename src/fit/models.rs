//! Priors of models: which pretrained model to fine-tune, by task, language, device and budget.

use super::Reasoned;
use super::texts::Language;
use crate::finetune::model_folder::{ModelKind, check_model_folder};
use crate::hub::{Cache, parse_model_id};
use crate::metrics::Task as TaskKind;

/// A row of the table.
#[derive(Debug)]
pub(super) struct Model {
    /// The name in a spec.
    pub(super) name: &'static str,
    /// `None` for models of many languages.
    language: Option<Language>,
    /// True if it tells capitals from small letters, which names need.
    is_cased: bool,
    /// Number of blocks.
    pub(super) layers: u32,
    /// Width of the blocks.
    pub(super) hidden: u32,
    /// Size of the download; 0 if it is inside the program.
    megabytes: u32,
    /// Why it is in this position of the table.
    source: &'static str,
}

/// The models, the strongest first. All have weights in safetensors. Sizes are those of the files on the hub.
pub(super) const MODELS: &[Model] = &[
    Model {
        name: "FacebookAI/roberta-base",
        language: Some(Language::English),
        is_cased: true,
        layers: 12,
        hidden: 768,
        megabytes: 499,
        source: "Liu et al. 2019: BERT trained for longer on more text, and ahead of it on GLUE and SQuAD",
    },
    Model {
        name: "google-bert/bert-base-uncased",
        language: Some(Language::English),
        is_cased: false,
        layers: 12,
        hidden: 768,
        megabytes: 440,
        source: "Devlin et al. 2019, and BERT's own notes: typically better than with capitals, unless these matter",
    },
    Model {
        name: "google-bert/bert-base-cased",
        language: Some(Language::English),
        is_cased: true,
        layers: 12,
        hidden: 768,
        megabytes: 436,
        source: "Devlin et al. 2019, and BERT's own notes: with capitals where they matter, as for names",
    },
    Model {
        name: "distilbert/distilbert-base-uncased",
        language: Some(Language::English),
        is_cased: false,
        layers: 6,
        hidden: 768,
        megabytes: 268,
        source: "Sanh et al. 2019: nearly BERT's results with half of its blocks",
    },
    Model {
        name: "distilbert/distilbert-base-cased",
        language: Some(Language::English),
        is_cased: true,
        layers: 6,
        hidden: 768,
        megabytes: 263,
        source: "Sanh et al. 2019: nearly BERT's results with half of its blocks",
    },
    Model {
        name: "sentence-transformers/all-MiniLM-L6-v2",
        language: Some(Language::English),
        is_cased: false,
        layers: 6,
        hidden: 384,
        megabytes: 91,
        source: "Wang et al. 2020: close to BERT on most of GLUE; trained further on pairs of sentences (its model card)",
    },
    Model {
        name: "FacebookAI/xlm-roberta-base",
        language: None,
        is_cased: true,
        layers: 12,
        hidden: 768,
        megabytes: 1_116,
        source: "Conneau et al. 2020: ahead of multilingual BERT on XNLI, MLQA and names",
    },
    Model {
        name: "distilbert/distilbert-base-multilingual-cased",
        language: None,
        is_cased: true,
        layers: 6,
        hidden: 768,
        megabytes: 542,
        source: "Sanh et al. 2019, model card: distilled from multilingual BERT, 104 languages",
    },
    Model {
        name: "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2",
        language: None,
        is_cased: false,
        layers: 12,
        hidden: 384,
        megabytes: 471,
        source: "Reimers & Gurevych 2020: trained on parallel sentences; its tokenizer makes letters small",
    },
    Model {
        name: BUILTIN,
        language: None,
        is_cased: false,
        layers: 2,
        hidden: 128,
        megabytes: 0,
        source: "Turc et al. 2019: the smallest BERT; it is inside the program, and knows English only",
    },
];

/// The model that is always there.
pub(super) const BUILTIN: &str = "builtin:bert-tiny";

/// The share of the budget that one whole training may take: with four of them a search can explore.
const SHARE: f64 = 0.25;

/// The share of the budget that a download may take.
const DOWNLOAD_SHARE: f64 = 0.15;

/// Megabytes a second that are assumed of a download.
const MEGABYTES_PER_SECOND: f64 = 5.0;

/// Operations a second of one CPU core and of a GPU in training: a half of what was measured with a MiniLM
/// (`benches/PERFORMANCE.md`: 80 G on a core; 3,270 texts a second of 64 tokens on an H200).
const CPU_SPEED: f64 = 4e10;
const GPU_SPEED: f64 = 2e12;

/// Operations of a step for each weight and token: two forward, four backward (Kaplan et al. 2020, section 2.1).
const OPERATIONS: f64 = 6.0;

/// Weights of a block: four square matrices of attention, and two of four times the width.
const WEIGHTS_OF_BLOCK: f64 = 12.0;

/// The facts on which the choice depends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Circumstances {
    pub(super) task: TaskKind,
    pub(super) language: Language,
    /// Tokens of a whole training.
    pub(super) tokens: f64,
    pub(super) budget: f64,
    pub(super) has_gpu: bool,
    pub(super) is_offline: bool,
}

/// The chosen model and those that were passed over, with the reasons.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) model: &'static Model,
    pub(super) reason: String,
    pub(super) passed_over: Vec<Reasoned<String>>,
    /// True if it must be downloaded.
    pub(super) is_missing: bool,
}

/// Chooses the strongest model that suits the texts, that a quarter of the budget can train once, and that is in the
/// cache or may be downloaded.
pub(super) fn choose(circumstances: &Circumstances) -> Choice {
    choose_among(circumstances, &is_cached)
}

fn choose_among(circumstances: &Circumstances, is_cached: &dyn Fn(&Model) -> bool) -> Choice {
    let mut passed_over = Vec::new();
    for model in MODELS.iter().filter(|model| model.suits(circumstances)) {
        let seconds = model.seconds(circumstances);
        let has_time = seconds <= SHARE * circumstances.budget;
        if model.megabytes == 0 {
            return Choice {
                model,
                reason: format!("{}; {}", last_resort(&passed_over), model.source),
                passed_over,
                is_missing: false,
            };
        }
        let is_here = is_cached(model);
        let download = f64::from(model.megabytes) / MEGABYTES_PER_SECOND;
        let refusal = if !has_time {
            let (full, budget) = (duration(seconds), duration(circumstances.budget));
            format!("one full training takes about {full}, and four should fit into {budget}")
        } else if !is_here && circumstances.is_offline {
            "it is not in the cache, and nothing may be downloaded".to_owned()
        } else if !is_here && download > DOWNLOAD_SHARE * circumstances.budget {
            format!(
                "its {} MB are not in the cache, and the budget is short",
                model.megabytes
            )
        } else {
            let place = if is_here {
                "it is in the cache"
            } else {
                "it can be downloaded"
            };
            return Choice {
                model,
                reason: format!("{place}, and four full trainings fit into the budget; {}", model.source),
                passed_over,
                is_missing: !is_here,
            };
        };
        passed_over.push(Reasoned::new(model.name.to_owned(), refusal));
    }
    // The built-in model suits everything, so the loop has returned.
    Choice {
        model: &MODELS[MODELS.len() - 1],
        reason: "nothing else suits".to_owned(),
        passed_over,
        is_missing: false,
    }
}

/// Why the built-in model is chosen.
fn last_resort(passed_over: &[Reasoned<String>]) -> &'static str {
    if passed_over.iter().all(|passed| passed.reason.starts_with("one full")) {
        "it is small enough for the budget"
    } else {
        "no larger model is at hand"
    }
}

impl Model {
    fn suits(&self, circumstances: &Circumstances) -> bool {
        if self.megabytes == 0 {
            return true;
        }
        let needs_case = circumstances.task == TaskKind::TokenClassification;
        let language = match (self.language, circumstances.language) {
            (Some(own), language) => own == language,
            (None, language) => language == Language::Other,
        };
        language && (self.is_cased || !needs_case)
    }

    /// Weights of the blocks: what training costs, as opposed to embeddings.
    pub(super) fn weights(&self) -> f64 {
        weights(self.layers, self.hidden)
    }

    fn seconds(&self, circumstances: &Circumstances) -> f64 {
        seconds(self.weights(), circumstances.tokens, circumstances.has_gpu)
    }
}

/// Weights of blocks.
pub(super) fn weights(layers: u32, hidden: u32) -> f64 {
    WEIGHTS_OF_BLOCK * f64::from(layers) * f64::from(hidden).powi(2)
}

/// Seconds of a training, roughly.
pub(super) fn seconds(weights: f64, tokens: f64, has_gpu: bool) -> f64 {
    OPERATIONS * weights * tokens / if has_gpu { GPU_SPEED } else { CPU_SPEED }
}

fn is_cached(model: &Model) -> bool {
    let cached = parse_model_id(model.name).and_then(|repository| Cache::from_environment()?.find(&repository));
    cached.is_ok_and(|cached| check_model_folder(&cached.folder, ModelKind::Text).is_ok())
}

/// A duration for people.
pub(super) fn duration(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 90.0 => format!("{seconds:.0} s"),
        seconds if seconds < 5_400.0 => format!("{:.0} min", seconds / 60.0),
        seconds => format!("{:.0} h", seconds / 3_600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLENTY: Circumstances = Circumstances {
        task: TaskKind::Classification,
        language: Language::English,
        tokens: 1e6,
        budget: 72_000.0,
        has_gpu: false,
        is_offline: false,
    };

    fn chosen(circumstances: Circumstances, cached: &[&str]) -> &'static str {
        choose_among(&circumstances, &|model| cached.contains(&model.name))
            .model
            .name
    }

    #[test]
    fn with_time_and_a_network_the_strongest_is_chosen() {
        assert_eq!(chosen(PLENTY, &[]), "FacebookAI/roberta-base");
        let other = Circumstances {
            language: Language::Other,
            ..PLENTY
        };
        assert_eq!(chosen(other, &[]), "FacebookAI/xlm-roberta-base");
    }

    #[test]
    fn offline_only_the_cache_counts_and_then_the_program() {
        let offline = Circumstances {
            is_offline: true,
            ..PLENTY
        };
        let mini = "sentence-transformers/all-MiniLM-L6-v2";
        assert_eq!(chosen(offline, &[mini]), mini);
        assert_eq!(chosen(offline, &[]), BUILTIN);
    }

    #[test]
    fn a_short_budget_means_a_small_model_and_a_gpu_a_large_one() {
        let short = Circumstances { budget: 60.0, ..PLENTY };
        let all: Vec<&str> = MODELS.iter().map(|model| model.name).collect();
        assert_eq!(chosen(short, &all), BUILTIN);
        let with_gpu = Circumstances {
            has_gpu: true,
            budget: 1_200.0,
            ..PLENTY
        };
        assert_eq!(chosen(with_gpu, &all), "FacebookAI/roberta-base");
    }

    #[test]
    fn names_need_capitals() {
        let names = Circumstances {
            task: TaskKind::TokenClassification,
            is_offline: true,
            ..PLENTY
        };
        let uncased = "distilbert/distilbert-base-uncased";
        assert_eq!(chosen(names, &[uncased]), BUILTIN);
    }

    #[test]
    fn the_last_row_is_always_there() {
        let last = &MODELS[MODELS.len() - 1];
        assert!(last.name == BUILTIN && last.megabytes == 0);
        assert!(
            MODELS[..MODELS.len() - 1]
                .iter()
                .all(|model| parse_model_id(model.name).is_ok())
        );
    }
}
