//! Tests of the generated files for Prometheus, Grafana and related tools.
//!
//! The files match the committed ones and pass their own tools. Every query returns data in a real
//! Prometheus that scrapes a real service.
//!
//! Tests that need `prometheus` or `promtool` print a notice and pass if it is not installed.

#[path = "../serve/client.rs"]
#[expect(dead_code, reason = "the tests of the service use the rest")]
mod client;
mod committed_files;
mod grafana_page;
mod metric_names;
mod processes;
mod queries;
mod scoped_targets;
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

/// Returns true if a program is installed. Otherwise prints that the test is skipped.
fn is_installed(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    if !found {
        eprintln!("skipped: `{program}` is not installed");
    }
    found
}
