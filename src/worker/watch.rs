//! Watches a running segment from another thread: enforces its limits and sends signs of life.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::awake::AwakeClock;
use crate::objective::{own_resident_mb, resident_mb};
use crate::os;
use crate::trials::{Failure, FailureKind, SegmentLimits};

/// Interval between checks of the clock and of memory.
const INTERVAL: Duration = Duration::from_millis(100);

/// Interval between signs of life.
const SIGN_INTERVAL: Duration = Duration::from_millis(500);

/// Minimum ratio of the pause between checks to a check's duration: listing a large machine's processes is slow.
const COSTLIER: u32 = 20;

/// State that a running segment shares with its watchers.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// `true` if the segment should stop, because of the engine or of a limit.
    stop: AtomicBool,
    /// Counts every action of the segment.
    pulse: AtomicU64,
    /// Time until which a segment may evaluate the trial after a stop request.
    until: Mutex<Option<Instant>>,
    /// Number of the current segment, and the limit that it has exceeded.
    passed: Mutex<(u64, Option<Failure>)>,
    /// The process group of the running external program; 0 for none.
    program: AtomicU32,
    /// End of the lease on this machine's clock, in milliseconds; 0: the worker needs no lease.
    lease: AtomicU64,
}

impl Shared {
    /// Begins a segment and clears the state of the previous one.
    pub(super) fn begin(&self) {
        let mut passed = self.lock();
        *passed = (passed.0 + 1, None);
        self.allow(Duration::ZERO);
        self.stop.store(false, Ordering::SeqCst);
    }

    /// Allows the segment to evaluate the trial for this long when it stops.
    pub(super) fn allow(&self, time: Duration) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now().checked_add(time);
    }

    /// Remaining time of that allowance.
    pub(super) fn allowed(&self) -> Duration {
        let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()))
    }

    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_stop_requested(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    /// Records the end of the lease; returns whether there was one before.
    pub(super) fn renew(&self, until: f64) -> bool {
        let until = ((until * 1e3) as u64).max(1);
        self.lease.swap(until, Ordering::SeqCst) != 0
    }

    /// Returns whether the lease has ended.
    pub(super) fn is_expired(&self) -> bool {
        let until = self.lease.load(Ordering::SeqCst);
        until != 0 && os::uptime().as_millis() as u64 >= until
    }

    /// Records that the segment has made progress.
    pub(super) fn beat(&self) {
        self.pulse.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn set_program(&self, group: Option<u32>) {
        self.program.store(group.unwrap_or(0), Ordering::SeqCst);
    }

    /// The process group of the running external program.
    pub(super) fn program(&self) -> Option<u32> {
        Some(self.program.load(Ordering::SeqCst)).filter(|&group| group != 0)
    }

    /// The limit that was exceeded, if any.
    pub(super) fn passed(&self) -> Option<Failure> {
        self.lock().1.clone()
    }

    fn segment(&self) -> u64 {
        self.lock().0
    }

    /// Records that a segment has exceeded a limit. Ignored for earlier segments: their watch may report late.
    fn pass(&self, segment: u64, failure: Failure) {
        let mut passed = self.lock();
        if passed.0 == segment {
            passed.1 = Some(failure);
            self.stop();
        }
    }

    fn lock(&self) -> MutexGuard<'_, (u64, Option<Failure>)> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Watches one segment. Dropping it ends the watch.
#[derive(Debug)]
pub(super) struct Watch {
    is_over: Arc<AtomicBool>,
    awake: Arc<Mutex<AwakeClock>>,
}

impl Watch {
    /// Starts a watch on a separate thread; `sign` is called when the segment has made progress.
    ///
    /// # Errors
    /// If the system does not allow another thread.
    pub(super) fn start(
        shared: Arc<Shared>,
        limits: SegmentLimits,
        sign: impl Fn() + Send + 'static,
    ) -> std::io::Result<Self> {
        let is_over = Arc::new(AtomicBool::new(false));
        let awake = Arc::new(Mutex::new(AwakeClock::start()));
        let watch = Self {
            is_over: Arc::clone(&is_over),
            awake: Arc::clone(&awake),
        };
        let segment = shared.segment();
        let look_on = move || {
            let mut told = (Instant::now(), shared.pulse.load(Ordering::Relaxed));
            let mut pause = INTERVAL;
            while !is_over.load(Ordering::Relaxed) {
                std::thread::park_timeout(pause);
                let pulse = shared.pulse.load(Ordering::Relaxed);
                if told.0.elapsed() >= SIGN_INTERVAL && pulse != told.1 && !is_over.load(Ordering::Relaxed) {
                    told = (Instant::now(), pulse);
                    sign();
                }
                let begun = Instant::now();
                let resident = || match shared.program() {
                    Some(_) => resident_mb(std::process::id()),
                    None => own_resident_mb(),
                };
                let spent = look(&awake).0;
                if let Some(failure) = passed(&limits, spent, resident) {
                    shared.pass(segment, failure);
                    return;
                }
                pause = INTERVAL.max(begun.elapsed() * COSTLIER);
            }
        };
        std::thread::Builder::new().spawn(look_on)?;
        Ok(watch)
    }

    /// Ends the watch; returns the time during which the segment was suspended.
    pub(super) fn end(self) -> Duration {
        look(&self.awake).1
    }
}

/// The time that counts, and the time during which the process was suspended.
fn look(clock: &Mutex<AwakeClock>) -> (Duration, Duration) {
    let mut clock = clock.lock().unwrap_or_else(PoisonError::into_inner);
    (clock.look(), clock.suspended())
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

/// The limit that a segment has exceeded after the time `spent`.
fn passed(limits: &SegmentLimits, spent: Duration, resident_mb: impl Fn() -> f64) -> Option<Failure> {
    if limits.seconds.is_some_and(|seconds| spent.as_secs_f64() > seconds) {
        return Some(Failure {
            kind: FailureKind::TimedOut,
            message: "the trial took longer than `trial_limits.wall`".to_owned(),
        });
    }
    let limit = limits.memory? as f64 / 1024.0 / 1024.0;
    let resident = resident_mb();
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

    #[test]
    fn a_watch_that_is_late_says_nothing_of_the_next_segment() {
        let shared = Shared::default();
        let failure = passed(
            &SegmentLimits {
                seconds: Some(0.0),
                ..SegmentLimits::default()
            },
            Duration::from_secs(1),
            || 0.0,
        );
        let first = shared.segment();
        shared.begin();
        shared.pass(first, failure.clone().unwrap());
        assert_eq!((shared.passed(), shared.is_stop_requested()), (None, false));
        shared.pass(shared.segment(), failure.clone().unwrap());
        assert_eq!((shared.passed(), shared.is_stop_requested()), (failure, true));
    }

    #[test]
    fn a_lease_ends_unless_it_is_renewed() {
        let shared = Shared::default();
        assert!(!shared.is_expired(), "a worker of the same machine needs none");
        let now = os::uptime().as_secs_f64();
        assert!(!shared.renew(now - 1.0) && shared.is_expired());
        assert!(shared.renew(now + 60.0) && !shared.is_expired());
    }

    #[test]
    fn memory_beyond_the_limit_is_seen() {
        let limits = |memory| SegmentLimits {
            memory: Some(memory),
            ..SegmentLimits::default()
        };
        let passed = |memory| passed(&limits(memory), Duration::ZERO, || 2.0);
        assert_eq!(passed(1 << 20).unwrap().kind, FailureKind::OutOfMemory);
        assert_eq!(passed(1 << 22), None);
    }
}
