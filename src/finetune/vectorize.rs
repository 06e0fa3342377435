//! Loops over slices, compiled for several instruction sets; the best one that the processor has is chosen at run time.
//!
//! The result does not depend on the choice: the compiler neither fuses nor reorders operations on floats. It only runs
//! several at the same time.

/// Runs `work`. Its loops, and those of functions inlined in it, are compiled for wide registers.
#[inline(always)]
pub(crate) fn vectorize<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}
