//! A program's inputs: its command line with values filled in, its environment, and a file with all parameters.

use std::io;
use std::path::{Path, PathBuf};

use super::program::interpreter;
use super::python;
use crate::files;
use crate::space::{Configuration, Value};
use crate::spec::{Arguments, CommandLine, CommandSpec, Fact, Meaning, Piece, environment_name};
use crate::trials::Segment;

use super::EPOCH;

/// Everything that a program is given about its trial and segment.
#[derive(Debug)]
pub(super) struct Told<'a> {
    segment: &'a Segment,
    checkpoint: PathBuf,
    parameters_file: PathBuf,
    /// Environment variables in addition to those for facts and parameters.
    more: Vec<(&'static str, String)>,
}

impl<'a> Told<'a> {
    /// Creates the folder for the program's checkpoint and writes the file with the parameters.
    pub(super) fn prepare(segment: &'a Segment) -> io::Result<Self> {
        let folder = std::path::absolute(&segment.checkpoints)?;
        let told = Self {
            segment,
            checkpoint: folder.join("checkpoint"),
            parameters_file: folder.join("parameters.json"),
            more: Vec::new(),
        };
        std::fs::create_dir_all(&told.checkpoint)?;
        let json = serde_json::to_vec_pretty(&segment.configuration)?;
        files::replace(&told.parameters_file, &json)?;
        Ok(told)
    }

    /// The trial's own folder.
    pub(super) fn folder(&self) -> &Path {
        self.parameters_file.parent().unwrap_or(Path::new("."))
    }

    /// Adds environment variables.
    pub(super) fn tell_too(&mut self, more: Vec<(&'static str, String)>) {
        self.more.extend(more);
    }

    /// The words of a command.
    pub(super) fn words(&self, command: &CommandSpec) -> Vec<String> {
        let configuration = &self.segment.configuration;
        let CommandLine::Words(words) = &command.line else {
            let CommandLine::Shell(line) = &command.line else {
                return Vec::new();
            };
            return ["sh", "-c", line].map(str::to_owned).to_vec();
        };
        let mut arguments = Vec::new();
        for word in words {
            match &word.meaning {
                Meaning::Argument(pieces) => arguments.extend(self.argument(pieces)),
                Meaning::Arguments(style) => arguments.extend(all(configuration, *style)),
            }
        }
        arguments
    }

    /// The pieces joined together; `None` if one of them is an inactive parameter.
    fn argument(&self, pieces: &[Piece]) -> Option<String> {
        let mut argument = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => argument.push_str(text),
                Piece::Parameter(name) => argument.push_str(&self.segment.configuration.get(name)?.to_string()),
                Piece::Fact(fact) => argument.push_str(&self.fact(*fact)),
                Piece::Environment(name) => {
                    // If a variable is not set, W&B leaves its name in place.
                    let value = std::env::var_os(name);
                    argument.push_str(&value.map_or(name.into(), |value| value.to_string_lossy().into_owned()));
                }
            }
        }
        Some(argument)
    }

    fn fact(&self, fact: Fact) -> String {
        match fact {
            Fact::Epochs => self.segment.to.epochs(EPOCH).to_string(),
            Fact::FromEpoch => self.segment.from.epochs(EPOCH).to_string(),
            Fact::MaxEpochs => self.segment.max.epochs(EPOCH).to_string(),
            Fact::Trial => self.segment.trial.to_string(),
            Fact::Seed => self.segment.seed.0.to_string(),
            Fact::Checkpoint => self.checkpoint.display().to_string(),
            Fact::Interpreter => interpreter().to_owned(),
            Fact::ParametersFile => self.parameters_file.display().to_string(),
        }
    }

    /// The environment variables: `AUTOML_` plus its name for every fact, and one for every active parameter.
    pub(super) fn environment(&self) -> Vec<(String, String)> {
        let facts = Fact::NAMES.iter();
        let facts = facts.map(|(name, fact)| (format!("AUTOML_{}", name.to_uppercase()), self.fact(*fact)));
        let parameters = self.segment.configuration.iter();
        let parameters = parameters.map(|(name, value)| (environment_name(name), value.to_string()));
        let more = self
            .more
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        facts.chain(parameters).chain(more).collect()
    }
}

/// All active parameters, written as W&B's agent writes them.
fn all(configuration: &Configuration, style: Arguments) -> Vec<String> {
    let pairs = |before: &str| -> Vec<String> {
        let pairs = configuration.iter();
        pairs
            .map(|(name, value)| format!("{before}{name}={}", python::text(value)))
            .collect()
    };
    match style {
        Arguments::Flags => pairs("--"),
        Arguments::WithoutHyphens => pairs(""),
        Arguments::AppendHydra => pairs("+"),
        Arguments::OverrideHydra => pairs("++"),
        Arguments::WithoutEquals => {
            let pairs = configuration.iter();
            pairs
                .flat_map(|(name, value)| [format!("--{name}"), python::text(value)])
                .collect()
        }
        Arguments::WithoutBooleans => {
            let flag = |(name, value): (&str, &Value)| match value {
                Value::Bool(is_set) => is_set.then(|| format!("--{name}")),
                Value::Int(_) | Value::Float(_) | Value::Text(_) | Value::Data(_) => {
                    Some(format!("--{name}={}", python::text(value)))
                }
            };
            configuration.iter().filter_map(flag).collect()
        }
        Arguments::Json => vec![python::json(configuration)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::Value;
    use crate::spec::{ObjectiveSpec, from_text};
    use crate::units::{Seed, TrialId};

    fn words(command: &str) -> Vec<String> {
        let text = format!(
            "metric: accuracy\nbudget: {{trials: 1}}\nepochs: 9\nparameters:\n  lr: {{min: 1e-5, max: 1, log: true}}\n  \
             name: {{values: [a b, \"$(rm -rf /)\"]}}\n  momentum: {{min: 0, max: 1, when: \"name == 'a b'\"}}\n{command}\n"
        );
        let (spec, _) =
            from_text(&text, Path::new("/here/space.yaml"), &[]).unwrap_or_else(|errors| panic!("{errors}"));
        let ObjectiveSpec::Command(command) = spec.objective else {
            panic!("no command");
        };
        let folder = tempfile::tempdir().unwrap();
        let segment = segment(folder.path());
        let words = Told::prepare(&segment).unwrap().words(&command);
        let shown = folder.path().display().to_string();
        words.into_iter().map(|word| word.replace(&shown, "DIR")).collect()
    }

    fn segment(folder: &Path) -> Segment {
        let values = [
            ("lr", Value::Float(0.003)),
            ("name", Value::Text("$(rm -rf /)".to_owned())),
        ];
        Segment {
            trial: TrialId(4),
            configuration: values.into_iter().collect(),
            seed: Seed(11),
            ..Segment::example(folder, (1, 3, 9))
        }
    }

    #[test]
    fn values_are_filled_in_and_no_shell_sees_them() {
        assert_eq!(
            words(
                "command: [python, train.py, \"--lr={lr}\", \"{name}\", --epochs, \"{epochs}\", \"{{lr}}\", '{\"a\": 1}']"
            ),
            [
                "python",
                "train.py",
                "--lr=0.003",
                "$(rm -rf /)",
                "--epochs",
                "3",
                "{lr}",
                "{\"a\": 1}"
            ]
        );
    }

    #[test]
    fn a_word_with_an_inactive_parameter_is_left_out() {
        assert_eq!(
            words("command: [train, \"--momentum={momentum}\", --end]"),
            ["train", "--end"]
        );
    }

    #[test]
    fn the_macros_of_weights_and_biases_are_understood() {
        assert_eq!(
            words("program: train.py"),
            ["/usr/bin/env", "python", "train.py", "--lr=0.003", "--name=$(rm -rf /)"]
        );
        assert_eq!(
            words(
                "program: train.py\ncommand: [\"${interpreter}\", -u, \"${program}\", \"${args_no_hyphens}\", \"${args_json}\", \"${args_json_file}\"]"
            ),
            [
                "python",
                "-u",
                "train.py",
                "lr=0.003",
                "name=$(rm -rf /)",
                "{\"lr\": 0.003, \"name\": \"$(rm -rf /)\"}",
                "DIR/parameters.json"
            ]
        );
    }

    #[test]
    fn a_shell_gets_its_line_as_it_is() {
        assert_eq!(
            words("command: {shell: 'echo \"$AUTOML_PARAM_LR\" > {x}'}"),
            ["sh", "-c", "echo \"$AUTOML_PARAM_LR\" > {x}"]
        );
    }

    #[test]
    fn the_environment_holds_facts_and_parameters() {
        let folder = tempfile::tempdir().unwrap();
        let segment = segment(folder.path());
        let environment = Told::prepare(&segment).unwrap().environment();
        let value = |name: &str| {
            environment
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.as_str())
        };
        assert_eq!(value("AUTOML_EPOCHS"), Some("3"));
        assert_eq!(value("AUTOML_FROM_EPOCH"), Some("1"));
        assert_eq!(value("AUTOML_MAX_EPOCHS"), Some("9"));
        assert_eq!(value("AUTOML_SEED"), Some("11"));
        assert_eq!(value("AUTOML_PARAM_LR"), Some("0.003"));
        assert_eq!(value("AUTOML_PARAM_MOMENTUM"), None);
        let file = std::fs::read_to_string(value("AUTOML_PARAMETERS_FILE").unwrap()).unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&file).unwrap()["lr"], 0.003);
    }
}
