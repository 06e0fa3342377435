//! The set of parameters that a trial trains, each in a group with a learning rate and a weight decay.
//!
//! An adapter makes the set (see `adapters`). A backward pass asks it which gradients are needed, the optimizer asks for
//! the groups, and a checkpoint holds the values of its members.

use std::sync::Arc;

use super::parameters::{Handle, Parameter, Part, Role};
use crate::rng::Fingerprint;

/// The settings that some parameters share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Group {
    /// The peak of the schedule.
    pub(crate) learning_rate: f64,
    pub(crate) weight_decay: f64,
}

/// The parameters that a trial trains.
#[derive(Clone, Debug)]
pub(crate) struct Trainable {
    freeze_depth: usize,
    members: Arc<[Member]>,
    groups: Arc<[Group]>,
    has_stem: bool,
    fingerprint: u64,
}

/// The membership of one parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    Fixed,
    /// It changes, but not by the optimizer.
    Statistic,
    /// The optimizer updates it with the settings of this group.
    Of(usize),
}

impl Trainable {
    /// The parameters above the freeze depth that `changes` selects, in the groups that `group` puts them into.
    pub(crate) fn new(
        list: &[Parameter],
        freeze_depth: usize,
        changes: impl Fn(Handle, &Parameter) -> bool,
        group: impl Fn(&Parameter) -> Group,
    ) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        let mut fingerprint = Fingerprint::new();
        let mut has_stem = false;
        let member = |(handle, parameter): (Handle, &Parameter)| {
            if !parameter.is_above(freeze_depth) || !changes(handle, parameter) {
                return Member::Fixed;
            }
            fingerprint.bytes(parameter.name.as_bytes());
            fingerprint.number(parameter.length() as u64);
            if !parameter.has_gradient() {
                return Member::Statistic;
            }
            has_stem |= parameter.part == Part::Stem;
            let group = group(parameter);
            let known = groups.iter().position(|known| *known == group);
            Member::Of(known.unwrap_or_else(|| {
                groups.push(group);
                groups.len() - 1
            }))
        };
        let members = Handle::first(list.len()).zip(list).map(member).collect();
        Self {
            freeze_depth,
            members,
            has_stem,
            fingerprint: fingerprint.finish(),
            groups: groups.into(),
        }
    }

    /// Everything above a freeze depth, in one group.
    #[cfg(test)]
    pub(crate) fn full(list: &[Parameter], freeze_depth: usize, group: Group) -> Self {
        Self::new(list, freeze_depth, |_, _| true, |_| group)
    }

    /// The layers up to this depth hold nothing that changes.
    pub(crate) fn freeze_depth(&self) -> usize {
        self.freeze_depth
    }

    /// Returns whether the optimizer updates a parameter.
    pub(crate) fn trains(&self, handle: Handle) -> bool {
        matches!(self.members[handle.index()], Member::Of(_))
    }

    /// Returns whether a trial changes a parameter, by the optimizer or not.
    pub(crate) fn changes(&self, handle: Handle) -> bool {
        self.members[handle.index()] != Member::Fixed
    }

    /// The group of a parameter that trains, and its index.
    pub(crate) fn group(&self, handle: Handle) -> Option<(usize, Group)> {
        match self.members[handle.index()] {
            Member::Of(group) => Some((group, self.groups[group])),
            Member::Fixed | Member::Statistic => None,
        }
    }

    /// Returns whether anything before the blocks trains.
    pub(crate) fn has_stem(&self) -> bool {
        self.has_stem
    }

    /// A number that is equal for sets of the same parameters, whatever their groups are.
    pub(crate) fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// Number of values that the optimizer updates.
    pub(crate) fn count(&self, list: &[Parameter]) -> u64 {
        self.sum(list, |_, member| matches!(member, Member::Of(_)))
    }

    /// Number of values that a trial changes.
    pub(crate) fn changed(&self, list: &[Parameter]) -> u64 {
        self.sum(list, |_, member| member != Member::Fixed)
    }

    /// The share of the values of weights above the freeze depth that train, in 0..=1; 1 if there are no weights.
    pub(crate) fn share_of_weights(&self, list: &[Parameter]) -> f64 {
        let is_weight = |parameter: &Parameter| {
            let is_in_block = matches!(parameter.part, Part::Block(_));
            is_in_block && parameter.role == Role::Weight && parameter.is_above(self.freeze_depth)
        };
        let all = self.sum(list, |parameter, _| is_weight(parameter));
        let trained = self.sum(list, |parameter, member| {
            is_weight(parameter) && matches!(member, Member::Of(_))
        });
        if all == 0 { 1.0 } else { trained as f64 / all as f64 }
    }

    fn sum(&self, list: &[Parameter], counts: impl Fn(&Parameter, Member) -> bool) -> u64 {
        let pairs = list.iter().zip(&*self.members);
        let counted = pairs.filter(|(parameter, member)| counts(parameter, **member));
        counted.map(|(parameter, _)| parameter.length() as u64).sum()
    }
}
