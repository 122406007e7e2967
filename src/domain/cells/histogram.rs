//! Log-linear histograms of durations that add, subtract and merge, for percentiles of every
//! window.
//!
//! Buckets are 1 ms wide below 128 ms, and above there are 64 per octave. The middle of a bucket
//! differs from its values by at most 1/128 = 0.8 %. The windows of a bank lie side by side, so a
//! value touches one cache line for all of them. Eight adjacent buckets form a chunk. Only used
//! chunks take memory.

use crate::domain::time::window::{LANES_PER_BANK, LaneCounts};
use serde::{Deserialize, Serialize};

/// Limit in ms below which a bucket holds a single millisecond.
const LINEAR_LIMIT_MS: i64 = 128;
const BUCKETS_PER_OCTAVE: usize = 64;
const BUCKETS_PER_CHUNK: usize = 8;
/// Number of buckets, in whole chunks.
pub const BUCKET_COUNT: usize = LINEAR_LIMIT_MS as usize + (43 - 7 + 1) * BUCKETS_PER_OCTAVE;
const RUN_COUNT: usize = BUCKET_COUNT / BUCKETS_PER_CHUNK;

/// Maximum relative error of a percentile: half the widest bucket over its lower bound.
pub const RELATIVE_ERROR: f64 = 1.0 / 128.0;

/// Returns the bucket of a duration in milliseconds. Negative durations count as 0.
#[must_use]
pub fn bucket_of_millis(millis: i64) -> u16 {
    if millis < LINEAR_LIMIT_MS {
        return u16::try_from(millis).unwrap_or(0);
    }
    // Two event times are always less than 2^43 ms (279 years) apart.
    let octave = (63 - millis.leading_zeros()).min(43);
    let place = (millis >> (octave - 6)) as usize & (BUCKETS_PER_OCTAVE - 1);
    (LINEAR_LIMIT_MS as usize + (octave as usize - 7) * BUCKETS_PER_OCTAVE + place) as u16
}

/// Returns the run of a bucket and the index within the run.
fn run_and_place(bucket: u16) -> (usize, usize) {
    (usize::from(bucket) / BUCKETS_PER_CHUNK, usize::from(bucket) % BUCKETS_PER_CHUNK)
}

/// Returns the middle of a bucket in milliseconds.
#[must_use]
pub fn bucket_middle(bucket: usize) -> f64 {
    let Some(above) = bucket.checked_sub(LINEAR_LIMIT_MS as usize) else { return bucket as f64 };
    let (octave, place) = (above / BUCKETS_PER_OCTAVE + 7, above % BUCKETS_PER_OCTAVE);
    let width = 1_i64 << (octave - 6);
    ((BUCKETS_PER_OCTAVE + place) as i64 * width) as f64 + (width - 1) as f64 / 2.0
}

/// Returns the largest duration of a bucket in milliseconds.
#[must_use]
pub fn bucket_upper_bound(bucket: usize) -> i64 {
    let Some(above) = bucket.checked_sub(LINEAR_LIMIT_MS as usize) else { return bucket as i64 };
    let (octave, place) = (above / BUCKETS_PER_OCTAVE + 7, above % BUCKETS_PER_OCTAVE);
    ((BUCKETS_PER_OCTAVE + place + 1) as i64) * (1_i64 << (octave - 6)) - 1
}

/// Number of values in each bucket, for every window of a bank.
///
/// The high parts of counts that exceed 32 bits are in a second set of buckets, from
/// [`BUCKET_COUNT`] on. It exists only if there are any.
#[derive(Clone, Default, Debug, Serialize, Deserialize)]
pub struct Histogram {
    /// Index of the chunk plus one for each run of eight buckets. 0 marks an empty run.
    chunk_by_run: Vec<u16>,
    chunks: Vec<[LaneCounts; BUCKETS_PER_CHUNK]>,
}

impl Histogram {
    /// Returns the counts of a bucket in all windows. Allocates the chunk if needed.
    #[inline]
    pub fn bucket_lanes_mut(&mut self, bucket: u16) -> &mut LaneCounts {
        let (run, place) = run_and_place(bucket);
        if run >= self.chunk_by_run.len() {
            self.chunk_by_run.resize(run + 1, 0);
        }
        if self.chunk_by_run[run] == 0 {
            self.chunks.push([LaneCounts::default(); BUCKETS_PER_CHUNK]);
            // There are at most 624 runs of buckets, so the number fits.
            self.chunk_by_run[run] = self.chunks.len() as u16;
        }
        &mut self.chunks[usize::from(self.chunk_by_run[run]) - 1][place]
    }

    /// Adds any number to the count of a bucket in one window.
    pub fn add_to_bucket(&mut self, bucket: u16, lane: usize, more: i64) {
        let carry = self.bucket_lanes_mut(bucket).add_to_lane(lane, more);
        if carry != 0 {
            self.bucket_lanes_mut(bucket + BUCKET_COUNT as u16).0[lane] += carry;
        }
    }

    /// Carries the excess of all counts into their high parts.
    pub fn carry(&mut self) {
        for run in 0..self.chunk_by_run.len().min(RUN_COUNT) {
            let Some(chunk) = usize::from(self.chunk_by_run[run]).checked_sub(1) else { continue };
            for place in 0..BUCKETS_PER_CHUNK {
                if let Some(carry) = self.chunks[chunk][place].take_carry() {
                    let bucket = (run * BUCKETS_PER_CHUNK + place + BUCKET_COUNT) as u16;
                    self.bucket_lanes_mut(bucket).add_counts(&carry);
                }
            }
        }
    }

    /// Adds the counts of another histogram. Both must have been carried.
    pub fn merge(&mut self, other: &Histogram) {
        for (run, chunk) in other.used_runs() {
            // There are at most 624 runs of buckets, so the number fits.
            let first = (run * BUCKETS_PER_CHUNK) as u16;
            (first..)
                .zip(chunk)
                .for_each(|(bucket, lanes)| self.bucket_lanes_mut(bucket).add_counts(lanes));
        }
    }

    /// Returns true if a decoded histogram has valid chunk indexes.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.chunk_by_run.len() <= 2 * RUN_COUNT
            && self.chunk_by_run.iter().all(|chunk| usize::from(*chunk) <= self.chunks.len())
    }

    /// Clears one window.
    pub fn clear_window(&mut self, lane: usize) {
        for chunk in &mut self.chunks {
            for bucket in chunk {
                bucket.0[lane] = 0;
            }
        }
    }

    /// Iterates over the allocated runs in ascending order.
    fn used_runs(&self) -> impl Iterator<Item = (usize, &[LaneCounts; BUCKETS_PER_CHUNK])> {
        used_runs(&self.chunk_by_run).map(|(run, chunk)| (run, &self.chunks[chunk]))
    }

    /// Returns true if no value was ever added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }
}

/// Iterates over the allocated runs with the indexes of their chunks. Most runs are empty, so
/// several are tested at once.
fn used_runs(index: &[u16]) -> impl Iterator<Item = (usize, usize)> {
    const RUNS_AT_ONCE: usize = 8;
    let several = (0..).step_by(RUNS_AT_ONCE).zip(index.chunks(RUNS_AT_ONCE));
    let several =
        several.filter(|(_, chunks)| chunks.iter().fold(0, |any, chunk| any | chunk) != 0);
    let runs = several.flat_map(|(first, chunks)| (first..).zip(chunks));
    runs.filter_map(|(run, chunk)| Some((run, usize::from(*chunk).checked_sub(1)?)))
}

/// Sum of histograms for reading percentiles. First add histograms, then call
/// [`HistogramTotals::finish_totals`], then read.
///
/// A board reads the totals of every scope and window. So lookups search runs of buckets, which are
/// few, and only used runs take memory.
#[derive(Default, Debug)]
pub struct HistogramTotals {
    /// Same encoding as in [`Histogram`].
    chunk_by_run: Vec<u16>,
    chunks: Vec<[[i64; LANES_PER_BANK]; BUCKETS_PER_CHUNK]>,
    /// Allocated runs in ascending order, with the indexes of their chunks.
    runs: Vec<(usize, usize)>,
    /// Number of values before each of these runs, and last the total.
    counts_before: Vec<[i64; LANES_PER_BANK]>,
}

impl HistogramTotals {
    /// Clears the totals but retains their memory.
    pub fn clear(&mut self) {
        self.chunk_by_run.clear();
        self.chunks.clear();
        self.runs.clear();
        self.counts_before.clear();
    }

    /// Adds a histogram. Must not be called after [`HistogramTotals::finish_totals`].
    pub fn add_histogram(&mut self, histogram: &Histogram) {
        let run_count = histogram.chunk_by_run.len().min(RUN_COUNT);
        if self.chunk_by_run.len() < run_count {
            self.chunk_by_run.resize(run_count, 0);
        }
        for (run, chunk) in histogram.used_runs() {
            let (run, is_high) = (run % RUN_COUNT, run >= RUN_COUNT);
            if self.chunk_by_run[run] == 0 {
                self.chunks.push([[0; LANES_PER_BANK]; BUCKETS_PER_CHUNK]);
                // There are no more chunks than runs, so the number fits.
                self.chunk_by_run[run] = self.chunks.len() as u16;
            }
            let sums = &mut self.chunks[usize::from(self.chunk_by_run[run]) - 1];
            match is_high {
                false => {
                    sums.iter_mut().zip(chunk).for_each(|(sums, lanes)| lanes.add_to_sums(sums));
                }
                true => {
                    sums.iter_mut()
                        .zip(chunk)
                        .for_each(|(sums, lanes)| lanes.add_high_to_sums(sums));
                }
            }
        }
    }

    /// Computes cumulative counts, so that the totals can be read.
    pub fn finish_totals(&mut self) {
        self.runs.extend(used_runs(&self.chunk_by_run));
        let mut all = [0; LANES_PER_BANK];
        self.counts_before.push(all);
        for (_, chunk) in &self.runs {
            for bucket in &self.chunks[*chunk] {
                all.iter_mut().zip(bucket).for_each(|(all, count)| *all += count);
            }
            self.counts_before.push(all);
        }
    }

    /// Returns the number of values by lane.
    #[must_use]
    pub fn value_counts(&self) -> [i64; LANES_PER_BANK] {
        self.counts_before.last().copied().unwrap_or_default()
    }

    /// Returns for each bound in milliseconds the number of a window's values that are at most the
    /// bound.
    ///
    /// All values in the bound's bucket count as at most the bound.
    #[must_use]
    pub fn counts_at_most(&self, lane: usize, bounds: &[i64]) -> Vec<i64> {
        let counts = bounds.iter().map(|bound| {
            let (bound_run, bound_place) = run_and_place(bucket_of_millis(*bound));
            let at = self.runs.partition_point(|(run, _)| *run < bound_run);
            let at_most = match self.runs.get(at) {
                Some((run, chunk)) if *run == bound_run => &self.chunks[*chunk][..=bound_place],
                _ => &[],
            };
            self.counts_before.get(at).map_or(0, |before| before[lane])
                + at_most.iter().map(|lanes| lanes[lane]).sum::<i64>()
        });
        counts.collect()
    }

    /// Returns the nearest-rank percentiles of a window in milliseconds.
    ///
    /// A percentile is the smallest value such that at least that share of the values is not
    /// greater. Without values, returns 0.
    #[must_use]
    pub fn percentiles<const N: usize>(&self, lane: usize, shares: [f64; N]) -> [f64; N] {
        let total = self.value_counts()[lane];
        shares.map(|share| {
            self.value_at_rank(lane, ((share * total as f64).ceil() as i64).max(1))
                .unwrap_or_default()
        })
    }

    /// Returns an upper bound of a window's values in milliseconds: the largest value of the
    /// highest bucket in use. Returns `None` without values.
    #[must_use]
    pub fn upper_bound(&self, lane: usize) -> Option<i64> {
        self.highest_excess(&HistogramTotals::default(), lane).map(bucket_upper_bound)
    }

    /// Returns the highest bucket with more values of a window than in `other`. Returns `None` if
    /// there is no such bucket.
    #[must_use]
    pub fn highest_excess(&self, other: &HistogramTotals, lane: usize) -> Option<usize> {
        self.runs.iter().rev().find_map(|(run, chunk)| {
            let other_chunk =
                other.chunk_by_run.get(*run).and_then(|at| usize::from(*at).checked_sub(1));
            let exceeds = |place: &usize| {
                let other_count = other_chunk.map_or(0, |chunk| other.chunks[chunk][*place][lane]);
                self.chunks[*chunk][*place][lane] > other_count
            };
            let place = (0..BUCKETS_PER_CHUNK).rev().find(exceeds)?;
            Some(run * BUCKETS_PER_CHUNK + place)
        })
    }

    /// Returns the value at this rank of a window in milliseconds. Ranks start at 1.
    fn value_at_rank(&self, lane: usize, rank: i64) -> Option<f64> {
        let at = self.counts_before.partition_point(|before| before[lane] < rank).checked_sub(1)?;
        let (run, chunk) = *self.runs.get(at)?;
        let mut seen = self.counts_before[at][lane];
        let reached = |lanes: &[i64; LANES_PER_BANK]| {
            seen += lanes[lane];
            seen >= rank
        };
        self.chunks[chunk]
            .iter()
            .position(reached)
            .map(|place| bucket_middle(run * BUCKETS_PER_CHUNK + place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_middle_is_within_relative_error_of_its_values() {
        for value in (0..5_000).chain(
            (1..40)
                .flat_map(|power| [(1_i64 << power) - 1, 1 << power, (1 << power) + 1, 3 << power]),
        ) {
            let read = bucket_middle(usize::from(bucket_of_millis(value)));
            assert!(
                (read - value as f64).abs() <= RELATIVE_ERROR * value as f64 + 1e-9,
                "{value} read as {read}"
            );
        }
        for bucket in 0..2_496 {
            let largest = bucket_upper_bound(bucket);
            assert_eq!(usize::from(bucket_of_millis(largest)), bucket);
            assert!(bucket == 2_495 || usize::from(bucket_of_millis(largest + 1)) == bucket + 1);
        }
        assert_eq!(bucket_of_millis(-5), 0);
        assert!(bucket_of_millis(i64::MAX) < 2_496);
    }

    #[test]
    fn withdrawn_values_leave_no_trace() {
        let mut histogram = Histogram::default();
        let one = LaneCounts([1; LANES_PER_BANK]);
        for value in [0, 7_000, 46_000, 900_000] {
            histogram.bucket_lanes_mut(bucket_of_millis(value)).add_counts(&one);
        }
        histogram.bucket_lanes_mut(bucket_of_millis(900_000)).add_counts(&one.negated());
        let mut totals = HistogramTotals::default();
        totals.add_histogram(&histogram);
        totals.finish_totals();
        assert_eq!(
            totals.counts_at_most(0, &[0, 6_999, 7_000, 46_000, 1_000_000]),
            [1, 2, 2, 3, 3]
        );
        let [median, maximum] = totals.percentiles(0, [0.5, 1.0]);
        assert!(
            (median - 7_000.0).abs() <= 70.0 && (maximum - 46_000.0).abs() <= 460.0,
            "{median} {maximum}"
        );
        histogram.clear_window(0);
        totals.clear();
        totals.add_histogram(&histogram);
        totals.finish_totals();
        assert_eq!(totals.percentiles(0, [1.0]), [0.0]);
    }

    #[test]
    fn bucket_counts_exceed_32_bits() {
        let mut histogram = Histogram::default();
        let many = LaneCounts([LaneCounts::ADDITIONS_BEFORE_CARRY as i32; LANES_PER_BANK]);
        for _ in 0..9 {
            histogram.bucket_lanes_mut(bucket_of_millis(7_000)).add_counts(&many);
            histogram.carry();
        }
        histogram.bucket_lanes_mut(bucket_of_millis(1)).add_counts(&LaneCounts([1; 8]));
        let mut twice = histogram.clone();
        twice.merge(&histogram);
        let count = 9 * LaneCounts::ADDITIONS_BEFORE_CARRY as i64 + 1;
        assert!(count > 2 * i64::from(i32::MAX));
        for (histogram, count) in [(&histogram, count), (&twice, 2 * count)] {
            let mut totals = HistogramTotals::default();
            totals.add_histogram(histogram);
            totals.finish_totals();
            assert_eq!(totals.value_counts(), [count; LANES_PER_BANK]);
            let small = count % LaneCounts::ADDITIONS_BEFORE_CARRY as i64;
            assert_eq!(totals.counts_at_most(3, &[6_000, 8_000]), [small, count]);
        }
        assert!(twice.is_valid());
    }
}
