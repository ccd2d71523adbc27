//! The command line: one file a command, each a function from its arguments to an exit code.

mod books;
mod config;
mod control;
mod doctor;
mod exit;
mod health;
mod replay;
mod run;
mod say;
mod screen;
mod signals;
mod stats;
mod topology;
mod venues;

use crate::control::Order;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Funding-rate, basis and cross-venue spread arbitrage on Binance, OKX and Bybit.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: RunArguments,
}

/// What `venues` says first when everything answers.
pub(crate) const VENUES_READY: &str = "ready";

const EXIT_CODES: &str = "\
Exit codes:
  0  done; for a run: stopped in order, every order confirmed cancelled
  1  failed while running: the message says what and what to do
  2  wrong command line or configuration: nothing was started
  3  refused to start: port in use, journal locked, CPUs not exclusive, a file missing
  4  stopped, but not in order: an order's end could not be confirmed in time, a position stands
     without its other leg, or the engine's books differ from the simulated venues' own";

#[derive(Debug, Subcommand)]
enum Command {
    /// Trade: the default. In mode `sim` starts the simulated venues by itself.
    Run(RunArguments),
    /// Run the core over a journal and compare the hash.
    Replay(ReplayArguments),
    /// Rebuild order books from captured streams and print a digest of them.
    Books(BooksArguments),
    /// Serve the simulated venues until stopped.
    Venues(VenuesArguments),
    /// Stages, rings, threads and CPUs as they would be placed here.
    Topology(TopologyArguments),
    /// Cancel everything and send nothing more, now and after any restart, until `arm`.
    Kill(ControlArguments),
    /// Let a killed, halted or disarmed engine open pairs again.
    Arm(ControlArguments),
    /// Open no new pairs, now and after any restart, until `arm`; exits and hedges go on.
    Disarm(ControlArguments),
    /// Cancel everything and close every pair; nothing new until `arm`.
    Flatten(ControlArguments),
    /// Counters and histograms of a running or dead engine, from its shared-memory page.
    Stats(StatsArguments),
    /// Is this host fit for pinned threads, and what would make it so.
    Doctor(doctor::DoctorArguments),
    /// Ask a running engine whether a thread is wedged: ends with 0 where none is, else with 1.
    Health(HealthArguments),
    /// Check, show and explain a configuration; encrypt and decrypt its secrets.
    Config(config::ConfigArguments),
}

/// Where a configuration comes from, beside the environment.
#[derive(Debug, Clone, Args)]
struct ConfigSource {
    /// Folder with main.yaml, exchanges.yaml, strategies.yaml, risk.yaml, nodes.yaml and, in environments/,
    /// what differs by system.environment; what is missing has its built-in default.
    #[arg(long, value_name = "DIR")]
    config: Option<PathBuf>,
    /// Read these files from consul://HOST:PORT/PREFIX, consul+https://... or postgres://USER@HOST:PORT/DATABASE
    /// instead. A run keeps the last good copy in the folder of --state, else in ./state, whatever
    /// nodes.state_dir says.
    #[arg(long, value_name = "URL", conflicts_with = "config")]
    source: Option<String>,
    /// Set one key, over everything else: nodes.layout=fused. Can be given again.
    #[arg(long, value_name = "KEY=VALUE", value_parser = ::config::Override::of_option)]
    set: Vec<::config::Override>,
}

/// Options of a run.
#[derive(Debug, Clone, Args)]
struct RunArguments {
    #[command(flatten)]
    from: ConfigSource,
    /// Which stages share a thread.
    #[arg(long, value_enum, default_value_t = LayoutChoice::Auto)]
    layout: LayoutChoice,
    /// How long to run: 30s, 5m, 1h; 0 until stopped.
    #[arg(long = "for", value_name = "TIME", default_value = "60s", value_parser = duration)]
    time: Duration,
    /// Write the final report here, as JSON.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Seed of the simulated venues.
    #[arg(long)]
    seed: Option<u64>,
    /// A shipped scenario of the simulated venues (default, calm, faults) or a file.
    #[arg(long)]
    scenario: Option<String>,
    /// Folder for journal, statistics page and logs instead of the configured one.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Trade on simulated venues that run already: the folder with their venues.json. Keeps the state folder
    /// for the next start.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["scenario", "seed"])]
    venues: Option<PathBuf>,
    /// Trade real money: needs `system.mode: live` in the configuration as well.
    #[arg(long)]
    live: bool,
    /// Print status lines instead of redrawing the screen.
    #[arg(long)]
    plain: bool,
}

#[derive(Debug, Clone, Args)]
struct ReplayArguments {
    /// The journal's folder.
    journal: PathBuf,
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Args)]
struct BooksArguments {
    /// Whose format the captures have.
    #[arg(long, value_enum)]
    venue: CaptureVenue,
    /// Only this symbol, where a capture holds several.
    #[arg(long)]
    symbol: Option<String>,
    /// Captures, plain or .gz, in order.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

#[derive(Debug, Clone, Args)]
struct VenuesArguments {
    /// A shipped scenario (default, calm, faults) or a file.
    #[arg(long, default_value = "default")]
    scenario: String,
    /// Seed of everything random.
    #[arg(long)]
    seed: Option<u64>,
    /// Where venues.json, the CA certificate and the final ledger are written.
    #[arg(long, value_name = "DIR", default_value = "state/venues")]
    dir: PathBuf,
    /// How many times as fast as the wall the scenario runs, instead of the scenario's own.
    #[arg(long)]
    speed: Option<u32>,
    /// Let the scenario's clock start at the wall's now instead of at its own time.
    #[arg(long)]
    now: bool,
    /// The first of five loopback ports (spot, USD-M, OKX, Bybit, control); 0 for any free ones.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// End when standard input ends.
    #[arg(long, hide = true)]
    while_stdin: bool,
}

#[derive(Debug, Clone, Args)]
struct TopologyArguments {
    /// Which stages share a thread.
    #[arg(long, value_enum, default_value_t = LayoutChoice::Auto)]
    layout: LayoutChoice,
    #[command(flatten)]
    from: ConfigSource,
    /// Refuse as a run would that must have its CPUs to itself.
    #[arg(long)]
    require_exclusive: bool,
}

#[derive(Debug, Clone, Args)]
struct StatsArguments {
    /// The page's file, or the state folder, which leads to it wherever it lies.
    #[arg(default_value = "state")]
    page: PathBuf,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Args)]
struct HealthArguments {
    /// Where it answers. With a path, that is asked instead of /health: http://127.0.0.1:8000/ready ends with 0 while
    /// the engine could trade, and else says why not.
    #[arg(long, default_value = "http://127.0.0.1:8000")]
    url: String,
}

#[derive(Debug, Clone, Args)]
struct ControlArguments {
    /// The engine's state folder, or the one its runs lie in: then the newest is meant.
    #[arg(default_value = "state")]
    state: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LayoutChoice {
    /// By the number of CPUs this process may really use.
    Auto,
    /// Everything hot on one thread.
    Fused,
    /// Feeds on one thread, strategy and gateways on another.
    Paired,
    /// A thread a stage.
    Split,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CaptureVenue {
    BinanceSpot,
    BinanceUsdm,
    BinanceCoinm,
    Okx,
    Bybit,
}

/// Runs the command line.
pub(crate) fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.command.unwrap_or(Command::Run(arguments.run)) {
        Command::Run(arguments) => run::run(&arguments),
        Command::Replay(arguments) => replay::run(&arguments),
        Command::Books(arguments) => books::run(&arguments),
        Command::Venues(arguments) => venues::run(&arguments),
        Command::Topology(arguments) => topology::run(&arguments),
        Command::Kill(arguments) => control::run(Order::Kill, &arguments),
        Command::Arm(arguments) => control::run(Order::Arm, &arguments),
        Command::Disarm(arguments) => control::run(Order::Disarm, &arguments),
        Command::Flatten(arguments) => control::run(Order::Flatten, &arguments),
        Command::Stats(arguments) => stats::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Health(arguments) => health::run(&arguments),
        Command::Config(arguments) => config::run(&arguments),
    }
}

/// `30s`, `5m`, `1h`, `250ms`, or plain seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 =
        number.parse().map_err(|_| format!("{text:?} is no time: write 30s, 5m or 1h"))?;
    match unit {
        "" | "s" => Ok(Duration::from_secs(number)),
        "ms" => Ok(Duration::from_millis(number)),
        "m" => Ok(Duration::from_secs(number.saturating_mul(60))),
        "h" => Ok(Duration::from_secs(number.saturating_mul(3600))),
        _ => Err(format!("{unit:?} is no unit of time: ms, s, m or h")),
    }
}
