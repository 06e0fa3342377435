//! Watches a running segment from beside it: for its limits, and for signs of life.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::objective::resident_mb;
use crate::trials::{Failure, FailureKind, SegmentLimits};

/// Time between two looks at the clock and at memory.
const INTERVAL: Duration = Duration::from_millis(100);

/// Time between two signs of life.
const SIGN_INTERVAL: Duration = Duration::from_millis(500);

/// What a running segment shares with those who watch it.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Told to stop, by the engine or because of a limit.
    stop: AtomicBool,
    /// Counts whatever the segment does.
    pulse: AtomicU64,
    /// The limit that was passed.
    passed: Mutex<Option<Failure>>,
    /// The process group of the external program that runs; 0 for none.
    program: AtomicU32,
}

impl Shared {
    /// A segment begins: what was said of an earlier one is over.
    pub(super) fn begin(&self) {
        self.stop.store(false, Ordering::SeqCst);
        *self.passed.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_stop_requested(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    /// The segment has moved.
    pub(super) fn beat(&self) {
        self.pulse.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn set_program(&self, group: Option<u32>) {
        self.program.store(group.unwrap_or(0), Ordering::SeqCst);
    }

    /// The process group of the external program that runs.
    pub(super) fn program(&self) -> Option<u32> {
        Some(self.program.load(Ordering::SeqCst)).filter(|&group| group != 0)
    }

    /// The limit that was passed, if one was.
    pub(super) fn passed(&self) -> Option<Failure> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn pass(&self, failure: Failure) {
        *self.passed.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
        self.stop();
    }
}

/// A watch over one segment. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Watch {
    is_over: Arc<AtomicBool>,
}

impl Watch {
    /// Watches from a thread of its own; `sign` is called when the segment has moved.
    pub(super) fn start(shared: Arc<Shared>, limits: SegmentLimits, sign: impl Fn() + Send + 'static) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let watch = Self {
            is_over: Arc::clone(&is_over),
        };
        std::thread::spawn(move || {
            let begun = Instant::now();
            let mut told = (Instant::now(), shared.pulse.load(Ordering::Relaxed));
            while !is_over.load(Ordering::Relaxed) {
                std::thread::park_timeout(INTERVAL);
                let pulse = shared.pulse.load(Ordering::Relaxed);
                if told.0.elapsed() >= SIGN_INTERVAL && pulse != told.1 && !is_over.load(Ordering::Relaxed) {
                    told = (Instant::now(), pulse);
                    sign();
                }
                if let Some(failure) = passed(&limits, begun) {
                    shared.pass(failure);
                    return;
                }
            }
        });
        watch
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

/// Whether a segment that began then is beyond a limit.
fn passed(limits: &SegmentLimits, begun: Instant) -> Option<Failure> {
    if limits
        .seconds
        .is_some_and(|seconds| begun.elapsed().as_secs_f64() > seconds)
    {
        return Some(Failure {
            kind: FailureKind::TimedOut,
            message: "the trial took longer than `trial_limits.wall`".to_owned(),
        });
    }
    let limit = limits.memory? as f64 / 1024.0 / 1024.0;
    let resident = resident_mb(std::process::id());
    (resident > limit).then(|| Failure {
        kind: FailureKind::OutOfMemory,
        message: format!("the trial took {resident:.0} MiB of memory; `trial_limits.memory` is {limit:.0} MiB"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passed_limit_is_named_and_stops_the_segment() {
        let shared = Arc::new(Shared::default());
        let limits = SegmentLimits {
            seconds: Some(0.0),
            ..SegmentLimits::default()
        };
        let _watch = Watch::start(Arc::clone(&shared), limits, || {});
        while !shared.is_stop_requested() {
            std::thread::yield_now();
        }
        assert_eq!(shared.passed().unwrap().kind, FailureKind::TimedOut);
        shared.begin();
        assert_eq!((shared.passed(), shared.is_stop_requested()), (None, false));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn memory_beyond_the_limit_is_seen() {
        let limits = |memory| SegmentLimits {
            memory: Some(memory),
            ..SegmentLimits::default()
        };
        let now = Instant::now();
        assert_eq!(passed(&limits(1 << 20), now).unwrap().kind, FailureKind::OutOfMemory);
        assert_eq!(passed(&limits(1 << 50), now), None);
    }
}
