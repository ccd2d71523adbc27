//! The exchanges: how they are reached, with which keys, what is traded there.

use super::form::{Form, address, choice, flag, millis, ratio, seconds, unified, whole, word};
use super::section::Section;
use crate::fault::{Fault, FaultKind, Source, Warning};
use crate::secret::{self, Secret};
use base::{Product, Rate, Span, VenueId};
use std::path::{Path, PathBuf};

/// An exchange as users name it. Binance is two venues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum ExchangeName {
    Binance,
    Okx,
    Bybit,
}

impl ExchangeName {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Binance, Self::Okx, Self::Bybit];

    /// Its key in the files.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Binance => "binance",
            Self::Okx => "okx",
            Self::Bybit => "bybit",
        }
    }

    /// The exchange a venue belongs to.
    #[must_use]
    pub const fn of(venue: VenueId) -> Self {
        match venue {
            VenueId::BinanceSpot | VenueId::BinanceUsdm => Self::Binance,
            VenueId::Okx => Self::Okx,
            VenueId::Bybit => Self::Bybit,
        }
    }

    /// The venue where it trades a product.
    #[must_use]
    pub const fn venue(self, product: Product) -> VenueId {
        match (self, product) {
            (Self::Binance, Product::Spot) => VenueId::BinanceSpot,
            (Self::Binance, Product::Perpetual) => VenueId::BinanceUsdm,
            (Self::Okx, _) => VenueId::Okx,
            (Self::Bybit, _) => VenueId::Bybit,
        }
    }
}

/// A pair as it is configured: `BTC/USDT` means the spot pair and the perpetual of it,
/// `BTC/USDT:USDT` the perpetual alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Symbol {
    /// The asset bought and sold.
    pub base: String,
    /// The asset it is priced in.
    pub quote: String,
    /// Whether only the perpetual is meant.
    pub perpetual_only: bool,
}

impl Symbol {
    /// Reads a unified name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (base, rest) = text.split_once('/')?;
        let (quote, settle) = match rest.split_once(':') {
            Some((quote, settle)) => (quote, Some(settle)),
            None => (rest, None),
        };
        let asset = |name: &str| {
            let plain =
                |c: char| !c.is_whitespace() && !c.is_ascii_lowercase() && !"/:-,".contains(c);
            !name.is_empty() && name.chars().all(plain)
        };
        // Only contracts settled in their quote asset are traded.
        let linear = settle.is_none_or(|settle| settle == quote);
        (asset(base) && asset(quote) && linear).then(|| Self {
            base: base.to_owned(),
            quote: quote.to_owned(),
            perpetual_only: settle.is_some(),
        })
    }

    /// The unified name of one of its instruments.
    #[must_use]
    pub fn name(&self, product: Product) -> String {
        match product {
            Product::Spot => format!("{}/{}", self.base, self.quote),
            Product::Perpetual => format!("{}/{1}:{1}", self.base, self.quote),
        }
    }
}

pub(super) fn symbol() -> Form<'static, Symbol> {
    unified(Symbol::parse)
}

/// Addresses that replace the built-in ones.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Addresses {
    /// REST.
    pub rest: Option<String>,
    /// Public streams (Bybit: of spot).
    pub public: Option<String>,
    /// The second public streams (USD-M: marks; Bybit: of linear contracts).
    pub market: Option<String>,
    /// Account events.
    pub private: Option<String>,
    /// Order entry.
    pub trade: Option<String>,
}

/// What an exchange charges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct FeeTier {
    /// For an order that rested; negative is a rebate.
    pub maker: Rate,
    /// For an order that took.
    pub taker: Rate,
}

/// How long a channel may be without data before what it feeds is unknown. Zero: as long as it likes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "each is the channel of its name")]
pub struct Silence {
    pub best: Span,
    pub book: Span,
    pub mark: Span,
    pub index: Span,
    pub funding: Span,
}

/// One exchange.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// Which.
    pub name: ExchangeName,
    /// Whether it is used.
    pub enabled: bool,
    /// Its test system instead of the real one.
    pub sandbox: bool,
    /// Whether spot is traded.
    pub spot: bool,
    /// Whether perpetuals are traded.
    pub futures: bool,
    /// Whether funding rates are followed.
    pub funding: bool,
    /// Whether public trades are followed: no strategy reads them, the journal keeps them.
    pub public_trades: bool,
    /// Whether index prices are followed, likewise.
    pub index_price: bool,
    /// The API key.
    pub api_key: Secret,
    /// Its secret, or an Ed25519 key in PEM.
    pub secret_key: Secret,
    /// The key's passphrase (OKX).
    pub passphrase: Secret,
    /// Files that key, secret or passphrase were read from.
    pub key_files: Vec<PathBuf>,
    /// Addresses of spot; of everything but at Binance.
    pub addresses: Addresses,
    /// Addresses of USD-M futures, at Binance.
    pub addresses_usdm: Addresses,
    /// Certificates to trust instead of the built-in ones.
    pub ca_file: Option<PathBuf>,
    /// What is followed and may be traded.
    pub symbols: Vec<Symbol>,
    /// Spot fees.
    pub fees_spot: FeeTier,
    /// Perpetual fees.
    pub fees_futures: FeeTier,
    /// Requests a minute of the order desk at most, beside the exchange's own rules.
    pub rate_limit: u32,
    /// How long a REST answer may take.
    pub timeout: Span,
    /// How long the answer to an order may take before its outcome is unknown.
    pub order_timeout: Span,
    /// How long a request may be on its way before the exchange throws it away.
    pub recv_window_ms: u32,
    /// The exchange cancels everything when it hears nothing for this long.
    pub dead_man: Option<Span>,
    /// How long its channels may be silent.
    pub silence: Silence,
}

impl Exchange {
    /// Whether it is enabled and trades what `venue` is for.
    #[must_use]
    pub fn has(&self, venue: VenueId) -> bool {
        let traded = match venue {
            VenueId::BinanceSpot => self.spot,
            VenueId::BinanceUsdm => self.futures,
            VenueId::Okx | VenueId::Bybit => self.spot || self.futures,
        };
        self.enabled && traded && ExchangeName::of(venue) == self.name
    }

    /// The addresses that replace the built-in ones of a venue of it.
    #[must_use]
    pub const fn addresses(&self, venue: VenueId) -> &Addresses {
        match venue {
            VenueId::BinanceUsdm => &self.addresses_usdm,
            _ => &self.addresses,
        }
    }

    /// What a product costs.
    #[must_use]
    pub const fn fees(&self, product: Product) -> FeeTier {
        match product {
            Product::Spot => self.fees_spot,
            Product::Perpetual => self.fees_futures,
        }
    }

    /// The instruments a symbol means here.
    #[must_use]
    pub fn instruments(&self, symbol: &Symbol) -> Vec<(VenueId, String)> {
        let spot = self.spot && !symbol.perpetual_only;
        [(Product::Spot, spot), (Product::Perpetual, self.futures)]
            .into_iter()
            .filter(|(_, traded)| *traded)
            .map(|(product, _)| (self.name.venue(product), symbol.name(product)))
            .collect()
    }
}

pub(super) fn read(
    mut s: Section<'_>,
    warnings: &mut Vec<Warning>,
    faults: &mut Vec<Fault>,
) -> Vec<Exchange> {
    let all = ExchangeName::ALL
        .map(|name| read_one(name, s.section(name.key(), faults), warnings, faults));
    s.finish(faults);
    all.into()
}

fn read_one(
    name: ExchangeName,
    mut s: Section<'_>,
    warnings: &mut Vec<Warning>,
    faults: &mut Vec<Fault>,
) -> Exchange {
    // The seed's word for who speaks to the exchange; this engine always does so itself.
    const PLUGINS: &[(&str, ())] = &[("ccxt", ()), ("custom", ()), ("native", ())];
    let _: Option<()> = s.maybe("plugin_type", &choice(PLUGINS), faults);
    let [spot, futures, funding, public_trades, index_price] =
        features(s.section("features", faults), faults);
    let (addresses, addresses_usdm) = endpoints(name, &mut s, faults);
    let (fees_spot, fees_futures) = fees(s.section("fees", faults), faults);
    let mut key_files = Vec::new();
    let mut told = (warnings, &mut key_files);
    let [api_key, secret_key, passphrase] = [
        ("api_key", "api_key_file"),
        ("secret_key", "secret_key_file"),
        ("passphrase", "passphrase_file"),
    ]
    .map(|keys| credential(&mut s, keys, &mut told, faults));
    let exchange = Exchange {
        name,
        enabled: s.need("enabled", &flag(), faults),
        sandbox: s.need("sandbox", &flag(), faults),
        spot,
        futures,
        funding,
        public_trades,
        index_price,
        api_key,
        secret_key,
        passphrase,
        key_files,
        addresses,
        addresses_usdm,
        ca_file: s.maybe("ca_file", &word(), faults).map(PathBuf::from),
        symbols: s.list("symbols", &symbol(), faults),
        fees_spot,
        fees_futures,
        rate_limit: s.need("rate_limit", &whole(1, 1_000_000), faults),
        timeout: s.need("timeout", &millis(100, 300_000), faults),
        order_timeout: s.need("order_timeout_ms", &millis(50, 60_000), faults),
        recv_window_ms: s.need("recv_window_ms", &whole(100, 60_000), faults),
        dead_man: Some(s.need("dead_man_s", &seconds(0, 120), faults)).filter(|s| s.0 > 0),
        silence: silence(s.section("silence_ms", faults), faults),
    };
    s.finish(faults);
    exchange
}

fn features(mut s: Section<'_>, faults: &mut Vec<Fault>) -> [bool; 5] {
    let keys = ["spot_trading", "futures_trading", "funding_rate", "public_trades", "index_price"];
    let features = keys.map(|key| s.need(key, &flag(), faults));
    s.finish(faults);
    features
}

fn fees(mut s: Section<'_>, faults: &mut Vec<Fault>) -> (FeeTier, FeeTier) {
    let mut tier = |key| {
        let mut t = s.section(key, faults);
        let tier = FeeTier {
            maker: t.need("maker", &ratio("-0.01", "0.05"), faults),
            taker: t.need("taker", &ratio("-0.01", "0.05"), faults),
        };
        t.finish(faults);
        tier
    };
    let both = (tier("spot"), tier("futures"));
    s.finish(faults);
    both
}

fn silence(mut s: Section<'_>, faults: &mut Vec<Fault>) -> Silence {
    let mut of = |key| s.need(key, &millis(0, 600_000), faults);
    let silence = Silence {
        best: of("best"),
        book: of("book"),
        mark: of("mark"),
        index: of("index"),
        funding: of("funding"),
    };
    s.finish(faults);
    silence
}

/// Binance has two sets of addresses; `base_url` is the seed's word for the REST address.
fn endpoints(
    name: ExchangeName,
    s: &mut Section<'_>,
    faults: &mut Vec<Fault>,
) -> (Addresses, Addresses) {
    let base_url = s.maybe("base_url", &address(&["https://"]), faults);
    let mut e = s.section("endpoints", faults);
    let (mut first, usdm) = if name == ExchangeName::Binance {
        let spot = addresses(e.section("spot", faults), faults);
        let usdm = addresses(e.section("usdm", faults), faults);
        e.finish(faults);
        (spot, usdm)
    } else {
        (addresses(e, faults), Addresses::default())
    };
    if base_url.is_some() && first.rest.is_some() {
        s.clash("base_url", "given beside endpoints.rest; give one of them".to_owned(), faults);
    }
    first.rest = first.rest.or(base_url);
    (first, usdm)
}

fn addresses(mut s: Section<'_>, faults: &mut Vec<Fault>) -> Addresses {
    let stream = address(&["wss://"]);
    let addresses = Addresses {
        rest: s.maybe("rest", &address(&["https://"]), faults),
        public: s.maybe("public", &stream, faults),
        market: s.maybe("market", &stream, faults),
        private: s.maybe("private", &stream, faults),
        trade: s.maybe("trade", &stream, faults),
    };
    s.finish(faults);
    addresses
}

/// A key from its own text (best a variable) or from a file.
fn credential(
    s: &mut Section<'_>,
    (key, key_file): (&'static str, &'static str),
    (warnings, files): &mut (&mut Vec<Warning>, &mut Vec<PathBuf>),
    faults: &mut Vec<Fault>,
) -> Secret {
    let (given, node) = s.secret(key, faults);
    if let Some(node) =
        node.filter(|node| !given.is_empty() && node.filled.is_empty() && !node.hidden)
    {
        let what = match *node.at.source {
            Source::File(_) | Source::Remote(_) => {
                "stands in the file in the clear; use a variable or"
            }
            Source::Option(_) => "stands on the command line for all to see; use a variable or",
            Source::Shipped(_) | Source::Variable(_) => "",
        };
        if !what.is_empty() {
            let what = format!("{what} {key_file}");
            warnings.push(Warning { at: node.at.clone(), key: s.path_of(key), what });
        }
    }
    let Some(path) = s.maybe(key_file, &word(), faults) else { return given };
    if !given.is_empty() {
        s.clash(key_file, format!("given beside {key}; give one of them"), faults);
        return given;
    }
    files.push(PathBuf::from(&path));
    match secret::read_private(Path::new(&path)) {
        Ok(text) => Secret::trimmed(&text),
        Err(why) => {
            let at = s.place_of(key_file);
            let kind = FaultKind::Io(format!("{path}: {why}"));
            faults.push(Fault { at, key: s.path_of(key_file), kind });
            given
        }
    }
}
