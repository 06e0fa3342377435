//! `vocab.json` with `merges.txt`: tokens with their ids, and the pairs that merge, the most important first.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;

use super::Source;
use super::word_pieces::family;
use crate::description::{Description, Parts};
use crate::error::TokenizerError;
use crate::families::Vocabulary;
use crate::read::{json, malformed, text};
use crate::settings::Settings;

const VOCABULARY: &str = "vocab.json";
const MERGES: &str = "merges.txt";

pub(super) const BYTE_PAIRS: Source = Source {
    files: &[VOCABULARY, MERGES],
    read,
};

fn read(folder: &Path, settings: &Settings) -> Result<Description, TokenizerError> {
    let path = folder.join(VOCABULARY);
    let family = family(&path, settings, "GPT2Tokenizer", |vocabulary| {
        matches!(vocabulary, Vocabulary::BytePairs)
    })?;
    let vocabulary: BTreeMap<String, u32> = json(&path)?;
    let merges = folder.join(MERGES);
    let merges = parse_merges(&text(&merges)?, &vocabulary).map_err(|message| malformed(&merges, message))?;
    let special = family.special_tokens(settings);
    let parts = Parts {
        path: &path,
        family,
        settings,
        special: &special,
        model: json!({
            "type": "BPE",
            "dropout": null,
            "unk_token": null,
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "",
            "fuse_unk": false,
            "byte_fallback": false,
            "ignore_merges": false,
            "vocab": vocabulary,
            "merges": merges,
        }),
        size: vocabulary.len(),
        charsmap: None,
        whole: Vec::new(),
    };
    parts.describe(|token| vocabulary.get(token).copied())
}

/// The pairs, one a line. The first line may tell a version.
fn parse_merges(text: &str, vocabulary: &BTreeMap<String, u32>) -> Result<Vec<(String, String)>, String> {
    let mut merges = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        if line.is_empty() || line.starts_with("#version") {
            continue;
        }
        let Some((left, right)) = line.split_once(' ').filter(|(_, right)| !right.contains(' ')) else {
            return Err(format!("line {number} is not two tokens with a blank between them"));
        };
        let whole = format!("{left}{right}");
        if let Some(lacking) = [left, right, &whole]
            .into_iter()
            .find(|token| !vocabulary.contains_key(*token))
        {
            return Err(format!(
                "line {number} has the token `{lacking}`, which is not in `{VOCABULARY}`"
            ));
        }
        merges.push((left.to_owned(), right.to_owned()));
    }
    Ok(merges)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merges(text: &str) -> Result<Vec<(String, String)>, String> {
        let tokens = ["#", "a", "b", "ab", "#a"];
        parse_merges(text, &tokens.into_iter().map(str::to_owned).zip(0..).collect())
    }

    #[test]
    fn a_merge_may_begin_with_the_sign_of_the_version() {
        let pair = |left: &str, right: &str| (left.to_owned(), right.to_owned());
        assert_eq!(
            merges("#version: 0.2\na b\n# a\n\n"),
            Ok(vec![pair("a", "b"), pair("#", "a")])
        );
    }

    #[test]
    fn a_faulty_line_is_named() {
        insta::assert_snapshot!(merges("a b\na b c\n").unwrap_err(), @"line 2 is not two tokens with a blank between them");
        insta::assert_snapshot!(merges("ab\n").unwrap_err(), @"line 1 is not two tokens with a blank between them");
        insta::assert_snapshot!(merges("b a\n").unwrap_err(), @"line 1 has the token `ba`, which is not in `vocab.json`");
    }
}
