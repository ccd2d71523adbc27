//! Starts the simulated venues by themselves: `venues DIR [SCENARIO] [capture|now] [SPEED] [SECONDS]`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]

use sim::scenario::Start;
use sim::{SimOptions, serve};
use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let dir = words.next().unwrap_or_else(|| "state/venues".into());
    let scenario = words.next().unwrap_or_else(|| "default".into());
    let start = words.next().map(|w| if w == "now" { Start::Now } else { Start::Capture });
    let speed = words.next().and_then(|w| w.parse().ok());
    let seconds = words.next().and_then(|w| w.parse().ok()).unwrap_or(u64::MAX);
    let options = SimOptions { scenario, start, speed, dir: dir.into(), ..SimOptions::default() };
    let running = match serve(&options) {
        Ok(running) => running,
        Err(why) => {
            eprintln!("{why}");
            return ExitCode::FAILURE;
        }
    };
    println!("{:#}", running.venues());
    std::thread::sleep(Duration::from_secs(seconds));
    match running.stop() {
        Ok(_) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
