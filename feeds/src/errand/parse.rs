//! The bodies of the REST answers.

use crate::fields::{self, Found};
use crate::json::{Value, need, parse_count};
use crate::message::{Batch, LEVELS_MAX, Level};
use base::{Edge, VenueId, WallNs};

/// Binance `{"serverTime":ms}`, OKX `{"data":[{"ts":"ms"}]}`, Bybit `{"result":{"timeNano":"ns",..},"time":ms}`.
pub(super) fn time(venue: VenueId, root: Value<'_, '_>) -> Option<WallNs> {
    let time = match venue {
        VenueId::BinanceSpot | VenueId::BinanceUsdm => {
            let [time] = root.fields(["serverTime"]).ok()?;
            fields::time(time).ok()?
        }
        VenueId::Okx => {
            let [data] = root.fields(["data"]).ok()?;
            let [time] = data?.items().ok()?.next()?.fields(["ts"]).ok()?;
            fields::time_text(time).ok()?
        }
        VenueId::Bybit => {
            let [result, time] = root.fields(["result", "time"]).ok()?;
            let nanos = result.and_then(|result| {
                let [nanos] = result.fields(["timeNano"]).ok()?;
                parse_count(nanos?.text().ok()?).ok()
            });
            match nanos {
                Some(nanos) => WallNs(nanos),
                None => fields::time(time).ok()?,
            }
        }
    };
    (time != WallNs::NONE).then_some(time)
}

/// A REST book.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) last_update: i64,
    pub(super) bids: Vec<Level>,
    pub(super) asks: Vec<Level>,
}

/// `{"lastUpdateId":n,..,"bids":[["p","q"],..],"asks":[..]}`.
pub(super) fn snapshot(root: Value<'_, '_>, edge: &Edge) -> Found<Snapshot> {
    let [last, bids, asks] = root.fields(["lastUpdateId", "bids", "asks"])?;
    let side = |side| {
        let mut levels = Batch::with_capacity(LEVELS_MAX, Level::default());
        fields::levels(side, edge, &mut levels).map(|()| levels.as_slice().to_vec())
    };
    Ok(Snapshot { last_update: need(last)?.count()?, bids: side(bids)?, asks: side(asks)? })
}
