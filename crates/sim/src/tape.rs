//! The captured minutes: every frame Binance sent on 2024-08-08 for BTCUSDT, spot and perpetual.
//!
//! Read once and shared by the venues' threads. A frame is due at its receive time plus one shift,
//! chosen so that no frame is due before the venue time written in it (the recorder's clock was
//! behind); order and jitter are those of the recording.

use crate::dec::Dec;
use crate::event::{Level, Stream, Top};
use base::Side;
use flate2::read::GzDecoder;
use serde::Deserialize;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use tungstenite::{Bytes, Utf8Bytes};

/// Which of the two captured markets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Binance spot BTCUSDT.
    Spot = 0,
    /// Binance USD-M BTCUSDT.
    Perpetual = 1,
}

/// What a frame says.
#[derive(Clone, Debug)]
pub enum Body {
    /// Best bid and offer as of an update id.
    Top {
        /// Update id.
        u: u64,
        /// The prices.
        top: Top,
    },
    /// A trade.
    Trade {
        /// Trade id.
        id: u64,
        /// Price.
        price: Dec,
        /// Quantity.
        qty: Dec,
        /// Who took.
        taker: Side,
    },
    /// Changed levels.
    Depth {
        /// First update id.
        first: u64,
        /// Last update id.
        last: u64,
        /// Last update id of the frame before (perpetual only; else 0).
        prev: u64,
        /// Bids, then asks, in [`Market::levels`](SourceTape::levels).
        bids: core::ops::Range<usize>,
        /// The asks.
        asks: core::ops::Range<usize>,
    },
}

/// One captured frame.
#[derive(Clone, Debug)]
pub struct Frame {
    /// When it is due, nanoseconds since 1970.
    pub at: i64,
    /// Event time in it (`E`, ms); 0 where the frame has none.
    pub event_ms: i64,
    /// Transaction time in it (`T`, ms); 0 where the frame has none.
    pub transaction_ms: i64,
    /// The captured text.
    pub whole: Utf8Bytes,
    /// The payload within it.
    pub data: Utf8Bytes,
    /// What it says.
    pub body: Body,
}

impl Frame {
    /// On which stream it came.
    #[must_use]
    pub const fn stream(&self) -> Stream {
        match self.body {
            Body::Top { .. } => Stream::BookTicker,
            Body::Trade { .. } => Stream::Trade,
            Body::Depth { .. } => Stream::Depth,
        }
    }
}

/// The frames of one market.
#[derive(Debug)]
pub struct SourceTape {
    /// In the order they came.
    pub frames: Vec<Frame>,
    /// The levels the depth frames point into.
    pub levels: Vec<Level>,
    /// The REST snapshot recorded with them: its id, bids, asks.
    pub snapshot: (u64, Vec<Level>, Vec<Level>),
    /// Smallest and largest update id in the frames.
    pub ids: (u64, u64),
    /// First update id of the first depth frame.
    pub first_id: u64,
    /// Smallest and largest trade id in the frames.
    pub trades: (u64, u64),
}

/// Both markets.
#[derive(Debug)]
pub struct Tape {
    /// Spot, perpetual: by [`Source`].
    pub sources: [SourceTape; 2],
    /// When the first frame is due.
    pub start: i64,
    /// When the last frame is due.
    pub end: i64,
}

/// Why the captures cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TapeError {
    /// A file is missing or unreadable.
    #[error(
        "cannot read the capture {0}: {1}; give a folder that holds it, or none to use the built-in one"
    )]
    Read(PathBuf, std::io::Error),
    /// A line is not what a capture holds.
    #[error("line {1} of the capture {0} is no frame we know: {2}")]
    Line(&'static str, usize, String),
    /// A capture without frames or without its snapshot.
    #[error("the capture {0} holds no {1}")]
    Missing(&'static str, &'static str),
}

const NAMES: [&str; 2] =
    ["binance-spot-btcusdt-20240808.rec.gz", "binance-usdm-btcusdt-20240808.rec.gz"];
const BUILT_IN: [&[u8]; 2] = [
    include_bytes!("../../../testdata/captures/binance-spot-btcusdt-20240808.rec.gz"),
    include_bytes!("../../../testdata/captures/binance-usdm-btcusdt-20240808.rec.gz"),
];

impl Tape {
    /// The built-in captures, read once per process.
    ///
    /// # Errors
    /// [`TapeError`]; never for the files the program was built with.
    pub fn built_in() -> Result<Arc<Self>, TapeError> {
        static TAPE: OnceLock<Arc<Tape>> = OnceLock::new();
        if let Some(tape) = TAPE.get() {
            return Ok(Arc::clone(tape));
        }
        let tape = Arc::new(Self::read([BUILT_IN[0].to_vec(), BUILT_IN[1].to_vec()])?);
        Ok(Arc::clone(TAPE.get_or_init(|| tape)))
    }

    /// The captures of the same names in a folder.
    ///
    /// # Errors
    /// [`TapeError`], naming the file.
    pub fn from_dir(dir: &Path) -> Result<Arc<Self>, TapeError> {
        let open = |name: &str| {
            let path = dir.join(name);
            std::fs::read(&path).map_err(|why| TapeError::Read(path, why))
        };
        Ok(Arc::new(Self::read([open(NAMES[0])?, open(NAMES[1])?])?))
    }

    fn read(packed: [Vec<u8>; 2]) -> Result<Self, TapeError> {
        let [spot, perpetual] = packed;
        let mut sources =
            [read_source(Source::Spot, &spot)?, read_source(Source::Perpetual, &perpetual)?];
        // One shift for both, so that the two markets stay as far apart as they were recorded.
        let late = sources.iter().flat_map(|s| &s.frames).filter(|f| f.event_ms != 0);
        let shift = late.map(|f| f.event_ms * 1_000_000 - f.at).max().unwrap_or(0);
        for frame in sources.iter_mut().flat_map(|s| &mut s.frames) {
            frame.at += shift;
        }
        let due = |f: fn(&SourceTape) -> Option<&Frame>| sources.iter().filter_map(f).map(|f| f.at);
        let start = due(|s| s.frames.first()).min().unwrap_or(0);
        let end = due(|s| s.frames.last()).max().unwrap_or(0);
        Ok(Self { sources, start, end })
    }
}

/// A frame with its envelope, as far as we read it.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    data: Payload<'a>,
}

#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(default)]
    e: &'a str,
    #[serde(default, rename = "E")]
    event: i64,
    #[serde(default, rename = "T")]
    transaction: i64,
    #[serde(default)]
    u: u64,
    #[serde(default, rename = "U")]
    first: u64,
    #[serde(default)]
    pu: u64,
    #[serde(default)]
    t: u64,
    #[serde(default)]
    p: &'a str,
    #[serde(default)]
    q: &'a str,
    #[serde(default)]
    m: bool,
    #[serde(borrow, default)]
    b: OneSide<'a>,
    #[serde(borrow, default)]
    a: OneSide<'a>,
    #[serde(default, rename = "B")]
    bid_qty: &'a str,
    #[serde(default, rename = "A")]
    ask_qty: &'a str,
}

/// `b` is a price in one frame and a list of levels in another.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneSide<'a> {
    Price(&'a str),
    #[serde(borrow)]
    Levels(Vec<[&'a str; 2]>),
}

impl Default for OneSide<'_> {
    fn default() -> Self {
        Self::Price("")
    }
}

#[derive(Deserialize)]
struct Snapshot<'a> {
    #[serde(rename = "lastUpdateId")]
    last_update_id: u64,
    #[serde(borrow)]
    bids: Vec<[&'a str; 2]>,
    #[serde(borrow)]
    asks: Vec<[&'a str; 2]>,
}

fn read_source(source: Source, packed: &[u8]) -> Result<SourceTape, TapeError> {
    let name = NAMES[source as usize];
    let mut text = Vec::new();
    let unpacked = GzDecoder::new(packed).read_to_end(&mut text);
    unpacked.map_err(|why| TapeError::Line(name, 0, why.to_string()))?;
    let text = Utf8Bytes::try_from(Bytes::from(text))
        .map_err(|why| TapeError::Line(name, 0, why.to_string()))?;
    let mut tape = SourceTape {
        frames: Vec::new(),
        levels: Vec::new(),
        snapshot: (0, Vec::new(), Vec::new()),
        ids: (u64::MAX, 0),
        first_id: 0,
        trades: (u64::MAX, 0),
    };
    let mut at = 0;
    for (index, line) in text.as_str().split_inclusive('\n').enumerate() {
        let bad = |why: String| TapeError::Line(name, index + 1, why);
        let (stamp, frame) =
            line.trim_end().split_once(' ').ok_or_else(|| bad("no stamp".into()))?;
        let stamp: i64 = stamp.parse().map_err(|_| bad("its stamp is no number".into()))?;
        let begin = at + (line.find(' ').unwrap_or(0) + 1);
        at += line.len();
        if frame.starts_with("{\"lastUpdateId\"") {
            tape.snapshot = read_snapshot(frame).map_err(bad)?;
            continue;
        }
        let whole = part(&text, begin, frame.len()).map_err(bad)?;
        tape.push(stamp, frame, whole).map_err(bad)?;
    }
    if tape.frames.is_empty() {
        return Err(TapeError::Missing(name, "frames"));
    }
    if tape.snapshot.0 == 0 {
        return Err(TapeError::Missing(name, "depth snapshot"));
    }
    Ok(tape)
}

/// A piece of the text that shares its bytes.
fn part(text: &Utf8Bytes, begin: usize, length: usize) -> Result<Utf8Bytes, String> {
    let bytes: &Bytes = text.as_ref();
    Utf8Bytes::try_from(bytes.slice(begin..begin + length)).map_err(|why| why.to_string())
}

fn read_snapshot(text: &str) -> Result<(u64, Vec<Level>, Vec<Level>), String> {
    let snapshot: Snapshot<'_> = serde_json::from_str(text).map_err(|why| why.to_string())?;
    Ok((snapshot.last_update_id, levels(&snapshot.bids)?, levels(&snapshot.asks)?))
}

fn levels(pairs: &[[&str; 2]]) -> Result<Vec<Level>, String> {
    pairs
        .iter()
        .map(|[price, qty]| Ok(Level { price: number(price)?, qty: number(qty)? }))
        .collect()
}

fn number(text: &str) -> Result<Dec, String> {
    Dec::parse(text).ok_or_else(|| format!("`{text}` is no number"))
}

impl SourceTape {
    fn push(&mut self, stamp: i64, text: &str, whole: Utf8Bytes) -> Result<(), String> {
        let data_at = text.find("\"data\":").ok_or("no payload")? + "\"data\":".len();
        let data = part(&whole, data_at, text.len() - data_at - 1)?;
        let Envelope { data: payload } =
            serde_json::from_str(text).map_err(|why| why.to_string())?;
        let body = self.body(&payload)?;
        self.frames.push(Frame {
            at: stamp,
            event_ms: payload.event,
            transaction_ms: payload.transaction,
            whole,
            data,
            body,
        });
        Ok(())
    }

    fn body(&mut self, payload: &Payload<'_>) -> Result<Body, String> {
        match (payload.e, &payload.b, &payload.a) {
            ("" | "bookTicker", OneSide::Price(bid), OneSide::Price(ask)) => {
                self.ids = (self.ids.0.min(payload.u), self.ids.1.max(payload.u));
                let top = Top {
                    bid: number(bid)?,
                    bid_qty: number(payload.bid_qty)?,
                    ask: number(ask)?,
                    ask_qty: number(payload.ask_qty)?,
                };
                Ok(Body::Top { u: payload.u, top })
            }
            ("trade", ..) => {
                self.trades = (self.trades.0.min(payload.t), self.trades.1.max(payload.t));
                let taker = if payload.m { Side::Sell } else { Side::Buy };
                Ok(Body::Trade {
                    id: payload.t,
                    price: number(payload.p)?,
                    qty: number(payload.q)?,
                    taker,
                })
            }
            ("depthUpdate", OneSide::Levels(bids), OneSide::Levels(asks)) => {
                self.ids = (self.ids.0.min(payload.first), self.ids.1.max(payload.u));
                if self.first_id == 0 {
                    self.first_id = payload.first;
                }
                let begin = self.levels.len();
                self.levels.extend(levels(bids)?);
                let middle = self.levels.len();
                self.levels.extend(levels(asks)?);
                let end = self.levels.len();
                Ok(Body::Depth {
                    first: payload.first,
                    last: payload.u,
                    prev: payload.pu,
                    bids: begin..middle,
                    asks: middle..end,
                })
            }
            (other, ..) => Err(format!("unknown event `{other}`")),
        }
    }
}

#[cfg(test)]
mod tests;
