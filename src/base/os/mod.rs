//! Functions of the operating system that the standard library does not offer. All differences between systems stand
//! here. Where a system has no such function, ours does nothing or gives the cautious answer, as its comment says.

mod files;
mod processes;

pub use files::*;
pub use processes::*;

/// The name of this machine; empty if the system does not tell.
pub fn node() -> String {
    #[cfg(unix)]
    return rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    String::new()
}

/// Time since this machine started, the same in every process. Where the system can tell, it includes the time in which
/// the machine was suspended.
pub fn uptime() -> std::time::Duration {
    #[cfg(unix)]
    {
        #[cfg(target_os = "linux")]
        let clock = rustix::time::ClockId::Boottime;
        #[cfg(not(target_os = "linux"))]
        let clock = rustix::time::ClockId::Monotonic;
        let now = rustix::time::clock_gettime(clock);
        std::time::Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec as u32)
    }
    #[cfg(not(unix))]
    {
        static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        START.get_or_init(std::time::Instant::now).elapsed()
    }
}
