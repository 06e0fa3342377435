//! Ask and tell as lines of JSON: one object in, one object out.
//!
//! | in | out |
//! |---|---|
//! | `{"op":"init","space":[…],"seed":0,"minimize":true,"max_step":51,"budget":100}` | `{"ok":true}` |
//! | `{"op":"ask"}` | `{"id":7,"params":{"lr":0.01},"to_step":3}` |
//! | `{"op":"tell","id":7,"step":1,"value":0.71,"final":false}` | `{"stop":false}` |
//! | `{"op":"quit"}` | `{"ok":true}` |
//!
//! With `"objectives":["minimize","maximize"]` (or `directions`) instead of `minimize` in `init`, every `tell` has `"values":[0.71,12.0]`
//! instead of `value`, and the search is for all trade-offs. `"maximize":true` and `"direction":"maximize"` are understood too.
//!
//! `space` is a list as above, or an object in the syntax of a spec's `parameters`, beside which `constraints` may stand.
//!
//! A value that is not finite, in any spelling (`null`, `NaN`, `-inf`, `1e400`), says that the run has failed.
//!
//! Whatever cannot be done is answered with `{"error":"…"}`, and nothing has changed then.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{AskTell, Options, space};
use crate::space::Configuration;
use crate::spec::SearcherSpec;
use crate::suggestion::did_you_mean;
use crate::trials::Parent;
use crate::units::{Goal, Seed, TrialId};

/// One conversation.
pub struct Session {
    defaults: Options,
    search: Option<AskTell>,
}

/// The keys of each message: any other is an error.
const KEYS: [(&str, &[&str]); 4] = [
    (
        "init",
        &[
            "op",
            "space",
            "parameters",
            "constraints",
            "seed",
            "minimize",
            "maximize",
            "direction",
            "directions",
            "objectives",
            "max_step",
            "budget",
        ],
    ),
    ("ask", &["op"]),
    ("tell", &["op", "id", "step", "value", "values", "final"]),
    ("quit", &["op"]),
];

#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
enum Request {
    Init(Box<Init>),
    Ask {},
    Tell {
        id: u64,
        step: u64,
        value: Option<f64>,
        values: Option<Vec<Option<f64>>>,
        #[serde(default, rename = "final")]
        is_final: bool,
    },
    Quit {},
}

#[derive(Deserialize)]
struct Init {
    #[serde(alias = "parameters")]
    space: Json,
    #[serde(default)]
    constraints: Option<Json>,
    #[serde(default)]
    seed: u64,
    minimize: Option<bool>,
    maximize: Option<bool>,
    direction: Option<Goal>,
    #[serde(alias = "directions")]
    objectives: Option<Vec<Goal>>,
    #[serde(default = "one")]
    max_step: u64,
    budget: Option<f64>,
}

fn one() -> u64 {
    1
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Ok(bool),
    Stop(bool),
    Error(String),
}

#[derive(Serialize)]
struct AskAnswer {
    id: u32,
    params: Configuration,
    to_step: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<Parent>,
}

impl Session {
    /// A conversation that has not begun; `defaults` holds what the first message leaves open.
    pub fn new(defaults: Options) -> Self {
        Self { defaults, search: None }
    }

    /// The answer to one line, without a line break, and whether the conversation is over.
    pub fn answer(&mut self, line: &str) -> (String, bool) {
        let request = match read(line) {
            Ok(request) => request,
            Err(error) => return (json(&Answer::Error(error)), false),
        };
        let is_over = matches!(request, Request::Quit {});
        (
            self.reply(request).unwrap_or_else(|error| json(&Answer::Error(error))),
            is_over,
        )
    }

    fn reply(&mut self, request: Request) -> Result<String, String> {
        match request {
            Request::Init(init) => {
                self.search = Some(self.begin(*init)?);
                Ok(json(&Answer::Ok(true)))
            }
            Request::Ask {} => {
                let asked = self.search()?.ask().map_err(|error| error.to_string())?;
                Ok(json(&AskAnswer {
                    id: asked.id.0,
                    params: asked.configuration,
                    to_step: asked.to_step,
                    parent: asked.parent,
                }))
            }
            Request::Tell {
                id,
                step,
                value,
                values,
                is_final,
            } => {
                let id = u32::try_from(id).map_err(|_| format!("there is no trial {id}"))?;
                // Of several numbers one that is none is enough: the run has failed.
                let values = values.map_or_else(
                    || value.into_iter().collect(),
                    |values| values.into_iter().collect::<Option<Vec<f64>>>().unwrap_or_default(),
                );
                let stop = self.search()?.tell_all(TrialId(id), step, &values, is_final);
                stop.map(|stop| json(&Answer::Stop(stop)))
                    .map_err(|error| error.to_string())
            }
            Request::Quit {} => Ok(json(&Answer::Ok(true))),
        }
    }

    fn search(&mut self) -> Result<&mut AskTell, String> {
        self.search
            .as_mut()
            .ok_or_else(|| "nothing was begun: send `init` first".to_owned())
    }

    fn begin(&self, init: Init) -> Result<AskTell, String> {
        if init.max_step == 0 {
            return Err("`max_step` must be at least 1".to_owned());
        }
        if init.budget.is_some_and(|budget| !budget.is_finite() || budget < 0.0) {
            return Err("`budget` must be a number of complete trials".to_owned());
        }
        let goals = goals(&init)?;
        let Some((&goal, others)) = goals.split_first() else {
            return Err("`objectives` is empty: name at least one goal, `minimize` or `maximize`".to_owned());
        };
        let options = Options {
            seed: Seed(init.seed),
            goal,
            others: others.to_vec(),
            max_step: init.max_step,
            budget: init.budget.map(|runs| runs.ceil() as u64),
            ..self.defaults.clone()
        };
        if options.searcher == SearcherSpec::FreezeThaw && !options.others.is_empty() {
            return Err("`freeze_thaw` models one value only: name one goal, or use another method".to_owned());
        }
        let space = space::read(init.space, init.constraints)?;
        let mut parameters = space.parameters().iter();
        if options.searcher == SearcherSpec::Grid
            && let Some(endless) = parameters.find(|parameter| parameter.domain.cardinality().is_none())
        {
            let name = &endless.name;
            return Err(format!(
                "a grid needs finitely many values: make `{name}` an `int` or a `categorical`"
            ));
        }
        Ok(AskTell::new(space, &options))
    }
}

/// Reads a message, and names a key in it that means nothing.
fn read(line: &str) -> Result<Request, String> {
    let message = crate::json::read(line).map_err(|error| format!("cannot read the message: {error}"))?;
    let op = message["op"].as_str().unwrap_or_default();
    if let Some((_, keys)) = KEYS.iter().find(|(name, _)| *name == op) {
        check_keys(&message, keys, op)?;
    }
    let listed = ["space", "parameters"].map(|key| message[key].as_array());
    for parameter in listed.into_iter().flatten().flatten() {
        let name = parameter["name"].as_str().unwrap_or_default();
        check_keys(parameter, space::PARAMETER_KEYS, &format!("the parameter `{name}`"))?;
        check_keys(
            &parameter["when"],
            space::CONDITION_KEYS,
            &format!("`when` of the parameter `{name}`"),
        )?;
    }
    Request::deserialize(message).map_err(|error| format!("cannot read the message: {error}"))
}

fn check_keys(message: &serde_json::Value, known: &[&str], place: &str) -> Result<(), String> {
    let keys = message.as_object().into_iter().flatten().map(|(key, _)| key);
    let unknown = keys.into_iter().find(|key| !known.contains(&key.as_str()));
    let Some(key) = unknown else { return Ok(()) };
    let suggestion = did_you_mean(key, known.iter().copied());
    let instead = suggestion.map_or_else(
        || format!("; there are `{}`", known.join("`, `")),
        |known| format!(": did you mean `{known}`?"),
    );
    Err(format!("there is no `{key}` in {place}{instead}"))
}

/// What is optimised: one goal in any of its spellings, or a list of goals.
fn goals(init: &Init) -> Result<Vec<Goal>, String> {
    let of = |is_minimized| if is_minimized { Goal::Minimize } else { Goal::Maximize };
    let said = [
        init.minimize.map(of),
        init.maximize.map(|is_maximized| of(!is_maximized)),
        init.direction,
    ];
    let mut said = said.into_iter().flatten();
    let single = said.next();
    if said.any(|goal| Some(goal) != single) {
        return Err("`minimize`, `maximize` and `direction` contradict each other".to_owned());
    }
    match (&init.objectives, single) {
        (Some(_), Some(_)) => {
            Err("`objectives` has all goals: leave `minimize`, `maximize` and `direction` out".to_owned())
        }
        (Some(goals), None) => Ok(goals.clone()),
        (None, single) => Ok(vec![single.unwrap_or(Goal::Minimize)]),
    }
}

/// Our own messages always serialise.
fn json(message: &impl Serialize) -> String {
    serde_json::to_string(message).unwrap_or_else(|error| format!(r#"{{"error":"{error}"}}"#))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INIT: &str = r#"{"op":"init","seed":3,"minimize":true,"max_step":1,"budget":100,"space":[
        {"name":"opt","type":"categorical","choices":["sgd","adam"]},
        {"name":"lr","type":"float","low":0.001,"high":1.0,"log":true},
        {"name":"momentum","type":"float","low":0.0,"high":1.0,"log":false,"when":{"param":"opt","in":["sgd"]}},
        {"name":"units","type":"int","low":8,"high":512,"log":true}]}"#;

    fn session() -> Session {
        Session::new(Options::default())
    }

    #[test]
    fn a_conversation() {
        let mut session = session();
        assert_eq!(session.answer(&INIT.replace('\n', "")).0, r#"{"ok":true}"#);
        for number in 0..20 {
            let (line, _) = session.answer(r#"{"op":"ask"}"#);
            let asked: serde_json::Value = serde_json::from_str(&line).unwrap();
            assert_eq!(asked["id"], number);
            let params = asked["params"].as_object().unwrap();
            assert_eq!(params.contains_key("momentum"), params["opt"] == "sgd", "{line}");
            let tell = format!(r#"{{"op":"tell","id":{number},"step":1,"value":0.5,"final":true}}"#);
            assert_eq!(session.answer(&tell).0, r#"{"stop":true}"#);
        }
        assert_eq!(session.answer(r#"{"op":"quit"}"#), (r#"{"ok":true}"#.to_owned(), true));
    }

    #[test]
    fn a_conversation_about_two_values() {
        let mut session = session();
        let init = INIT
            .replace('\n', "")
            .replace(r#""minimize":true"#, r#""objectives":["minimize","maximize"]"#);
        assert_eq!(session.answer(&init).0, r#"{"ok":true}"#);
        for number in 0..15 {
            assert!(session.answer(r#"{"op":"ask"}"#).0.contains("params"));
            let tell = |values: &str| format!(r#"{{"op":"tell","id":{number},"step":1,{values},"final":true}}"#);
            assert!(
                session
                    .answer(&tell(r#""value":0.5"#))
                    .0
                    .contains("1 values, the search is for 2")
            );
            assert_eq!(session.answer(&tell(r#""values":[0.5,1.5]"#)).0, r#"{"stop":true}"#);
        }
    }

    #[test]
    fn a_grid_needs_finitely_many_values() {
        let mut session = Session::new(Options {
            searcher: SearcherSpec::Grid,
            ..Options::default()
        });
        assert!(session.answer(&INIT.replace('\n', "")).0.contains("make `lr` an `int`"));
        let finite = r#"{"op":"init","space":[{"name":"x","type":"int","low":0,"high":3}]}"#;
        assert_eq!(session.answer(finite).0, r#"{"ok":true}"#);
        for number in 0..4 {
            let expected = format!(r#"{{"id":{number},"params":{{"x":{number}}},"to_step":1}}"#);
            assert_eq!(session.answer(r#"{"op":"ask"}"#).0, expected);
            let tell = format!(r#"{{"op":"tell","id":{number},"step":1,"value":0.5,"final":true}}"#);
            assert_eq!(session.answer(&tell).0, r#"{"stop":true}"#);
        }
        assert!(session.answer(r#"{"op":"ask"}"#).0.contains("every configuration"));
    }

    #[test]
    fn freeze_thaw_is_for_one_value() {
        let mut session = Session::new(Options {
            searcher: SearcherSpec::FreezeThaw,
            ..Options::default()
        });
        let init = INIT.replace('\n', "");
        let several = init.replace(r#""minimize":true"#, r#""objectives":["minimize","maximize"]"#);
        assert!(session.answer(&several).0.contains("models one value only"));
        assert_eq!(session.answer(&init).0, r#"{"ok":true}"#);
    }

    #[test]
    fn what_cannot_be_done_is_an_error_line_and_the_conversation_goes_on() {
        let mut session = session();
        let init = |space: &str| format!(r#"{{"op":"init","space":{space}}}"#);
        let lines = [
            String::new(),
            "nonsense".to_owned(),
            r#"{"op":"sing"}"#.to_owned(),
            r#"{"op":"ask"}"#.to_owned(),
            r#"{"op":"tell","id":1,"step":1,"value":1.0,"final":true}"#.to_owned(),
            init(r#"[{"name":"x","type":"float","low":1,"high":0}]"#),
            init(r#"[],"objectives":[]"#),
            init(r#"[{"name":"x","type":"float","low":0,"high":1,"log":true}]"#),
            init(r#"[{"name":"x","type":"int","low":0.5,"high":1}]"#),
            init(r#"[{"name":"x","type":"categorical","choices":[]}]"#),
            init(r#"[{"name":"x","type":"categorical","choices":["a","a"]}]"#),
            init(r#"[{"name":"x","type":"float","low":0,"high":1,"stepp":0.1}]"#),
            init(r#"[{"name":"x","type":"float","low":0,"high":1,"step":0}]"#),
            init(r#"[],"goal":"maximize""#),
            init(r#"[],"minimize":true,"direction":"maximize""#),
            r#"{"op":"ask","count":3}"#.to_owned(),
            init(r#"[{"name":"x","type":"float","low":0,"high":1,"when":{"param":"y","in":[1]}}]"#),
            init(r#"[{"name":"x","type":"float","low":0,"high":1},{"name":"x","type":"int","low":0,"high":1}]"#),
        ];
        let answers: Vec<String> = lines.iter().map(|line| session.answer(line).0).collect();
        assert!(
            answers.iter().all(|answer| answer.starts_with(r#"{"error":"#)),
            "{answers:#?}"
        );
        assert_eq!(session.answer(&INIT.replace('\n', "")).0, r#"{"ok":true}"#);
        assert!(session.answer(r#"{"op":"tell","id":-1,"step":1}"#).0.contains("error"));
        assert!(session.answer(r#"{"op":"ask"}"#).0.contains("params"));
    }

    #[test]
    fn an_unknown_key_is_named_with_the_one_that_was_meant() {
        let init = r#"{"op":"init","space":[{"name":"x","type":"float","low":0,"high":1,"stepp":0.1}]}"#;
        let answer = session().answer(init).0;
        assert_eq!(
            answer,
            r#"{"error":"there is no `stepp` in the parameter `x`: did you mean `step`?"}"#
        );
    }

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
            let Ok(Request::Init(init)) = read(&line) else {
                panic!("{line}");
            };
            let expected = if larger_is_better {
                Goal::Maximize
            } else {
                Goal::Minimize
            };
            assert_eq!(goals(&init), Ok(vec![expected]), "{line}");
        }
    }

    #[test]
    fn a_value_that_is_no_number_is_a_failed_run() {
        for value in ["null", "NaN", "-Infinity", "nan", "1e999"] {
            let mut session = session();
            session.answer(&INIT.replace('\n', ""));
            session.answer(r#"{"op":"ask"}"#);
            let tell = format!(r#"{{"op":"tell","id":0,"step":1,"value":{value},"final":true}}"#);
            assert_eq!(session.answer(&tell).0, r#"{"stop":true}"#, "{value}");
        }
    }

    #[test]
    fn a_space_may_be_written_as_in_a_spec() {
        let mut session = session();
        let init = r#"{"op":"init","space":{"lr":{"min":1e-5,"max":0.1,"log":true},"opt":{"values":["sgd","adam"]},"momentum":{"min":0.0,"max":0.9,"when":"opt == 'sgd'"}},"constraints":["lr < 0.01"]}"#;
        assert_eq!(session.answer(init).0, r#"{"ok":true}"#);
        for _ in 0..20 {
            let asked: Json = serde_json::from_str(&session.answer(r#"{"op":"ask"}"#).0).unwrap();
            let params = &asked["params"];
            assert!(params["lr"].as_f64().unwrap() < 0.01, "{asked}");
            assert_eq!(params["opt"] == "sgd", params["momentum"].is_number(), "{asked}");
        }
        let wrong = r#"{"op":"init","parameters":{"lr":{"min":1,"max":0.1,"logg":true}}}"#;
        let answer = session.answer(wrong).0;
        assert!(
            answer.starts_with(r#"{"error":"#) && answer.contains("logg"),
            "{answer}"
        );
        let mixed = r#"{"op":"init","space":[{"name":"x","type":"float","low":0,"high":1}],"constraints":["x < 1"]}"#;
        assert!(session.answer(mixed).0.contains("syntax of specs"));
    }

    #[test]
    fn a_step_makes_a_grid_of_a_range() {
        let mut session = session();
        let init = r#"{"op":"init","space":[{"name":"x","type":"float","low":0,"high":1,"step":0.25},{"name":"n","type":"int","low":1,"high":9,"step":4}]}"#;
        assert_eq!(session.answer(init).0, r#"{"ok":true}"#);
        for _ in 0..10 {
            let asked: serde_json::Value = serde_json::from_str(&session.answer(r#"{"op":"ask"}"#).0).unwrap();
            assert_eq!((asked["params"]["x"].as_f64().unwrap() * 4.0).fract(), 0.0);
            assert!([1, 5, 9].contains(&asked["params"]["n"].as_i64().unwrap()));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_answered_with_one_line(lines in proptest::collection::vec(
            proptest::prop_oneof![
                "[\\PC]{0,40}",
                "\\{\"op\":\"(ask|tell|init|quit)\"(,\"(id|step|value|final|space|seed)\":(-?[0-9]{1,12}|null|true|\"x\"|\\[\\]|1e999)){0,4}\\}",
            ],
            0..12,
        )) {
            let mut session = session();
            session.answer(&INIT.replace('\n', ""));
            for line in lines {
                let (answer, _) = session.answer(&line);
                proptest::prop_assert!(!answer.contains('\n'), "{}", answer);
                proptest::prop_assert!(serde_json::from_str::<serde_json::Value>(&answer).is_ok(), "{}", answer);
            }
        }
    }
}
