//! An access token that cannot be printed.

use std::fmt;

/// An access token of the hub. Its `Debug` output does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    secret: String,
    from: String,
}

impl Token {
    /// A token and where it comes from: the name of a variable or file, for messages. `None` if the text is empty or
    /// could not be sent in a header.
    pub fn new(text: &str, from: impl Into<String>) -> Option<Self> {
        let secret = text.trim();
        let is_sendable = !secret.is_empty() && secret.chars().all(|character| character.is_ascii_graphic());
        is_sendable.then(|| Self {
            secret: secret.to_owned(),
            from: from.into(),
        })
    }

    /// The variable or file that holds the token.
    pub fn from(&self) -> &str {
        &self.from
    }

    /// The value of the header `Authorization`.
    pub(crate) fn authorization(&self) -> String {
        format!("Bearer {}", self.secret)
    }

    /// The text without the token. A server could repeat the token in an error message.
    pub(crate) fn hide_in(&self, text: &str) -> String {
        text.replace(&self.secret, "[token]")
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Token([hidden], from {})", self.from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_never_shown() {
        let token = Token::new(" hf_secret\n", "HF_TOKEN").unwrap();
        assert_eq!(format!("{token:?}"), "Token([hidden], from HF_TOKEN)");
        assert_eq!(token.hide_in("bad hf_secret!"), "bad [token]!");
        assert_eq!(token.authorization(), "Bearer hf_secret");
    }

    #[test]
    fn an_empty_or_unsendable_text_is_no_token() {
        for text in ["", " \n", "a b", "a\r\nX: y", "tökén"] {
            assert_eq!(Token::new(text, ""), None, "{text:?}");
        }
    }
}
