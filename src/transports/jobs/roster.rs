//! The decisions about jobs: how many to submit, which to cancel, and when to give up.

use std::collections::{BTreeMap, BTreeSet};

use super::state::{Job, JobEnd, JobState, Obstacle, QueueState, QueuedJob};

/// All jobs of a study that were seen, and what became of them.
#[derive(Debug)]
pub(super) struct Roster {
    system: String,
    /// Number of jobs that the study wants.
    wanted: usize,
    /// Number of jobs in a row that may end before their worker is ready.
    most_failures: usize,
    /// Jobs whose worker was ready.
    ready: BTreeSet<String>,
    /// The jobs that waited or ran at the last look.
    alive: BTreeSet<String>,
    /// Jobs whose end was counted.
    settled: BTreeSet<String>,
    failures: usize,
    last_failure: Option<(String, String)>,
    has_looked: bool,
}

/// The next steps.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Steps {
    /// Number of jobs to submit.
    pub(super) submit: usize,
    /// Jobs to cancel.
    pub(super) cancel: Vec<String>,
}

/// A job that ended before its worker was ready, as the last of too many.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMany {
    pub(super) count: usize,
    pub(super) job: String,
    pub(super) how: String,
}

impl Roster {
    pub(super) fn new(system: &str, wanted: usize, most_failures: usize) -> Self {
        Self {
            system: system.to_owned(),
            wanted,
            most_failures,
            ready: BTreeSet::new(),
            alive: BTreeSet::new(),
            settled: BTreeSet::new(),
            failures: 0,
            last_failure: None,
            has_looked: false,
        }
    }

    /// Records that the worker of a job is ready: the set-up works.
    pub(super) fn note_ready(&mut self, job: &str) {
        self.ready.insert(job.to_owned());
        self.failures = 0;
    }

    /// Records jobs that the system refused.
    pub(super) fn note_refusal(&mut self, how: &str) {
        self.fail("not submitted", how);
    }

    /// Too many jobs ended early, and no worker is left.
    pub(super) fn is_hopeless(&self) -> Option<TooMany> {
        let is_any_ready = self.alive.iter().any(|job| self.ready.contains(job));
        let (job, how) = self.last_failure.clone()?;
        (self.has_given_up() && !is_any_ready).then_some(TooMany {
            count: self.failures,
            job,
            how,
        })
    }

    fn has_given_up(&self) -> bool {
        self.failures >= self.most_failures
    }

    fn fail(&mut self, job: &str, how: &str) {
        self.failures += 1;
        self.last_failure = Some((job.to_owned(), how.to_owned()));
    }

    /// Decides by the jobs of the study and the number of workers that have work.
    pub(super) fn look(&mut self, jobs: &[Job], need: usize) -> Steps {
        let mut steps = Steps::default();
        let before = std::mem::take(&mut self.alive);
        let mut waiting = Vec::new();
        let known: BTreeMap<&str, &Job> = jobs.iter().map(|job| (job.id.as_str(), job)).collect();
        for (&id, job) in &known {
            match &job.state {
                JobState::Waiting {
                    obstacle: Some(Obstacle::Held),
                    why,
                } => {
                    if self.settled.insert(id.to_owned()) {
                        self.fail(id, why);
                    }
                    steps.cancel.push(id.to_owned());
                }
                JobState::Waiting { .. } => {
                    waiting.push(id);
                    self.alive.insert(id.to_owned());
                    self.settled.remove(id);
                }
                JobState::Running => {
                    self.alive.insert(id.to_owned());
                    self.settled.remove(id);
                }
                JobState::Ended(end) => self.settle(id, *end),
            }
        }
        // A job of which the system knows nothing any more.
        for id in before.iter().filter(|id| !known.contains_key(id.as_str())) {
            self.settle(id, JobEnd::Failed);
        }
        self.has_looked = true;
        let surplus = self.alive.len().saturating_sub(self.wanted);
        for id in waiting.into_iter().rev().take(surplus) {
            self.alive.remove(id);
            self.settled.insert(id.to_owned());
            steps.cancel.push(id.to_owned());
        }
        if !self.has_given_up() {
            steps.submit = self.wanted.min(need).saturating_sub(self.alive.len());
        }
        steps
    }

    /// Counts the end of a job, once. Jobs that ended before the first look are those of an earlier run.
    fn settle(&mut self, id: &str, end: JobEnd) {
        let is_new = self.settled.insert(id.to_owned());
        if is_new && self.has_looked && end.is_failure() && !self.ready.contains(id) {
            self.fail(id, end.words());
        }
    }

    /// The jobs for people.
    pub(super) fn state(&self, jobs: &[Job], problem: Option<String>) -> QueueState {
        let shown = jobs.iter().filter(|job| self.alive.contains(&job.id)).map(|job| {
            let (state, why) = match &job.state {
                JobState::Waiting { why, .. } => ("waiting", why.clone()),
                JobState::Running | JobState::Ended(_) if self.ready.contains(&job.id) => ("ready", String::new()),
                JobState::Running | JobState::Ended(_) => ("starting", String::new()),
            };
            QueuedJob {
                job: job.id.clone(),
                state: state.to_owned(),
                why,
                node: job.node.clone(),
            }
        });
        let given_up = self.has_given_up().then(|| {
            let (job, how) = self.last_failure.clone().unwrap_or_default();
            format!(
                "{} jobs in a row ended before their worker was ready (the last one, {job}: {how}), so no more are submitted",
                self.failures
            )
        });
        QueueState {
            system: self.system.clone(),
            wanted: self.wanted,
            jobs: shown.collect(),
            problem: problem.or(given_up),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn job(id: &str, state: JobState) -> Job {
        Job {
            id: id.to_owned(),
            state,
            node: String::new(),
        }
    }

    fn waiting() -> JobState {
        JobState::Waiting {
            why: String::new(),
            obstacle: None,
        }
    }

    #[test]
    fn the_pool_is_topped_up_while_work_is_left() {
        let mut roster = Roster::new("test", 4, 3);
        assert_eq!(roster.look(&[], 9).submit, 4);
        let jobs = [job("1", JobState::Running), job("2", waiting())];
        assert_eq!(roster.look(&jobs, 9).submit, 2);
        assert_eq!(roster.look(&jobs, 3).submit, 1, "never more than the study can use");
        assert_eq!(roster.look(&jobs, 0), Steps::default());
    }

    #[test]
    fn jobs_of_an_earlier_run_count_as_they_are() {
        let mut roster = Roster::new("test", 2, 1);
        let jobs = [job("1", JobState::Ended(JobEnd::Failed)), job("2", JobState::Running)];
        assert_eq!(roster.look(&jobs, 9).submit, 1);
        assert_eq!(roster.is_hopeless(), None);
    }

    #[test]
    fn a_held_job_is_replaced_and_surplus_ones_are_cancelled() {
        let mut roster = Roster::new("test", 1, 3);
        let held = JobState::Waiting {
            why: "somebody holds it".to_owned(),
            obstacle: Some(Obstacle::Held),
        };
        let steps = roster.look(&[job("1", held)], 9);
        assert_eq!((steps.submit, steps.cancel), (1, vec!["1".to_owned()]));
        let steps = roster.look(&[job("1", waiting()), job("2", waiting())], 9);
        assert_eq!((steps.submit, steps.cancel), (0, vec!["2".to_owned()]));
    }

    #[test]
    fn after_too_many_short_lives_it_gives_up_unless_a_worker_is_left() {
        let mut roster = Roster::new("test", 2, 2);
        roster.look(&[], 9);
        roster.look(&[job("1", JobState::Running), job("2", JobState::Running)], 9);
        roster.note_ready("1");
        let failed = |id: &str| job(id, JobState::Ended(JobEnd::Failed));
        let steps = roster.look(&[job("1", JobState::Running), failed("2")], 9);
        assert_eq!(steps.submit, 1);
        let steps = roster.look(&[job("1", JobState::Running), failed("2"), failed("3")], 9);
        assert_eq!((steps.submit, roster.is_hopeless()), (0, None), "1 still works");
        roster.look(&[failed("1"), failed("2"), failed("3")], 9);
        let hopeless = roster.is_hopeless().unwrap();
        assert_eq!((hopeless.count, hopeless.job.as_str()), (2, "3"), "1 had been ready");
    }

    #[test]
    fn a_worker_that_becomes_ready_forgives_earlier_failures() {
        let mut roster = Roster::new("test", 1, 2);
        roster.look(&[], 9);
        for round in 0..5 {
            let id = format!("bad-{round}");
            roster.look(&[job(&id, JobState::Ended(JobEnd::Failed))], 9);
            roster.note_ready("good");
        }
        assert_eq!(roster.is_hopeless(), None);
        for end in [JobEnd::Cancelled, JobEnd::Preempted, JobEnd::NodeFailed] {
            roster.look(&[job(end.words(), JobState::Ended(end))], 9);
        }
        assert_eq!(roster.is_hopeless(), None, "not the fault of the set-up");
    }

    fn any_state() -> impl Strategy<Value = JobState> {
        prop_oneof![
            Just(waiting()),
            Just(JobState::Running),
            Just(JobState::Ended(JobEnd::Failed)),
            Just(JobState::Ended(JobEnd::Cancelled)),
        ]
    }

    proptest! {
        #[test]
        fn there_are_never_more_jobs_than_wanted(
            rounds in prop::collection::vec(prop::collection::vec((0..6_u8, any_state()), 0..6), 1..8),
            wanted in 1..4_usize,
        ) {
            let mut roster = Roster::new("test", wanted, 1_000);
            for round in rounds {
                let round: BTreeMap<u8, JobState> = round.into_iter().collect();
                let jobs: Vec<Job> = round.into_iter().map(|(id, state)| job(&id.to_string(), state)).collect();
                let alive = jobs.iter().filter(|job| !matches!(job.state, JobState::Ended(_))).count();
                let steps = roster.look(&jobs, 100);
                let left = alive - steps.cancel.len();
                // Running jobs are never cancelled.
                prop_assert!(steps.submit == 0 || left + steps.submit == wanted);
                prop_assert!(steps.submit == 0 || steps.cancel.is_empty());
            }
        }
    }
}
