//! Where the venues are: their addresses, the keys of our accounts there, and whose time they keep.
//!
//! Real venues are named by the configuration. Simulated ones write `venues.json` when they are up; the
//! engine learns nothing more of them than an address, a certificate, a key and a clock.

use base::{Stamp, VenueId, WallNs};
use config::plan::{Config, Exchange, Mode};
use net::Tls;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use telemetry::HostClock;
use thiserror::Error;
use venue::credentials::CredentialsError;
use venue::{Credentials, Endpoints, Environment};

/// Why the venues cannot be reached.
#[derive(Debug, Error)]
pub(crate) enum Fault {
    #[error("{}: {why}", path.display())]
    File { path: PathBuf, why: String },
    #[error(transparent)]
    Net(#[from] net::NetError),
    #[error("{venue}: {why}; set `api_key` and `secret_key` of the exchange")]
    Credentials { venue: VenueId, why: CredentialsError },
    #[error(
        "{0}: its `ca_file` differs from another exchange's; one file may hold several certificates"
    )]
    Certificates(VenueId),
}

/// One venue in use.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) venue: VenueId,
    pub(crate) endpoints: Endpoints,
    /// Our account; absent where only market data is wanted.
    pub(crate) credentials: Option<Arc<Credentials>>,
}

/// All venues in use.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) places: Vec<Place>,
    pub(crate) tls: Tls,
    pub(crate) clock: HostClock,
    /// How many times as fast as time the venues' clocks run.
    pub(crate) speed: u32,
    /// What the simulated venues play, for reports.
    pub(crate) scenario: Option<String>,
}

impl Site {
    /// The venues of the configuration, with the system's clock.
    pub(crate) fn configured(config: &Config) -> Result<Self, Fault> {
        let mut places = Vec::new();
        let mut ca: Option<Option<&Path>> = None;
        for venue in VenueId::ALL {
            let Some(exchange) = config.venue(venue) else { continue };
            let its = exchange.ca_file.as_deref();
            if ca.is_some_and(|ca| ca != its) {
                return Err(Fault::Certificates(venue));
            }
            ca = Some(its);
            let world =
                if exchange.sandbox { Environment::Testnet } else { Environment::Production };
            let mut endpoints = Endpoints::of(venue, world);
            let own = exchange.addresses(venue);
            for (address, given) in [
                (&mut endpoints.rest, &own.rest),
                (&mut endpoints.public, &own.public),
                (&mut endpoints.market, &own.market),
                (&mut endpoints.private, &own.private),
                (&mut endpoints.trade, &own.trade),
            ] {
                if let Some(given) = given {
                    address.clone_from(given);
                }
            }
            let credentials = match config.system.mode {
                // Nothing is ever signed: not even looked at.
                Mode::Paper => None,
                Mode::Sim | Mode::Live => credentials(venue, exchange)?,
            };
            places.push(Place { venue, endpoints, credentials });
        }
        let tls = Tls::new(ca.flatten())?;
        let clock = HostClock::start();
        Ok(Self { places, tls, clock, speed: 1, scenario: None })
    }

    /// The simulated venues that wrote `dir/venues.json`, as far as the configuration uses them.
    pub(crate) fn simulated(dir: &Path, config: &Config) -> Result<Self, Fault> {
        let path = dir.join("venues.json");
        let fault = |why: String| Fault::File { path: path.clone(), why };
        let text = fs::read(&path).map_err(|why| fault(why.to_string()))?;
        let file: VenuesFile =
            serde_json::from_slice(&text).map_err(|why| fault(why.to_string()))?;
        let mut places = Vec::new();
        for (venue, door) in &file.venues {
            if config.venue(*venue).is_some() {
                let mut place = door.place(*venue)?;
                place.credentials.take_if(|_| config.system.mode == Mode::Paper);
                places.push(place);
            }
        }
        let anchor = file.clock;
        Ok(Self {
            places,
            tls: Tls::new(Some(&file.ca))?,
            clock: HostClock::scenario(WallNs(anchor.wall_ns), Stamp(anchor.mono_ns), anchor.speed),
            speed: anchor.speed,
            scenario: Some(format!(
                "scenario {} seed {} at {} x time",
                file.scenario, file.seed, anchor.speed
            )),
        })
    }

    /// The venue's place, if it is in use.
    pub(crate) fn place(&self, venue: VenueId) -> Option<&Place> {
        self.places.iter().find(|place| place.venue == venue)
    }

    /// Addresses by venue; production ones where a venue is not in use and nobody will ask.
    pub(crate) fn endpoints(&self, venue: VenueId) -> Endpoints {
        let place = self.place(venue);
        place.map_or_else(|| Endpoints::production(venue), |place| place.endpoints.clone())
    }
}

/// The configured key of our account at a venue, if there is one.
pub(crate) fn credentials(
    venue: VenueId,
    exchange: &Exchange,
) -> Result<Option<Arc<Credentials>>, Fault> {
    let (key, secret) = (exchange.api_key.expose(), exchange.secret_key.expose());
    if key.is_empty() && secret.is_empty() {
        return Ok(None);
    }
    make_credentials(venue, key, secret, Some(exchange.passphrase.expose())).map(Some)
}

fn make_credentials(
    venue: VenueId,
    key: &str,
    secret: &str,
    passphrase: Option<&str>,
) -> Result<Arc<Credentials>, Fault> {
    let made = Credentials::new(key, secret, passphrase);
    made.map(Arc::new).map_err(|why| Fault::Credentials { venue, why })
}

/// `venues.json`.
#[derive(Debug, Deserialize)]
struct VenuesFile {
    ca: PathBuf,
    clock: Anchor,
    /// Its name.
    scenario: String,
    seed: u64,
    venues: BTreeMap<VenueId, Door>,
}

/// The scenario's clock: it was `wall_ns` when the host's monotonic clock was at `mono_ns`.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Anchor {
    wall_ns: i64,
    mono_ns: u64,
    speed: u32,
}

#[derive(Debug, Deserialize)]
struct Door {
    rest: String,
    public: String,
    market: String,
    private: String,
    trade: String,
    keys: Vec<Key>,
}

#[derive(Debug, Deserialize)]
struct Key {
    api_key: String,
    secret: Option<String>,
    passphrase: Option<String>,
}

impl Door {
    /// The first key that signs with HMAC: every venue knows those.
    fn place(&self, venue: VenueId) -> Result<Place, Fault> {
        let key = self.keys.iter().find_map(|key| Some((key, key.secret.as_deref()?)));
        let credentials = key
            .map(|(key, secret)| {
                make_credentials(venue, &key.api_key, secret, key.passphrase.as_deref())
            })
            .transpose()?;
        let endpoints = Endpoints {
            rest: self.rest.clone(),
            public: self.public.clone(),
            market: self.market.clone(),
            private: self.private.clone(),
            trade: self.trade.clone(),
            simulated_header: false,
        };
        Ok(Place { venue, endpoints, credentials })
    }
}
