//! `trial_limits`: the resources that one trial may use.

use super::reader::{self, Fields, Problems};
use super::resolved::TrialLimits;
use super::size;

/// Smallest memory limit, in bytes: no useful program starts with less.
const LEAST_MEMORY: u64 = 1 << 20;

/// Reads `trial_limits`.
pub(super) fn read(spec: &Fields<'_>, problems: &mut Problems) -> Option<TrialLimits> {
    let Some(node) = spec.get("trial_limits") else {
        return Some(TrialLimits::default());
    };
    let fields = Fields::read(node, "trial_limits", &["wall", "memory", "silence"], problems)?;
    let wall = fields.get("wall").map(|node| reader::seconds(node, "wall", problems));
    let memory = fields
        .get("memory")
        .map(|node| size::bytes(node, "memory", LEAST_MEMORY, problems));
    let silence = fields
        .get("silence")
        .map(|node| reader::seconds(node, "silence", problems));
    let are_sound = wall != Some(None) && memory != Some(None) && silence != Some(None);
    are_sound.then(|| TrialLimits {
        wall: wall.flatten(),
        memory: memory.flatten(),
        silence: silence.flatten(),
    })
}
