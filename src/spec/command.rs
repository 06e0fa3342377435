//! `command`: an external program that runs a trial. Its words have placeholders for parameters.
//!
//! Forms: `command: [python, train.py, "--lr={learning_rate}", "${args}"]`; with a folder of its own
//! `command: {run: […], folder: training}`; through a shell `command: {shell: "…"}`. W&B's macros and its `program` are
//! supported (docs.wandb.ai, "Sweep configuration structure", command).

mod patterns;
mod placeholders;
mod words;

pub use patterns::EPOCH;
pub(super) use placeholders::check;
pub use placeholders::environment_name;
pub use words::literal_word;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::diagnostics::Diagnostic;
use super::files::{FileCheck, Files};
use super::keys::{Kind, Section, key};
use super::raw::{Content, Node};
use super::reader::{self, Fields, Problems};
use words::{Fault, Written};

/// An external program that trains a trial. It is started once for every segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommandSpec {
    /// The command line.
    pub line: CommandLine,
    /// The working directory.
    pub folder: PathBuf,
    /// `true` if the program finds a stand-in for the Python package of Weights & Biases.
    #[serde(default)]
    pub has_shim: bool,
    /// Regular expressions, by metric name, that find metrics and the epoch in the program's output.
    #[serde(default)]
    pub patterns: BTreeMap<String, String>,
}

/// The command as it was written, with spaces between words.
impl fmt::Display for CommandSpec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.line {
            CommandLine::Words(words) => {
                let words: Vec<&str> = words.iter().map(|word| word.source.as_str()).collect();
                formatter.write_str(&words.join(" "))
            }
            CommandLine::Shell(line) => formatter.write_str(line),
        }
    }
}

impl CommandSpec {
    /// `true` if every trial starts the same program.
    pub fn is_program_fixed(&self) -> bool {
        let CommandLine::Words(words) = &self.line else {
            return true;
        };
        let Some(Meaning::Argument(pieces)) = words.first().map(|word| &word.meaning) else {
            return false;
        };
        !pieces.iter().any(|piece| {
            matches!(piece, Piece::Parameter(_) | Piece::Fact(_)) && *piece != Piece::Fact(Fact::Interpreter)
        })
    }
}

/// The command line of an external program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandLine {
    /// A program and its arguments, run without a shell.
    Words(Vec<Word>),
    /// A line for `sh -c`. Parameters reach it only through the environment, so that no value can become code.
    Shell(String),
}

/// One word of a command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Word {
    /// The word as it was written.
    pub source: String,
    /// The meaning of the word.
    pub meaning: Meaning,
}

/// The meaning of a word.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// One argument, built from pieces. It is omitted if a parameter in it is not active.
    Argument(Vec<Piece>),
    /// A W&B macro that stands for all active parameters, formatted as Python prints them.
    Arguments(Arguments),
}

/// Formats of W&B's macros for all active parameters (`wandb/sdk/launch/sweeps/utils.py`, `create_sweep_command_args`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arguments {
    /// `--name=value`.
    Flags,
    /// `name=value`.
    WithoutHyphens,
    /// `--name=value`, but for booleans `--name` if true and nothing if false.
    WithoutBooleans,
    /// Two words, `--name` and `value`.
    WithoutEquals,
    /// One word, a JSON object.
    Json,
    /// `+name=value`.
    AppendHydra,
    /// `++name=value`.
    OverrideHydra,
}

impl Arguments {
    /// Every format with its macro's name.
    pub const NAMES: [(&str, Self); 7] = [
        ("args", Self::Flags),
        ("args_no_hyphens", Self::WithoutHyphens),
        ("args_no_boolean_flags", Self::WithoutBooleans),
        ("args_no_equals", Self::WithoutEquals),
        ("args_json", Self::Json),
        ("args_append_hydra", Self::AppendHydra),
        ("args_override_hydra", Self::OverrideHydra),
    ];
}

/// A part of an argument.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    /// Literal text.
    Text(String),
    /// The value of a parameter.
    Parameter(String),
    /// A fact about the trial or the segment.
    Fact(Fact),
    /// `${envvar:NAME}`: an environment variable.
    Environment(String),
}

/// A fact about a trial that a command can receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// The epoch up to which to train now, counted from the trial's start.
    Epochs,
    /// The epoch that the trial has reached.
    FromEpoch,
    /// Number of epochs of a complete trial.
    MaxEpochs,
    /// The trial's number.
    Trial,
    /// The trial's seed.
    Seed,
    /// The folder for the program's own checkpoints.
    Checkpoint,
    /// A file with all active parameters as a JSON object.
    ParametersFile,
    /// W&B's `${interpreter}`: `python`, or `python3` if there is no `python`.
    Interpreter,
}

impl Fact {
    /// Every fact with its name between braces.
    pub const NAMES: [(&str, Self); 7] = [
        ("epochs", Self::Epochs),
        ("from_epoch", Self::FromEpoch),
        ("max_epochs", Self::MaxEpochs),
        ("trial", Self::Trial),
        ("seed", Self::Seed),
        ("checkpoint", Self::Checkpoint),
        ("parameters_file", Self::ParametersFile),
    ];

    fn named(name: &str) -> Option<Self> {
        let known = Self::NAMES.iter().find(|(known, _)| *known == name);
        known.map(|(_, fact)| *fact)
    }
}

/// The command that W&B runs if a sweep names only a `program`.
const WANDB_COMMAND: [&str; 4] = ["${env}", "${interpreter}", "${program}", "${args}"];

/// `command` in the schema.
pub(super) const COMMAND: Section = Section {
    name: "command",
    about: "An external program that trains a trial, started once for every segment.",
    keys: || {
        vec![
            key(
                "run",
                Kind::List(&Kind::Scalar),
                "The program and its arguments, without a shell.",
            )
            .examples(&["[\"python\", \"train.py\", \"${args}\"]"]),
            key(
                "shell",
                Kind::Text,
                "A line for `sh -c` instead. Parameters are environment variables such as `$AUTOML_PARAM_LEARNING_RATE`.",
            ),
            key(
                "folder",
                Kind::Text,
                "The folder in which it runs. By default the spec's folder.",
            ),
        ]
    },
};

/// Reads `command`, or W&B's `program` alone.
pub(super) fn read(spec: &Fields<'_>, files: Files<'_>, problems: &mut Problems) -> Option<CommandSpec> {
    let program = match spec.get("program") {
        Some(node) => Some(reader::text(node, "program", problems)?),
        None => None,
    };
    let has_shim = match spec.get("wandb") {
        Some(node) => reader::one_of(node, "wandb", &[("shim", true)], problems)?,
        None => false,
    };
    let patterns = patterns::read(spec, problems);
    let (line, folder) = read_line(spec, program.as_deref(), files, problems)?;
    Some(CommandSpec {
        line,
        folder,
        has_shim,
        patterns: patterns?,
    })
}

fn read_line(
    spec: &Fields<'_>,
    program: Option<&str>,
    files: Files<'_>,
    problems: &mut Problems,
) -> Option<(CommandLine, PathBuf)> {
    let here = files.folder();
    let Some(node) = spec.get("command") else {
        let words = WANDB_COMMAND.map(|word| Written::known(word).read(program));
        let words = words.into_iter().collect::<Result<_, _>>().ok()?;
        return Some((CommandLine::Words(words), here));
    };
    match &node.content {
        Content::Sequence(items) => Some((words(node, items, program, problems)?, here)),
        Content::Mapping(_) => in_full(node, program, files, problems),
        Content::Null | Content::Scalar(_) => {
            problems.error(
                Diagnostic::error(&node.location, "`command` must be a list of words, because no shell splits the text").with_help(
                    "write it like `command: [python, train.py, \"${args}\"]`, or `command: {shell: \"…\"}` to ask for a shell",
                ),
            );
            None
        }
    }
}

fn in_full(
    node: &Node,
    program: Option<&str>,
    files: Files<'_>,
    problems: &mut Problems,
) -> Option<(CommandLine, PathBuf)> {
    let fields = Fields::of(node, &COMMAND, problems)?;
    let folder = match fields.get("folder") {
        Some(node) => folder(node, files, problems)?,
        None => files.folder(),
    };
    let line = match (fields.get("run"), fields.entry("shell")) {
        (Some(run), None) => match &run.content {
            Content::Sequence(items) => words(run, items, program, problems)?,
            Content::Null | Content::Scalar(_) | Content::Mapping(_) => {
                problems.wrong_kind(run, "run", "a list of words");
                return None;
            }
        },
        (None, Some(shell)) => CommandLine::Shell(reader::text(&shell.value, "shell", problems)?),
        (Some(_), Some(shell)) => {
            problems.error(
                Diagnostic::error(&shell.key_location, "`shell` and `run` do not go together")
                    .with_help("keep one of them"),
            );
            return None;
        }
        (None, None) => {
            problems.error(
                Diagnostic::error(&node.location, "the command has neither `run` nor `shell`")
                    .with_help("write it like `command: {run: [python, train.py, \"${args}\"]}`"),
            );
            return None;
        }
    };
    Some((line, folder))
}

fn folder(node: &Node, files: Files<'_>, problems: &mut Problems) -> Option<PathBuf> {
    let path = files.join(node, &reader::text(node, "folder", problems)?);
    if files.check != FileCheck::Skip && !path.is_dir() {
        problems.error(files.missing(node, &path, "folder"));
        return None;
    }
    Some(path)
}

fn words(list: &Node, items: &[Node], program: Option<&str>, problems: &mut Problems) -> Option<CommandLine> {
    if items.is_empty() {
        problems.error(
            Diagnostic::error(&list.location, "the command has no words")
                .with_help("write it like `command: [python, train.py, \"${args}\"]`"),
        );
        return None;
    }
    let read: Vec<Option<Word>> = items.iter().map(|item| word(item, program, problems)).collect();
    let words: Vec<Word> = read.into_iter().collect::<Option<_>>()?;
    if !matches!(words[0].meaning, Meaning::Argument(_)) || words[0].source.trim().is_empty() {
        problems.error(
            Diagnostic::error(&items[0].location, "a command begins with its program")
                .with_help("write it like `command: [python, train.py, \"${args}\"]`"),
        );
        return None;
    }
    Some(CommandLine::Words(words))
}

fn word(node: &Node, program: Option<&str>, problems: &mut Problems) -> Option<Word> {
    let Content::Scalar(scalar) = &node.content else {
        problems.wrong_kind(node, "command", "a list of words");
        return None;
    };
    match Written::known(&scalar.text).read(program) {
        Ok(word) => Some(word),
        Err(Fault { range, message, help }) => {
            problems.error(Diagnostic::error(&node.place_inside(range), message).with_help(help));
            None
        }
    }
}
