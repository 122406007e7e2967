//! What is made for Prometheus, Grafana and their neighbours: it is what is committed, their own tools take it, and a real
//! Prometheus that scrapes a real service has an answer to every query of it.
//!
//! Where `prometheus` or `promtool` are not installed, the tests that need them say so and pass.

#[path = "../serve/client.rs"]
#[expect(dead_code, reason = "it serves the tests of the service, which need more of it")]
mod client;
mod committed_files;
mod grafana_page;
mod processes;
mod queries;
mod scraping;

use firstline::domain::standard::Standard;
use firstline::standard_file::{BUILT_IN, BUILT_IN_NAME, parse_standard};
use std::path::{Path, PathBuf};
use std::process::Command;

fn project_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rules_directory() -> PathBuf {
    project_root().join("dashboards/prometheus")
}

fn built_in_standard() -> Standard {
    parse_standard(BUILT_IN_NAME, BUILT_IN).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// Whether a program is there; else the test that needs it says that it is skipped.
fn is_installed(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    if !found {
        eprintln!("skipped: `{program}` is not installed");
    }
    found
}
