//! `funding-arb config`: what can be done with a configuration without running it.

mod inspect;
mod secrets;
mod source;
mod versions;

pub(super) use source::Looked;
pub(crate) use source::bring;

use clap::{Args, Subcommand};
use std::process::ExitCode;

/// Arguments of `config`.
#[derive(Debug, Clone, Args)]
pub(super) struct ConfigArguments {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Clone, Subcommand)]
enum ConfigCommand {
    #[command(flatten)]
    Inspect(inspect::InspectCommand),
    #[command(flatten)]
    Secrets(secrets::SecretsCommand),
    #[command(flatten)]
    Versions(versions::VersionsCommand),
}

pub(super) fn run(arguments: &ConfigArguments) -> ExitCode {
    match &arguments.command {
        ConfigCommand::Inspect(command) => inspect::run(command),
        ConfigCommand::Secrets(command) => secrets::run(command),
        ConfigCommand::Versions(command) => versions::run(command),
    }
}
