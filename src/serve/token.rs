//! The secret part of the page's address, and the secret of a served model.

use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};

/// 128 random bits, or a text that a user has chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token(String);

impl Token {
    /// A new token, made of two keys of std's hash tables, which come from the system's random generator.
    pub(super) fn random() -> Self {
        let part = || RandomState::new().build_hasher().finish();
        Self(format!("{:016x}{:016x}", part(), part()))
    }

    /// A token that a user has chosen.
    pub(super) fn of(text: String) -> Self {
        Self(text)
    }

    /// Returns whether `text` is the token, in a time that does not depend on how much of it is correct.
    pub(super) fn is(&self, text: &str) -> bool {
        let differences = self.0.bytes().zip(text.bytes()).map(|(ours, theirs)| ours ^ theirs);
        text.len() == self.0.len() && differences.fold(0, |all, one| all | one) == 0
    }
}

impl fmt::Display for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_itself_is_the_token() {
        let token = Token::random();
        let text = token.to_string();
        assert!(token.is(&text) && text.len() == 32);
        assert!(!token.is("") && !token.is(&text[1..]) && !token.is(&format!("{text}0")));
        assert_ne!(token, Token::random());
    }
}
