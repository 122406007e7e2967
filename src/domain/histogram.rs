//! Durations in log-spaced buckets that add, subtract and merge: percentiles of every window at once.
//!
//! Buckets are one millisecond wide below 128 ms, and 64 an octave above: a value read back from the middle of its bucket
//! is off by at most 1/128 = 0.8 %. The windows of a bank lie side by side, so a value touches one cache line however
//! many windows it falls into. Eight neighbouring buckets make a chunk; only the chunks touched take memory.

use super::window::{LANES, Lanes};
use serde::{Deserialize, Serialize};

/// Buckets below this many milliseconds hold a single millisecond.
const LINEAR: i64 = 128;
const PER_OCTAVE: usize = 64;
const CHUNK: usize = 8;
/// How many buckets there are, in whole chunks.
pub const BUCKETS: usize = LINEAR as usize + (43 - 7 + 1) * PER_OCTAVE;
const RUNS: usize = BUCKETS / CHUNK;

/// The relative error of a percentile: half the widest bucket over its lower edge.
pub const RELATIVE_ERROR: f64 = 1.0 / 128.0;

/// The bucket of a duration in milliseconds; what is negative counts as 0.
#[must_use]
pub fn bucket(millis: i64) -> u16 {
    if millis < LINEAR {
        return u16::try_from(millis).unwrap_or(0);
    }
    // At most 2^43 ms (279 years), which no two event times are apart.
    let octave = (63 - millis.leading_zeros()).min(43);
    let place = (millis >> (octave - 6)) as usize & (PER_OCTAVE - 1);
    (LINEAR as usize + (octave as usize - 7) * PER_OCTAVE + place) as u16
}

/// The run of a bucket, and its place there.
fn place(bucket: u16) -> (usize, usize) {
    (usize::from(bucket) / CHUNK, usize::from(bucket) % CHUNK)
}

/// The middle of a bucket, in milliseconds.
#[must_use]
pub fn middle(bucket: usize) -> f64 {
    let Some(above) = bucket.checked_sub(LINEAR as usize) else { return bucket as f64 };
    let (octave, place) = (above / PER_OCTAVE + 7, above % PER_OCTAVE);
    let width = 1_i64 << (octave - 6);
    ((PER_OCTAVE + place) as i64 * width) as f64 + (width - 1) as f64 / 2.0
}

/// How many values fell into each bucket, for every window of a bank.
#[derive(Clone, Default, Debug, Serialize, Deserialize)]
pub struct Histogram {
    /// For each run of eight buckets, the place of its chunk plus one; 0 where nothing fell.
    index: Vec<u16>,
    chunks: Vec<[Lanes; CHUNK]>,
}

impl Histogram {
    /// The counts of a bucket in all windows, to change.
    #[inline]
    pub fn lanes(&mut self, bucket: u16) -> &mut Lanes {
        let (run, place) = place(bucket);
        if run >= self.index.len() {
            self.index.resize(run + 1, 0);
        }
        if self.index[run] == 0 {
            self.chunks.push([Lanes::default(); CHUNK]);
            // There are at most 312 runs of buckets, so the number fits.
            self.index[run] = self.chunks.len() as u16;
        }
        &mut self.chunks[usize::from(self.index[run]) - 1][place]
    }

    /// Adds another histogram.
    pub fn add(&mut self, other: &Histogram) {
        for (run, chunk) in other.runs() {
            // There are at most 312 runs of buckets, so the number fits.
            let first = (run * CHUNK) as u16;
            (first..).zip(chunk).for_each(|(bucket, lanes)| self.lanes(bucket).add(lanes));
        }
    }

    /// Whether a histogram that was read has no more chunks than there can be.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.index.len() <= RUNS && self.index.iter().all(|chunk| usize::from(*chunk) <= self.chunks.len())
    }

    /// Empties one window.
    pub fn clear(&mut self, lane: usize) {
        for chunk in &mut self.chunks {
            for bucket in chunk {
                bucket.0[lane] = 0;
            }
        }
    }

    /// The runs of buckets in which something may be, in their order.
    fn runs(&self) -> impl Iterator<Item = (usize, &[Lanes; CHUNK])> {
        used(&self.index).map(|(run, chunk)| (run, &self.chunks[chunk]))
    }

    /// Whether nothing ever fell into it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }
}

/// The runs that an index has chunks for, with the places of these. Most runs have none, and one look is enough for several.
fn used(index: &[u16]) -> impl Iterator<Item = (usize, usize)> {
    const SEVERAL: usize = 8;
    let several = (0..).step_by(SEVERAL).zip(index.chunks(SEVERAL));
    let several = several.filter(|(_, chunks)| chunks.iter().fold(0, |any, chunk| any | chunk) != 0);
    let runs = several.flat_map(|(first, chunks)| (first..).zip(chunks));
    runs.filter_map(|(run, chunk)| Some((run, usize::from(*chunk).checked_sub(1)?)))
}

/// The sum of histograms, to read percentiles from: [`Totals::add`] them, [`Totals::close`] the sum, read it.
///
/// A board reads those of every scope and window: so what is looked for is found by runs of buckets, of which there are few, and
/// memory is taken by those alone in which something is.
#[derive(Default, Debug)]
pub struct Totals {
    /// As [`Histogram`] has it.
    index: Vec<u16>,
    chunks: Vec<[[i64; LANES]; CHUNK]>,
    /// The runs of buckets in which something may be, in their order, with the places of their chunks.
    runs: Vec<(usize, usize)>,
    /// How many lie before each of these runs, and behind the last how many there are.
    before: Vec<[i64; LANES]>,
}

impl Totals {
    /// Forgets everything, keeping the memory.
    pub fn clear(&mut self) {
        self.index.clear();
        self.chunks.clear();
        self.runs.clear();
        self.before.clear();
    }

    /// Adds a histogram.
    pub fn add(&mut self, histogram: &Histogram) {
        if self.index.len() < histogram.index.len() {
            self.index.resize(histogram.index.len(), 0);
        }
        for (run, chunk) in histogram.runs() {
            if self.index[run] == 0 {
                self.chunks.push([[0; LANES]; CHUNK]);
                // There are no more of them than runs.
                self.index[run] = self.chunks.len() as u16;
            }
            let sums = &mut self.chunks[usize::from(self.index[run]) - 1];
            sums.iter_mut().zip(chunk).for_each(|(sums, lanes)| lanes.add_to(sums));
        }
    }

    /// Ends the adding, so that the sum can be read.
    pub fn close(&mut self) {
        self.runs.extend(used(&self.index));
        let mut all = [0; LANES];
        self.before.push(all);
        for (_, chunk) in &self.runs {
            for bucket in &self.chunks[*chunk] {
                all.iter_mut().zip(bucket).for_each(|(all, count)| *all += count);
            }
            self.before.push(all);
        }
    }

    /// How many values there are in each window.
    #[must_use]
    pub fn counts(&self) -> [i64; LANES] {
        self.before.last().copied().unwrap_or_default()
    }

    /// How many values of a window are not greater than each of these edges, in milliseconds. A value in the bucket of an edge
    /// counts as not greater.
    #[must_use]
    pub fn at_most(&self, lane: usize, edges: &[i64]) -> Vec<i64> {
        let counts = edges.iter().map(|edge| {
            let (edge_run, edge_place) = place(bucket(*edge));
            let at = self.runs.partition_point(|(run, _)| *run < edge_run);
            let own = match self.runs.get(at) {
                Some((run, chunk)) if *run == edge_run => &self.chunks[*chunk][..=edge_place],
                _ => &[],
            };
            self.before.get(at).map_or(0, |before| before[lane]) + own.iter().map(|lanes| lanes[lane]).sum::<i64>()
        });
        counts.collect()
    }

    /// The nearest-rank percentiles of a window, in milliseconds: the smallest value such that at least that share of the values
    /// is not greater. A share of 1 is the maximum; 0 where there are no values.
    #[must_use]
    pub fn percentiles<const N: usize>(&self, lane: usize, shares: [f64; N]) -> [f64; N] {
        let total = self.counts()[lane];
        shares.map(|share| self.ranked(lane, ((share * total as f64).ceil() as i64).max(1)).unwrap_or_default())
    }

    /// The value of this rank in a window, from 1, in milliseconds.
    fn ranked(&self, lane: usize, rank: i64) -> Option<f64> {
        let at = self.before.partition_point(|before| before[lane] < rank).checked_sub(1)?;
        let (run, chunk) = *self.runs.get(at)?;
        let mut seen = self.before[at][lane];
        let reached = |lanes: &[i64; LANES]| {
            seen += lanes[lane];
            seen >= rank
        };
        self.chunks[chunk].iter().position(reached).map(|place| middle(run * CHUNK + place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_s_middle_is_within_the_stated_error_of_every_value_in_it() {
        for value in (0..5_000).chain((1..40).flat_map(|power| [(1_i64 << power) - 1, 1 << power, (1 << power) + 1, 3 << power])) {
            let read = middle(usize::from(bucket(value)));
            assert!((read - value as f64).abs() <= RELATIVE_ERROR * value as f64 + 1e-9, "{value} read as {read}");
        }
        assert_eq!(bucket(-5), 0);
        assert!(bucket(i64::MAX) < 2_496);
    }

    #[test]
    fn what_is_added_and_withdrawn_leaves_nothing() {
        let mut histogram = Histogram::default();
        let one = Lanes([1; LANES]);
        for value in [0, 7_000, 46_000, 900_000] {
            histogram.lanes(bucket(value)).add(&one);
        }
        histogram.lanes(bucket(900_000)).add(&one.negative());
        let mut totals = Totals::default();
        totals.add(&histogram);
        totals.close();
        assert_eq!(totals.at_most(0, &[0, 6_999, 7_000, 46_000, 1_000_000]), [1, 2, 2, 3, 3]);
        let [median, maximum] = totals.percentiles(0, [0.5, 1.0]);
        assert!((median - 7_000.0).abs() <= 70.0 && (maximum - 46_000.0).abs() <= 460.0, "{median} {maximum}");
        histogram.clear(0);
        totals.clear();
        totals.add(&histogram);
        totals.close();
        assert_eq!(totals.percentiles(0, [1.0]), [0.0]);
    }
}
