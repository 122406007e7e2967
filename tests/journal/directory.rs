//! The data directory: one process, one format, and keys that stay.

use firstline::journal::{Error, Held, Journal, Record, Settings};
use std::fs;

#[test]
fn keys_are_made_once_and_stay() {
    let place = tempfile::tempdir().expect("a directory");
    let path = place.path().join("deep/data");
    let first = Held::take(&path).expect("a new directory").keys();
    let second = Held::take(&path).expect("the same directory").keys();
    assert_eq!((first.seed, first.customer), (second.seed, second.customer));
    let other = Held::take(&place.path().join("other")).expect("a new directory").keys();
    assert!(first.seed != other.seed && first.customer != other.customer && first.fingerprint() != other.fingerprint());
}

#[test]
fn a_second_one_is_refused_until_the_first_has_gone() {
    let place = tempfile::tempdir().expect("a directory");
    let held = Held::take(place.path()).expect("a new directory");
    match Held::take(place.path()) {
        Err(error @ Error::Locked { process: Some(process), .. }) => {
            assert_eq!(process, std::process::id());
            assert!(error.to_string().contains("stop it first"), "{error}");
        }
        other => panic!("{other:?}"),
    }
    drop(held);
    Held::take(place.path()).expect("it is free again");
}

#[test]
fn a_newer_or_unknown_format_is_refused() {
    let place = tempfile::tempdir().expect("a directory");
    drop(Held::take(place.path()).expect("a new directory"));
    let format = place.path().join("format");
    assert_eq!(fs::read_to_string(&format).expect("it is there"), "firstline data, format 3\n");
    fs::write(&format, "firstline data, format 4\n").expect("written");
    assert!(matches!(Held::take(place.path()), Err(Error::Newer { format: 4, .. })));
    fs::write(&format, "something else").expect("written");
    assert!(matches!(Held::take(place.path()), Err(Error::Damaged { .. })));
}

#[test]
fn a_segment_of_a_newer_format_is_refused() {
    let place = tempfile::tempdir().expect("a directory");
    let held = Held::take(place.path()).expect("a new directory");
    let settings = Settings { keys: held.keys().fingerprint(), ..Settings::default() };
    drop(Journal::open(held.disk(), settings).expect("a new one"));
    let store = redb::Database::open(place.path().join("journal-00000000000000000001.redb")).expect("it is there");
    let write = store.begin_write().expect("no trouble");
    let about = redb::TableDefinition::<&str, u64>::new("about");
    write.open_table(about).expect("it is there").insert("format", 4).expect("no trouble");
    write.commit().expect("no trouble");
    drop(store);
    assert!(matches!(Journal::open(held.disk(), settings), Err(Error::Newer { format: 4, .. })));
}

#[test]
fn keys_that_are_bad_or_missing_are_said_to_be() {
    let place = tempfile::tempdir().expect("a directory");
    let keys = place.path().join("keys");
    let refused = |what: &str| match Held::take(place.path()) {
        Err(error @ Error::BadKeys { .. }) => assert!(error.to_string().contains(what), "{error}"),
        other => panic!("{what}: {other:?}"),
    };
    let held = Held::take(place.path()).expect("a new directory");
    let mut journal = Journal::open(held.disk(), Settings { keys: held.keys().fingerprint(), ..Settings::default() }).expect("a new one");
    journal.append(&[Record::Stop { revision: 1 }]).expect("no trouble");
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
fn nobody_else_may_read_the_data() {
    use std::os::unix::fs::PermissionsExt;
    let place = tempfile::tempdir().expect("a directory");
    let path = place.path().join("data");
    drop(Held::take(&path).expect("a new directory"));
    let mode = |path: &std::path::Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    let keys = path.join("keys");
    assert_eq!((mode(&path), mode(&keys)), (0o700, 0o600));
    fs::set_permissions(&keys, fs::Permissions::from_mode(0o640)).expect("changed");
    let error = Held::take(&path).expect_err("others may read the keys");
    assert!(matches!(error, Error::BadKeys { .. }) && error.to_string().contains("chmod 600"), "{error}");
}
