//! `scripts/soak`: one phase for as long as is asked for. Exit status 0: nothing was lost, doubled or answered wrongly; 1: something was; 2: it could not be found out.

use clap::{Parser, ValueEnum};
use soak::{duration, phase_a, phase_b};
use std::{
    io::{self, Write as _},
    process::ExitCode,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Endurance of the Workers of this checkout on a local workerd
#[derive(Debug, Parser)]
#[command(name = "scripts/soak", version)]
struct Arguments {
    /// How long: 90s, 15m, 1h
    #[arg(value_name = "DURATION", value_parser = duration::parse)]
    lasts: Duration,
    /// a: kills, cron, runs, fuzzed requests and readers, and an account of every sample; b: runs and readers, and what grows meanwhile
    #[arg(long, value_enum, default_value_t = Phase::A)]
    phase: Phase,
    /// Seed of everything random; from the clock unless given
    #[arg(long)]
    seed: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Phase {
    A,
    B,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let seed = arguments.seed.unwrap_or_else(seed_from_clock);
    let _ = writeln!(io::stderr(), "soak: seed {seed}");
    let outcome = match arguments.phase {
        Phase::A => phase_a::soak(arguments.lasts, seed).map(|outcome| {
            let faults = outcome.faults().cloned().collect();
            (outcome.passed(), faults, outcome.to_string())
        }),
        Phase::B => phase_b::soak(arguments.lasts, seed).map(|outcome| {
            let _ = writeln!(io::stderr(), "{}", outcome.table());
            (outcome.passed(), outcome.faults(), outcome.to_string())
        }),
    };
    answer(outcome)
}

/// Says what came of it: each fault, then one line.
fn answer(outcome: anyhow::Result<(bool, Vec<String>, String)>) -> ExitCode {
    match outcome {
        Ok((passed, faults, line)) => {
            for fault in faults {
                let _ = writeln!(io::stderr(), "fault: {fault}");
            }
            let _ = writeln!(io::stdout(), "{line}");
            if passed {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(1)
            }
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Differs from soak to soak; no secret.
fn seed_from_clock() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(1, |since| since.as_secs())
}
