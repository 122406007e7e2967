//! Baseline of plain durable writes, and the size of files on disk.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// Measurements of plain writes with `fdatasync`.
pub(crate) struct PlainWrites {
    pub(crate) duration: Duration,
    pub p50: Duration,
    pub p99: Duration,
}

/// Appends `bytes` to a new file `count` times, each time followed by `fdatasync`.
pub(crate) fn measure_plain_writes(directory: &Path, count: usize, bytes: usize) -> PlainWrites {
    let mut file = File::create(directory.join("plain")).unwrap();
    // Random bytes, because a disk or file system may compress.
    let mut state = 1_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        (state >> 56) as u8
    })
    .take(bytes)
    .collect();
    let once = || {
        let begun = Instant::now();
        file.write_all(&noise).unwrap();
        file.sync_data().unwrap();
        begun.elapsed()
    };
    let times: Vec<Duration> = std::iter::repeat_with(once).take(count).collect();
    let duration = times.iter().sum();
    let (p50, p99, _) = super::quantiles(times);
    PlainWrites { duration, p50, p99 }
}

/// Returns the allocated bytes of files whose names begin with `begin` in the data directory.
///
/// Allocated blocks are counted, because the store reserves space in advance.
pub(crate) fn file_bytes(directory: &Path, begin: &str) -> u64 {
    let files = std::fs::read_dir(super::firstline_process::data_directory(directory))
        .unwrap()
        .map(Result::unwrap);
    files
        .filter(|file| file.file_name().to_string_lossy().starts_with(begin))
        .map(|file| 512 * file.metadata().unwrap().blocks())
        .sum()
}
