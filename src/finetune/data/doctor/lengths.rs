//! The lengths of the texts: in tokens of a model, or in words.

use automl_tokenizer::{EncodeOptions, Input, Tokenizer, Truncation};
use rayon::prelude::*;
use serde::Serialize;

use super::super::error::DataError;
use super::Depth;
use super::finding::{Finding, Severity, counted};
use super::overview::quantile;
use super::rows::{Row, Rows};

/// Rows whose lengths are measured, spread evenly over all, by depth. Their quantiles are sure to about one percent.
const QUICK: usize = 1_000;
const FULL: usize = 20_000;

/// Share of cut rows from which on a model misses much of the data.
const MANY_CUT: f64 = 0.1;

/// A text this many times longer than the median is an outlier, if it also has this many words or tokens.
const TIMES_LONGER: usize = 20;
const LONG: usize = 1_000;

/// How lengths are measured.
#[derive(Clone, Copy, Debug)]
pub enum Unit<'a> {
    /// In words, which are parted by blanks.
    Words,
    /// In tokens, including special ones.
    Tokens {
        /// The tokenizer of the model.
        tokenizer: &'a Tokenizer,
        /// Tokens that the model reads at most.
        max_length: usize,
        /// True if longer texts are cut; otherwise they become several windows.
        cuts: bool,
    },
}

/// The lengths of the texts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lengths {
    /// `tokens` or `words`.
    pub unit: &'static str,
    /// Number of rows that were measured.
    pub measured: usize,
    /// The length at 0, 25, 50, 75, 95, 99 and 100 % of the rows.
    pub quantiles: [usize; 7],
    /// Tokens that the model reads at most.
    pub max_length: Option<usize>,
    /// The share of the rows that are longer, if they are cut.
    pub cut: Option<f64>,
    /// The share of the rows that become several windows, if they are not cut.
    pub windows: Option<f64>,
}

/// The lengths with the rows they belong to.
pub(super) struct Measured {
    pub(super) summary: Lengths,
    rows: Vec<usize>,
    lengths: Vec<usize>,
}

/// The shares of the quantiles.
pub(super) const SHARES: [f64; 7] = [0.0, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0];

/// Measures the texts of a sample; `None` if there are none.
///
/// # Errors
/// If the tokenizer fails on a text.
pub(super) fn measure(rows: &Rows, unit: &Unit<'_>, depth: Depth) -> Result<Option<Measured>, DataError> {
    let most = match depth {
        Depth::Quick => QUICK,
        Depth::Full => FULL,
    };
    let step = rows.all.len().div_ceil(most).max(1);
    let chosen: Vec<usize> = (0..rows.all.len())
        .step_by(step)
        .filter(|&row| !rows.all[row].is_empty())
        .collect();
    if chosen.is_empty() {
        return Ok(None);
    }
    let lengths: Vec<usize> = match unit {
        Unit::Words => {
            let words = |row: &Row| row.texts().iter().map(|text| text.split_whitespace().count()).sum();
            chosen.par_iter().map(|&row| words(&rows.all[row])).collect()
        }
        Unit::Tokens { tokenizer, .. } => tokens(rows, &chosen, tokenizer)?,
    };
    let mut sorted = lengths.clone();
    sorted.sort_unstable();
    let longer = |most: usize| lengths.iter().filter(|&&length| length > most).count() as f64 / lengths.len() as f64;
    let (max_length, cuts) = match unit {
        Unit::Words => (None, false),
        Unit::Tokens { max_length, cuts, .. } => (Some(*max_length), *cuts),
    };
    let summary = Lengths {
        unit: match unit {
            Unit::Words => "words",
            Unit::Tokens { .. } => "tokens",
        },
        measured: lengths.len(),
        quantiles: SHARES.map(|share| quantile(&sorted, share)),
        max_length,
        cut: max_length.filter(|_| cuts).map(longer),
        windows: max_length.filter(|_| !cuts).map(longer),
    };
    Ok(Some(Measured {
        summary,
        rows: chosen,
        lengths,
    }))
}

/// Numbers of tokens.
fn tokens(rows: &Rows, chosen: &[usize], tokenizer: &Tokenizer) -> Result<Vec<usize>, DataError> {
    /// Far above any text, so that nothing is cut.
    const MOST: usize = 1 << 28;
    /// Texts encoded together.
    const AT_ONCE: usize = 1_000;
    let options = EncodeOptions::new(MOST, Truncation::LongestFirst);
    let mut lengths = Vec::with_capacity(chosen.len());
    for part in chosen.chunks(AT_ONCE) {
        let input = |row: &usize| {
            let row = &rows.all[*row];
            match row.second.as_deref() {
                Some(second) => Input::Pair(&row.first, second),
                None => Input::Text(&row.first),
            }
        };
        let inputs: Vec<Input<'_>> = part.iter().map(input).collect();
        let encoded = tokenizer.encode(&inputs, &options)?;
        lengths.extend(
            encoded
                .iter()
                .map(|text| text.windows.iter().map(|window| window.ids.len()).sum::<usize>()),
        );
    }
    Ok(lengths)
}

/// Texts that are cut, and texts that are far longer than the others.
pub(super) fn findings(rows: &Rows, measured: &Measured) -> Vec<Finding> {
    let Measured {
        summary,
        lengths,
        rows: chosen,
    } = measured;
    let longer = |most: usize| {
        let both = chosen.iter().zip(lengths);
        let mut longer: Vec<(usize, usize)> = both
            .filter(|(_, length)| **length > most)
            .map(|(&row, &length)| (length, row))
            .collect();
        longer.sort_unstable_by(|one, other| other.cmp(one));
        longer
    };
    let note = |(length, row): (usize, usize)| (row, format!("{length} {}", summary.unit));
    let mut findings = Vec::new();
    if let (Some(most), Some(cut)) = (summary.max_length, summary.cut.filter(|&cut| cut > 0.0)) {
        let severity = if cut >= MANY_CUT {
            Severity::Warning
        } else {
            Severity::Note
        };
        let cut_rows = longer(most);
        let message = format!(
            "{:.1} % of the texts have more than {most} tokens and are cut; 95 % have at most {}",
            100.0 * cut,
            summary.quantiles[4]
        );
        let advice =
            "raise `max_length` if the model can read more, or keep the end as well with `truncation: head_tail`";
        let finding = Finding::new("cut", severity, cut_rows.len(), message, advice);
        findings.push(finding.at(rows, cut_rows.into_iter().map(note)));
    }
    let median = summary.quantiles[2];
    let outliers = longer((TIMES_LONGER * median).max(LONG));
    if !outliers.is_empty() && summary.cut.is_none_or(|cut| cut < MANY_CUT) {
        let texts = counted(outliers.len(), "text is", "texts are");
        let message = format!(
            "{texts} more than {TIMES_LONGER} times longer than the median of {median} {}",
            summary.unit
        );
        let advice = "check whether several rows became one, for example because a quote is missing";
        let finding = Finding::new("long", Severity::Note, outliers.len(), message, advice);
        findings.push(finding.at(rows, outliers.into_iter().map(note)));
    }
    findings
}
