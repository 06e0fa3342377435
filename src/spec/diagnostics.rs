//! Diagnostics of a spec: each error or warning has its source line, a caret and a suggestion.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet, normalize_untrusted_str};

use super::raw::Location;

/// An error or a warning about a spec.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    severity: Severity,
    message: String,
    label: Option<String>,
    help: Option<String>,
    location: Option<Location>,
}

/// Severity of a [`Diagnostic`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The spec cannot be used.
    Error,
    /// The spec can be used, but may not mean what its author thinks.
    Warning,
}

impl Diagnostic {
    pub(super) fn error(location: &Location, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            message: clipped(message.into()),
            label: None,
            help: None,
            location: Some(location.clone()),
        }
    }

    pub(super) fn warning(location: &Location, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(location, message)
        }
    }

    /// An error without a source position, such as a file that cannot be read.
    pub(super) fn without_place(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            message: message.into(),
            label: None,
            help: None,
            location: None,
        }
    }

    /// Sets a short text beside the caret.
    pub(super) fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Sets the suggestion.
    pub(super) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Suggests "did you mean `meant`?" if there is a similar name, else lists the known names.
    pub(super) fn with_meant(self, meant: Option<&str>, known: &[&str]) -> Self {
        match meant {
            Some(meant) => self.with_label(format!("did you mean `{meant}`?")),
            None if known.len() == 1 => self.with_help(format!("there is only {}", list(known))),
            None => self.with_help(format!("choose from {}", list(known))),
        }
    }

    /// The severity.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// The message: one line without a source position.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The suggestion, if there is one.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// The byte range in the file (or in the override).
    pub fn range(&self) -> Option<Range<usize>> {
        self.location.as_ref().map(|location| location.range.clone())
    }

    /// The file (or `--set`), and the line and column of the first character, both counted from 1.
    pub fn position(&self) -> Option<(&str, usize, usize)> {
        let location = self.location.as_ref()?;
        let before = &location.source.text[..location.range.start];
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let (line, column) = (before.matches('\n').count(), before[line_start..].chars().count());
        Some((location.source.name.as_str(), line + 1, column + 1))
    }

    /// The message with its source line, a caret and the suggestion; with colours if `is_coloured`.
    pub fn render(&self, is_coloured: bool) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(self.message.as_str());
        let mut group = match &self.location {
            None => title.elements(std::iter::empty::<annotate_snippets::Message<'_>>()),
            Some(location) => {
                let label = self.label.as_deref().map(normalize_untrusted_str);
                let annotation = AnnotationKind::Primary.span(first_line(location)).label(label);
                let snippet = Snippet::source(location.source.text.as_str()).path(location.source.name.as_str());
                title.element(snippet.annotation(annotation))
            }
        };
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(normalize_untrusted_str(help)));
        }
        let renderer = if is_coloured {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let text = renderer.render(&[group]);
        // Trailing spaces would make every snapshot and every diff of logs noisy.
        text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    }
}

/// Shortens a message that repeats a very long word of the file.
fn clipped(message: String) -> String {
    const LONGEST: usize = 400;
    match message.char_indices().nth(LONGEST) {
        None => message,
        Some((end, _)) => format!("{}…", &message[..end]),
    }
}

/// The part of a location on its first line. A caret under a whole mapping helps no more than one under its beginning.
fn first_line(location: &Location) -> Range<usize> {
    let text = &location.source.text[location.range.clone()];
    let line = text.lines().next().unwrap_or_default().trim_end();
    location.range.start..location.range.start + line.len()
}

/// Joins names as `a`, `b` and `c`.
pub(super) fn list(names: &[&str]) -> String {
    let mut quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.pop() {
        None => "nothing".to_owned(),
        Some(last) if quoted.is_empty() => last,
        Some(last) => format!("{} and {last}", quoted.join(", ")),
    }
}

/// Maximum number of diagnostics shown: a hostile file could cause thousands.
const MOST_SHOWN: usize = 20;

/// All errors and warnings of a spec, in the order of the file. Displayed without colours.
#[derive(Clone, Debug)]
pub struct SpecErrors {
    diagnostics: Vec<Diagnostic>,
}

impl SpecErrors {
    /// All errors in one line, without positions and warnings.
    pub fn sentence(&self) -> String {
        let errors = self
            .diagnostics()
            .iter()
            .filter(|one| one.severity() == Severity::Error);
        errors.map(Diagnostic::message).collect::<Vec<_>>().join("; ")
    }

    pub(super) fn new(mut diagnostics: Vec<Diagnostic>) -> Self {
        diagnostics.sort_by_key(|diagnostic| {
            diagnostic
                .location
                .as_ref()
                .map(|location| (location.source.kind as u8, location.range.start))
        });
        Self { diagnostics }
    }

    /// The errors together with the warnings; at least one.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The first 20 with their source lines; with colours if `is_coloured`.
    pub fn render(&self, is_coloured: bool) -> String {
        let shown = self.diagnostics.iter().take(MOST_SHOWN);
        let mut shown: Vec<String> = shown.map(|diagnostic| diagnostic.render(is_coloured)).collect();
        if self.diagnostics.len() > MOST_SHOWN {
            shown.push(format!("… and {} more", self.diagnostics.len() - MOST_SHOWN));
        }
        shown.join("\n\n")
    }
}

impl fmt::Display for SpecErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.render(false))
    }
}

impl std::error::Error for SpecErrors {}
