//! What an older version kept is taken over: `format-1/` was written by the last program of that format, which took 195 simulated
//! events, stopped in good order, took three more, and was killed; `format-2/` likewise, with 342 events: calls that say how long
//! somebody waited or what work came after, some of them rated, agents, and orders that were due, paused or had an owner.

use firstline::engine::recovery::{Sources, recover};
use firstline::engine::state::State;
use firstline::journal::{Held, Journal, Record, Settings, Snapshots};
use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn unpack(format: u64, to: &Path, snapshot: bool) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/journal/format-{format}"));
    for entry in fs::read_dir(from).expect("it is there") {
        let path = entry.expect("a file").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        let bytes = fs::read(&path).expect("readable");
        match name.strip_suffix(".zst") {
            Some(name) if name.starts_with("snapshot") && !snapshot => {}
            Some(name) => fs::write(to.join(name), zstd::decode_all(&bytes[..]).expect("packed")).expect("written"),
            None => fs::write(to.join(name), bytes).expect("written"),
        }
    }
    fs::set_permissions(to.join("keys"), fs::Permissions::from_mode(0o600)).expect("its owner's");
    fs::write(to.join("format"), format!("firstline data, format {format}\n")).expect("written");
}

fn settings(held: &Held) -> Settings {
    Settings { keys: held.keys().fingerprint(), ..Settings::default() }
}

fn recovered(held: &Held) -> State {
    let journal = Journal::open(held.disk(), settings(held)).unwrap_or_else(|error| panic!("{error}"));
    let sources = Sources { journal: journal.reader(), snapshots: Snapshots::new(held.disk()) };
    let state = recover(&sources, journal.last(), &mut |_| ControlFlow::Continue(()));
    state.unwrap_or_else(|error| panic!("{error}")).expect("there are records")
}

fn board(state: &State) -> Vec<String> {
    let board = state.monitor.board();
    board.readings.iter().map(|reading| serde_json::to_string(&board.written(reading)).expect("JSON")).collect()
}

#[test]
fn format_1_is_read_and_gone_on_with() {
    is_read_and_gone_on_with(1, 50);
}

#[test]
fn format_2_is_read_and_gone_on_with() {
    is_read_and_gone_on_with(2, 112);
}

fn is_read_and_gone_on_with(format: u64, cases: usize) {
    let (whole, journal) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    unpack(format, whole.path(), true);
    unpack(format, journal.path(), false);
    let held = Held::take(whole.path()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(fs::read_to_string(whole.path().join("format")).expect("it is there"), "firstline data, format 3\n");
    let mut state = recovered(&held);
    // The same from the snapshot and the three events after it as from the journal alone.
    let mut alone = recovered(&Held::take(journal.path()).unwrap_or_else(|error| panic!("{error}")));
    assert_eq!((state.monitor.cases(), state.monitor.now()), (alone.monitor.cases(), alone.monitor.now()));
    assert_eq!(state.monitor.cases(), cases);
    assert_eq!(board(&state), board(&alone));
    // Everything counted once more, from what is remembered of each case.
    for state in [&mut state, &mut alone] {
        state.adopt(state.standard.clone(), "anew".into());
    }
    assert_eq!(board(&state), board(&alone));

    let mut journal = Journal::open(held.disk(), settings(&held)).unwrap_or_else(|error| panic!("{error}"));
    let (now, last) = (state.monitor.clock().expect("a clock"), journal.last());
    journal.append(&[Record::Look { now, revision: state.revision }]).unwrap_or_else(|error| panic!("{error}"));
    drop(journal);
    assert_eq!(recovered(&held).at, last.next());
}
