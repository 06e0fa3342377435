//! `command`: an external program as what a trial runs, its words with places for parameters.
//!
//! `command: [python, train.py, "--lr={learning_rate}", "${args}"]`, or with a folder of its own
//! `command: {run: […], folder: training}`, or on demand through a shell `command: {shell: "…"}`. W&B's macros and its
//! `program` are understood (docs.wandb.ai, "Sweep configuration structure", command).

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::diagnostics::Diagnostic;
use super::files::{FileCheck, Files};
use super::raw::{Content, Entry, Node};
use super::reader::{self, Fields, Problems};
use crate::space::Space;
use crate::suggestion::did_you_mean;

/// An external program that trains a trial, started once for every segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommandSpec {
    /// What is run.
    pub line: CommandLine,
    /// Where it runs.
    pub folder: PathBuf,
}

/// As it was written, words parted by blanks.
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

/// What is run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandLine {
    /// A program and its arguments, which no shell ever sees.
    Words(Vec<Word>),
    /// A line for `sh -c`. Parameters reach it through the environment alone, so that no value can become code.
    Shell(String),
}

/// One word of a command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Word {
    /// As it was written.
    pub source: String,
    /// What it stands for.
    pub meaning: Meaning,
}

/// What a word stands for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// One argument, put together. It is left out where a parameter in it is not active.
    Argument(Vec<Piece>),
    /// `${args}`: an argument `--name=value` for every active parameter.
    Arguments,
    /// `${args_no_hyphens}`: the same without hyphens.
    ArgumentsWithoutHyphens,
    /// `${args_json}`: one argument, all active parameters as a JSON object.
    ArgumentsAsJson,
}

/// A part of an argument.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    /// Letters as they are.
    Text(String),
    /// The value of a parameter.
    Parameter(String),
    /// Something of the trial or the segment.
    Fact(Fact),
    /// `${envvar:NAME}`: an environment variable.
    Environment(String),
}

/// What a command may be told of its trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// Up to which epoch to train now, in all.
    Epochs,
    /// The epoch at which the trial stands.
    FromEpoch,
    /// The epochs of a complete trial.
    MaxEpochs,
    /// The trial's number.
    Trial,
    /// The trial's seed.
    Seed,
    /// The folder for the program's own checkpoint.
    Checkpoint,
    /// A file with all active parameters as a JSON object.
    ParametersFile,
}

impl Fact {
    /// Every fact by the name that stands between braces.
    pub const NAMES: [(&str, Self); 7] = [
        ("epochs", Self::Epochs),
        ("from_epoch", Self::FromEpoch),
        ("max_epochs", Self::MaxEpochs),
        ("trial", Self::Trial),
        ("seed", Self::Seed),
        ("checkpoint", Self::Checkpoint),
        ("parameters_file", Self::ParametersFile),
    ];
}

/// What W&B runs when a sweep names only a `program`.
const WANDB_COMMAND: [&str; 4] = ["${env}", "${interpreter}", "${program}", "${args}"];

/// Reads `command`, or W&B's `program` alone.
pub(super) fn read(spec: &Fields<'_>, files: Files<'_>, problems: &mut Problems) -> Option<CommandSpec> {
    let program = match spec.get("program") {
        Some(node) => Some(reader::text(node, "program", problems)?),
        None => None,
    };
    let here = files.join("");
    let Some(node) = spec.get("command") else {
        let words = WANDB_COMMAND.map(|word| Written::known(word).read(program.as_deref()));
        return Some(CommandSpec {
            line: CommandLine::Words(words.into_iter().collect::<Result<_, _>>().ok()?),
            folder: here,
        });
    };
    match &node.content {
        Content::Sequence(items) => Some(CommandSpec {
            line: words(node, items, program.as_deref(), problems)?,
            folder: here,
        }),
        Content::Mapping(_) => in_full(node, program.as_deref(), files, problems),
        Content::Null | Content::Scalar(_) => {
            problems.error(
                Diagnostic::error(&node.place, "`command` is a list of words, because no shell takes a text apart").with_help(
                    "write it like `command: [python, train.py, \"${args}\"]`, or `command: {shell: \"…\"}` to ask for a shell",
                ),
            );
            None
        }
    }
}

fn in_full(node: &Node, program: Option<&str>, files: Files<'_>, problems: &mut Problems) -> Option<CommandSpec> {
    let fields = Fields::read(node, "command", &["run", "shell", "folder"], problems)?;
    let folder = match fields.get("folder") {
        Some(node) => folder(node, files, problems)?,
        None => files.join(""),
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
                Diagnostic::error(&shell.key_place, "`shell` and `run` do not go together")
                    .with_help("keep one of them"),
            );
            return None;
        }
        (None, None) => {
            problems.error(
                Diagnostic::error(&node.place, "the command has neither `run` nor `shell`")
                    .with_help("write it like `command: {run: [python, train.py, \"${args}\"]}`"),
            );
            return None;
        }
    };
    Some(CommandSpec { line, folder })
}

fn folder(node: &Node, files: Files<'_>, problems: &mut Problems) -> Option<PathBuf> {
    let path = files.join(&reader::text(node, "folder", problems)?);
    if files.check != FileCheck::Skip && !path.is_dir() {
        problems.error(files.missing(node, &path, "folder"));
        return None;
    }
    Some(path)
}

fn words(list: &Node, items: &[Node], program: Option<&str>, problems: &mut Problems) -> Option<CommandLine> {
    if items.is_empty() {
        problems.error(
            Diagnostic::error(&list.place, "the command has no words")
                .with_help("write it like `command: [python, train.py, \"${args}\"]`"),
        );
        return None;
    }
    let read: Vec<Option<Word>> = items.iter().map(|item| word(item, program, problems)).collect();
    let words: Vec<Word> = read.into_iter().collect::<Option<_>>()?;
    if !matches!(words[0].meaning, Meaning::Argument(_)) {
        problems.error(
            Diagnostic::error(&items[0].place, "a command begins with its program")
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

/// A word as it was written.
struct Written<'a>(&'a str);

/// What is wrong with a word.
struct Fault {
    range: std::ops::Range<usize>,
    message: String,
    help: String,
}

impl<'a> Written<'a> {
    fn known(text: &'a str) -> Self {
        Self(text)
    }

    fn read(&self, program: Option<&str>) -> Result<Word, Fault> {
        let meaning = match self.0 {
            "${args}" => Meaning::Arguments,
            "${args_no_hyphens}" => Meaning::ArgumentsWithoutHyphens,
            "${args_json}" => Meaning::ArgumentsAsJson,
            text => Meaning::Argument(pieces(text, program)?),
        };
        // A word that names W&B's program must still mean the same where there is none.
        let source = match (&meaning, self.0.contains("${program}")) {
            (Meaning::Argument(_), true) => self.0.replace("${program}", &escaped(program.unwrap_or_default())),
            _ => self.0.to_owned(),
        };
        Ok(Word { source, meaning })
    }
}

/// The text as a word that means only itself.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        if letter == '{' || letter == '}' {
            escaped.push(letter);
        }
        escaped.push(letter);
    }
    escaped
}

fn pieces(text: &str, program: Option<&str>) -> Result<Vec<Piece>, Fault> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let at = text.len() - rest.len();
        if let Some(after) = rest.strip_prefix("{{") {
            plain.push('{');
            rest = after;
        } else if let Some(after) = rest.strip_prefix("}}") {
            plain.push('}');
            rest = after;
        } else if let Some((inside, after)) = rest.strip_prefix("${").and_then(|inside| inside.split_once('}')) {
            match macro_text(inside, program) {
                Ok(Piece::Text(text)) => plain.push_str(&text),
                Ok(piece) => {
                    flush(&mut plain, &mut pieces);
                    pieces.push(piece);
                }
                Err((message, help)) => {
                    let range = at..text.len() - after.len();
                    return Err(Fault { range, message, help });
                }
            }
            rest = after;
        } else if let Some((name, after)) = placeholder(rest) {
            flush(&mut plain, &mut pieces);
            let fact = Fact::NAMES.iter().find(|(known, _)| *known == name);
            pieces.push(fact.map_or_else(|| Piece::Parameter(name.to_owned()), |(_, fact)| Piece::Fact(*fact)));
            rest = after;
        } else {
            plain.push(letter);
            rest = &rest[letter.len_utf8()..];
        }
    }
    flush(&mut plain, &mut pieces);
    Ok(pieces)
}

fn flush(plain: &mut String, pieces: &mut Vec<Piece>) {
    if !plain.is_empty() {
        pieces.push(Piece::Text(std::mem::take(plain)));
    }
}

/// `{name}` at the beginning of a text, and what follows it. Braces around anything else, JSON for example, are letters.
fn placeholder(text: &str) -> Option<(&str, &str)> {
    let (name, after) = text.strip_prefix('{')?.split_once('}')?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    is_name.then_some((name, after))
}

/// W&B's macros that stand for a part of a word.
fn macro_text(name: &str, program: Option<&str>) -> Result<Piece, (String, String)> {
    const KNOWN: [&str; 7] = [
        "env",
        "interpreter",
        "program",
        "args",
        "args_no_hyphens",
        "args_json",
        "args_json_file",
    ];
    if let Some(variable) = name.strip_prefix("envvar:") {
        return Ok(Piece::Environment(variable.to_owned()));
    }
    Ok(match name {
        "env" => Piece::Text("/usr/bin/env".to_owned()),
        "interpreter" => Piece::Text("python".to_owned()),
        "program" => match program {
            Some(program) => Piece::Text(program.to_owned()),
            None => {
                return Err((
                    "the spec has no `program` that `${program}` could stand for".to_owned(),
                    "write the program's name in its place, or add `program: train.py`".to_owned(),
                ));
            }
        },
        "args_json_file" => Piece::Fact(Fact::ParametersFile),
        "args" | "args_no_hyphens" | "args_json" => {
            return Err((
                format!("`${{{name}}}` stands for whole arguments, so it is a word of its own"),
                format!("write `\"${{{name}}}\"` as an item of the list"),
            ));
        }
        _ => {
            let help = match did_you_mean(name, KNOWN) {
                Some(meant) => format!("did you mean `${{{meant}}}`?"),
                None => "a parameter is written `{name}`, an environment variable `${envvar:NAME}`".to_owned(),
            };
            return Err((format!("there is no `${{{name}}}`"), help));
        }
    })
}

/// Checks that parameters in the command are parameters of the space.
pub(super) fn check(command: &CommandSpec, space: &Space, spec: &Fields<'_>, problems: &mut Problems) {
    let entry = spec.entry("command").or_else(|| spec.entry("program"));
    let CommandLine::Words(words) = &command.line else {
        check_shell(command, space, entry, problems);
        return;
    };
    let names: Vec<&str> = space
        .parameters()
        .iter()
        .map(|parameter| parameter.name.as_str())
        .collect();
    let items = entry.map_or(&[][..], |entry| items(&entry.value));
    for (index, word) in words.iter().enumerate() {
        let Meaning::Argument(pieces) = &word.meaning else {
            continue;
        };
        let place = items.get(index).map_or(spec.place, |item| &item.place);
        for name in pieces.iter().filter_map(|piece| match piece {
            Piece::Parameter(name) => Some(name.as_str()),
            Piece::Text(_) | Piece::Fact(_) | Piece::Environment(_) => None,
        }) {
            if !names.contains(&name) {
                let facts = Fact::NAMES.iter().map(|(name, _)| *name);
                let known: Vec<&str> = names.iter().copied().chain(facts).collect();
                problems.error(
                    Diagnostic::error(place, format!("there is no parameter `{name}` for `{{{name}}}`"))
                        .with_meant(did_you_mean(name, known.iter().copied()), &known),
                );
            }
            let is_conditional = space
                .parameters()
                .iter()
                .any(|parameter| parameter.name == name && parameter.condition.is_some());
            if is_conditional && pieces.len() == 1 {
                problems.error(
                    Diagnostic::error(
                        place,
                        format!("`{name}` is not always active, and a word without it would be nothing"),
                    )
                    .with_help(format!(
                        "write `\"--{name}={{{name}}}\"` as one word, which is left out then, or use `${{args}}`"
                    )),
                );
            }
        }
    }
}

/// In a shell, a parameter between braces would be a text that looks as if it were one.
fn check_shell(command: &CommandSpec, space: &Space, entry: Option<&Entry>, problems: &mut Problems) {
    let (CommandLine::Shell(line), Some(entry)) = (&command.line, entry) else {
        return;
    };
    for parameter in space.parameters() {
        let name = &parameter.name;
        if line.contains(&format!("{{{name}}}")) && !line.contains(&format!("${{{name}}}")) {
            problems.error(
                Diagnostic::error(
                    &entry.value.place,
                    format!("a shell gets parameters from the environment: `{{{name}}}` stays as it is"),
                )
                .with_help(format!("write `\"${}\"`", environment_name(name))),
            );
        }
    }
}

fn items(command: &Node) -> &[Node] {
    match &command.content {
        Content::Sequence(items) => items,
        Content::Mapping(_) => command.child("run").map_or(&[], items),
        Content::Null | Content::Scalar(_) => &[],
    }
}

/// The environment variable that holds a parameter: `AUTOML_PARAM_` and the name in capitals.
pub fn environment_name(parameter: &str) -> String {
    let name = parameter.to_uppercase();
    format!(
        "AUTOML_PARAM_{}",
        name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "_")
    )
}
