//! What an older version kept is taken over: `format-1/` was written by the last program of that format, which took 195 simulated
//! events, stopped in good order, took three more, and was killed; `format-2/` likewise, with 342 events: calls that say how long
//! somebody waited or what work came after, some of them rated, agents, and orders that were due, paused or had an owner.

use firstline::engine::recovery::{RecoverySources, recover_state};
use firstline::engine::state::EngineState;
use firstline::journal::{DirectoryLock, Journal, JournalRecord, JournalSettings, SnapshotStore};
use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn unpack_fixture(format: u64, to: &Path, snapshot: bool) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/journal/format-{format}"));
    for entry in fs::read_dir(from).expect("it is there") {
        let path = entry.expect("a file").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        let bytes = fs::read(&path).expect("readable");
        match name.strip_suffix(".zst") {
            Some(name) if name.starts_with("snapshot") && !snapshot => {}
            Some(name) => fs::write(to.join(name), zstd::decode_all(&bytes[..]).expect("packed"))
                .expect("written"),
            None => fs::write(to.join(name), bytes).expect("written"),
        }
    }
    fs::set_permissions(to.join("keys"), fs::Permissions::from_mode(0o600)).expect("its owner's");
    fs::write(to.join("format"), format!("firstline data, format {format}\n")).expect("written");
}

fn journal_settings(held: &DirectoryLock) -> JournalSettings {
    JournalSettings { keys_fingerprint: held.keys().fingerprint(), ..JournalSettings::default() }
}

fn recovered_state(held: &DirectoryLock) -> EngineState {
    let journal = Journal::open(held.disk(), journal_settings(held))
        .unwrap_or_else(|error| panic!("{error}"));
    let sources = RecoverySources {
        journal: journal.new_reader(),
        snapshots: SnapshotStore::new(held.disk()),
    };
    let state =
        recover_state(&sources, journal.last_sequence(), &mut |_| ControlFlow::Continue(()));
    state.unwrap_or_else(|error| panic!("{error}")).expect("there are records")
}

fn board_lines(state: &EngineState) -> Vec<String> {
    let board = state.monitor.compute_board();
    board
        .readings
        .iter()
        .map(|reading| serde_json::to_string(&board.reading_json(reading)).expect("JSON"))
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

fn check_upgrade(format: u64, cases: usize) {
    let (whole, journal) =
        (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    unpack_fixture(format, whole.path(), true);
    unpack_fixture(format, journal.path(), false);
    let held = DirectoryLock::acquire(whole.path()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        fs::read_to_string(whole.path().join("format")).expect("it is there"),
        "firstline data, format 3\n"
    );
    let mut state = recovered_state(&held);
    // The same from the snapshot and the three events after it as from the journal alone.
    let mut alone = recovered_state(
        &DirectoryLock::acquire(journal.path()).unwrap_or_else(|error| panic!("{error}")),
    );
    assert_eq!(
        (state.monitor.case_count(), state.monitor.now()),
        (alone.monitor.case_count(), alone.monitor.now())
    );
    assert_eq!(state.monitor.case_count(), cases);
    assert_eq!(board_lines(&state), board_lines(&alone));
    // Everything counted once more, from what is remembered of each case.
    for state in [&mut state, &mut alone] {
        state.change_standard(state.standard.clone(), "anew".into());
    }
    assert_eq!(board_lines(&state), board_lines(&alone));

    let mut journal = Journal::open(held.disk(), journal_settings(&held))
        .unwrap_or_else(|error| panic!("{error}"));
    let (now, last) = (state.monitor.clock_time().expect("a clock"), journal.last_sequence());
    journal
        .append_records(&[JournalRecord::AlertEvaluation { now, revision: state.revision }])
        .unwrap_or_else(|error| panic!("{error}"));
    drop(journal);
    assert_eq!(recovered_state(&held).sequence, last.next());
}
