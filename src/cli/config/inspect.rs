//! `funding-arb config check | show | explain | schema | init`: what a configuration says, without a run.

use super::Looked;
use crate::cli::{ConfigSource, exit, say};
use clap::Subcommand;
use config::{Inspected, explain, init, report, schema, show};
use serde_json::Value as Json;
use std::path::PathBuf;
use std::process::ExitCode;

/// Commands that only look.
#[derive(Debug, Clone, Subcommand)]
pub(super) enum InspectCommand {
    /// Find everything that is wrong. Exit code 0: sound, 2: it has faults.
    Check {
        #[command(flatten)]
        from: ConfigSource,
        /// Print faults and warnings as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print every value in effect. Secrets are hidden.
    Show {
        #[command(flatten)]
        from: ConfigSource,
        /// Print as JSON.
        #[arg(long)]
        json: bool,
        /// Say of each value the file and line, variable or option it comes from.
        #[arg(long)]
        origin: bool,
    },
    /// What a key means, what is allowed, its default, and who set it.
    Explain {
        /// The key with its whole path: risk_management.global_limits.max_daily_loss.
        key: String,
        #[command(flatten)]
        from: ConfigSource,
        /// Print as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print the JSON Schema of the files, for editors.
    Schema {
        /// That of environments/*.yaml, where nothing must be whole.
        #[arg(long)]
        overlay: bool,
    },
    /// Write a commented starting set. Never overwrites anything.
    Init {
        /// Where; made if it is not there.
        dir: PathBuf,
    },
}

pub(super) fn run(command: &InspectCommand) -> ExitCode {
    let looked = |from: &ConfigSource, then: &dyn Fn(&Inspected) -> ExitCode| match Looked::at(from)
    {
        Ok(looked) => then(&config::of_process(looked.dir(), &from.set, config::inspect)),
        Err(why) => exit::configuration(&format!("config: {why}")),
    };
    match command {
        InspectCommand::Check { from, json } => looked(from, &|found| check(found, *json)),
        InspectCommand::Show { from, json, origin } => {
            looked(from, &|found| print_values(found, *json, *origin))
        }
        InspectCommand::Explain { key, from, json } => {
            looked(from, &|found| explain_key(key, found, *json))
        }
        InspectCommand::Schema { overlay } => {
            let of = if *overlay { schema::For::Overlay } else { schema::For::Files };
            print_json(&schema::schema(of));
            ExitCode::SUCCESS
        }
        InspectCommand::Init { dir } => match init::init(dir) {
            Ok(files) => {
                files.iter().for_each(|file| say::line(&file.display().to_string()));
                ExitCode::SUCCESS
            }
            Err(why) => exit::refused(&format!("config init: {why}")),
        },
    }
}

fn print_json(json: &Json) {
    say::line(&format!("{json:#}"));
}

fn check(inspected: &Inspected, json: bool) -> ExitCode {
    if json {
        print_json(&report::to_json(inspected));
        let sound = inspected.faults.is_ok();
        return if sound { ExitCode::SUCCESS } else { ExitCode::from(exit::CONFIGURATION) };
    }
    for warning in inspected.warnings() {
        say::note(&format!("warning: {warning}"));
    }
    match &inspected.faults {
        Ok(()) => {
            say::line("the configuration is sound");
            ExitCode::SUCCESS
        }
        Err(faults) => exit::configuration(&faults.to_string()),
    }
}

fn print_values(inspected: &Inspected, json: bool, origins: bool) -> ExitCode {
    if let Err(faults) = &inspected.faults {
        return exit::configuration(&faults.to_string());
    }
    let values = show::values(inspected);
    if json {
        print_json(&show::to_json(&values, origins));
    } else {
        say::line(&show::Listing { values: &values, origins }.to_string());
    }
    ExitCode::SUCCESS
}

fn explain_key(key: &str, inspected: &Inspected, json: bool) -> ExitCode {
    match explain::explain(key, inspected) {
        Ok(explained) if json => print_json(&explained.to_json()),
        Ok(explained) => say::line(&explained.to_string()),
        Err(why) => return exit::configuration(&format!("config explain: {why}")),
    }
    ExitCode::SUCCESS
}
