//! `firstline simulate`: the events of a simulated service organisation as NDJSON.

use crate::cli::{UsageError, print_output};
use crate::domain::time::timestamp::Timestamp;
use crate::simulate::{Simulation, SimulationSettings};
use std::process::ExitCode;

/// Simulate a service organisation
#[derive(clap::Args)]
pub struct SimulateArguments {
    /// The same seed gives the same bytes
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many hours to simulate
    #[arg(long, default_value_t = 24.0)]
    hours: f64,
    /// How busy: 1 is a mid-size operator with about 60 events a second at the busy hour
    #[arg(long, default_value_t = 1.0)]
    rate: f64,
    /// How many centers, 1 to 50
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=50))]
    centers: u32,
    /// When it begins, RFC 3339
    #[arg(long, default_value = "2026-03-02T00:00:00+08:00")]
    start: String,
}

/// Writes the events.
///
/// # Errors
/// A start that is no time, or standard output closed early.
pub fn run_simulate(arguments: &SimulateArguments) -> anyhow::Result<ExitCode> {
    let start = Timestamp::parse(&arguments.start)
        .map_err(|what| UsageError(format!("--start: {what}")))?;
    if !(arguments.hours.is_finite() && arguments.hours >= 0.0) {
        return Err(UsageError(format!(
            "--hours: must be a number of hours from 0 on, not {}",
            arguments.hours
        ))
        .into());
    }
    let end = start.plus_millis((arguments.hours * 3_600_000.0) as i64);
    let settings = SimulationSettings {
        seed: arguments.seed,
        start,
        centers: arguments.centers,
        rate: arguments.rate,
    };
    let mut text = Vec::new();
    for event in Simulation::new(&settings).take_while(|event| event.time < end) {
        event.write_json(&mut text);
        text.push(b'\n');
        if text.len() > 1 << 16 {
            print_output(&text)?;
            text.clear();
        }
    }
    print_output(&text)?;
    Ok(ExitCode::SUCCESS)
}
