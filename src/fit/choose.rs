//! The choices for a file, in the order in which they depend on each other.

use std::path::Path;

use super::asked::task_of;
use super::texts::{self, Texts};
use super::{Asked, FitError, Reasoned, models, pictures, spaces, write};
use crate::catalogue::BUILTIN_IMAGES;
use crate::finetune::data::guess::{Guess, Wishes, guess};
use crate::finetune::data::{Source, builtin};
use crate::hub::{Cache, parse_model_id};
use crate::metrics::Task as TaskKind;
use crate::objective;
use crate::readers;
use crate::spec::{self, ObjectiveSpec, Task};

/// Rows from which on a part of them is held out for a test: fewer would say little.
const ENOUGH_FOR_A_TEST: u64 = 300;

/// Most rows that are held out for validation and for a test. The standard error of an accuracy of 0.9 is 0.007 then.
const MOST_HELD_OUT: u64 = 2_000;

/// Shares of the rows that are held out.
const SHARES: (f64, f64) = (0.2, 0.1);

/// The budget in seconds from which on the best trials are trained again with fresh seeds.
pub(super) const ENOUGH_FOR_SEEDS: f64 = 300.0;

/// A score of classes that are not in balance.
const OF_IMBALANCE: &str = "f1";

/// Everything that was chosen for a file.
#[derive(Clone, Debug)]
pub struct Chosen {
    pub(super) file: String,
    /// A name for the study.
    pub(super) name: String,
    /// Format, delimiter, compression and encoding, in words.
    pub(super) form: String,
    pub(super) guess: Guess,
    pub(super) task: Task,
    pub(super) metric: Reasoned<String>,
    /// All rows that have a label.
    pub(super) rows: u64,
    pub(super) split: Reasoned<Split>,
    pub(super) max_length: Reasoned<usize>,
    pub(super) language: String,
    pub(super) model: Reasoned<String>,
    pub(super) passed_over: Vec<Reasoned<String>>,
    pub(super) is_missing: bool,
    pub(super) epochs: (f64, &'static str),
    pub(super) space: Vec<spaces::Line>,
    pub(super) budget: f64,
    pub(super) has_selection: bool,
}

/// The parts that are held out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Split {
    /// Shares of the rows for validation and test.
    Shares(f64, f64),
    /// This many rows each.
    Counts(u64),
}

impl Chosen {
    /// True if the model is on the hub and not in the cache.
    pub fn is_missing(&self) -> bool {
        self.is_missing
    }

    /// The model, as in a spec.
    pub fn model(&self) -> &str {
        &self.model.value
    }

    /// The name of the study.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The metric that is optimized.
    pub fn metric(&self) -> &str {
        &self.metric.value
    }

    /// The columns that a file to predict needs.
    pub fn text(&self) -> &[String] {
        &self.guess.text.value
    }
}

/// Chooses everything that is not said.
///
/// # Errors
/// If the file cannot be read, if a row of it cannot be used, or if it says too little.
pub fn choose(asked: &Asked) -> Result<Chosen, FitError> {
    if asked.file == "-" {
        return Err(FitError::StandardInput);
    }
    let is_picture = |name: &str| BUILTIN_IMAGES.iter().any(|known| known.name == name);
    if asked.file.strip_prefix("builtin:").is_some_and(is_picture) {
        return Err(FitError::Pictures(asked.file.clone()));
    }
    if pictures::is_here(&asked.file) {
        return pictures::choose(asked);
    }
    let source = if Path::new(&asked.file).exists() {
        Source::Path(asked.file.as_str().into())
    } else {
        builtin::source(&asked.file)
    };
    let wishes = Wishes {
        task: asked.task.map(|task| task.kind),
        text: asked.text.clone(),
        label: asked.label.clone(),
        separator: asked.separator.clone(),
    };
    let guess = guess(std::slice::from_ref(&source), &asked.read, &wishes)?;
    let texts = texts::look(&source, &guess)?;
    let mut chosen = begun(asked, &source, guess, &texts)?;
    // Reads every row, so that a row that does not fit is named before anything is spent.
    let train = training_rows(&chosen)?;
    let (validation, test) = SHARES;
    chosen.rows = (train as f64 / (1.0 - validation - test)).round() as u64;
    chosen.split = split(chosen.rows);
    chosen.epochs = spaces::epochs(chosen.rows);
    let tokens = train as f64 * texts.mean_length * chosen.epochs.0;
    let weights = choose_model(asked, &texts, tokens, &mut chosen);
    let seconds = models::seconds(weights.0, tokens, asked.has_gpu);
    chosen.space = spaces::lines(&spaces::Circumstances {
        task: chosen.guess.task.value,
        weights: weights.0,
        layers: weights.1,
        rows: chosen.rows,
        trainings: asked.budget * asked.workers.max(1) as f64 / seconds,
        is_imbalanced: chosen.guess.task.value == TaskKind::Classification && chosen.guess.metric.value == OF_IMBALANCE,
    });
    // The user's own metric is checked here.
    parsed(&chosen)?;
    Ok(chosen)
}

/// A choice for pictures with what depends on their number, after they are found and checked.
pub(super) fn finished(mut chosen: Chosen, epochs: impl Fn(u64) -> (f64, &'static str)) -> Result<Chosen, FitError> {
    let train = training_rows(&chosen)?;
    let (validation, _) = SHARES;
    chosen.rows = (train as f64 / (1.0 - validation)).round() as u64;
    chosen.epochs = epochs(chosen.rows);
    parsed(&chosen)?;
    Ok(chosen)
}

/// The facts before all rows are read, with the built-in model.
fn begun(asked: &Asked, source: &Source, guess: Guess, texts: &Texts) -> Result<Chosen, FitError> {
    let metric = match &asked.metric {
        Some(metric) => Reasoned::said(metric.clone()),
        None => Reasoned::new(guess.metric.value.to_owned(), guess.metric.reason.clone()),
    };
    Ok(Chosen {
        file: asked.file.clone(),
        name: name(&asked.file),
        form: form(source, &guess)?,
        task: task_of(guess.task.value),
        metric,
        rows: 0,
        split: Reasoned::new(Split::Shares(SHARES.0, SHARES.1), ""),
        max_length: texts.max_length.clone(),
        language: texts.language.reason.clone(),
        model: Reasoned::new(models::BUILTIN.to_owned(), ""),
        passed_over: Vec::new(),
        is_missing: false,
        epochs: spaces::epochs(0),
        space: Vec::new(),
        budget: asked.budget,
        has_selection: asked.budget >= ENOUGH_FOR_SEEDS,
        guess,
    })
}

/// Chooses the model. Returns the weights of its blocks, and their number if it is known.
fn choose_model(asked: &Asked, texts: &Texts, tokens: f64, chosen: &mut Chosen) -> (f64, Option<u32>) {
    let Some(model) = &asked.model else {
        let choice = models::choose(&models::Circumstances {
            task: chosen.guess.task.value,
            language: texts.language.value,
            tokens,
            budget: asked.budget,
            has_gpu: asked.has_gpu,
            is_offline: asked.is_offline,
        });
        chosen.model = Reasoned::new(choice.model.name.to_owned(), choice.reason);
        chosen.passed_over = choice.passed_over;
        chosen.is_missing = choice.is_missing;
        return (choice.model.weights(), Some(choice.model.layers));
    };
    chosen.model = Reasoned::said(choose_model_name(model));
    let known = models::MODELS.iter().find(|known| known.name == model);
    let size = known.map(|known| Size {
        layers: known.layers,
        hidden: known.hidden,
        longest: None,
    });
    let size = size.or_else(|| size_of(model));
    if let Some(longest) = size.and_then(|size| size.longest)
        && longest < chosen.max_length.value
    {
        chosen.max_length = Reasoned::new(longest, "the model takes no longer texts");
    }
    // Without its configuration it counts as one of base size.
    let (layers, hidden) = size.map_or((12, 768), |size| (size.layers, size.hidden));
    (models::weights(layers, hidden), size.map(|size| size.layers))
}

/// The model as a spec names it: as `./my-model` in a spec, a folder is named by its path.
pub(super) fn choose_model_name(model: &str) -> String {
    match std::path::absolute(model) {
        Ok(path) if Path::new(model).is_dir() => path.display().to_string(),
        _ => model.to_owned(),
    }
}

/// The size of a model.
#[derive(Clone, Copy, Debug)]
struct Size {
    layers: u32,
    hidden: u32,
    /// The longest text in tokens, if it is known.
    longest: Option<usize>,
}

/// The size of a model in a folder or in the cache.
fn size_of(model: &str) -> Option<Size> {
    let folder = if Path::new(model).is_dir() {
        model.into()
    } else {
        let repository = parse_model_id(model).ok()?;
        Cache::from_environment().ok()?.find(&repository).ok()?.folder
    };
    let config = std::fs::read_to_string(folder.join("config.json")).ok()?;
    let config: serde_json::Value = serde_json::from_str(&config).ok()?;
    let number = |keys: [&str; 3]| keys.iter().find_map(|key| config.get(key)?.as_u64());
    let layers = number(["num_hidden_layers", "n_layers", "n_layer"])?;
    let hidden = number(["hidden_size", "dim", "n_embd"])?;
    Some(Size {
        layers: u32::try_from(layers).ok()?,
        hidden: u32::try_from(hidden).ok()?,
        longest: number(["max_position_embeddings", "n_positions", "max_seq_len"]).map(|longest| longest as usize),
    })
}

/// Number of training rows, after all of them are read and checked.
fn training_rows(chosen: &Chosen) -> Result<u64, FitError> {
    let spec = parsed(chosen)?;
    match &spec.objective {
        ObjectiveSpec::FineTune(fine_tune) => Ok(objective::inspect_data(fine_tune)?.0.0),
        ObjectiveSpec::Function(_) | ObjectiveSpec::Command(_) | ObjectiveSpec::AskTell(_) => Ok(0),
    }
}

fn parsed(chosen: &Chosen) -> Result<spec::Spec, FitError> {
    let (spec, _) = spec::from_text(&chosen.to_yaml(), Path::new("space.yaml"), &[]).map_err(FitError::Spec)?;
    Ok(spec)
}

fn split(rows: u64) -> Reasoned<Split> {
    let (validation, test) = SHARES;
    if rows < ENOUGH_FOR_A_TEST {
        return Reasoned::new(Split::Shares(validation, 0.0), "too few rows for a test of their own");
    }
    if rows as f64 * validation > MOST_HELD_OUT as f64 && rows as f64 * test > MOST_HELD_OUT as f64 {
        return Reasoned::new(Split::Counts(MOST_HELD_OUT), "enough to tell good from better");
    }
    Reasoned::new(
        Split::Shares(validation, test),
        "trials are compared on `validation`; `test` is looked at once, for the winner",
    )
}

/// The name of a file without its extensions, in the letters of names of studies.
pub(super) fn name(file: &str) -> String {
    let file = file.strip_prefix("builtin:").unwrap_or(file);
    let last = Path::new(file)
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let last = last.unwrap_or_default();
    let stem = last.split('.').next().unwrap_or_default();
    let letters = stem.chars().map(|letter| match letter {
        letter if letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_') => letter,
        _ => '-',
    });
    let name: String = letters.collect();
    let name = name.trim_matches('-');
    if name.is_empty() {
        "fit".to_owned()
    } else {
        name.to_owned()
    }
}

/// The use of the file, in words.
fn form(source: &Source, guess: &Guess) -> Result<String, FitError> {
    let found = readers::sniff(source, &guess.read)?;
    let delimiter = found.delimiter.map(|delimiter| match delimiter {
        '\t' => "fields between tabs".to_owned(),
        other => format!("fields between `{other}`"),
    });
    let compression = found.compression.map(|name| format!("compressed with {name}"));
    let encoding = (found.encoding != "UTF-8").then(|| found.encoding.to_owned());
    let parts = std::iter::once(found.format.to_owned())
        .chain(delimiter)
        .chain(compression)
        .chain(encoding);
    Ok(parts.collect::<Vec<_>>().join(", "))
}

impl Chosen {
    /// The whole choice as an annotated spec. Paths in it are absolute.
    pub fn to_yaml(&self) -> String {
        write::spec(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_study_is_named_after_its_file() {
        assert_eq!(name("data/My reviews (1).csv.gz"), "My-reviews--1");
        assert_eq!(name("builtin:movie-reviews"), "movie-reviews");
        assert_eq!(name("…"), "fit");
    }

    #[test]
    fn many_rows_are_held_out_by_number_and_few_without_a_test() {
        assert_eq!(split(100).value, Split::Shares(0.2, 0.0));
        assert_eq!(split(3_000).value, Split::Shares(0.2, 0.1));
        assert_eq!(split(100_000).value, Split::Counts(2_000));
    }
}
