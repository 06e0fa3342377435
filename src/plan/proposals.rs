//! The first proposals of a study, before any result is known.

use crate::space::Configuration;
use crate::spec::{SearcherSpec, Spec};
use crate::study;
use crate::study::{Event, Settings, Study};
use crate::trials::PastTrial;
use crate::units::Samples;

/// A configuration that would be tried, and the searcher that proposes it.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Proposal {
    /// The configuration to try.
    pub configuration: Configuration,
    /// The searcher that proposes it.
    pub origin: String,
}

/// The first `count` trials of the study of `spec`, while none of them has a result. There are fewer if the space or
/// the budget has no more.
pub(super) fn first(spec: &Spec, epoch: Samples, past: &[PastTrial], count: u32) -> Vec<Proposal> {
    let mut settings = Settings::new(spec, epoch);
    settings.logical_workers = count;
    let policy = study::policy(spec, settings.lengths());
    let mut study = Study::new(settings, policy, Box::new(|_, _, _| 1.0));
    study.apply(&with_past(spec, epoch, past), 0.0);
    while let Some(event @ Event::SegmentPlanned { .. }) = study.decide() {
        study.apply(&event, 0.0);
    }
    let trials = study.trials().iter().map(|trial| Proposal {
        configuration: trial.configuration.clone(),
        origin: trial.origin.clone(),
    });
    trials.collect()
}

/// Random configurations, whose costs and sizes represent those of the whole space.
pub(super) fn sample(spec: &Spec, epoch: Samples, count: u32) -> Vec<Configuration> {
    let mut spec = Spec {
        searcher: SearcherSpec::by_chance(),
        ..spec.clone()
    };
    spec.budget.trials = None;
    let proposals = first(&spec, epoch, &[], count);
    proposals.into_iter().map(|proposal| proposal.configuration).collect()
}

/// The first event of the study, with results of earlier studies.
pub(super) fn with_past(spec: &Spec, epoch: Samples, past: &[PastTrial]) -> Event {
    Event::StudyCreated {
        format: 0,
        version: String::new(),
        spec: String::new(),
        seed: spec.seed,
        inputs: crate::study::Identity {
            epoch,
            fingerprint: String::new(),
            parts: Vec::new(),
        },
        past: past.to_vec(),
        shortened_from: None,
    }
}
