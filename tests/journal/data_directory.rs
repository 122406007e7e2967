//! The data directory: one process, one format, and keys that stay.

use firstline::journal::{DirectoryLock, Journal, JournalError, JournalRecord, JournalSettings};
use std::fs;

#[test]
fn keys_are_created_once_and_persist() {
    let place = tempfile::tempdir().expect("a directory");
    let path = place.path().join("deep/data");
    let first = DirectoryLock::acquire(&path).expect("a new directory").keys();
    let second = DirectoryLock::acquire(&path).expect("the same directory").keys();
    assert_eq!((first.seed, first.customer), (second.seed, second.customer));
    let other =
        DirectoryLock::acquire(&place.path().join("other")).expect("a new directory").keys();
    assert!(
        first.seed != other.seed
            && first.customer != other.customer
            && first.fingerprint() != other.fingerprint()
    );
}

#[test]
fn locked_directory_refuses_second_process() {
    let place = tempfile::tempdir().expect("a directory");
    let held = DirectoryLock::acquire(place.path()).expect("a new directory");
    match DirectoryLock::acquire(place.path()) {
        Err(error @ JournalError::Locked { process: Some(process), .. }) => {
            assert_eq!(process, std::process::id());
            assert!(error.to_string().contains("stop it first"), "{error}");
        }
        other => panic!("{other:?}"),
    }
    drop(held);
    DirectoryLock::acquire(place.path()).expect("it is free again");
}

#[test]
fn rejects_newer_or_unknown_directory_format() {
    let place = tempfile::tempdir().expect("a directory");
    drop(DirectoryLock::acquire(place.path()).expect("a new directory"));
    let format = place.path().join("format");
    assert_eq!(fs::read_to_string(&format).expect("it is there"), "firstline data, format 3\n");
    fs::write(&format, "firstline data, format 4\n").expect("written");
    assert!(matches!(
        DirectoryLock::acquire(place.path()),
        Err(JournalError::NewerFormat { format: 4, .. })
    ));
    fs::write(&format, "something else").expect("written");
    assert!(matches!(DirectoryLock::acquire(place.path()), Err(JournalError::Damaged { .. })));
}

#[test]
fn rejects_segment_of_newer_format() {
    let place = tempfile::tempdir().expect("a directory");
    let held = DirectoryLock::acquire(place.path()).expect("a new directory");
    let settings = JournalSettings {
        keys_fingerprint: held.keys().fingerprint(),
        ..JournalSettings::default()
    };
    drop(Journal::open(held.disk(), settings).expect("a new one"));
    let store = redb::Database::open(place.path().join("journal-00000000000000000001.redb"))
        .expect("it is there");
    let write = store.begin_write().expect("no trouble");
    let about = redb::TableDefinition::<&str, u64>::new("about");
    write.open_table(about).expect("it is there").insert("format", 4).expect("no trouble");
    write.commit().expect("no trouble");
    drop(store);
    assert!(matches!(
        Journal::open(held.disk(), settings),
        Err(JournalError::NewerFormat { format: 4, .. })
    ));
}

#[test]
fn reports_invalid_or_missing_keys() {
    let place = tempfile::tempdir().expect("a directory");
    let keys = place.path().join("keys");
    let refused = |what: &str| match DirectoryLock::acquire(place.path()) {
        Err(error @ JournalError::BadKeys { .. }) => {
            assert!(error.to_string().contains(what), "{error}")
        }
        other => panic!("{what}: {other:?}"),
    };
    let held = DirectoryLock::acquire(place.path()).expect("a new directory");
    let mut journal = Journal::open(
        held.disk(),
        JournalSettings {
            keys_fingerprint: held.keys().fingerprint(),
            ..JournalSettings::default()
        },
    )
    .expect("a new one");
    journal.append_records(&[JournalRecord::Stop { revision: 1 }]).expect("no trouble");
    drop((journal, held));
    let text = fs::read_to_string(&keys).expect("it is there");
    for bad in ["", &text[..text.len() - 2], &text.replace("\n", " "), "other\n"] {
        fs::write(&keys, bad).expect("written");
        refused("no file of keys");
    }
    fs::remove_file(&keys).expect("removed");
    refused("it is missing");
}

#[cfg(unix)]
#[test]
fn data_directory_is_private_to_owner() {
    use std::os::unix::fs::PermissionsExt;
    let place = tempfile::tempdir().expect("a directory");
    let path = place.path().join("data");
    drop(DirectoryLock::acquire(&path).expect("a new directory"));
    let mode = |path: &std::path::Path| {
        fs::metadata(path).expect("it is there").permissions().mode() & 0o777
    };
    let keys = path.join("keys");
    assert_eq!((mode(&path), mode(&keys)), (0o700, 0o600));
    fs::set_permissions(&keys, fs::Permissions::from_mode(0o640)).expect("changed");
    let error = DirectoryLock::acquire(&path).expect_err("others may read the keys");
    assert!(
        matches!(error, JournalError::BadKeys { .. }) && error.to_string().contains("chmod 600"),
        "{error}"
    );
}
