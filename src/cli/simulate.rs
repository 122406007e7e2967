//! `firstline simulate`: writes events of a simulated service organization as NDJSON.

use crate::cli::{UsageError, print_output};
use crate::domain::time::timestamp::Timestamp;
use crate::simulate::{Simulation, SimulationSettings};
use std::process::ExitCode;

/// Simulate a service organization
#[derive(clap::Args)]
pub struct SimulateArguments {
    /// Seed of the random numbers; the same seed and options give identical output
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Simulated time in hours, for example `0.5` or `24`
    #[arg(long, default_value_t = 24.0)]
    hours: f64,
    /// Load factor; 1 is a mid-size operator with about 60 events per second in the busy hour
    #[arg(long, default_value_t = 1.0)]
    rate: f64,
    /// Number of centers, 1 to 50
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=50))]
    centers: u32,
    /// Start of the simulation (RFC 3339)
    #[arg(long, default_value = "2026-03-02T00:00:00+08:00")]
    start: String,
}

/// Writes the simulated events to standard output.
///
/// # Errors
/// If an option is invalid or standard output cannot be written.
pub fn run_simulate(arguments: &SimulateArguments) -> anyhow::Result<ExitCode> {
    let start = Timestamp::parse(&arguments.start)
        .map_err(|problem| UsageError(format!("--start: {problem}")))?;
    if !(arguments.hours.is_finite() && arguments.hours >= 0.0) {
        return Err(UsageError(format!(
            "--hours: must be a finite number of at least 0, not {}",
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
