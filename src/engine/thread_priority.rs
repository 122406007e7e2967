//! Which threads go first where there are not enough processors for all: the engine, on which every acknowledgement and every board
//! wait. The others have work enough for every processor as soon as events come faster than they can be taken.

/// How much less urgent those are who read requests and write answers: with five steps they get a quarter of a processor that the
/// engine wants as well. It waits as soon as it has taken all that they have read.
pub const REQUEST_NICENESS: i32 = 5;

/// How much less urgent the keeper of snapshots is: a tenth of a processor is still enough to come to an end.
pub(super) const SNAPSHOT_NICENESS: i32 = 10;

/// Makes the thread that calls it so many steps less urgent than the engine; on Linux, because elsewhere the system has one priority
/// for all threads of a process.
#[cfg_attr(
    not(target_os = "linux"),
    expect(unused_variables, reason = "there is nothing to be done")
)]
pub fn lower_thread_priority(steps: i32) {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, steps) {
        tracing::debug!(%error, steps, "a thread works as urgently as the engine");
    }
}
