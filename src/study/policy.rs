//! The policy of a whole spec.

use crate::policies::{self, Deadline, Lengths, Listed, Policy};
use crate::spec::Spec;

/// Builds the policy for a study of `spec`.
pub fn policy(spec: &Spec, lengths: Lengths) -> Box<dyn Policy> {
    if let Some(repeats) = spec.repeats {
        return Box::new(Listed::new(repeats, lengths.max));
    }
    let preference = (!spec.criteria.is_plain()).then_some(&spec.criteria.preference);
    let policy = policies::build(spec.searcher, spec.early_terminate, preference, lengths);
    // All trials of a population end together, so there are no single trials to finish before the deadline.
    if spec.budget.wall.is_some() && !policy.clones() {
        Box::new(Deadline::new(policy))
    } else {
        policy
    }
}
