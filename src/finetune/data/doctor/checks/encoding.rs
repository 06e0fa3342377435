//! Texts whose characters were damaged on the way: read in the wrong encoding, replaced, or written for a web page.

use rayon::prelude::*;

use super::super::Depth;
use super::super::finding::{Finding, Severity, counted};
use super::super::rows::Rows;

/// Kinds of damage: a word for programs, the sentence behind the number of rows, how bad it is, what to do, and a function
/// that gives the first damaged piece of a text.
struct Damage {
    kind: &'static str,
    words: [&'static str; 2],
    severity: Severity,
    advice: &'static str,
    find: fn(&str) -> Option<String>,
}

const DAMAGES: [Damage; 4] = [
    Damage {
        kind: "mojibake",
        words: [
            "text was read in the wrong encoding",
            "texts were read in the wrong encoding",
        ],
        severity: Severity::Warning,
        advice: "export the data again in UTF-8, or name the encoding of the file with `data.encoding`",
        find: mojibake,
    },
    Damage {
        kind: "replaced",
        words: [
            "text has lost characters (`\u{fffd}`)",
            "texts have lost characters (`\u{fffd}`)",
        ],
        severity: Severity::Warning,
        advice: "export the data again from a source that still has the characters",
        find: replaced,
    },
    Damage {
        kind: "control",
        words: ["text has control characters", "texts have control characters"],
        severity: Severity::Warning,
        advice: "remove them: texts to predict will not have them",
        find: control,
    },
    Damage {
        kind: "html",
        words: ["text has the marks of a web page", "texts have the marks of a web page"],
        severity: Severity::Note,
        advice: "write `&amp;` as `&` and so on, unless the texts to predict have these marks too",
        find: html,
    },
];

pub(super) fn check(rows: &Rows, _: Depth) -> Vec<Finding> {
    let of_row = |(index, row): (usize, &super::super::rows::Row)| {
        let found = DAMAGES
            .each_ref()
            .map(|damage| row.texts().into_iter().find_map(damage.find));
        found.iter().any(Option::is_some).then_some((index, found))
    };
    let damaged: Vec<(usize, [Option<String>; 4])> = rows.all.par_iter().enumerate().filter_map(of_row).collect();
    let finding = |(kind, damage): (usize, &Damage)| {
        let pieces = damaged
            .iter()
            .filter_map(|(row, found)| Some((*row, found[kind].clone()?)));
        let concerned: Vec<(usize, String)> = pieces.collect();
        let [one, many] = damage.words;
        let message = counted(concerned.len(), one, many);
        let finding = Finding::new(damage.kind, damage.severity, concerned.len(), message, damage.advice);
        (!concerned.is_empty()).then(|| finding.at(rows, concerned))
    };
    DAMAGES.iter().enumerate().filter_map(finding).collect()
}

/// UTF-8 that was read as Latin-1 or Windows-1252: `Ã©` for `é`, `â€™` for `’`.
fn mojibake(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let mut before = ' ';
    for (byte, character) in text.char_indices() {
        let is_damaged = match before {
            'Ã' => matches!(
                character,
                '\u{80}'
                    ..='\u{bf}'
                        | '‚'
                        | 'ƒ'
                        | '„'
                        | '…'
                        | '†'
                        | '‡'
                        | 'ˆ'
                        | '‰'
                        | 'Š'
                        | '‹'
                        | 'Œ'
                        | 'Ž'
                        | 'š'
                        | 'œ'
                        | 'ž'
                        | 'Ÿ'
                        | '™'
            ),
            'Â' => matches!(character, '\u{a1}'..='\u{bf}' | '\u{80}'..='\u{9f}'),
            'â' => matches!(character, '€' | '\u{80}'),
            'ð' => matches!(character, 'Ÿ' | '\u{9f}'),
            'ï' => character == '»' && text[byte..].starts_with("»¿"),
            _ => false,
        };
        if is_damaged {
            return Some(around(text, byte));
        }
        before = character;
    }
    None
}

/// The sign for a character that could not be read.
fn replaced(text: &str) -> Option<String> {
    text.find('\u{fffd}').map(|byte| around(text, byte))
}

/// Control characters other than tabs and line breaks, and marks of byte order within a text.
fn control(text: &str) -> Option<String> {
    let is_odd =
        |character: char| character.is_control() && !matches!(character, '\n' | '\r' | '\t') || character == '\u{feff}';
    let odd = text.chars().find(|&character| is_odd(character))?;
    Some(format!("U+{:04X}", u32::from(odd)))
}

/// Character references of HTML, also those that lost their end, and tags of line breaks.
fn html(text: &str) -> Option<String> {
    const NAMES: [&str; 9] = ["amp", "lt", "gt", "quot", "apos", "nbsp", "#39", "#x27", "#34"];
    let reference = text.match_indices('&').find(|(byte, _)| {
        let rest = &text[byte + 1..];
        let ends = |name: &str| {
            let after = rest.strip_prefix(name);
            after.is_some_and(|after| !after.starts_with(|next: char| next.is_alphanumeric()))
        };
        let digits = rest
            .strip_prefix('#')
            .map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
        let is_number = digits > 1 && rest[digits + 1..].starts_with(';');
        NAMES.iter().any(|name| ends(name)) || is_number
    });
    let found = reference.map(|(byte, _)| byte).or_else(|| text.find("<br"));
    found.map(|byte| around(text, byte))
}

/// A few characters on each side.
fn around(text: &str, byte: usize) -> String {
    const SIDE: usize = 12;
    let before = text[..byte]
        .char_indices()
        .rev()
        .nth(SIDE - 1)
        .map_or(0, |(start, _)| start);
    let piece = text[before..].chars().take(2 * SIDE);
    piece
        .map(|character| if character.is_control() { ' ' } else { character })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_found_and_foreign_words_are_none() {
        for text in ["cafÃ©", "donâ€™t", "5Â°", "ï»¿first", "ðŸ˜€"] {
            assert!(mojibake(text).is_some(), "{text}");
        }
        for text in [
            "café",
            "SÃO PAULO",
            "crème brûlée",
            "don’t",
            "Âge",
            "naïve »so«",
            "日本語",
            "5°",
        ] {
            assert_eq!(mojibake(text), None, "{text}");
        }
        assert_eq!(control("a\u{7}b").as_deref(), Some("U+0007"));
        assert_eq!(control("a\tb\r\nc"), None);
        for text in ["a &amp; b", "&lt;3", "it&#39;s", "R&amp", "a<br />b", "&#8217;s"] {
            assert!(html(text).is_some(), "{text}");
        }
        for text in ["R&D", "a & b", "AT&T amplifier", "&ampere", "x < y", "Q&A #1"] {
            assert_eq!(html(text), None, "{text}");
        }
    }

    #[test]
    fn a_piece_never_breaks_a_character() {
        assert_eq!(around("ééééééééééééééé&amp;", 30), "éééééééééééé&amp;");
        assert_eq!(around("&", 0), "&");
    }
}
