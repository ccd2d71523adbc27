//! OKX v5.

use super::{Json, Read, Said, levels, millis, rate, seen, side, trade};
use crate::decode::Directory;
use crate::message::{Best, BookAction, BookChange, Control, Event, Ticker};
use crate::symbols::Listing;
use base::{Side, Span, WallNs};

pub(super) fn read(json: &Json, directory: &Directory) -> Read<Said> {
    let keys = ["event", "arg", "action", "data", "code"].map(|key| json.maybe(key));
    let [event, arg, action, data, code] = keys;
    let (event, arg, action, data, code) = (event?, arg?, action?, data?, code?);
    if let Some(event) = event {
        let code = code.map_or(Some(0), Json::digits)?;
        let control = match event.text()? {
            "subscribe" => Control::Subscribed,
            "unsubscribe" => Control::Unsubscribed,
            "notice" if code == 64_008 => Control::Closing,
            "error" | "channel-conn-count-error" => Control::Refused { code, id: 0 },
            _ => return Some(Said::only(Event::Ignored)),
        };
        return Some(Said::only(Event::Control(control)));
    }
    let (arg, data) = (arg?, data?);
    let (channel, name) = (arg.maybe("channel")?, arg.maybe("instId")?);
    let channel = channel?.text()?;
    if !["bbo-tbt", "books", "trades", "mark-price", "funding-rate", "index-tickers"]
        .contains(&channel)
    {
        return Some(Said::only(Event::Ignored));
    }
    let name = name?.text()?;
    let symbols =
        if channel == "index-tickers" { &directory.indices } else { &directory.instruments };
    let Some(of) = symbols.find(name.as_bytes()) else {
        return Some(Said::only(Event::Foreign));
    };
    if channel == "trades" {
        let trades: Option<Vec<_>> = data
            .list()?
            .iter()
            .map(|item| {
                if item.get("instId")?.text()? != name {
                    return None;
                }
                let taker = match item.get("side")?.text()? {
                    "buy" => Side::Buy,
                    "sell" => Side::Sell,
                    _ => return None,
                };
                let id = item.get("tradeId")?.digits()?.cast_unsigned();
                let at = item.get("ts")?.digits()?;
                trade(taker, item.get("px")?, item.get("sz")?, id, at, &of)
            })
            .collect();
        let trades = trades.filter(|trades| !trades.is_empty())?;
        return Some(Said { trades, ..Said::only(Event::Trades(of.row)) });
    }
    let item = data.only()?;
    match channel {
        "books" => book(item, action, &of),
        _ => other(channel, item, &of).map(Said::only),
    }
}

fn book(item: &Json, action: Option<&Json>, of: &Listing) -> Read<Said> {
    let action = match action?.text()? {
        "snapshot" => BookAction::Snapshot,
        "update" => BookAction::Delta,
        _ => return None,
    };
    let at = item.get("ts")?.digits()?;
    let last = match item.maybe("seqId")? {
        Some(last) => Some(last.count()?),
        None => None,
    };
    let prev = match item.maybe("prevSeqId")? {
        Some(prev) => Some(prev.int()?),
        None => None,
    };
    let checksum = item.maybe("checksum")?.map_or(Some(0), Json::int)?;
    let order = last.unwrap_or(millis(at).millis());
    let event = Event::Book(BookChange {
        row: of.row,
        action,
        first: order,
        last,
        prev,
        order,
        checksum: i32::try_from(checksum).ok()?,
        venue_time: millis(at),
        sent: millis(at),
    });
    let (bids, asks) = (levels(item.get("bids")?, of)?, levels(item.get("asks")?, of)?);
    Some(Said { bids, asks, ..Said::only(event) })
}

fn other(channel: &str, item: &Json, of: &Listing) -> Read<Event> {
    let at = |key: &str| item.get(key).and_then(Json::digits).map(millis);
    match channel {
        "bbo-tbt" => {
            let top = |key: &str| match item.get(key)?.list()? {
                [] => Some(None),
                [one] => {
                    let parts = one.list()?;
                    side(parts.first()?, parts.get(1)?, of)
                }
                _ => None,
            };
            let venue_time = at("ts")?;
            Some(Event::Best(Best {
                row: of.row,
                bid: top("bids")?,
                ask: top("asks")?,
                order: item.maybe("seqId")?.map_or(Some(venue_time.millis()), Json::count)?,
                venue_time,
                partial: false,
            }))
        }
        "mark-price" => {
            item.get("instId")?.text()?;
            let mut ticker = Ticker::new(of.row, at("ts")?);
            ticker.mark = Some(seen(item.get("markPx")?, of)?);
            Some(Event::Ticker(ticker))
        }
        "index-tickers" => Some(Event::Index {
            index: of.row,
            price: seen(item.get("idxPx")?, of)?,
            venue_time: at("ts")?,
        }),
        _ => {
            let time = |key: &str| match item.maybe(key)? {
                None => Some(WallNs::NONE),
                Some(value) if value.text()?.is_empty() => Some(WallNs::NONE),
                Some(value) => value.digits().map(millis),
            };
            let told = match item.maybe("ts")? {
                Some(told) => millis(told.digits()?),
                None => WallNs::NONE,
            };
            let mut ticker = Ticker::new(of.row, told);
            let (next, after) = (time("fundingTime")?, time("nextFundingTime")?);
            let between = after.0.checked_sub(next.0).filter(|ns| *ns > 0 && next.0 != 0);
            ticker.rate = Some(item.maybe("fundingRate")?.map_or(Some(None), rate)?);
            ticker.next = Some(next);
            ticker.interval = Some(between.map(|ns| Span(ns.cast_unsigned())));
            Some(Event::Ticker(ticker))
        }
    }
}
