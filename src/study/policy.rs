//! The policy of a whole spec.

use crate::policies::{self, Deadline, Lengths, Listed, Policy};
use crate::spec::Spec;

/// What a free slot does in a study of `spec`.
pub fn policy(spec: &Spec, lengths: Lengths) -> Box<dyn Policy> {
    if let Some(repeats) = spec.repeats {
        return Box::new(Listed::new(repeats, lengths.max));
    }
    let preference = (!spec.criteria.is_plain()).then_some(&spec.criteria.preference);
    let policy = policies::build(spec.searcher, spec.early_terminate, preference, lengths);
    // A population ends together, whenever that is.
    if spec.budget.wall.is_some() && !policy.clones() {
        Box::new(Deadline::new(policy))
    } else {
        policy
    }
}
