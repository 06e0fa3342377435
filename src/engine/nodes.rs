//! The memory of every machine with workers: each admits segments by itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::memory::Admission;
use crate::space::Configuration;
use crate::trials::MemoryModel;

/// The admission of this machine and of the others, by the memory that `model` predicts.
pub(super) struct Memory {
    here: Admission,
    elsewhere: BTreeMap<String, Admission>,
    model: Arc<MemoryModel>,
}

impl Memory {
    /// Admits everything.
    pub(super) fn unlimited() -> Self {
        Self::new(Admission::unlimited(), Arc::new(|_| None))
    }

    /// Admits on this machine what `here` admits.
    pub(super) fn new(here: Admission, model: Arc<MemoryModel>) -> Self {
        let elsewhere = BTreeMap::new();
        Self { here, elsewhere, model }
    }

    /// Records a worker of a machine that had `free` bytes when the worker started. The first worker of a machine counts:
    /// it started before others took memory.
    pub(super) fn join(&mut self, node: &str, free: Option<u64>) {
        let known = self.elsewhere.entry(node.to_owned());
        known.or_insert_with(|| Admission::new(free));
    }

    /// Returns whether a segment may run in a slot now. `None` needs no memory of the machine.
    pub(super) fn admits(&mut self, node: Option<&str>, slot: usize, configuration: Option<&Configuration>) -> bool {
        let need = configuration.and_then(|configuration| (self.model)(configuration));
        self.of(node).is_none_or(|admission| admission.admits(slot, need))
    }

    /// Records the end of a segment, and the measured peak of its worker.
    pub(super) fn release(&mut self, node: Option<&str>, slot: usize, peak_mb: f64) {
        if let Some(admission) = self.of(node) {
            admission.release(slot, peak_mb);
        }
    }

    /// Frees the memory of a worker that has ended.
    pub(super) fn forget(&mut self, node: Option<&str>, slot: usize) {
        if let Some(admission) = self.of(node) {
            admission.forget(slot);
        }
    }

    fn of(&mut self, node: Option<&str>) -> Option<&mut Admission> {
        match node {
            None => Some(&mut self.here),
            Some(node) => self.elsewhere.get_mut(node),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_machine_admits_by_its_own_memory() {
        let model: Arc<MemoryModel> = Arc::new(|_| Some(500));
        let mut memory = Memory::new(Admission::new(Some(600)), model);
        memory.join("large", Some(1_200));
        memory.join("large", Some(1));
        memory.join("small", Some(600));
        let any = Configuration::default();
        assert!(memory.admits(None, 0, Some(&any)) && !memory.admits(None, 1, Some(&any)));
        assert!(memory.admits(Some("large"), 2, Some(&any)) && memory.admits(Some("large"), 3, Some(&any)));
        assert!(memory.admits(Some("small"), 4, Some(&any)) && !memory.admits(Some("small"), 5, Some(&any)));
        assert!(memory.admits(Some("small"), 5, None), "a GPU has memory of its own");
        memory.forget(Some("small"), 4);
        memory.release(Some("small"), 5, 0.0);
        assert!(memory.admits(Some("small"), 6, Some(&any)));
    }
}
