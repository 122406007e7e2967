//! The program: it makes tokens, and does not open itself to other machines by mistake.

use crate::files::Files;
use firstline::access::token::Secret;
use firstline::config;
use serde_json::Value;
use std::process::{Command, Output};

fn firstline(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_firstline")).args(arguments).output().expect("a program that starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[test]
fn a_token_is_made_shown_once_and_understood() {
    let made = firstline(&["token", "new", "--name", "wall", "--device", "--where", "center=hefei", "--expires", "2027-01-01T00:00:00Z"]);
    let (paragraph, said) = (text(&made.stdout), text(&made.stderr));
    assert!(made.status.success(), "{said}");
    let token = said.split_whitespace().find(|word| word.starts_with("fl_")).expect("a token");
    assert!(!paragraph.contains(token), "only the hash is kept");
    let access = config::read("c.toml", &paragraph).expect("a good paragraph").access;
    assert_eq!(access.tokens[0].digest, Secret::from(token).digest());
    assert!(said.contains(&format!("/#token={token}")), "{said}");

    let made = firstline(&["token", "new", "--source", "/acd/hefei", "--json"]);
    let written: Value = serde_json::from_slice(&made.stdout).expect("JSON");
    let access = config::read("c.toml", written["toml"].as_str().expect("a text")).expect("a good paragraph").access;
    assert_eq!(access.tokens[0].digest, Secret::from(written["token"].as_str().expect("a text")).digest());
    assert_eq!((&written["may"], access.tokens[0].sources.0.len()), (&Value::from("ingest"), 1));
    assert!(made.stderr.is_empty());
}

#[test]
fn a_token_that_makes_no_sense_is_misuse() {
    for arguments in [
        &["--may", "write"][..],
        &["--may", "read", "--source", "/acd"],
        &["--may", "admin", "--device"],
        &["--source", "/acd", "--where", "center=hefei"],
        &["--where", "center"],
        &["--name", ""],
        &["--expires", "tomorrow"],
    ] {
        let made = firstline(&[&["token", "new"], arguments].concat());
        assert_eq!((made.status.code(), made.stdout.len()), (Some(2), 0), "{arguments:?}: {}", text(&made.stderr));
    }
}

#[test]
fn it_does_not_open_itself_by_mistake() {
    let refused = firstline(&["serve", "--listen", "0.0.0.0:0"]);
    let said = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    for word in ["there is no token", "firstline token new", "--open"] {
        assert!(said.contains(word), "no {word}: {said}");
    }
    let files = Files::new();
    files.configure("");
    let misuse = firstline(&["serve", "--open", "--config", &files.path("config.toml").display().to_string()]);
    assert_eq!(misuse.status.code(), Some(2), "{}", text(&misuse.stderr));
}
