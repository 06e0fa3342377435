//! Ask and tell as lines of JSON: one object in, one object out.
//!
//! | in | out |
//! |---|---|
//! | `{"op":"init","space":[…],"seed":0,"minimize":true,"max_step":51,"budget":100}` | `{"ok":true}` |
//! | `{"op":"ask"}` | `{"id":7,"params":{"lr":0.01},"from_step":2,"to_step":3}`, without `from_step` where that is 1 |
//! | `{"op":"tell","id":7,"step":1,"value":0.71,"final":false}` | `{"stop":false}` |
//! | `{"op":"quit"}` | `{"ok":true}` |
//!
//! With `"objectives":["minimize","maximize"]` (or `directions`) instead of `minimize` in `init`, the search looks for
//! all trade-offs. Every `tell` then has `"values":[0.71,12.0]` instead of `value`. `"maximize":true` and
//! `"direction":"maximize"` are understood too.
//!
//! `space` is a list as above, or an object in the syntax of a spec's `parameters`. `constraints` may be given beside
//! it.
//!
//! A value that is not finite means that the run has failed. Any spelling counts: `null`, `NaN`, `-inf`, `1e400`, also
//! as a string.
//!
//! If the conversation is recorded, the answer to `init` includes the known trials:
//! `{"ok":true,"trials":7,"running":[…]}`.
//!
//! A message that cannot be processed is answered with `{"error":"…"}` and changes nothing.

use std::path::PathBuf;

use serde::Serialize;

use super::messages::{self, Init, Message};
use super::recorded::{RecordError, Recorded};
use super::search::Asked;
use super::{AskTell, Options, space};
use crate::space::{Configuration, Space};
use crate::trials::Parent;
use crate::units::{Seed, TrialId};

/// One conversation.
pub struct Session {
    defaults: Options,
    /// The folder in which it is recorded, if any.
    folder: Option<PathBuf>,
    search: Option<AskTell>,
    recorded: Option<Recorded>,
    failure: Option<RecordError>,
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
    #[serde(skip_serializing_if = "is_first")]
    from_step: u64,
    to_step: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<Parent>,
}

/// The answer to `init` if the conversation is recorded.
#[derive(Serialize)]
struct Begun {
    ok: bool,
    /// Number of trials that were handed out before.
    trials: usize,
    /// The trials that are still running.
    running: Vec<AskAnswer>,
}

/// Returns whether `from_step` can be left out, because the trial begins at its first step.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_first(step: &u64) -> bool {
    *step == 1
}

impl From<Asked> for AskAnswer {
    fn from(asked: Asked) -> Self {
        Self {
            id: asked.id.0,
            params: asked.configuration,
            from_step: asked.from_step,
            to_step: asked.to_step,
            parent: asked.parent,
        }
    }
}

impl Session {
    /// A new conversation; `defaults` holds the options that `init` does not set.
    pub fn new(defaults: Options) -> Self {
        Self {
            defaults,
            folder: None,
            search: None,
            recorded: None,
            failure: None,
        }
    }

    /// Records the conversation as a study in a folder, or continues the one recorded there.
    #[must_use]
    pub fn recorded_in(self, folder: PathBuf) -> Self {
        Self {
            folder: Some(folder),
            ..self
        }
    }

    /// Returns whether the conversation is recorded: `init` was sent and accepted.
    pub fn is_recorded(&self) -> bool {
        self.recorded.is_some()
    }

    /// The error that ended the conversation: it could no longer be recorded.
    pub fn failure(&mut self) -> Option<RecordError> {
        self.failure.take()
    }

    /// The answer to one line, without a line break, and whether the conversation is over.
    pub fn answer(&mut self, line: &str) -> (String, bool) {
        let message = match messages::read(line) {
            Ok(message) => message,
            Err(error) => return (json(&Answer::Error(error)), false),
        };
        let is_over = message == Message::Quit;
        let answer = self.reply(message).unwrap_or_else(|error| json(&Answer::Error(error)));
        (answer, is_over || self.failure.is_some())
    }

    fn reply(&mut self, message: Message) -> Result<String, String> {
        match message {
            Message::Init(init) => self.begin(*init),
            Message::Ask => self.ask(),
            Message::Tell {
                id,
                step,
                values,
                is_final,
            } => {
                let id = u32::try_from(id).map_err(|_| format!("there is no trial {id}"))?;
                let stop = self.tell(TrialId(id), step, &values, is_final)?;
                Ok(json(&Answer::Stop(stop)))
            }
            Message::Quit => Ok(json(&Answer::Ok(true))),
        }
    }

    fn begin(&mut self, init: Init) -> Result<String, String> {
        let Some((&goal, others)) = init.goals.split_first() else {
            return Err("name at least one goal, `minimize` or `maximize`".to_owned());
        };
        let options = Options {
            seed: Seed(init.seed),
            goal,
            others: others.to_vec(),
            max_step: init.max_step,
            budget: init.budget.map(|runs| runs.ceil() as u64),
            ..self.defaults.clone()
        };
        let space = space::read(init.space, init.constraints)?;
        check_searcher(&space, &options)?;
        let mut search = AskTell::new(space, &options);
        let Some(folder) = &self.folder else {
            self.search = Some(search);
            return Ok(json(&Answer::Ok(true)));
        };
        if self.recorded.is_some() {
            let folder = folder.display();
            return Err(format!(
                "`{folder}` records one search: begin another one with another `--out`"
            ));
        }
        let recorded = Recorded::begin(folder, &mut search, &options).map_err(|error| error.to_string())?;
        let begun = Begun {
            ok: true,
            trials: search.trials().len(),
            running: search.running().into_iter().map(AskAnswer::from).collect(),
        };
        self.recorded = Some(recorded);
        self.search = Some(search);
        Ok(json(&begun))
    }

    fn ask(&mut self) -> Result<String, String> {
        let search = self.search.as_mut().ok_or_else(not_begun)?;
        let known = search.trials().len();
        let asked = search.ask().map_err(|error| error.to_string())?;
        if let Some(recorded) = &mut self.recorded {
            let is_new = search.trials().len() > known;
            let done = recorded.asked(search, &asked, is_new);
            self.must(done)?;
        }
        Ok(json(&AskAnswer::from(asked)))
    }

    fn tell(&mut self, id: TrialId, step: u64, values: &[f64], is_final: bool) -> Result<bool, String> {
        let search = self.search.as_mut().ok_or_else(not_begun)?;
        let ends = search.tell_all(id, step, values, is_final);
        let ends = ends.map_err(|error| error.to_string())?;
        if let Some(recorded) = &mut self.recorded {
            let done = recorded.told(id, step, values, (is_final, ends));
            self.must(done)?;
        }
        Ok(ends)
    }

    /// Ends the conversation if a message could not be recorded: it then counts as not sent.
    fn must(&mut self, done: Result<(), RecordError>) -> Result<(), String> {
        done.map_err(|error| {
            let message = error.to_string();
            self.failure = Some(error);
            message
        })
    }
}

fn not_begun() -> String {
    "no search has begun: send `init` first".to_owned()
}

fn check_searcher(space: &Space, options: &Options) -> Result<(), String> {
    let (name, needs) = (options.searcher.name(), options.searcher.info().needs);
    if needs.one_metric && !options.others.is_empty() {
        return Err(format!(
            "`{name}` models one value only: name one goal, or use another method"
        ));
    }
    let mut parameters = space.parameters().iter();
    match parameters.find(|parameter| parameter.domain.cardinality().is_none()) {
        Some(endless) if needs.finite_space => {
            let endless = &endless.name;
            Err(format!(
                "`{name}` needs finitely many values: make `{endless}` an `int` or a `categorical`"
            ))
        }
        _ => Ok(()),
    }
}

/// Serializes a message. This does not fail for our own messages.
fn json(message: &impl Serialize) -> String {
    serde_json::to_string(message).unwrap_or_else(|error| format!(r#"{{"error":"{error}"}}"#))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::SearcherSpec;

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
                    .contains("1 values, but the search expects 2")
            );
            assert_eq!(session.answer(&tell(r#""values":[0.5,1.5]"#)).0, r#"{"stop":true}"#);
        }
    }

    #[test]
    fn a_grid_needs_finitely_many_values() {
        let mut session = Session::new(Options {
            searcher: SearcherSpec::named("grid").unwrap(),
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
            searcher: SearcherSpec::named("freeze_thaw").unwrap(),
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
            r#"{"error":"unknown key `stepp` in the parameter `x`: did you mean `step`?"}"#
        );
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
            let asked: serde_json::Value = serde_json::from_str(&session.answer(r#"{"op":"ask"}"#).0).unwrap();
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
