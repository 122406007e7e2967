//! Thread priorities. The engine goes first, because every acknowledgement and every board wait for
//! it. The other threads can use all processors when events arrive faster than they can be applied.

/// Niceness of the threads that read requests and write responses. At 5 they get about a quarter of
/// a processor shared with the engine.
pub const REQUEST_NICENESS: i32 = 5;

/// Niceness of the snapshot thread. At 10 it gets about a tenth of a processor shared with the
/// engine, which is enough to finish.
pub(super) const SNAPSHOT_NICENESS: i32 = 10;

/// Sets the niceness of the calling thread to `steps`. Linux only: other systems have one
/// priority per process.
#[cfg_attr(
    not(target_os = "linux"),
    expect(unused_variables, reason = "niceness per thread exists on Linux only")
)]
pub fn lower_thread_priority(steps: i32) {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, steps) {
        tracing::debug!(%error, steps, "thread priority cannot be lowered");
    }
}
