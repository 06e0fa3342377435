//! Arguments that name a row of a registry.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, Command};

/// A value parser that accepts the names of a registry and shows their descriptions.
pub(super) struct Registered<T: 'static> {
    /// The rows.
    pub(super) rows: &'static [&'static T],
    /// A row's name.
    pub(super) name: fn(&T) -> &'static str,
    /// A row's description, one line. Empty shows only the name, which keeps a command's help short.
    pub(super) about: fn(&T) -> &'static str,
}

impl<T> Clone for Registered<T> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<T: Send + Sync> TypedValueParser for Registered<T> {
    type Value = &'static T;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<Self::Value, clap::Error> {
        let names = PossibleValuesParser::new(self.rows.iter().map(|row| (self.name)(row)));
        let name = names.parse_ref(command, argument, value)?;
        let row = self.rows.iter().find(|row| (self.name)(row) == name);
        row.copied().ok_or_else(|| clap::Error::new(ErrorKind::InvalidValue))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let value = |row: &&T| {
            let value = PossibleValue::new((self.name)(row));
            match (self.about)(row) {
                "" => value,
                about => value.help(capitalized(about)),
            }
        };
        Some(Box::new(self.rows.iter().map(value)))
    }
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
