//! The messages that a program may send, their keys, and the type of each value.

use serde_json::{Map, Value as Json};

use super::space;
use crate::json;
use crate::suggestion::did_you_mean;
use crate::units::Goal;

/// A message.
#[derive(Debug, PartialEq)]
pub(super) enum Message {
    Init(Box<Init>),
    Ask,
    Tell {
        id: u64,
        step: u64,
        /// Values in the order of the goals; empty if the run has failed.
        values: Vec<f64>,
        is_final: bool,
    },
    Quit,
}

/// Content of an `init` message.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Init {
    pub(super) space: Json,
    pub(super) constraints: Option<Json>,
    pub(super) seed: u64,
    pub(super) goals: Vec<Goal>,
    pub(super) max_step: u64,
    pub(super) budget: Option<f64>,
}

/// The type of a key's value.
#[derive(Clone, Copy)]
enum Kind {
    Boolean,
    /// A nonnegative integer.
    Whole,
    Number,
    /// `minimize` or `maximize`.
    Goal,
    /// A list of goals.
    Goals,
    /// A number, or a value that marks a failed measurement.
    Measured,
    /// A list of [`Self::Measured`].
    AllMeasured,
    /// Checked elsewhere.
    Any,
}

/// The keys of each message. Any other key is an error.
const MESSAGES: [(&str, &[(&str, Kind)]); 4] = [
    (
        "init",
        &[
            ("space", Kind::Any),
            ("parameters", Kind::Any),
            ("constraints", Kind::Any),
            ("seed", Kind::Whole),
            ("minimize", Kind::Boolean),
            ("maximize", Kind::Boolean),
            ("direction", Kind::Goal),
            ("directions", Kind::Goals),
            ("objectives", Kind::Goals),
            ("max_step", Kind::Whole),
            ("budget", Kind::Number),
        ],
    ),
    ("ask", &[]),
    (
        "tell",
        &[
            ("id", Kind::Whole),
            ("step", Kind::Whole),
            ("value", Kind::Measured),
            ("values", Kind::AllMeasured),
            ("final", Kind::Boolean),
        ],
    ),
    ("quit", &[]),
];

/// Reads one line.
///
/// # Errors
/// Returns a sentence that says what is wrong with the line.
pub(super) fn read(line: &str) -> Result<Message, String> {
    let message = json::read(line).map_err(|error| format!("cannot read the message: it is not JSON ({error})"))?;
    let Json::Object(message) = message else {
        return Err(r#"cannot read the message: it must be an object such as {"op": "ask"}"#.to_owned());
    };
    let ops = MESSAGES.map(|(op, _)| op);
    let Some(op) = message.get("op").and_then(Json::as_str) else {
        return Err(format!(
            "cannot read the message: `op` must be one of {}",
            ops.join(", ")
        ));
    };
    let Some((op, keys)) = MESSAGES.iter().find(|(known, _)| *known == op) else {
        let meant = did_you_mean(op, ops);
        let instead = meant.map_or_else(
            || format!("supported: {}", ops.join(", ")),
            |meant| format!("did you mean `{meant}`?"),
        );
        return Err(format!("unknown `op`: `{op}`; {instead}"));
    };
    check(&message, keys, op)?;
    if *op == "tell" && message.contains_key("value") && message.contains_key("values") {
        return Err("`tell` has both `value` and `values`: keep one".to_owned());
    }
    let fields = Fields(&message);
    Ok(match *op {
        "init" => Message::Init(Box::new(init(&fields)?)),
        "tell" => Message::Tell {
            id: fields.required(op, "id")?,
            step: fields.required(op, "step")?,
            values: fields.values(),
            is_final: fields.boolean("final").unwrap_or(false),
        },
        "ask" => Message::Ask,
        _ => Message::Quit,
    })
}

fn init(fields: &Fields<'_>) -> Result<Init, String> {
    let space = match (fields.get("space"), fields.get("parameters")) {
        (Some(_), Some(_)) => return Err("`space` and `parameters` are two names of one key: keep one".to_owned()),
        (Some(space), None) | (None, Some(space)) => space,
        (None, None) => return Err("`init` needs `space`: the parameters to search".to_owned()),
    };
    for parameter in space.as_array().into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap_or_default();
        check_names(parameter, space::PARAMETER_KEYS, &format!("the parameter `{name}`"))?;
        let condition = format!("`when` of the parameter `{name}`");
        check_names(&parameter["when"], space::CONDITION_KEYS, &condition)?;
    }
    let max_step = fields.whole("max_step").unwrap_or(1);
    if max_step == 0 {
        return Err("`max_step` must be at least 1".to_owned());
    }
    let budget = fields.get("budget").and_then(Json::as_f64);
    if budget.is_some_and(|budget| !budget.is_finite() || budget < 0.0) {
        return Err("`budget` must be a number of complete trials, at least 0".to_owned());
    }
    Ok(Init {
        space: space.clone(),
        constraints: fields.get("constraints").cloned(),
        seed: fields.whole("seed").unwrap_or(0),
        goals: goals(fields)?,
        max_step,
        budget,
    })
}

/// The goals of the search: one goal in any of its spellings, or a list of goals.
fn goals(fields: &Fields<'_>) -> Result<Vec<Goal>, String> {
    let of = |is_minimized| if is_minimized { Goal::Minimize } else { Goal::Maximize };
    let said = [
        fields.boolean("minimize").map(of),
        fields.boolean("maximize").map(|is_maximized| of(!is_maximized)),
        fields.get("direction").and_then(goal),
    ];
    let mut said = said.into_iter().flatten();
    let single = said.next();
    if said.any(|goal| Some(goal) != single) {
        return Err("`minimize`, `maximize` and `direction` contradict each other".to_owned());
    }
    let listed = match (fields.get("objectives"), fields.get("directions")) {
        (Some(_), Some(_)) => return Err("`objectives` and `directions` are two names of one key: keep one".to_owned()),
        (listed, other) => listed.or(other),
    };
    match (listed, single) {
        (Some(_), Some(_)) => {
            Err("`objectives` has all goals: leave `minimize`, `maximize` and `direction` out".to_owned())
        }
        (Some(list), None) => {
            let goals: Vec<Goal> = list.as_array().into_iter().flatten().filter_map(goal).collect();
            if goals.is_empty() {
                return Err("`objectives` is empty: name at least one goal, `minimize` or `maximize`".to_owned());
            }
            Ok(goals)
        }
        (None, single) => Ok(vec![single.unwrap_or(Goal::Minimize)]),
    }
}

fn goal(word: &Json) -> Option<Goal> {
    match word.as_str()? {
        "minimize" => Some(Goal::Minimize),
        "maximize" => Some(Goal::Maximize),
        _ => None,
    }
}

/// The keys of a message, with values of the right types.
struct Fields<'a>(&'a Map<String, Json>);

impl<'a> Fields<'a> {
    /// The value of a key. `null` counts as missing.
    fn get(&self, key: &str) -> Option<&'a Json> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    fn boolean(&self, key: &str) -> Option<bool> {
        self.get(key)?.as_bool()
    }

    fn whole(&self, key: &str) -> Option<u64> {
        whole(self.get(key)?)
    }

    fn required(&self, op: &str, key: &str) -> Result<u64, String> {
        self.whole(key).ok_or_else(|| format!("`{op}` needs `{key}`"))
    }

    /// The values of a run. If one of several is not a number, the run has failed and the list is empty.
    fn values(&self) -> Vec<f64> {
        match self.get("values").and_then(Json::as_array) {
            Some(values) => values
                .iter()
                .map(Json::as_f64)
                .collect::<Option<_>>()
                .unwrap_or_default(),
            None => self.get("value").and_then(Json::as_f64).into_iter().collect(),
        }
    }
}

fn check(message: &Map<String, Json>, keys: &[(&str, Kind)], op: &str) -> Result<(), String> {
    for (name, value) in message.iter().filter(|(name, _)| *name != "op") {
        let Some((_, kind)) = keys.iter().find(|(known, _)| known == name) else {
            let known: Vec<&str> = keys.iter().map(|(known, _)| *known).collect();
            return Err(unknown(name, &known, &format!("`{op}`")));
        };
        if !value.is_null() && !kind.takes(value) {
            let expected = kind.expected();
            return Err(format!("`{name}` of `{op}` must be {expected}, not `{value}`"));
        }
    }
    Ok(())
}

fn check_names(object: &Json, known: &[&str], owner: &str) -> Result<(), String> {
    let mut names = object.as_object().into_iter().flatten().map(|(name, _)| name);
    match names.find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(unknown(name, known, owner)),
        None => Ok(()),
    }
}

fn unknown(name: &str, known: &[&str], owner: &str) -> String {
    let instead = match did_you_mean(name, known.iter().copied()) {
        Some(meant) => format!(": did you mean `{meant}`?"),
        None if known.is_empty() => "; it takes none".to_owned(),
        None => format!("; supported: `{}`", known.join("`, `")),
    };
    format!("unknown key `{name}` in {owner}{instead}")
}

fn whole(value: &Json) -> Option<u64> {
    // Many languages write every number as a float, such as 3.0.
    let rounded = |number: f64| (number.fract() == 0.0 && (0.0..9e15).contains(&number)).then_some(number as u64);
    value.as_u64().or_else(|| value.as_f64().and_then(rounded))
}

impl Kind {
    fn takes(self, value: &Json) -> bool {
        let is_measured = |value: &Json| {
            let is_word = |word: &str| json::is_no_number(word.trim());
            value.is_null() || value.is_number() || value.as_str().is_some_and(is_word)
        };
        match self {
            Self::Boolean => value.is_boolean(),
            Self::Whole => whole(value).is_some(),
            Self::Number => value.is_number(),
            Self::Goal => goal(value).is_some(),
            Self::Goals => value
                .as_array()
                .is_some_and(|list| list.iter().all(|word| goal(word).is_some())),
            Self::Measured => is_measured(value),
            Self::AllMeasured => value.as_array().is_some_and(|list| list.iter().all(is_measured)),
            Self::Any => true,
        }
    }

    fn expected(self) -> &'static str {
        match self {
            Self::Boolean => "true or false",
            Self::Whole => "a whole number, at least 0",
            Self::Number | Self::Measured => "a number",
            Self::Goal => "`minimize` or `maximize`",
            Self::Goals => "a list of `minimize` and `maximize`",
            Self::AllMeasured => "a list of numbers",
            Self::Any => "something else",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_may_be_said_as_other_programs_say_it() {
        for (said, larger_is_better) in [
            ("", false),
            (r#""maximize":true,"#, true),
            (r#""minimize":false,"#, true),
            (r#""direction":"maximize","#, true),
            (r#""directions":["maximize"],"#, true),
            (r#""maximize":false,"direction":"minimize","#, false),
        ] {
            let line = format!(r#"{{"op":"init",{said}"space":[]}}"#);
            let Ok(Message::Init(init)) = read(&line) else {
                panic!("{line}");
            };
            let expected = if larger_is_better {
                Goal::Maximize
            } else {
                Goal::Minimize
            };
            assert_eq!(init.goals, [expected], "{line}");
        }
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_said_in_plain_words() {
        let lines = [
            "[1]",
            r#"{"id":1}"#,
            r#"{"op":"aks"}"#,
            r#"{"op":"ask","id":1}"#,
            r#"{"op":"tell","id":"x","step":1,"value":1}"#,
            r#"{"op":"tell","id":1.5,"step":1,"value":1}"#,
            r#"{"op":"tell","step":1,"value":1}"#,
            r#"{"op":"tell","id":1,"step":-1,"value":1}"#,
            r#"{"op":"tell","id":1,"step":1,"value":"good"}"#,
            r#"{"op":"tell","id":1,"step":1,"vallue":1}"#,
            r#"{"op":"init"}"#,
            r#"{"op":"init","space":[],"direction":"up"}"#,
            r#"{"op":"init","space":[],"objectives":[]}"#,
            r#"{"op":"init","space":[],"minimize":true,"maximize":true}"#,
            r#"{"op":"init","space":[],"budget":-1}"#,
            r#"{"op":"init","space":[{"name":"x","tpye":"int"}]}"#,
        ];
        let errors = lines.map(|line| read(line).unwrap_err()).join("\n");
        insta::assert_snapshot!(errors, @r#"
        cannot read the message: it must be an object such as {"op": "ask"}
        cannot read the message: `op` must be one of init, ask, tell, quit
        unknown `op`: `aks`; did you mean `ask`?
        unknown key `id` in `ask`; it takes none
        `id` of `tell` must be a whole number, at least 0, not `"x"`
        `id` of `tell` must be a whole number, at least 0, not `1.5`
        `tell` needs `id`
        `step` of `tell` must be a whole number, at least 0, not `-1`
        `value` of `tell` must be a number, not `"good"`
        unknown key `vallue` in `tell`: did you mean `value`?
        `init` needs `space`: the parameters to search
        `direction` of `init` must be `minimize` or `maximize`, not `"up"`
        `objectives` is empty: name at least one goal, `minimize` or `maximize`
        `minimize`, `maximize` and `direction` contradict each other
        `budget` must be a number of complete trials, at least 0
        unknown key `tpye` in the parameter `x`: did you mean `type`?
        "#);
    }

    #[test]
    fn what_says_that_there_is_no_number_is_a_failed_run_in_any_spelling() {
        for value in [
            "null",
            "NaN",
            "-Infinity",
            "nan",
            "1e999",
            "\"NaN\"",
            "\"-inf\"",
            "\"Infinity\"",
        ] {
            let line = format!(r#"{{"op":"tell","id":0,"step":1,"value":{value}}}"#);
            let Ok(Message::Tell { values, .. }) = read(&line) else {
                panic!("{line}");
            };
            assert!(values.is_empty(), "{line}");
        }
    }
}
