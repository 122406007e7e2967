//! The board is a function of the SET of events: two simulated hours, shuffled and partly said twice, print the same bytes
//! as in their order.

#![expect(clippy::unwrap_used, reason = "a test that cannot run the program fails")]

use rand::SeedableRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand_chacha::ChaCha8Rng;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn run_firstline(arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_firstline")).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "firstline {arguments:?} ended with {}:\n{said}",
        output.status
    );
    output
}

/// The boards that a shuffle must not change: every window of everything, and of every queue.
fn replay_boards(file: &Path) -> [String; 2] {
    let file = file.to_str().unwrap();
    [&["--window", "every"][..], &["--window", "every", "--by", "center,queue"][..]].map(|how| {
        let output = run_firstline(&[&["replay", "--json"], how, &[file]].concat());
        String::from_utf8(output.stdout).unwrap()
    })
}

#[test]
fn event_order_and_duplicates_do_not_change_output() {
    let simulated = run_firstline(&[
        "simulate",
        "--hours",
        "2",
        "--rate",
        "0.3",
        "--start",
        "2026-03-02T09:00:00+08:00",
    ])
    .stdout;
    let simulated = String::from_utf8(simulated).unwrap();
    let lines: Vec<&str> = simulated.lines().collect();
    assert!(lines.len() > 5_000, "two hours have only {} events", lines.len());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.ndjson");
    fs::write(&file, &simulated).unwrap();
    let plain = replay_boards(&file);
    assert!(plain[1].contains("\"queue\""), "nothing is read by queue");

    for seed in [1_u64, 20_260_302, 0xfeed_beef] {
        println!("order: {} events, shuffled with seed {seed}", lines.len());
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        let mut shuffled = lines.clone();
        for _ in 0..lines.len() / 5 {
            shuffled.push(lines.choose(&mut chance).unwrap());
        }
        shuffled.shuffle(&mut chance);
        fs::write(&file, shuffled.join("\n")).unwrap();
        for (plain, shuffled) in plain.iter().zip(replay_boards(&file)) {
            assert_same_boards(plain, &shuffled, seed);
        }
    }
}

/// One core, and two for two instants, of which the later one hears all and the earlier one half; with lines that are rejected, in
/// blocks that several threads decode.
#[test]
fn thread_count_does_not_change_output() {
    let simulated = run_firstline(&[
        "simulate",
        "--hours",
        "2",
        "--rate",
        "0.3",
        "--start",
        "2026-03-02T09:00:00+08:00",
    ])
    .stdout;
    let mut lines: Vec<&[u8]> = simulated.split(|byte| *byte == b'\n').collect();
    [11, 4_000, lines.len() - 7].into_iter().for_each(|place| lines[place] = b"{\"id\":");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.ndjson");
    let bytes = lines.join(&b'\n');
    assert!(bytes.len() > 1_200_000, "{} bytes are too few for several blocks", bytes.len());
    fs::write(&file, bytes).unwrap();
    let instants = ["--at", "2026-03-02T10:00:00+08:00", "--at", "2026-03-02T11:30:00+08:00"];
    for how in [&[][..], &instants] {
        let [one, others @ ..] = ["1", "2", "3", "5"].map(|threads| {
            let replay = [
                "replay",
                "--json",
                "--window",
                "every",
                "--by",
                "center,queue",
                "--threads",
                threads,
                file.to_str().unwrap(),
            ];
            let output = run_firstline(&[&replay, how].concat());
            (output.stdout, String::from_utf8(output.stderr).unwrap())
        });
        assert!(!one.0.is_empty() && one.1.contains(" 3 rejected"), "{}", one.1);
        for other in others {
            assert_eq!(one.1, other.1, "with {how:?}");
            assert!(one.0 == other.0, "with {how:?}");
        }
    }
}

/// Names the first readings that differ, because two boards of a million bytes say nothing.
fn assert_same_boards(plain: &str, shuffled: &str, seed: u64) {
    if plain == shuffled {
        return;
    }
    let readings = |board: &str| -> Vec<String> { board.split("},{").map(str::to_owned).collect() };
    let (plain, shuffled) = (readings(plain), readings(shuffled));
    let different = plain.iter().zip(&shuffled).filter(|(plain, shuffled)| plain != shuffled);
    let shown: Vec<String> =
        different.take(5).map(|(plain, shuffled)| format!("  {plain}\n  {shuffled}")).collect();
    panic!(
        "seed {seed}: {} and {} readings; the first that differ:\n{}",
        plain.len(),
        shuffled.len(),
        shown.join("\n")
    );
}
