//! Loops over slices, compiled for several instruction sets; the best that the processor has is taken at run time.
//!
//! The result does not depend on which: the compiler neither fuses nor reorders operations on floats, it only does several
//! side by side.

/// Runs `work`, whose loops (and those of inlined functions in it) are compiled for wide registers.
#[inline(always)]
pub(crate) fn vectorize<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}
