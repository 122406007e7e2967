//! Order independence of `firstline replay`: two simulated hours give the same output in order and
//! shuffled with duplicates.

#![expect(clippy::unwrap_used, reason = "a test that cannot run the program fails")]

use rand::SeedableRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand_chacha::ChaCha8Rng;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn run_firstline(arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_firstline")).args(arguments).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "firstline {arguments:?} ended with {}:\n{stderr}",
        output.status
    );
    output
}

/// Returns the boards of every window, overall and by center and queue.
fn replay_boards(file: &Path) -> [String; 2] {
    let file = file.to_str().unwrap();
    [&["--window", "every"][..], &["--window", "every", "--by", "center,queue"][..]].map(
        |options| {
            let output = run_firstline(&[&["replay", "--json"], options, &[file]].concat());
            String::from_utf8(output.stdout).unwrap()
        },
    )
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
    assert!(lines.len() > 5_000, "the simulation has only {} events", lines.len());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.ndjson");
    fs::write(&file, &simulated).unwrap();
    let plain = replay_boards(&file);
    assert!(plain[1].contains("\"queue\""), "no readings by queue");

    for seed in [1_u64, 20_260_302, 0xfeed_beef] {
        println!("order: {} events, shuffled with seed {seed}", lines.len());
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut shuffled = lines.clone();
        for _ in 0..lines.len() / 5 {
            shuffled.push(lines.choose(&mut rng).unwrap());
        }
        shuffled.shuffle(&mut rng);
        fs::write(&file, shuffled.join("\n")).unwrap();
        for (plain, shuffled) in plain.iter().zip(replay_boards(&file)) {
            assert_same_boards(plain, &shuffled, seed);
        }
    }
}

/// Checks the final board and boards at two instants, with rejected lines and enough input for
/// several decoder threads.
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
    for options in [&[][..], &instants] {
        let [single, others @ ..] = ["1", "2", "3", "5"].map(|threads| {
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
            let output = run_firstline(&[&replay, options].concat());
            (output.stdout, String::from_utf8(output.stderr).unwrap())
        });
        assert!(!single.0.is_empty() && single.1.contains(" 3 rejected"), "{}", single.1);
        for other in others {
            assert_eq!(single.1, other.1, "with {options:?}");
            assert!(single.0 == other.0, "with {options:?}");
        }
    }
}

/// Panics with the first readings that differ, since the full boards are too long to compare.
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
