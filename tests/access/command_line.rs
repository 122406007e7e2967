//! Tests of `firstline token new` and of the refusal to serve a public address without tokens.

use crate::configuration_folder::ConfigurationFolder;
use firstline::access::token::TokenSecret;
use firstline::config;
use serde_json::Value;
use std::process::{Command, Output};

fn run_firstline(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_firstline"))
        .args(arguments)
        .output()
        .expect("the program starts")
}

fn to_text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("the text is valid UTF-8")
}

#[test]
fn token_new_prints_token_once_and_valid_configuration() {
    let output = run_firstline(&[
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
    let (toml, stderr) = (to_text(&output.stdout), to_text(&output.stderr));
    assert!(output.status.success(), "{stderr}");
    let token = stderr
        .split_whitespace()
        .find(|word| word.starts_with("fl_"))
        .expect("stderr contains the token");
    assert!(!toml.contains(token), "the configuration holds only the hash");
    let access =
        config::read_configuration("c.toml", &toml).expect("the configuration is valid").access;
    assert_eq!(access.tokens[0].digest, TokenSecret::from(token).digest());
    assert!(stderr.contains(&format!("/#token={token}")), "{stderr}");

    let output = run_firstline(&["token", "new", "--source", "/acd/hefei", "--json"]);
    let json: Value = serde_json::from_slice(&output.stdout).expect("the text is valid JSON");
    let access =
        config::read_configuration("c.toml", json["toml"].as_str().expect("the value is a string"))
            .expect("the configuration is valid")
            .access;
    assert_eq!(
        access.tokens[0].digest,
        TokenSecret::from(json["token"].as_str().expect("the value is a string")).digest()
    );
    assert_eq!((&json["may"], access.tokens[0].sources.0.len()), (&Value::from("ingest"), 1));
    assert!(output.stderr.is_empty());
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
        let output = run_firstline(&[&["token", "new"], arguments].concat());
        assert_eq!(
            (output.status.code(), output.stdout.len()),
            (Some(2), 0),
            "{arguments:?}: {}",
            to_text(&output.stderr)
        );
    }
}

#[test]
fn serve_refuses_public_address_without_tokens() {
    let refused = run_firstline(&["serve", "--listen", "0.0.0.0:0"]);
    let stderr = to_text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{stderr}");
    for expected in ["no token is configured", "firstline token new", "--open"] {
        assert!(stderr.contains(expected), "no {expected}: {stderr}");
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
