//! The normalization table of a sentencepiece model: a trie over UTF-8 bytes and the texts that replace its entries
//! (Kudo and Richardson 2018; the layout is that of `precompiled_charsmap` in sentencepiece's `normalizer.cc`).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// The step of a `tokenizer.json` that applies the table.
pub(crate) fn normalizer(table: &[u8]) -> Value {
    json!({ "type": "Precompiled", "precompiled_charsmap": STANDARD.encode(table) })
}

/// Bytes of the longest text that replaces an entry. `None` if the table cannot be read; its own reader says why.
pub(crate) fn longest_replacement(encoded: &str) -> Option<usize> {
    let table = STANDARD.decode(encoded).ok()?;
    let (size, rest) = table.split_first_chunk::<4>()?;
    let texts = rest.get(u32::from_le_bytes(*size) as usize..)?;
    texts.split(|&byte| byte == 0).map(<[u8]>::len).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_replacement_is_found_behind_the_trie() {
        let table = [&[8, 0, 0, 0][..], &[7; 8], b"a\0abc\0\0de"].concat();
        assert_eq!(longest_replacement(&STANDARD.encode(&table)), Some(3));
    }

    #[test]
    fn a_broken_table_has_no_replacements() {
        assert_eq!(longest_replacement("?"), None);
        assert_eq!(longest_replacement(""), None);
        assert_eq!(longest_replacement(&STANDARD.encode([255; 9])), None);
    }
}
