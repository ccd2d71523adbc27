//! Starts the venues: one thread each, their addresses in `venues.json`, their ledgers in `ledger.json`.

mod control;

use crate::clock::ScenarioClock;
use crate::exchange::Exchange;
use crate::faults::FaultRule;
use crate::scenario::{KeyPlan, Scenario, ScenarioError, Start};
use crate::server::{Authority, Control, Host};
use crate::tape::{Tape, TapeError};
use crate::{binance, bybit, okx};
use base::{VenueId, WallNs};
use base64::Engine as _;
use serde_json::{Value, json};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

/// How to start.
#[derive(Clone, Debug, Default)]
pub struct SimOptions {
    /// A built-in scenario's name, or a file.
    pub scenario: String,
    /// Instead of the scenario's seed.
    pub seed: Option<u64>,
    /// Instead of the scenario's speed.
    pub speed: Option<u32>,
    /// Instead of the scenario's start.
    pub start: Option<Start>,
    /// Where `ca.pem`, `venues.json` and `ledger.json` are written.
    pub dir: PathBuf,
    /// The first of five loopback ports (spot, USD-M, OKX, Bybit, control); 0 for any free ones.
    pub port: u16,
    /// A folder with the captures; the built-in ones when left out.
    pub captures: Option<PathBuf>,
}

/// Why the venues do not start.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// The scenario.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The captures.
    #[error(transparent)]
    Tape(#[from] TapeError),
    /// Certificates.
    #[error("cannot make certificates: {0}")]
    Certificates(String),
    /// A listing.
    #[error("the scenario cannot be played: {0}")]
    Listing(String),
    /// A port.
    #[error("cannot listen on 127.0.0.1:{0}: {1}; choose another port, or 0 for any")]
    Port(u16, io::Error),
    /// A file.
    #[error("cannot write {0}: {1}")]
    Write(PathBuf, io::Error),
    /// A thread or a poll.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
}

/// Venues that run. Dropping it stops them without writing the ledger.
#[derive(Debug)]
pub struct Running {
    dir: PathBuf,
    clock: ScenarioClock,
    venues: Value,
    controls: Vec<Control>,
    threads: Vec<JoinHandle<io::Result<Vec<Value>>>>,
    door: Option<control::Door>,
}

/// Venues by thread: Binance's two share one.
const THREADS: [(&str, &[VenueId]); 3] = [
    ("venue-binance", &[VenueId::BinanceSpot, VenueId::BinanceUsdm]),
    ("venue-okx", &[VenueId::Okx]),
    ("venue-bybit", &[VenueId::Bybit]),
];

/// Starts the venues of a scenario.
///
/// # Errors
/// [`SimError`], with what to do about it.
pub fn serve(options: &SimOptions) -> Result<Running, SimError> {
    let mut scenario = Scenario::load(&options.scenario)?;
    scenario.seed = options.seed.unwrap_or(scenario.seed);
    scenario.start = options.start.unwrap_or(scenario.start);
    let speed = options.speed.unwrap_or(scenario.speed).max(1);
    let tape = match &options.captures {
        Some(dir) => Tape::from_dir(dir)?,
        None => Tape::built_in()?,
    };
    if scenario.start == Start::Now {
        // Whole milliseconds: venue times have no finer ones.
        scenario.shift_ns = (wall_ns() - tape.start) / 1_000_000 * 1_000_000;
    }
    let authority = Authority::make().map_err(SimError::Certificates)?;
    std::fs::create_dir_all(&options.dir)
        .map_err(|why| SimError::Write(options.dir.clone(), why))?;
    let ca = options.dir.join("ca.pem");
    std::fs::write(&ca, &authority.ca_pem).map_err(|why| SimError::Write(ca.clone(), why))?;

    let clock = ScenarioClock::start(WallNs(tape.start + scenario.shift_ns), speed);
    let mut running = Running {
        dir: options.dir.clone(),
        clock,
        venues: Value::Null,
        controls: Vec::new(),
        threads: Vec::new(),
        door: None,
    };
    let mut addresses = serde_json::Map::new();
    for (name, venues) in THREADS {
        let mut host = Host::new(clock, authority.clone()).map_err(SimError::Thread)?;
        for venue in venues.iter().filter(|venue| scenario.venues.contains_key(venue)) {
            let port = open(&mut host, *venue, &scenario, &tape, speed, options.port)?;
            addresses.insert(venue.name().to_owned(), describe(*venue, port, &scenario));
        }
        running.controls.push(host.control());
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || host.run());
        running.threads.push(thread.map_err(SimError::Thread)?);
    }
    running.announce(&ca, &scenario, &addresses.into(), options.port)?;
    Ok(running)
}

/// Adds one venue to a thread; returns its port.
fn open(
    host: &mut Host,
    venue: VenueId,
    scenario: &Scenario,
    tape: &Arc<Tape>,
    speed: u32,
    first: u16,
) -> Result<u16, SimError> {
    let exchange = Exchange::new(venue, scenario, Arc::clone(tape)).map_err(SimError::Listing)?;
    let protocol = match venue {
        VenueId::BinanceSpot => binance::spot(exchange, speed),
        VenueId::BinanceUsdm => binance::usdm(exchange, speed),
        VenueId::Okx => Box::new(okx::Okx::new(exchange, scenario, speed)),
        VenueId::Bybit => Box::new(bybit::Bybit::new(exchange, scenario, speed)),
    };
    let port = port_of(first, u16::from(venue as u8));
    host.add(protocol, venue.name(), port).map_err(|why| SimError::Port(port, why))
}

const fn port_of(first: u16, index: u16) -> u16 {
    if first == 0 { 0 } else { first + index }
}

/// A venue's part of `venues.json`: its addresses as the engine's configuration names them, its keys.
fn describe(venue: VenueId, port: u16, scenario: &Scenario) -> Value {
    let at = |path: &str| format!("wss://localhost:{port}{path}");
    let [public, market, private, trade] = match venue {
        VenueId::BinanceSpot => ["", "", "/ws-api/v3", "/ws-api/v3"],
        VenueId::BinanceUsdm => ["/public", "/market", "/private", "/ws-fapi/v1"],
        VenueId::Okx => ["/ws/v5/public", "/ws/v5/public", "/ws/v5/private", "/ws/v5/private"],
        VenueId::Bybit => ["/v5/public/spot", "/v5/public/linear", "/v5/private", "/v5/trade"],
    }
    .map(at);
    let account = scenario.accounts.first();
    json!({
        "port": port,
        "rest": format!("https://localhost:{port}"),
        "public": public,
        "market": market,
        "private": private,
        "trade": trade,
        "keys": account.and_then(|a| a.keys.get(&venue)).into_iter().flatten().map(key).collect::<Vec<_>>(),
        "instruments": scenario.venues.get(&venue).map(|l| l.instruments.keys().collect::<Vec<_>>()),
    })
}

/// A key as clients want it: an Ed25519 key also as PKCS#8.
fn key(plan: &KeyPlan) -> Value {
    let mut value = json!(plan);
    if let Some(seed) = plan.seed() {
        value["ed25519_pem"] = pkcs8(&seed).into();
    }
    value
}

/// An Ed25519 seed in the PEM form of RFC 8410.
fn pkcs8(seed: &[u8; 32]) -> String {
    const HEAD: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    let der = [HEAD.as_slice(), seed].concat();
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
}

impl Running {
    /// Opens the control port and writes `venues.json`.
    fn announce(
        &mut self,
        ca: &Path,
        scenario: &Scenario,
        venues: &Value,
        first: u16,
    ) -> Result<(), SimError> {
        let port = port_of(first, 4);
        let door = control::Door::open(port, self.controls.clone());
        let door = door.map_err(|why| SimError::Port(port, why))?;
        self.venues = json!({
            "ca": std::path::absolute(ca).unwrap_or_else(|_| ca.to_owned()),
            "clock": self.clock,
            "scenario": scenario.name,
            "seed": scenario.seed,
            "control": format!("http://127.0.0.1:{}", door.port()),
            "pid": std::process::id(),
            "venues": venues,
        });
        self.door = Some(door);
        self.write("venues.json", &self.venues)?;
        Ok(())
    }

    /// The content of `venues.json`.
    #[must_use]
    pub fn venues(&self) -> &Value {
        &self.venues
    }

    /// The scenario's clock.
    #[must_use]
    pub fn clock(&self) -> ScenarioClock {
        self.clock
    }

    /// The ledgers of all venues, now.
    #[must_use]
    pub fn ledger(&self) -> Value {
        control::ledgers(&self.controls)
    }

    /// Adds a fault to the venues it concerns.
    pub fn inject(&self, rule: &FaultRule) {
        self.controls.iter().for_each(|control| control.inject(rule.clone()));
    }

    /// Withdraws an API key, wherever it is known.
    pub fn withdraw(&self, api_key: &str) {
        self.controls.iter().for_each(|control| control.withdraw(api_key));
    }

    /// Whether every venue's thread still runs.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.threads.iter().all(|thread| !thread.is_finished())
    }

    /// Stops the venues and writes `ledger.json`; returns its content.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn stop(mut self) -> Result<Value, SimError> {
        let mut venues = Vec::new();
        self.halt(|ledgers| venues.extend(ledgers));
        let ledger = json!({ "venues": venues });
        self.write("ledger.json", &ledger)?;
        Ok(ledger)
    }

    fn halt(&mut self, mut each: impl FnMut(Vec<Value>)) {
        self.door = None;
        self.controls.iter().for_each(Control::stop);
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so itself; the others' ledgers still count.
            if let Ok(Ok(ledgers)) = thread.join() {
                each(ledgers);
            }
        }
    }

    /// Writes a file in one step, so that nobody reads half of it.
    fn write(&self, name: &str, value: &Value) -> Result<(), SimError> {
        let (path, part) = (self.dir.join(name), self.dir.join(format!("{name}.part")));
        let text = format!("{value:#}\n");
        let written = std::fs::write(&part, text).and_then(|()| std::fs::rename(&part, &path));
        written.map_err(|why| SimError::Write(path, why))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.halt(drop);
    }
}

/// This host's wall time: the only place that reads it.
fn wall_ns() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(0)
}

#[cfg(test)]
mod tests;
