//! What the disk can do, and what lies on it.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// Plain writes, each made durable.
pub(crate) struct PlainWrites {
    pub(crate) duration: Duration,
    pub p50: Duration,
    pub p99: Duration,
}

/// Writes so often so many bytes to the end of a new file, each time with `fdatasync`.
pub(crate) fn measure_plain_writes(directory: &Path, count: usize, bytes: usize) -> PlainWrites {
    let mut file = File::create(directory.join("plain")).unwrap();
    // Nothing a disk could make smaller.
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
    let took = times.iter().sum();
    let (p50, p99, _) = super::quantiles(times);
    PlainWrites { duration: took, p50, p99 }
}

/// How many bytes the files take whose names begin so, in the data directory; the store reserves more than it has filled.
pub(crate) fn file_bytes(directory: &Path, begin: &str) -> u64 {
    let files = std::fs::read_dir(super::firstline_process::data_directory(directory))
        .unwrap()
        .map(Result::unwrap);
    files
        .filter(|file| file.file_name().to_string_lossy().starts_with(begin))
        .map(|file| 512 * file.metadata().unwrap().blocks())
        .sum()
}
