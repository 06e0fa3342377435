//! Loads a [`Spec`] from a file.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use super::diagnostics::{Diagnostic, SpecErrors};
use super::files::{FileCheck, Files};
use super::overrides::{self, Override};
use super::parse;
use super::raw::{Content, Location, Node, Source, SourceKind};
use super::reader::Problems;
use super::resolve;
use super::resolved::Spec;

/// Maximum file size: a spec has one or two pages, so a larger file was given by mistake.
const MAX_BYTES: u64 = 1 << 20;

/// Reads the spec at `path`, applies the `overrides` in order, and checks everything, including the existence of the
/// files that it names. Relative paths in the spec start at its folder, those in overrides at the current folder. The
/// result has absolute paths. Its second part are the warnings.
///
/// # Errors
/// Returns [`SpecErrors`] with all errors, also if the file cannot be read, is empty, exceeds 1 MiB or is not UTF-8.
pub fn load(path: &Path, overrides: &[Override]) -> Result<(Spec, Vec<Diagnostic>), SpecErrors> {
    let text = read(path).map_err(|diagnostic| SpecErrors::new(vec![*diagnostic]))?;
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    resolve_text(text, &path, overrides, FileCheck::MustExist)
}

/// Reads the spec of a study that has begun. Differs from [`load`] in that files needed only at the beginning, those of
/// `warm_start`, may be missing.
///
/// # Errors
/// Returns [`SpecErrors`] with all errors.
pub fn load_begun(path: &Path) -> Result<(Spec, Vec<Diagnostic>), SpecErrors> {
    let text = read(path).map_err(|diagnostic| SpecErrors::new(vec![*diagnostic]))?;
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    resolve_text(text, &path, &[], FileCheck::MustExistForTrials)
}

/// Reads a spec from `text` as if it were the file `path`, without checking that the files that it names exist.
/// Relative paths in it are joined to the folder of `path`.
///
/// # Errors
/// Returns [`SpecErrors`] with all errors.
///
/// ```
/// use std::path::Path;
///
/// let text = "function: {name: sphere}\nparameters: {x: {min: 0.0, max: 1.0}}\nbudget: {trials: 10}\n";
/// let (spec, warnings) = automl::spec::from_text(text, Path::new("space.yaml"), &["budget.trials=20".parse()?])?;
/// assert_eq!(spec.budget.trials, Some(20));
/// assert!(warnings.is_empty());
///
/// let misspelt = text.replace("trials", "trails");
/// let errors = automl::spec::from_text(&misspelt, Path::new("space.yaml"), &[]).unwrap_err();
/// assert_eq!(errors.diagnostics()[0].message(), "unknown key `trails` in `budget`");
/// assert_eq!(errors.diagnostics()[0].position(), Some(("space.yaml", 3, 10)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn from_text(text: &str, path: &Path, overrides: &[Override]) -> Result<(Spec, Vec<Diagnostic>), SpecErrors> {
    resolve_text(text.to_owned(), path, overrides, FileCheck::Skip)
}

fn resolve_text(
    text: String,
    path: &Path,
    overrides: &[Override],
    check: FileCheck,
) -> Result<(Spec, Vec<Diagnostic>), SpecErrors> {
    let name = display_name(path);
    // Windows editors put a byte-order mark at the beginning.
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    let source = Arc::new(Source {
        name,
        text,
        kind: SourceKind::File,
    });
    let mut root = parse::parse(&source, 0)
        .map_err(SpecErrors::new)?
        .unwrap_or_else(|| Node {
            location: Location {
                source: Arc::clone(&source),
                range: 0..0,
            },
            content: Content::Null,
        });
    let mut problems = Problems::default();
    if matches!(root.content, Content::Null) && overrides.is_empty() {
        let empty =
            Diagnostic::error(&root.location, "the spec is empty").with_help("`automl init` writes one to begin with");
        return Err(SpecErrors::new(vec![empty]));
    }
    for change in overrides {
        if let Err(errors) = overrides::apply(&mut root, change) {
            problems.errors.extend(errors);
        }
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let default_name = path
        .file_stem()
        .and_then(|stem| stem.to_str())
        .filter(|stem| resolve::is_folder_name(stem))
        .unwrap_or("study");
    let here = std::env::current_dir().unwrap_or_default();
    let files = Files {
        folder,
        here: &here,
        check,
    };
    let spec = resolve::resolve(&root, default_name, files, &mut problems);
    match spec {
        Some(spec) if problems.errors.is_empty() => Ok((spec, problems.warnings)),
        _ => {
            let mut all = problems.errors;
            all.extend(problems.warnings);
            Err(SpecErrors::new(all))
        }
    }
}

/// The path for messages: relative to the current folder if it lies below that.
fn display_name(path: &Path) -> String {
    let below = std::env::current_dir()
        .ok()
        .and_then(|here| path.strip_prefix(here).ok().map(Path::to_owned));
    below.unwrap_or_else(|| path.to_owned()).display().to_string()
}

fn read(path: &Path) -> Result<String, Box<Diagnostic>> {
    let shown = path.display();
    let failed = |error: std::io::Error| {
        let diagnostic = Diagnostic::without_place(format!("`{shown}` cannot be read: {error}"));
        Box::new(if error.kind() == std::io::ErrorKind::NotFound {
            diagnostic.with_help("`automl init` writes a spec to begin with")
        } else {
            diagnostic
        })
    };
    let mut bytes = Vec::new();
    File::open(path)
        .map_err(failed)?
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > MAX_BYTES {
        let message = format!("`{shown}` is larger than 1 MiB, so it is not a spec");
        return Err(Box::new(Diagnostic::without_place(message)));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
        let source = Arc::new(Source {
            name: display_name(path),
            text,
            kind: SourceKind::File,
        });
        let location = Location {
            source,
            range: at..at + char::REPLACEMENT_CHARACTER.len_utf8(),
        };
        Box::new(
            Diagnostic::error(&location, "the file is not UTF-8")
                .with_label("these bytes are not UTF-8")
                .with_help("save it with the encoding UTF-8"),
        )
    })
}
