//! The default: a searcher chosen by the space and the number of trials.
//!
//! The state of every searcher here follows from the trials alone. So the choice may change between two trials and
//! nothing is lost: each searcher uses the others' trials. Measured in `benches/README.md`.

use super::{Cfo, Entry, Gp, Info, Needs, Proposal, Searcher, Several, Tpe, tpe};
use crate::space::Space;
use crate::trials::{Trial, View};

/// At most this many trials in total count as a short study. With a low-cost point, a short study is best spent on a
/// search near that point (Wu et al. 2021, §4); a model would spend most of the trials on exploration.
const SHORT: usize = 15;

/// Above this number of trials, an exact Gaussian process costs more time than its better proposals are worth.
const MANY: usize = 500;

/// Above this number of parameters, distances say little, and a model of one parameter at a time is more robust.
const WIDE: usize = 40;

/// Chooses among the other searchers.
#[derive(Debug, Default)]
pub struct Auto {
    gp: Gp,
    tpe: Tpe,
    cfo: Cfo,
}

/// The searcher that proposes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    Local,
    GaussianProcess,
    Parzen,
}

impl Choice {
    /// Chooses for a space, given the number of known trials and, if known, the number of planned trials.
    fn of(space: &Space, known: usize, planned: Option<usize>) -> Self {
        if space.parameters().len() > WIDE || known > MANY {
            Self::Parzen
        } else if planned.is_some_and(|planned| planned <= SHORT) && has_low_cost(space) {
            Self::Local
        } else {
            Self::GaussianProcess
        }
    }
}

fn has_low_cost(space: &Space) -> bool {
    let mut hints = space.parameters().iter().map(|parameter| &parameter.hints);
    hints.any(|hints| hints.low_cost.is_some())
}

impl Auto {
    /// One line that says which searcher a study of `planned` trials in this space uses, and why.
    pub fn explain(space: &Space, planned: Option<u32>, has_several_metrics: bool) -> String {
        if has_several_metrics {
            return "tpe, because several metrics count".to_owned();
        }
        let parameters = match space.parameters().len() {
            1 => "1 parameter".to_owned(),
            count => format!("{count} parameters"),
        };
        let planned = planned.map(|trials| trials as usize);
        match Choice::of(space, 0, planned) {
            Choice::Parzen => format!("tpe, because the space has {parameters}, more than {WIDE}"),
            Choice::Local => format!(
                "cfo (local search), because there is a low-cost point to begin at and only {} trials",
                planned.unwrap_or_default()
            ),
            Choice::GaussianProcess if planned.is_some_and(|planned| planned <= MANY) => {
                format!("gp, because the space has only {parameters} and there are at most {MANY} trials")
            }
            Choice::GaussianProcess => {
                format!("gp, because the space has only {parameters}; tpe after {MANY} trials")
            }
        }
    }
}

/// The registry entry.
pub(super) const ENTRY: Entry = Entry {
    info: Info {
        name: "auto",
        aliases: &[],
        about: "chooses one of the others by the space and the number of trials",
        needs: Needs::NOTHING,
    },
    build: || Box::new(Auto::default()),
    several: Several::As(&tpe::ENTRY),
};

impl Searcher for Auto {
    fn name(&self) -> &'static str {
        ENTRY.info.name
    }

    fn propose(&self, view: &View<'_>, attempt: u32) -> Proposal {
        let left = view.trials_left.map(|left| view.trials.len() + left as usize);
        let complete = view.budget.map(|budget| (budget.0 / view.max.0.max(1)) as usize);
        let known = view.known().count();
        match Choice::of(view.space, known, left.or(complete)) {
            Choice::Local => self.cfo.propose(view, attempt),
            Choice::GaussianProcess => self.gp.propose(view, attempt),
            Choice::Parzen => self.tpe.propose(view, attempt),
        }
    }

    fn observe(&mut self, trial: &Trial) {
        self.gp.observe(trial);
        self.tpe.observe(trial);
        self.cfo.observe(trial);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::searchers::testing::{mixed_space, run};
    use crate::space::{Domain, Parameter};
    use crate::trials::testing::view;

    fn wide_space() -> Space {
        let parameters = (0..50).map(|number| Parameter::new(format!("x{number}"), Domain::float(0.0, 1.0)));
        Space::new(parameters.collect(), vec![]).unwrap()
    }

    /// The mixed space with a low-cost point.
    fn frugal_space() -> Space {
        let mut parameters = mixed_space().parameters().to_vec();
        parameters[2].hints.low_cost = Some(crate::space::Value::Int(0));
        Space::new(parameters, vec![]).unwrap()
    }

    fn origin(space: &Space, trials: &[Trial], trials_left: Option<u32>) -> &'static str {
        let view = View {
            trials_left,
            ..view(space, 1, trials)
        };
        Auto::default().propose(&view, 0).origin
    }

    #[test]
    fn the_choice_follows_the_space_and_the_number_of_trials() {
        let space = mixed_space();
        let trials = run(&crate::searchers::Random, &space, 1, 12, &|_| 1.0);
        assert_eq!(origin(&space, &trials, None), "gp");
        assert_eq!(origin(&space, &trials, Some(80)), "gp");
        assert_eq!(origin(&space, &trials, Some(2)), "gp");
        assert!(["cfo", "flow2"].contains(&origin(&frugal_space(), &trials, Some(2))));
        let space = wide_space();
        let trials = run(&crate::searchers::Random, &space, 1, 12, &|_| 1.0);
        assert_eq!(origin(&space, &trials, None), "tpe");
    }

    #[test]
    fn the_choice_is_explained_in_one_line() {
        let space = mixed_space();
        let lines = [
            Auto::explain(&space, None, false),
            Auto::explain(&space, Some(60), false),
            Auto::explain(&frugal_space(), Some(10), false),
            Auto::explain(&wide_space(), Some(60), false),
        ];
        insta::assert_snapshot!(lines.join("\n"), @r"
        gp, because the space has only 5 parameters; tpe after 500 trials
        gp, because the space has only 5 parameters and there are at most 500 trials
        cfo (local search), because there is a low-cost point to begin at and only 10 trials
        tpe, because the space has 50 parameters, more than 40
        ");
    }
}
