//! Stories about time: they have the machine to themselves, and a chance more than one.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Read by every story with a sandbox, written by the ones that measure time.
static MACHINE: RwLock<()> = RwLock::new(());

thread_local! {
    /// The part of the machine that this test has, until its thread ends.
    static PART: RefCell<Option<Part>> = const { RefCell::new(None) };
}

#[expect(dead_code, reason = "held, not read")]
enum Part {
    Shared(RwLockReadGuard<'static, ()>),
    All(RwLockWriteGuard<'static, ()>),
}

/// Waits until no story is told that needs the machine for itself.
pub(super) fn share() {
    PART.with_borrow_mut(|part| {
        part.get_or_insert_with(|| Part::Shared(MACHINE.read().unwrap_or_else(PoisonError::into_inner)));
    });
}

/// Tells a story that asserts how long something takes. No other story is told meanwhile. The machine below may still
/// stall for a second or two, so a story fails only when it fails three times in a row.
pub(crate) fn on_a_quiet_machine(story: impl Fn()) {
    PART.with_borrow_mut(|part| {
        // A thread that waited for all of the machine with a share of it would wait for itself.
        *part = None;
        *part = Some(Part::All(MACHINE.write().unwrap_or_else(PoisonError::into_inner)));
    });
    for _ in 0..2 {
        if panic::catch_unwind(AssertUnwindSafe(&story)).is_ok() {
            return;
        }
        println!("once more: a slow machine can break what this test promises");
    }
    story();
}
