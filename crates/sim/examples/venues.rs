//! The simulated venues alone, until they are killed: what `scripts/sdk/run` starts.
//!
//! `venues --dir DIR [--scenario NAME] [--speed N] [--port P] [--now]`; `--now` begins at this host's
//! wall time, for clients that sign with their own clock.

#![expect(clippy::print_stderr, reason = "a program says why it does not start")]

use sim::scenario::Start;
use sim::serve::{SimOptions, serve};
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    match options(std::env::args().skip(1)).and_then(|o| serve(&o).map_err(|why| why.to_string())) {
        Ok(running) => {
            while running.is_alive() {
                std::thread::park_timeout(std::time::Duration::from_secs(1));
            }
            ExitCode::FAILURE
        }
        Err(why) => {
            eprintln!("venues: {why}");
            ExitCode::FAILURE
        }
    }
}

fn options(mut args: impl Iterator<Item = String>) -> Result<SimOptions, String> {
    let mut options = SimOptions { scenario: "calm".to_owned(), ..SimOptions::default() };
    while let Some(name) = args.next() {
        if name == "--now" {
            options.start = Some(Start::Now);
            continue;
        }
        let value = args.next().ok_or_else(|| format!("{name} needs a value"))?;
        let number = || value.parse::<u32>().map_err(|_| format!("{name} {value}: not a number"));
        match name.as_str() {
            "--dir" => options.dir = PathBuf::from(&value),
            "--scenario" => options.scenario.clone_from(&value),
            "--speed" => options.speed = Some(number()?),
            "--port" => options.port = u16::try_from(number()?).map_err(|why| why.to_string())?,
            _ => return Err(format!("unknown option {name}")),
        }
    }
    if options.dir.as_os_str().is_empty() {
        Err("--dir is missing".to_owned())
    } else {
        Ok(options)
    }
}
