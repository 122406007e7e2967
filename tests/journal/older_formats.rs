//! Tests of upgrades from older formats of the data directory.
//!
//! The last program of format 1 wrote `format-1/`. It accepted 195 simulated events, shut down
//! gracefully, accepted three more and was killed. `format-2/` was made alike with 342 events:
//! calls with wait and after-call work, some of them rated, agents, and orders with due time,
//! pauses or owners. `format-3/` has 145 simulated events, and calls with several legs, a pending
//! call-back, a hang-up and an answer without an arrival, and complaints that were escalated,
//! reopened or left open. `format-4/` has 395 simulated events of calls, agents and orders.
//! `format-5/` has simulated events of calls, agents, surveys and orders, open and paused orders, a
//! pending call-back, a transferred call and a waiting customer.

use firstline::engine::recovery::{RecoverySources, recover_state};
use firstline::engine::state::EngineState;
use firstline::journal::{DirectoryLock, Journal, JournalRecord, JournalSettings, SnapshotStore};
use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn unpack_fixture(format: u64, to: &Path, snapshot: bool) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/journal/format-{format}"));
    for entry in fs::read_dir(from).expect("the file exists") {
        let path = entry.expect("the directory entry is readable").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("the name is a string");
        let bytes = fs::read(&path).expect("the file is readable");
        match name.strip_suffix(".zst") {
            Some(name) if name.starts_with("snapshot") && !snapshot => {}
            Some(name) => fs::write(
                to.join(name),
                zstd::decode_all(&bytes[..]).expect("the file is compressed with zstd"),
            )
            .expect("the file is writable"),
            None => fs::write(to.join(name), bytes).expect("the file is writable"),
        }
    }
    fs::set_permissions(to.join("keys"), fs::Permissions::from_mode(0o600))
        .expect("the permissions are changed");
    fs::write(to.join("format"), format!("firstline data, format {format}\n"))
        .expect("the file is writable");
}

fn journal_settings(lock: &DirectoryLock) -> JournalSettings {
    JournalSettings { keys_fingerprint: lock.keys().fingerprint(), ..JournalSettings::default() }
}

fn recovered_state(lock: &DirectoryLock) -> EngineState {
    let journal = Journal::open(lock.disk(), journal_settings(lock))
        .unwrap_or_else(|error| panic!("{error}"));
    let sources = RecoverySources {
        journal: journal.new_reader(),
        snapshots: SnapshotStore::new(lock.disk()),
    };
    let state =
        recover_state(&sources, journal.last_sequence(), &mut |_| ControlFlow::Continue(()));
    state.unwrap_or_else(|error| panic!("{error}")).expect("the journal has records")
}

fn board_lines(state: &mut EngineState) -> Vec<String> {
    let board = state.monitor.compute_board();
    board
        .readings
        .iter()
        .map(|reading| {
            serde_json::to_string(&board.reading_json(reading))
                .expect("the reading is encoded as JSON")
        })
        .collect()
}

#[test]
fn upgrades_format_1_directory() {
    check_upgrade(1, 50);
}

#[test]
fn upgrades_format_2_directory() {
    check_upgrade(2, 112);
}

#[test]
fn upgrades_format_3_directory() {
    check_upgrade(3, 42);
}

#[test]
fn upgrades_format_4_directory() {
    check_upgrade(4, 150);
}

#[test]
fn upgrades_format_5_directory() {
    check_upgrade(5, 80);
}

fn check_upgrade(format: u64, cases: usize) {
    let (with_snapshot, journal) = (
        tempfile::tempdir().expect("the temporary directory is created"),
        tempfile::tempdir().expect("the temporary directory is created"),
    );
    unpack_fixture(format, with_snapshot.path(), true);
    unpack_fixture(format, journal.path(), false);
    let lock =
        DirectoryLock::acquire(with_snapshot.path()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        fs::read_to_string(with_snapshot.path().join("format")).expect("the file exists"),
        "firstline data, format 6\n"
    );
    let mut state = recovered_state(&lock);
    // Snapshot plus later records must give the same state as the journal alone.
    let mut state_from_journal = recovered_state(
        &DirectoryLock::acquire(journal.path()).unwrap_or_else(|error| panic!("{error}")),
    );
    assert_eq!(
        (state.monitor.case_count(), state.monitor.now()),
        (state_from_journal.monitor.case_count(), state_from_journal.monitor.now())
    );
    assert_eq!(state.monitor.case_count(), cases);
    assert_eq!(board_lines(&mut state), board_lines(&mut state_from_journal));
    // Counting again from the remembered cases must not change the board.
    for state in [&mut state, &mut state_from_journal] {
        state.change_standard(state.standard.clone(), "anew".into());
    }
    assert_eq!(board_lines(&mut state), board_lines(&mut state_from_journal));

    let mut journal = Journal::open(lock.disk(), journal_settings(&lock))
        .unwrap_or_else(|error| panic!("{error}"));
    let (now, last) =
        (state.monitor.clock_time().expect("the monitor has a clock"), journal.last_sequence());
    journal
        .append_records(&[JournalRecord::AlertEvaluation { now, revision: state.revision }])
        .unwrap_or_else(|error| panic!("{error}"));
    drop(journal);
    assert_eq!(recovered_state(&lock).sequence, last.next());
}
