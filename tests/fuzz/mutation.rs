//! Seeded mutations of inputs. A dictionary supplies tokens and numbers that random changes hardly
//! find.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Maximum size of an input. Longer inputs find nothing that shorter ones do not.
const INPUT_BYTES_MAX: usize = 32 << 10;

/// Tokens with a meaning in some format, and numbers at the limits of their types.
const DICTIONARY: &[&str] = &[
    "\"",
    "'",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "|",
    "=",
    "\n",
    "\r\n",
    "\r",
    "\0",
    "\u{feff}",
    "\u{fffd}",
    "合肥",
    "\\ud800",
    "\\u0000",
    "null",
    "true",
    "false",
    "0",
    "-1",
    "-0",
    "1e308",
    "1e-400",
    "1e999",
    "NaN",
    "inf",
    "0.1",
    "0x7f",
    "127",
    "128",
    "255",
    "256",
    "65535",
    "65536",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1900-01-01T00:00:00Z",
    "1899-12-31T23:59:59.999Z",
    "2199-12-31T23:59:59.999Z",
    "2200-01-01T00:00:00Z",
    "2026-02-29",
    "2026-03-29T02:30:00",
    "9999-12-31T23:59:59Z",
    "+23:59",
    "-00:00",
    "0ms",
    "1ms",
    "1d",
    "106751991167d",
    "9223372036854775807ms",
    "36500d",
    "data",
    "id",
    "source",
    "type",
    "time",
    "subject",
    "sequence",
    "specversion",
    "customer",
    "due",
    "appointment",
    "topic",
    "wait_seconds",
    "score",
    "scale",
    "state",
    "resolved",
    "call.offered",
    "call.answered",
    "call.ended",
    "repair.opened",
    "survey.rated",
    "agent.changed",
    "NONE",
    "ENTERQUEUE",
    "CONNECT",
    "QUEUESTART",
    "ATTENDEDTRANSFER",
    "subscribe",
    "resume",
    "where",
    "windows",
    "by",
    "now",
    "today",
    "month",
    "not",
    "any",
    "all",
    "above",
    "column",
    "{no}",
    "%s",
    "%Y",
    "%",
    "Asia/Shanghai",
    "Europe/Berlin",
    "within",
    "every",
    "target",
    "below",
    "clear",
    "for",
    "clear after 0s",
    "fire after 30d",
    "budget",
    "share",
    "left",
    "overdue",
    "[alert.a]\n",
    "#",
    "[[event]]\n",
    "a.a.a.a.a.a.a.a.",
];

/// Returns mutant `number`. It depends only on the arguments, not on earlier calls.
pub(crate) fn mutate_input(seed: u64, number: u64, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(number);
    let mut input = corpus[rng.random_range(0..corpus.len())].clone();
    for _ in 0..1 << rng.random_range(0..4) {
        mutate_once(&mut input, corpus, &mut rng);
        input.truncate(INPUT_BYTES_MAX);
    }
    input
}

fn mutate_once(input: &mut Vec<u8>, corpus: &[Vec<u8>], rng: &mut ChaCha8Rng) {
    let range = random_range(input, rng);
    match rng.random_range(0..10) {
        0 => {
            if let Some(byte) = input.get_mut(range.start) {
                *byte ^= 1 << rng.random_range(0..8);
            }
        }
        1 => {
            if let Some(byte) = input.get_mut(range.start) {
                *byte = rng.random();
            }
        }
        2 => _ = input.drain(range),
        3 => input.truncate(range.start),
        4 => {
            let count = 1 << [0, 0, 1, 4, 10][rng.random_range(0..5)];
            let copies = input[range].repeat(count);
            let copies = &copies[..copies.len().min(INPUT_BYTES_MAX)];
            let to = rng.random_range(0..=input.len());
            input.splice(to..to, copies.iter().copied());
        }
        5 => {
            let donor = &corpus[rng.random_range(0..corpus.len())];
            let donated = random_range(donor, rng);
            input.splice(range, donor[donated].iter().copied());
        }
        6 | 7 => {
            let token = DICTIONARY[rng.random_range(0..DICTIONARY.len())].bytes();
            let target = if rng.random() { range.start..range.start } else { range };
            input.splice(target, token);
        }
        _ => replace_number(input, range.start, rng),
    }
}

/// Returns a random range of an input, mostly a short one.
fn random_range(input: &[u8], rng: &mut ChaCha8Rng) -> std::ops::Range<usize> {
    let begin = rng.random_range(0..=input.len());
    let longest = [1, 4, 32, input.len()][rng.random_range(0..4)];
    begin..begin + rng.random_range(0..=longest.min(input.len() - begin))
}

/// Replaces the next number after `from`. Does nothing if there are no digits.
fn replace_number(input: &mut Vec<u8>, from: usize, rng: &mut ChaCha8Rng) {
    let Some(begin) = input[from..].iter().position(u8::is_ascii_digit).map(|at| from + at) else {
        return;
    };
    let length = input[begin..]
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(input.len() - begin);
    let numbers: Vec<&&str> =
        DICTIONARY.iter().filter(|token| token.parse::<f64>().is_ok()).collect();
    let number = numbers[rng.random_range(0..numbers.len())];
    input.splice(begin..begin + length, number.bytes());
}
