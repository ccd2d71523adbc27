//! Books from recordings: the live decoders, books and sequence rules over files.
//!
//! Cold: for `funding-arb books` and for tests that hold the feeds to independent expectations. A file has one
//! frame a line, `<receive time in ns> <frame>` or the bare frame; REST snapshots stand among the frames or in
//! a file beside it (`X.rest.jsonl` for `X.rec`), one `{"rx_ns":..,"url":..,"body":..}` a line.

mod one;
mod sidecar;

use crate::decode::{Decoder, Dialect, Directory};
use crate::json::{Reader, Value};
use crate::message::{Event, Refusal, Why};
use crate::sequence::Rule;
use crate::symbols::{Listing, Row};
use base::Edge;
use flate2::read::MultiGzDecoder;
use one::{Digest, OneBook};
use serde::Serialize;
use sidecar::Snapshot;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Longest frame of a recording.
const FRAME_MAX: usize = 1 << 20;

/// Whose frames a recording holds. COIN-M is read here and nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// Binance spot.
    BinanceSpot,
    /// Binance USD-M.
    BinanceUsdm,
    /// Binance COIN-M.
    BinanceCoinm,
    /// OKX v5 (also frames older than its sequence numbers).
    Okx,
    /// Bybit v5.
    Bybit,
}

impl Recorded {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::BinanceSpot, Self::BinanceUsdm, Self::BinanceCoinm, Self::Okx, Self::Bybit];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BinanceSpot => "binance-spot",
            Self::BinanceUsdm => "binance-usdm",
            Self::BinanceCoinm => "binance-coinm",
            Self::Okx => "okx",
            Self::Bybit => "bybit",
        }
    }

    /// The venue of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|venue| venue.name() == name)
    }

    const fn dialect(self) -> Dialect {
        match self {
            Self::BinanceSpot | Self::BinanceUsdm | Self::BinanceCoinm => Dialect::Binance,
            Self::Okx => Dialect::Okx,
            Self::Bybit => Dialect::Bybit,
        }
    }

    const fn rule(self) -> Rule {
        match self {
            Self::BinanceSpot => Rule::BinanceSpot,
            Self::BinanceUsdm | Self::BinanceCoinm => Rule::BinanceFutures,
            Self::Okx => Rule::Okx,
            Self::Bybit => Rule::Bybit,
        }
    }
}

/// What the books of a recording came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rebuilt {
    /// Frames read, of every channel.
    pub frames: u64,
    /// Book messages applied, snapshots on the stream included.
    pub applied: u64,
    /// Book messages older than the book.
    pub stale: u64,
    /// Places where a message was missing, or a checksum differed.
    pub gaps: u64,
    /// Times the best bid was at or above the best ask.
    pub crossed: u64,
    /// Frames that could not be read.
    pub refused: u64,
    /// The last line that went into the digest: update or time, bid, its quantity, ask, its quantity.
    #[serde(rename = "final")]
    pub last: Option<(Key, String, String, String, String)>,
    /// SHA-256 over one such line for each message applied.
    pub digest: String,
}

/// What a line of the digest begins with: a number, or OKX's time, which is a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Key {
    /// Update number or milliseconds.
    Number(i64),
    /// The same as text.
    Text(String),
}

/// Why a recording could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// A file could not be opened or read.
    #[error("cannot read {path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Rebuilds the books of `files`, in their order; of one symbol alone when one is given.
///
/// # Errors
/// [`RebuildError`] when a file cannot be read. What is wrong inside a file is counted, not an error.
pub fn files(
    venue: Recorded,
    symbol: Option<&str>,
    files: &[PathBuf],
) -> Result<Rebuilt, RebuildError> {
    let mut rebuild = Rebuild::new(venue, symbol);
    let wrong = |path: &Path| {
        let path = path.to_owned();
        move |source| RebuildError::File { path, source }
    };
    let (beside, frames): (Vec<&PathBuf>, Vec<&PathBuf>) =
        files.iter().partition(|path| sidecar::is_one(path));
    for path in beside {
        rebuild.sidecar(open(path).map_err(wrong(path))?).map_err(wrong(path))?;
    }
    for path in frames {
        for other in sidecar::beside(path) {
            if !files.contains(&other) && other.is_file() {
                rebuild.sidecar(open(&other).map_err(wrong(&other))?).map_err(wrong(&other))?;
            }
        }
        rebuild.lines(open(path).map_err(wrong(path))?).map_err(wrong(path))?;
    }
    Ok(rebuild.finish())
}

/// Opens a file, unpacking what begins as gzip does, whatever its name.
fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    let mut reader = BufReader::with_capacity(1 << 16, File::open(path)?);
    let packed = reader.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    if packed {
        return Ok(Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(reader))));
    }
    Ok(Box::new(reader))
}

/// A rebuilding under way.
#[derive(Debug)]
pub struct Rebuild {
    venue: Recorded,
    symbol: Option<String>,
    directory: Directory,
    decoder: Decoder,
    books: Vec<OneBook>,
    /// Snapshots from beside the frames, by the time they came.
    due: VecDeque<Snapshot>,
    /// A snapshot that named no symbol, before any book was known.
    orphan: Option<Snapshot>,
    counts: Rebuilt,
    digest: Digest,
}

impl Rebuild {
    /// Nothing read yet.
    #[must_use]
    pub fn new(venue: Recorded, symbol: Option<&str>) -> Self {
        Self {
            venue,
            symbol: symbol.map(str::to_owned),
            directory: Directory::with_room(one::SYMBOLS_MAX),
            decoder: Decoder::new(FRAME_MAX),
            books: Vec::new(),
            due: VecDeque::new(),
            orphan: None,
            counts: Rebuilt::default(),
            digest: Digest::default(),
        }
    }

    /// Takes the snapshots of a file that lies beside the frames.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn sidecar(&mut self, mut reader: impl BufRead) -> io::Result<()> {
        let mut line = Vec::new();
        // bound: the lines of the file
        while read_line(&mut reader, &mut line)? {
            self.due.extend(sidecar::snapshot(&line));
        }
        self.due.make_contiguous().sort_by_key(|snapshot| snapshot.received_ns);
        Ok(())
    }

    /// Takes frames, one a line.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn lines(&mut self, mut reader: impl BufRead) -> io::Result<()> {
        let mut line = Vec::new();
        // bound: the lines of the file
        while read_line(&mut reader, &mut line)? {
            if !line.is_empty() {
                self.line(&line);
            }
        }
        Ok(())
    }

    /// Takes one line: a frame, perhaps with the time it was received before it.
    pub fn line(&mut self, line: &[u8]) {
        let (received, frame) = split_time(line);
        // bound: the snapshots that are due
        while let Some(snapshot) =
            self.due.pop_front_if(|s| received.is_none_or(|received| s.received_ns <= received))
        {
            self.snapshot(snapshot);
        }
        self.frame(frame);
    }

    /// What it came to.
    #[must_use]
    pub fn finish(mut self) -> Rebuilt {
        // bound: the snapshots left
        while let Some(snapshot) = self.due.pop_front() {
            self.snapshot(snapshot);
        }
        self.digest.finish(&mut self.counts);
        self.counts
    }

    fn frame(&mut self, frame: &[u8]) {
        self.counts.frames += 1;
        if self.venue.dialect() == Dialect::Binance && frame.starts_with(b"{\"lastUpdateId\"") {
            match sidecar::body(frame) {
                Some(snapshot) => self.snapshot(snapshot),
                None => self.counts.refused += 1,
            }
            return;
        }
        match self.decode(frame) {
            Ok(Event::Book(change)) => self.change(&change),
            Ok(_) => {}
            Err(_) => self.counts.refused += 1,
        }
    }

    fn decode(&mut self, frame: &[u8]) -> Result<Event, Refusal> {
        let dialect = self.venue.dialect();
        let found = self.decoder.decode(dialect, &self.directory, frame);
        match found {
            Ok(Event::Foreign) if self.learn(frame) => self.decode(frame),
            Err(Refusal { why: Why::Price | Why::Size, .. }) => self.decode_finer(frame, found),
            _ => found,
        }
    }

    /// A symbol not met before: it gets a book, unless only another one is wanted.
    fn learn(&mut self, frame: &[u8]) -> bool {
        let dialect = self.venue.dialect();
        let mut reader = Reader::new(frame.len());
        let Ok(Some(name)) = reader.read(frame, |root| name_in(dialect, root)) else {
            return false;
        };
        if self.symbol.as_ref().is_some_and(|wanted| wanted.as_bytes() != name) {
            return false;
        }
        let Some(row) = self.add(&name) else { return false };
        if let Some(orphan) = self.orphan.take() {
            self.snapshot(orphan.of(&self.books[row].name));
        }
        true
    }

    fn add(&mut self, name: &[u8]) -> Option<usize> {
        let row = self.books.len();
        let edge = Edge { price_exp: 0, size_exp: 0, size_factor: 1 };
        let listing = Listing { row: Row(u16::try_from(row).ok()?), edge };
        if !self.directory.instruments.insert(name, listing) {
            return None;
        }
        self.books.push(OneBook::new(name, edge, self.venue.rule()));
        Some(row)
    }

    /// A number finer than any before it: tries finer scales until the frame can be read.
    fn decode_finer(
        &mut self,
        frame: &[u8],
        refused: Result<Event, Refusal>,
    ) -> Result<Event, Refusal> {
        let dialect = self.venue.dialect();
        let mut reader = Reader::new(frame.len());
        let name = reader.read(frame, |root| name_in(dialect, root)).ok().flatten();
        let known = name.as_ref().and_then(|name| self.directory.instruments.find(name));
        let Some((name, listing)) = name.zip(known) else { return refused };
        let mut found = refused;
        let mut edge = listing.edge;
        // bound: each round makes one scale finer, of which there are few
        while let Err(Refusal { why, .. }) = found
            && let Some(finer) = one::finer(edge, why)
        {
            edge = finer;
            self.directory.instruments.insert(&name, Listing { edge, ..listing });
            found = self.decoder.decode(dialect, &self.directory, frame);
        }
        let book = self.books.get_mut(listing.row.index());
        if found.is_err() || !book.is_some_and(|book| book.refine_to(edge)) {
            self.directory.instruments.insert(&name, listing);
            return refused;
        }
        found
    }

    fn change(&mut self, change: &crate::message::BookChange) {
        let scratch = &self.decoder.scratch;
        let key = match self.venue {
            Recorded::Okx => Key::Text(change.sent.millis().to_string()),
            Recorded::Bybit => Key::Number(change.sent.millis()),
            _ => Key::Number(change.order),
        };
        let (bids, asks) = (scratch.bids.as_slice(), scratch.asks.as_slice());
        let Some(book) = self.books.get_mut(change.row.index()) else { return };
        book.take(change, bids, asks, key, &mut self.counts, &mut self.digest);
    }

    fn snapshot(&mut self, snapshot: Snapshot) {
        let wanted = snapshot.symbol.as_ref().or(self.symbol.as_ref());
        let at = match wanted {
            Some(name) => self.books.iter().position(|book| book.name == *name),
            None if self.books.len() == 1 => Some(0),
            None => None,
        };
        let other = self
            .symbol
            .as_ref()
            .is_some_and(|only| snapshot.symbol.as_ref().is_some_and(|name| name != only));
        if other {
            return;
        }
        match (at, snapshot.symbol.clone()) {
            (Some(at), _) => {
                let book = &mut self.books[at];
                let known = book.snapshot(&snapshot, &mut self.counts, &mut self.digest);
                let (name, edge) = (book.name.clone(), book.edge);
                self.counts.refused += u64::from(!known);
                let row = Row(u16::try_from(at).unwrap_or(u16::MAX));
                self.directory.instruments.insert(name.as_bytes(), Listing { row, edge });
            }
            (None, Some(name)) => {
                if self.add(name.as_bytes()).is_some() {
                    self.snapshot(snapshot);
                }
            }
            (None, None) if self.books.is_empty() => self.orphan = Some(snapshot),
            (None, None) => self.counts.refused += 1,
        }
    }
}

/// The instrument a frame names.
fn name_in(dialect: Dialect, root: Value<'_, '_>) -> Option<Vec<u8>> {
    match dialect {
        Dialect::Binance => {
            let [data, symbol] = root.fields(["data", "s"]).ok()?;
            let symbol = match data {
                Some(data) => data.fields(["s"]).ok()?[0],
                None => symbol,
            };
            symbol?.text().ok().map(<[u8]>::to_vec)
        }
        Dialect::Okx => {
            let [arg] = root.fields(["arg"]).ok()?;
            let [name] = arg?.fields(["instId"]).ok()?;
            name?.text().ok().map(<[u8]>::to_vec)
        }
        Dialect::Bybit => {
            let [topic] = root.fields(["topic"]).ok()?;
            let topic = topic?.text().ok()?;
            topic.rsplit(|byte| *byte == b'.').next().map(<[u8]>::to_vec)
        }
    }
}

/// Reads one line without its end; `false` at the end of the file.
fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    // A line no longer than this can hold a frame; the rest of a longer one is read and refused.
    let read = reader.by_ref().take(64 << 20).read_until(b'\n', line)?;
    // bound: the two bytes that may end a line
    while line.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
        line.pop();
    }
    Ok(read > 0)
}

/// `<ns> <frame>`, or the frame alone.
fn split_time(line: &[u8]) -> (Option<u64>, &[u8]) {
    let Some(space) = line.iter().position(|byte| *byte == b' ') else { return (None, line) };
    let time = line.get(..space).and_then(|digits| core::str::from_utf8(digits).ok());
    match time.and_then(|digits| digits.parse().ok()) {
        Some(time) => (Some(time), line.get(space + 1..).unwrap_or_default()),
        None => (None, line),
    }
}

#[cfg(test)]
mod tests;
