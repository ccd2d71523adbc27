//! REST snapshots, in the frames or beside them.

use crate::fields::Found;
use crate::json::{Reader, Value, need};
use crate::message::{Level, Why};
use base::Edge;
use std::path::{Path, PathBuf};

/// A REST depth snapshot, its levels not read yet: the scale may still be found.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    /// When it came; 0 in line.
    pub(super) received_ns: u64,
    /// The instrument, where it says so.
    pub(super) symbol: Option<String>,
    /// The update it is the book of.
    pub(super) last_update: i64,
    bids: Vec<[Vec<u8>; 2]>,
    asks: Vec<[Vec<u8>; 2]>,
}

impl Snapshot {
    /// The same of an instrument it did not name.
    pub(super) fn of(mut self, symbol: &str) -> Self {
        self.symbol = Some(symbol.to_owned());
        self
    }

    /// Its levels at a scale.
    pub(super) fn levels(&self, edge: &Edge) -> Found<(Vec<Level>, Vec<Level>)> {
        let side = |side: &[[Vec<u8>; 2]]| -> Found<Vec<Level>> {
            side.iter()
                .map(|[price, size]| {
                    let price = edge.price(price).map_err(|_| Why::Price)?;
                    let qty = edge.qty(size).map_err(|_| Why::Size)?;
                    Ok(Level { price, qty })
                })
                .collect()
        };
        Ok((side(&self.bids)?, side(&self.asks)?))
    }
}

/// Whether a file holds snapshots, by its name.
pub(super) fn is_one(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    name.ends_with(".rest.jsonl") || name.ends_with(".rest.jsonl.gz")
}

/// Where the snapshots of a recording would lie: beside `X.rec.gz`, `X.rest.jsonl.gz` or `X.rest.jsonl`.
pub(super) fn beside(path: &Path) -> Vec<PathBuf> {
    let Some(name) = path.file_name().map(|name| name.to_string_lossy().into_owned()) else {
        return Vec::new();
    };
    let stem = [".rec.gz", ".rec", ".jsonl.gz", ".jsonl"]
        .into_iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(&name);
    [".rest.jsonl.gz", ".rest.jsonl"]
        .into_iter()
        .map(|ending| path.with_file_name(format!("{stem}{ending}")))
        .collect()
}

/// A line `{"rx_ns":..,"url":"..depth?symbol=S..","body":{..}}`; `None` for other requests' answers.
pub(super) fn snapshot(line: &[u8]) -> Option<Snapshot> {
    let mut reader = Reader::new(line.len().max(64));
    let read = |root: Value<'_, '_>| {
        let [received, url, body] = root.fields(["rx_ns", "url", "body"]).ok()?;
        let url = core::str::from_utf8(url?.text().ok()?).ok()?;
        let (path, query) = url.split_once('?')?;
        if !path.ends_with("/depth") {
            return None;
        }
        let symbol = query.split('&').find_map(|pair| pair.strip_prefix("symbol="))?;
        let mut snapshot = from(body?)?;
        snapshot.received_ns = u64::try_from(received?.integer().ok()?).ok()?;
        snapshot.symbol = Some(symbol.to_owned());
        Some(snapshot)
    };
    reader.read(line, read).ok().flatten()
}

/// A frame that is a snapshot itself.
pub(super) fn body(frame: &[u8]) -> Option<Snapshot> {
    let mut reader = Reader::new(frame.len());
    reader.read(frame, from).ok().flatten()
}

fn from(body: Value<'_, '_>) -> Option<Snapshot> {
    let [last, bids, asks, symbol] =
        body.fields(["lastUpdateId", "bids", "asks", "symbol"]).ok()?;
    let side = |side: Option<Value<'_, '_>>| -> Option<Vec<[Vec<u8>; 2]>> {
        side?
            .items()
            .ok()?
            .map(|level| {
                let mut parts = level.items().ok()?;
                let mut text = || Some(parts.next()?.text().ok()?.to_vec());
                Some([text()?, text()?])
            })
            .collect()
    };
    let symbol = symbol.and_then(|symbol| symbol.text().ok());
    Some(Snapshot {
        received_ns: 0,
        symbol: symbol.map(|name| String::from_utf8_lossy(name).into_owned()),
        last_update: need(last).ok()?.count().ok()?,
        bids: side(bids)?,
        asks: side(asks)?,
    })
}
