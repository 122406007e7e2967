//! The program: it makes tokens, and does not open itself to other machines by mistake.

use crate::configuration_folder::ConfigurationFolder;
use firstline::access::token::TokenSecret;
use firstline::config;
use serde_json::Value;
use std::process::{Command, Output};

fn run_firstline(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_firstline"))
        .args(arguments)
        .output()
        .expect("a program that starts")
}

fn to_text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[test]
fn token_new_prints_token_once_and_valid_configuration() {
    let made = run_firstline(&[
        "token",
        "new",
        "--name",
        "wall",
        "--device",
        "--where",
        "center=hefei",
        "--expires",
        "2027-01-01T00:00:00Z",
    ]);
    let (paragraph, said) = (to_text(&made.stdout), to_text(&made.stderr));
    assert!(made.status.success(), "{said}");
    let token = said.split_whitespace().find(|word| word.starts_with("fl_")).expect("a token");
    assert!(!paragraph.contains(token), "only the hash is kept");
    let access = config::read_configuration("c.toml", &paragraph).expect("a good paragraph").access;
    assert_eq!(access.tokens[0].digest, TokenSecret::from(token).digest());
    assert!(said.contains(&format!("/#token={token}")), "{said}");

    let made = run_firstline(&["token", "new", "--source", "/acd/hefei", "--json"]);
    let written: Value = serde_json::from_slice(&made.stdout).expect("JSON");
    let access = config::read_configuration("c.toml", written["toml"].as_str().expect("a text"))
        .expect("a good paragraph")
        .access;
    assert_eq!(
        access.tokens[0].digest,
        TokenSecret::from(written["token"].as_str().expect("a text")).digest()
    );
    assert_eq!((&written["may"], access.tokens[0].sources.0.len()), (&Value::from("ingest"), 1));
    assert!(made.stderr.is_empty());
}

#[test]
fn token_new_rejects_invalid_arguments() {
    for arguments in [
        &["--may", "write"][..],
        &["--may", "read", "--source", "/acd"],
        &["--may", "admin", "--device"],
        &["--source", "/acd", "--where", "center=hefei"],
        &["--where", "center"],
        &["--name", ""],
        &["--expires", "tomorrow"],
    ] {
        let made = run_firstline(&[&["token", "new"], arguments].concat());
        assert_eq!(
            (made.status.code(), made.stdout.len()),
            (Some(2), 0),
            "{arguments:?}: {}",
            to_text(&made.stderr)
        );
    }
}

#[test]
fn serve_refuses_public_address_without_tokens() {
    let refused = run_firstline(&["serve", "--listen", "0.0.0.0:0"]);
    let said = to_text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    for word in ["there is no token", "firstline token new", "--open"] {
        assert!(said.contains(word), "no {word}: {said}");
    }
    let files = ConfigurationFolder::new();
    files.write_configuration("");
    let misuse = run_firstline(&[
        "serve",
        "--open",
        "--config",
        &files.file_path("config.toml").display().to_string(),
    ]);
    assert_eq!(misuse.status.code(), Some(2), "{}", to_text(&misuse.stderr));
}
