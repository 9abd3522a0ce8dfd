//! [`Timer`]: waiting that is exact to what the kernel's high-resolution timers give, without spinning. tokio's own has
//! milliseconds, which is longer than what is measured here.

use std::io;
use std::time::{Duration, Instant};

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::net::unix::pipe::Receiver;

/// A timerfd of this runtime. tokio's own type for any descriptor wants a promise that `unsafe` makes; its reading end of a pipe
/// does with a timerfd just what is needed: it waits until there is something to read, and reads it.
#[derive(Debug)]
pub(crate) struct Timer {
    fd: Receiver,
}

impl Timer {
    /// Must be called on a runtime.
    pub(crate) fn new() -> io::Result<Self> {
        let fd = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        Ok(Self { fd: Receiver::from_owned_fd_unchecked(fd)? })
    }

    /// Resolves at `when`, or at once if that has passed. One at a time: whoever comes next replaces what was set.
    pub(crate) async fn until(&mut self, when: Instant) -> io::Result<()> {
        let left = when.saturating_duration_since(Instant::now());
        // Zero would switch it off (timerfd_settime(2)).
        if left.is_zero() {
            return Ok(());
        }
        timerfd_settime(&self.fd, TimerfdTimerFlags::empty(), &once(left))?;
        loop {
            self.fd.readable().await?;
            // How often it went off, which is once.
            match self.fd.try_read(&mut [0; 8]) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return read.map(drop),
            }
        }
    }
}

fn once(after: Duration) -> Itimerspec {
    let never = Timespec { tv_sec: 0, tv_nsec: 0 };
    let after = Timespec {
        tv_sec: i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(after.subsec_nanos()),
    };
    Itimerspec { it_interval: never, it_value: after }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_never_goes_off_early_and_can_be_used_again() {
        let mut timer = Timer::new().unwrap();
        for milliseconds in [0, 2, 1] {
            let when = Instant::now() + Duration::from_millis(milliseconds);
            timer.until(when).await.unwrap();
            assert!(Instant::now() >= when);
        }
    }
}
