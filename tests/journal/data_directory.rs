//! Tests of the data directory: exclusive lock, format version and persistent keys.

use firstline::journal::{DirectoryLock, Journal, JournalError, JournalRecord, JournalSettings};
use std::fs;

#[test]
fn keys_are_created_once_and_persist() {
    let directory = tempfile::tempdir().expect("the temporary directory is created");
    let path = directory.path().join("deep/data");
    let first = DirectoryLock::acquire(&path).expect("the new directory is locked").keys();
    let second =
        DirectoryLock::acquire(&path).expect("the unlocked directory is locked again").keys();
    assert_eq!((first.seed, first.customer), (second.seed, second.customer));
    let other = DirectoryLock::acquire(&directory.path().join("other"))
        .expect("the new directory is locked")
        .keys();
    assert!(
        first.seed != other.seed
            && first.customer != other.customer
            && first.fingerprint() != other.fingerprint()
    );
}

#[test]
fn locked_directory_refuses_second_process() {
    let directory = tempfile::tempdir().expect("the temporary directory is created");
    let lock = DirectoryLock::acquire(directory.path()).expect("the new directory is locked");
    match DirectoryLock::acquire(directory.path()) {
        Err(error @ JournalError::Locked { process: Some(process), .. }) => {
            assert_eq!(process, std::process::id());
            assert!(error.to_string().contains("stop that process first"), "{error}");
        }
        other => panic!("{other:?}"),
    }
    drop(lock);
    DirectoryLock::acquire(directory.path()).expect("the lock is released");
}

#[test]
fn rejects_newer_or_unknown_directory_format() {
    let directory = tempfile::tempdir().expect("the temporary directory is created");
    drop(DirectoryLock::acquire(directory.path()).expect("the new directory is locked"));
    let format = directory.path().join("format");
    assert_eq!(fs::read_to_string(&format).expect("the file exists"), "firstline data, format 6\n");
    fs::write(&format, "firstline data, format 7\n").expect("the file is writable");
    assert!(matches!(
        DirectoryLock::acquire(directory.path()),
        Err(JournalError::NewerFormat { format: 7, .. })
    ));
    fs::write(&format, "something else").expect("the file is writable");
    assert!(matches!(DirectoryLock::acquire(directory.path()), Err(JournalError::Damaged { .. })));
}

#[test]
fn rejects_segment_of_newer_format() {
    let directory = tempfile::tempdir().expect("the temporary directory is created");
    let lock = DirectoryLock::acquire(directory.path()).expect("the new directory is locked");
    let settings = JournalSettings {
        keys_fingerprint: lock.keys().fingerprint(),
        ..JournalSettings::default()
    };
    drop(Journal::open(lock.disk(), settings).expect("a journal is created"));
    let store = redb::Database::open(directory.path().join("journal-00000000000000000001.redb"))
        .expect("the file exists");
    let write = store.begin_write().expect("the database write succeeds");
    let metadata = redb::TableDefinition::<&str, u64>::new("about");
    write
        .open_table(metadata)
        .expect("the file exists")
        .insert("format", 7)
        .expect("the database write succeeds");
    write.commit().expect("the database write succeeds");
    drop(store);
    assert!(matches!(
        Journal::open(lock.disk(), settings),
        Err(JournalError::NewerFormat { format: 7, .. })
    ));
}

#[test]
fn reports_invalid_or_missing_keys() {
    let directory = tempfile::tempdir().expect("the temporary directory is created");
    let keys = directory.path().join("keys");
    let assert_refused = |expected: &str| match DirectoryLock::acquire(directory.path()) {
        Err(error @ JournalError::BadKeys { .. }) => {
            assert!(error.to_string().contains(expected), "{error}");
        }
        other => panic!("{expected}: {other:?}"),
    };
    let lock = DirectoryLock::acquire(directory.path()).expect("the new directory is locked");
    let mut journal = Journal::open(
        lock.disk(),
        JournalSettings {
            keys_fingerprint: lock.keys().fingerprint(),
            ..JournalSettings::default()
        },
    )
    .expect("a journal is created");
    journal
        .append_records(&[JournalRecord::Stop { revision: 1 }])
        .expect("the database write succeeds");
    drop((journal, lock));
    let text = fs::read_to_string(&keys).expect("the file exists");
    for bad in ["", &text[..text.len() - 2], &text.replace("\n", " "), "other\n"] {
        fs::write(&keys, bad).expect("the file is writable");
        assert_refused("not a valid key file");
    }
    fs::remove_file(&keys).expect("the file is removed");
    assert_refused("the key file is missing");
}

#[cfg(unix)]
#[test]
fn data_directory_is_private_to_owner() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().expect("the temporary directory is created");
    let path = directory.path().join("data");
    drop(DirectoryLock::acquire(&path).expect("the new directory is locked"));
    let mode = |path: &std::path::Path| {
        fs::metadata(path).expect("the file exists").permissions().mode() & 0o777
    };
    let keys = path.join("keys");
    assert_eq!((mode(&path), mode(&keys)), (0o700, 0o600));
    fs::set_permissions(&keys, fs::Permissions::from_mode(0o640))
        .expect("the permissions are changed");
    let error = DirectoryLock::acquire(&path).expect_err("readable keys are rejected");
    assert!(
        matches!(error, JournalError::BadKeys { .. }) && error.to_string().contains("chmod 600"),
        "{error}"
    );
}
