//! The placeholders in a command: parameters of the space, or facts about the trial.

use std::collections::BTreeMap;

use super::words::is_plain_name;
use super::{CommandLine, CommandSpec, Fact, Meaning, Piece, Word};
use crate::space::Space;
use crate::spec::diagnostics::Diagnostic;
use crate::spec::raw::{Content, Entry, Location, Node};
use crate::spec::reader::{Fields, Problems};
use crate::suggestion::did_you_mean;

/// Resolves the names in a command.
pub(in crate::spec) fn check(command: &mut CommandSpec, space: &Space, spec: &Fields<'_>, problems: &mut Problems) {
    let entry = spec.entry("command").or_else(|| spec.entry("program"));
    check_variables(space, spec, problems);
    match &mut command.line {
        CommandLine::Words(words) => {
            let items = entry.map_or(&[][..], |entry| items(&entry.value));
            for (index, word) in words.iter_mut().enumerate() {
                let location = items.get(index).map_or(spec.location, |item| &item.location);
                resolve(word, space, location, problems);
            }
        }
        CommandLine::Shell(line) => check_shell(line, space, entry, problems),
    }
}

/// Resolves the names in a word. A parameter takes precedence over a fact: `{epochs}` is the parameter if there is one.
fn resolve(word: &mut Word, space: &Space, location: &Location, problems: &mut Problems) {
    let Meaning::Argument(pieces) = &mut word.meaning else {
        return;
    };
    let is_alone = pieces.len() == 1;
    for piece in pieces {
        let Piece::Parameter(name) = piece else { continue };
        let parameter = space.parameter(name);
        match (parameter, Fact::named(name)) {
            (Some(parameter), _) if parameter.condition.is_some() && is_alone => {
                problems.error(
                    Diagnostic::error(
                        location,
                        format!("`{name}` is not always active, and without its value the word would be empty"),
                    )
                    .with_help(format!(
                        "write `\"--{name}={{{name}}}\"` as one word, which is left out then, or use `${{args}}`"
                    )),
                );
            }
            (Some(_), _) => {}
            (None, Some(fact)) => *piece = Piece::Fact(fact),
            (None, None) if !is_plain_name(name) && misspelt(name, space).is_none() => {
                *piece = Piece::Text(format!("{{{name}}}"));
            }
            (None, None) => {
                let names = space.parameters().iter().map(|parameter| parameter.name.as_str());
                let known: Vec<&str> = names.chain(Fact::NAMES.iter().map(|(name, _)| *name)).collect();
                problems.error(
                    Diagnostic::error(location, format!("there is no parameter `{name}` for `{{{name}}}`"))
                        .with_meant(did_you_mean(name, known.iter().copied()), &known),
                );
            }
        }
    }
}

/// The parameter that a text in braces probably means: similar spelling, spaces around it, or a Python format after it.
fn misspelt<'a>(text: &str, space: &'a Space) -> Option<&'a str> {
    let names = || space.parameters().iter().map(|parameter| parameter.name.as_str());
    let bare = text.split(':').next().unwrap_or_default().trim();
    let is_json = text.contains(['"', '\'']);
    let same = names().find(|name| *name == bare);
    same.or_else(|| did_you_mean(text.trim(), names())).filter(|_| !is_json)
}

/// Reports parameters that would share an environment variable.
fn check_variables(space: &Space, spec: &Fields<'_>, problems: &mut Problems) {
    let parameters = spec.entry("parameters");
    let mut known: BTreeMap<String, &str> = BTreeMap::new();
    for parameter in space.parameters() {
        let name = parameter.name.as_str();
        let variable = environment_name(name);
        if let Some(other) = known.insert(variable.clone(), name) {
            let node = parameters.and_then(|entry| entry.value.child(name));
            problems.error(
                Diagnostic::error(
                    node.map_or(spec.location, |node| &node.location),
                    format!("`{other}` and `{name}` would both be the environment variable `{variable}`"),
                )
                .with_help("give one of them another name"),
            );
        }
    }
}

/// Reports parameters between braces in a shell line: the shell would see them as literal text.
fn check_shell(line: &str, space: &Space, entry: Option<&Entry>, problems: &mut Problems) {
    let Some(entry) = entry else { return };
    for parameter in space.parameters() {
        let name = &parameter.name;
        if line.contains(&format!("{{{name}}}")) && !line.contains(&format!("${{{name}}}")) {
            problems.error(
                Diagnostic::error(
                    &entry.value.location,
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

/// The environment variable of a parameter: `AUTOML_PARAM_` and the name in capitals.
pub fn environment_name(parameter: &str) -> String {
    let name = parameter.to_uppercase();
    format!(
        "AUTOML_PARAM_{}",
        name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "_")
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::spec::{ObjectiveSpec, from_text};

    #[test]
    fn a_parameter_goes_before_a_fact_of_the_same_name() {
        let text = "metric: loss\nbudget: {trials: 1}\nparameters: {epochs: {values: [5, 50]}}\n\
                    command: [train, \"{epochs}\", \"{max_epochs}\", \"${args_json_file}\"]\n";
        let (spec, _) = from_text(text, Path::new("space.yaml"), &[]).unwrap_or_else(|errors| panic!("{errors}"));
        let ObjectiveSpec::Command(CommandSpec {
            line: CommandLine::Words(words),
            ..
        }) = spec.objective
        else {
            panic!("no words");
        };
        let meant: Vec<&Meaning> = words[1..].iter().map(|word| &word.meaning).collect();
        let only = |piece| Meaning::Argument(vec![piece]);
        assert_eq!(
            meant,
            [
                &only(Piece::Parameter("epochs".to_owned())),
                &only(Piece::Fact(Fact::MaxEpochs)),
                &only(Piece::Fact(Fact::ParametersFile))
            ]
        );
    }

    #[test]
    fn braces_hold_any_name_of_the_space_and_else_are_letters() {
        let text = "metric: loss\nbudget: {trials: 1}\nparameters: {learning rate: {values: [5, 50]}, größe: {values: [1, 2]}}\n\
                    command: [train, \"{learning rate}{größe}\", '{\"a\": 1}', '{\"a\": {learning rate}}', \"{{learning rate}}\", '{\"a\": {\"b\": {\"c\": 1}}}']\n";
        let (spec, _) = from_text(text, Path::new("space.yaml"), &[]).unwrap_or_else(|errors| panic!("{errors}"));
        let ObjectiveSpec::Command(CommandSpec {
            line: CommandLine::Words(words),
            ..
        }) = spec.objective
        else {
            panic!("no words");
        };
        let parameter = |name: &str| Piece::Parameter(name.to_owned());
        let plain = |text: &str| Piece::Text(text.to_owned());
        let meant = [
            vec![parameter("learning rate"), parameter("größe")],
            vec![plain("{\"a\": 1}")],
            vec![plain("{\"a\": "), parameter("learning rate"), plain("}")],
            vec![plain("{learning rate}")],
            vec![plain("{\"a\": "), plain("{\"b\": "), plain("{\"c\": 1}"), plain("}}")],
        ];
        let meant = meant.map(Meaning::Argument);
        let joined = |meaning: &Meaning| match meaning {
            Meaning::Argument(pieces) => {
                let pieces = pieces.iter().map(|piece| match piece {
                    Piece::Text(text) => text.clone(),
                    other => format!("<{other:?}>"),
                });
                pieces.collect::<String>()
            }
            Meaning::Arguments(_) => String::new(),
        };
        let words = words[1..].iter().map(|word| joined(&word.meaning));
        assert_eq!(words.collect::<Vec<_>>(), meant.each_ref().map(joined));
        for wrong in ["{lerning rate}", "{ größe }", "{größe:.3f}"] {
            let text = text.replace("{{learning rate}}", wrong);
            let errors = from_text(&text, Path::new("space.yaml"), &[]).unwrap_err();
            assert!(
                errors.to_string().contains("there is no parameter"),
                "{wrong}: {errors}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn a_literal_word_means_itself(word in "[{}ab\": ]{0,12}") {
            let text = format!(
                "metric: loss\nbudget: {{trials: 1}}\nparameters: {{a: {{values: [1, 2]}}}}\ncommand: [train, {}]\n",
                serde_json::to_string(&crate::spec::literal_word(&word)).unwrap()
            );
            let (spec, _) = from_text(&text, Path::new("space.yaml"), &[]).unwrap_or_else(|errors| panic!("{errors}"));
            let ObjectiveSpec::Command(CommandSpec { line: CommandLine::Words(words), .. }) = spec.objective else {
                panic!("no words");
            };
            let Meaning::Argument(pieces) = &words[1].meaning else { panic!("{words:?}") };
            let plain = pieces.iter().map(|piece| match piece {
                Piece::Text(text) => text.as_str(),
                _ => "?",
            });
            proptest::prop_assert_eq!(plain.collect::<String>(), word);
        }
    }
}
