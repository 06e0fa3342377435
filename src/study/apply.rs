//! The changes of a study by events.

use std::borrow::Cow;

use super::in_flight::DueAt;
use super::state::view;
use super::{Created, EndReason, Event, InFlight, Outcome, Record, Repeat, Settings, Study};
use crate::policies::Stop;
use crate::trials::{Failure, FailureKind, PastTrial, Status, Trial, Work};
use crate::units::{Cooldown, Loss, Samples, TrialId};

impl Study {
    /// Applies one event, `elapsed` seconds after the start of the study. With a wall budget decisions depend on
    /// `elapsed`; otherwise it is only recorded.
    pub fn apply(&mut self, event: &Event, elapsed: f64) {
        self.timing.elapsed = self.timing.elapsed.max(elapsed);
        match event {
            Event::StudyCreated {
                past, version, inputs, ..
            } => {
                self.origin = Some((version.clone(), inputs.clone()));
                let Settings {
                    space,
                    goal,
                    epoch,
                    max,
                    ..
                } = &self.settings;
                self.past = PastTrial::to_trials(past, space, *goal, *epoch, *max);
            }
            Event::SlotsOpened { slots } => self.timing.slots = *slots,
            Event::StudyResumed { added_wall } => {
                self.added_wall += added_wall;
                self.ended = None;
                let failed = self.records.iter().filter(|record| record.failure.is_some());
                self.failures_seen = failed.count() as u32;
                self.is_deadline_reached = false;
                let is_begun = self.records.iter().any(|record| record.repeat.is_some());
                if *added_wall > 0.0 && self.closed == Some(EndReason::Wall) && !is_begun {
                    self.reopen();
                }
            }
            Event::SegmentPlanned {
                trial,
                created,
                to,
                cools_down,
                worker,
                start,
                finish,
            } => {
                if let Some(created) = created {
                    self.create(*trial, created);
                    // Later readers of the journal have no cost model, but must reach the same choice.
                    self.records[trial.index()].cost = created.repeat.map(|_| finish - start);
                }
                self.plan(*trial, (*to, *cools_down), *worker, *finish);
            }
            Event::SegmentEnded {
                trial,
                outcome,
                device,
                started_at,
                finished_at,
            } => {
                self.arrive(*trial, outcome, device, started_at, finished_at);
            }
            Event::SegmentInterrupted { trial, report } => {
                self.records[trial.index()].interrupt(report);
            }
            Event::SegmentLost { trial, kind, .. } => {
                if let Some(flight) = self.flights.get_mut(trial) {
                    flight.lost += 1;
                }
                if *kind == Some(FailureKind::OutOfMemory) {
                    self.records[trial.index()].splits += 1;
                }
            }
            Event::SegmentDelivered { trial } => self.deliver(*trial, elapsed),
            Event::SearchClosed { reason } => self.close_search(*reason),
            Event::DeadlineReached => self.is_deadline_reached = true,
            Event::StudyEnded { reason } => self.ended = Some(*reason),
        }
    }

    fn create(&mut self, id: TrialId, created: &Created) {
        debug_assert_eq!(id.index(), self.trials.len(), "trials are numbered in order");
        let Created {
            configuration,
            origin,
            parent,
            repeat,
        } = created.clone();
        let space = &self.settings.space;
        self.trials.push(Trial::new(id, configuration, space, origin, parent));
        self.records.push(Record {
            repeat,
            ..Record::default()
        });
    }

    fn plan(&mut self, id: TrialId, (to, cools_down): (Samples, bool), worker: u32, finish: f64) {
        let begun_at = self.has_free_slot().then_some(self.timing.elapsed);
        let inherited = self.inherited_cooldown(id);
        let trial = &mut self.trials[id.index()];
        trial.status = Status::Running { to };
        trial.cooldown = if cools_down {
            let from = trial.reached;
            Some(Cooldown { from, to })
        } else {
            inherited
        };
        let flight = InFlight {
            from: trial.reached,
            to,
            worker,
            finish,
            lost: 0,
            begun_at,
            arrived: None,
        };
        self.due.insert(DueAt::of(id, &flight));
        self.flights.insert(id, flight);
        self.idle_workers.remove(&worker);
        if self.repeat(id).is_none() {
            self.observe(id);
        }
    }

    /// The cooldown of the repeated trial: a repeat is trained in the same way.
    fn inherited_cooldown(&self, id: TrialId) -> Option<Cooldown> {
        let (Repeat::Reseed { of, .. } | Repeat::Test { of, .. }) = self.repeat(id)?;
        self.trials[of.index()].cooldown
    }

    /// Ends the search. Segments in flight no longer count, except for their evaluations so far if time was up.
    fn close_search(&mut self, reason: EndReason) {
        self.closed = Some(reason);
        self.due.clear();
        self.arrivals.clear();
        self.idle_workers = (0..self.settings.logical_workers).collect();
    }

    /// Resumes the search: there is more time, and no finalist has begun.
    fn reopen(&mut self) {
        self.closed = None;
        for (&id, flight) in &self.flights {
            self.due.insert(DueAt::of(id, flight));
            self.idle_workers.remove(&flight.worker);
            if let Some((number, _)) = flight.arrived {
                self.arrivals.insert(number, id);
            }
        }
    }

    /// Informs the policy that a trial has changed.
    fn observe(&mut self, id: TrialId) {
        let Self {
            settings,
            past,
            trials,
            flights,
            cost,
            memory,
            policy,
            ..
        } = self;
        let view = view(settings, past, trials, flights.len(), (cost, &**memory));
        policy.observe(&trials[id.index()], &view);
    }

    /// Prunes trials after a segment of this trial has ended.
    fn prune(&mut self, id: TrialId) {
        let mut stops = self.policy.prunes(&self.trials[id.index()], &self.view());
        while let Some(Stop { trial: id, by }) = stops.pop() {
            let trial = &mut self.trials[id.index()];
            if trial.status == Status::Paused {
                trial.status = Status::Stopped;
                self.records[id.index()].stopped_by = Some(by);
                self.given_up.push(id);
                self.observe(id);
                // Pruning one trial may decide about others.
                stops.extend(self.policy.prunes(&self.trials[id.index()], &self.view()));
            }
        }
    }

    fn arrive(&mut self, id: TrialId, outcome: &Outcome, device: &str, started_at: &str, finished_at: &str) {
        let Some(flight) = self.flights.get_mut(&id) else {
            return;
        };
        if flight.arrived.is_some() {
            return;
        }
        if let Outcome::Reached(report) = outcome {
            let work = Work {
                samples: Samples(flight.to.0.saturating_sub(flight.from.0)),
                cost: (self.cost)(&self.trials[id.index()].configuration, flight.from, flight.to),
            };
            self.timing.learn(work, &report.usage);
        }
        flight.arrived = Some((self.arrived, outcome.clone()));
        if self.due.contains(&DueAt::of(id, flight)) {
            self.arrivals.insert(self.arrived, id);
        }
        self.arrived += 1;
        self.begin_next();
        let record = &mut self.records[id.index()];
        device.clone_into(&mut record.device);
        finished_at.clone_into(&mut record.finished_at);
        if record.started_at.is_empty() {
            started_at.clone_into(&mut record.started_at);
        }
    }

    /// Returns whether a segment that is planned now begins immediately. Only plans for a deadline need this.
    fn has_free_slot(&self) -> bool {
        let running = self.flights.values().filter(|flight| flight.is_running());
        self.settings.wall.is_some() && running.count() < self.slots()
    }

    /// Gives a free slot the next segment that waits for one.
    fn begin_next(&mut self) {
        if !self.has_free_slot() {
            return;
        }
        let is_begun = |trial| self.flights.get(&trial).is_some_and(|flight| flight.begun_at.is_some());
        let next = self.waiting(is_begun).into_iter().next();
        if let Some(flight) = next.and_then(|(trial, _)| self.flights.get_mut(&trial)) {
            flight.begun_at = Some(self.timing.elapsed);
        }
    }

    fn deliver(&mut self, id: TrialId, elapsed: f64) {
        let Some(flight) = self.flights.remove(&id) else { return };
        self.due.remove(&DueAt::of(id, &flight));
        let Some((arrival, outcome)) = flight.arrived else {
            return;
        };
        self.arrivals.remove(&arrival);
        self.now = self.now.max(flight.finish);
        self.idle_workers.insert(flight.worker);
        let record = &mut self.records[id.index()];
        let partial = record.partial.take();
        let repeat = record.repeat;
        let trial = &mut self.trials[id.index()];
        let before = trial.best_scores().map(Cow::into_owned);
        match outcome {
            Outcome::Reached(report) => {
                self.samples_delivered += report.reached.0.saturating_sub(trial.reached.0);
                let is_test = matches!(repeat, Some(Repeat::Test { .. }));
                for evaluation in report.evaluations.iter().filter(|_| !is_test) {
                    let (observation, scores) = self.settings.measure(evaluation);
                    trial.observations.push(observation);
                    trial.scores.extend(scores);
                }
                trial.reached = report.reached;
                trial.is_last_alone = self.settings.folds > 1 && trial.reached >= self.settings.max;
                trial.segments += 1;
                trial.status = if trial.reached >= trial.end(self.settings.max) || repeat.is_some() {
                    Status::Completed
                } else {
                    Status::Paused
                };
                if is_test {
                    // Test results are for people only.
                } else if trial.observations.last().is_none_or(|last| last.loss == Loss::WORST) {
                    // Without its metric a trial cannot be compared, so it counts as failed.
                    trial.status = Status::Failed;
                    let message = format!("there was no finite {} at the end of a segment", self.settings.metric);
                    record.failure = Some(Failure {
                        kind: FailureKind::Diverged,
                        message,
                    });
                }
                record.take(report);
            }
            Outcome::Failed(failure) => {
                // Its evaluations so far count, although searchers and schedulers see a failure.
                let known = trial.observations.last().map_or(Samples(0), |last| last.at);
                if let Some(mut partial) = partial {
                    partial.evaluations.retain(|evaluation| evaluation.at > known);
                    for evaluation in &partial.evaluations {
                        let (observation, scores) = self.settings.measure(evaluation);
                        trial.observations.push(observation);
                        trial.scores.extend(scores);
                    }
                    record.take(partial);
                }
                trial.status = Status::Failed;
                trial.is_out_of_memory = failure.kind == FailureKind::OutOfMemory;
                record.failure = Some(failure);
            }
        }
        if repeat.is_some() {
            return;
        }
        self.observe(id);
        self.prune(id);
        if self.settings.criteria.is_plain() {
            self.note_incumbent(id, elapsed);
        } else {
            self.note_front(id, before.as_ref(), elapsed);
        }
    }
}
