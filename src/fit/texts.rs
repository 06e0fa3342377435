//! Language and length of the texts, by the first records.

use super::FitError;
use super::Reasoned;
use crate::finetune::data::Source;
use crate::finetune::data::guess::Guess;
use crate::metrics::Task as TaskKind;
use crate::readers::{self, Record, Value};

/// Number of records that are looked at.
const LOOKED_AT: usize = 1_000;

/// Words that are frequent in English and not in languages written alike. In running English they are 10 to 20 % of the
/// words (the first ranks of any count, such as Kucera and Francis 1967), in other languages nearly none.
const ENGLISH: [&str; 14] = [
    "the", "and", "to", "you", "that", "with", "this", "are", "for", "have", "from", "your", "by", "it",
];

/// Share of these words from which on a text counts as English. Definitions and short messages have few of them.
const LEAST_ENGLISH: f64 = 0.04;

/// Share of letters beyond the Latin alphabet from which on a text counts as written in another script.
const OTHER_SCRIPT: f64 = 0.1;

/// Characters of a token of a BERT vocabulary, for languages that it was made for; ("about four", as for GPT's).
const CHARACTERS_OF_TOKEN: f64 = 4.0;

/// Tokens that every text gets, at its beginning and its end.
const SPECIAL: f64 = 2.0;

/// Bounds of the length that is chosen, in tokens: longer texts cost more than they bring (Sun et al. 2019, "How to
/// Fine-Tune BERT for Text Classification?", section 5.3.1: the head of a text is enough for most).
const LENGTHS: (f64, f64) = (16.0, 256.0);

/// Lengths are rounded up to a multiple.
const STEP: f64 = 16.0;

/// Length of windows for questions and contexts, as in the scripts of `transformers`.
const WINDOW: usize = 384;

/// Length of windows for sentences with tags: most sentences fit.
const SENTENCE: usize = 128;

/// The language of texts, as far as it decides on a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    English,
    Other,
}

/// Facts about the texts.
#[derive(Clone, Debug)]
pub(super) struct Texts {
    pub(super) language: Reasoned<Language>,
    /// Tokens to keep of a text.
    pub(super) max_length: Reasoned<usize>,
    /// Tokens of a text on average, after cutting.
    pub(super) mean_length: f64,
}

/// Looks at the first texts.
///
/// # Errors
/// If a record cannot be read.
pub(super) fn look(source: &Source, guess: &Guess) -> Result<Texts, FitError> {
    let mut texts = Vec::new();
    for record in readers::open(std::slice::from_ref(source), &guess.read)?.take(LOOKED_AT) {
        texts.push(text_of(&record?, &guess.text.value));
    }
    let language = language(&texts);
    let characters_of_token = match language.value {
        Language::English => CHARACTERS_OF_TOKEN,
        Language::Other => CHARACTERS_OF_TOKEN / 2.0,
    };
    let lengths: Vec<f64> = texts
        .iter()
        .map(|text| text.chars().count() as f64 / characters_of_token + SPECIAL)
        .collect();
    let max_length = match guess.task.value {
        TaskKind::QuestionAnswering => Reasoned::new(WINDOW, "the usual length of windows over contexts"),
        TaskKind::TokenClassification => Reasoned::new(SENTENCE, "the usual length of windows over sentences"),
        TaskKind::Classification | TaskKind::MultiLabel | TaskKind::Regression => most_of(&lengths),
    };
    let cut = lengths.iter().map(|length| length.min(max_length.value as f64));
    let mean_length = match guess.task.value {
        // A record may hold many questions about one context.
        TaskKind::QuestionAnswering => max_length.value as f64,
        _ => cut.sum::<f64>() / lengths.len().max(1) as f64,
    };
    Ok(Texts {
        language,
        max_length,
        mean_length: mean_length.max(SPECIAL),
    })
}

/// The length that holds 95 of 100 texts.
fn most_of(lengths: &[f64]) -> Reasoned<usize> {
    let mut sorted = lengths.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let at = (sorted.len() * 95 / 100).min(sorted.len().saturating_sub(1));
    let most = sorted.get(at).copied().unwrap_or(LENGTHS.0);
    // An estimate from characters: some room keeps the texts whole.
    let length = (1.25 * most / STEP).ceil() * STEP;
    let reason = if length > LENGTHS.1 {
        "the texts are long, and longer ones cost more than they bring"
    } else {
        "about 95 of 100 texts fit"
    };
    Reasoned::new(length.clamp(LENGTHS.0, LENGTHS.1) as usize, reason)
}

/// The texts of a record: those of its columns, or all of its texts if the columns are templates or nested.
fn text_of(record: &Record, columns: &[String]) -> String {
    let named: Vec<&Value> = columns.iter().filter_map(|name| record.get(name)).collect();
    let values = if named.is_empty() {
        record.values().iter().collect()
    } else {
        named
    };
    let mut text = String::new();
    for value in values {
        add(value, &mut text);
    }
    text
}

fn add(value: &Value, text: &mut String) {
    match value {
        Value::Text(more) => {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(more);
        }
        Value::List(items) => items.iter().for_each(|item| add(item, text)),
        Value::Number(_) | Value::Boolean(_) | Value::Null => {}
    }
}

/// The language by script and by frequent words.
fn language(texts: &[String]) -> Reasoned<Language> {
    let (mut letters, mut others, mut words, mut english) = (0_u64, 0_u64, 0_u64, 0_u64);
    for text in texts {
        for letter in text.chars().filter(|letter| letter.is_alphabetic()) {
            letters += 1;
            // Latin letters with and without marks end here (Latin Extended-B).
            others += u64::from(letter > '\u{24f}');
        }
        for word in text
            .split(|letter: char| !letter.is_alphabetic())
            .filter(|word| !word.is_empty())
        {
            words += 1;
            english += u64::from(ENGLISH.contains(&word.to_lowercase().as_str()));
        }
    }
    let share = |part: u64, whole: u64| part as f64 / whole.max(1) as f64;
    if share(others, letters) >= OTHER_SCRIPT {
        let percent = 100.0 * share(others, letters);
        Reasoned::new(Language::Other, format!("{percent:.0} % of the letters are not Latin"))
    } else if share(english, words) >= LEAST_ENGLISH {
        Reasoned::new(Language::English, "words such as `the` and `and` are frequent")
    } else {
        Reasoned::new(Language::Other, "words such as `the` and `and` are rare")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_is_told_from_other_languages() {
        let of = |text: &str| language(&[text.to_owned()]).value;
        assert_eq!(
            of("The film is slow, and you will look for the door."),
            Language::English
        );
        assert_eq!(of("Der Film ist langsam, und man sucht die Tür."), Language::Other);
        assert_eq!(
            of("Het is een film van de oude stempel, of was dat niet zo?"),
            Language::Other
        );
        assert_eq!(of("这部电影很好看"), Language::Other);
        assert_eq!(of(""), Language::Other);
    }

    #[test]
    fn most_texts_fit_into_the_length() {
        let mut lengths = vec![20.0; 95];
        lengths.extend([400.0; 4]);
        assert_eq!(most_of(&lengths).value, 32);
        assert_eq!(most_of(&[900.0]).value, 256);
        assert_eq!(most_of(&[]).value, 32);
    }
}
