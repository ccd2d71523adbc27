//! A second reading of every message, by serde_json and in plain words: what the decoder is held to.
//!
//! It shares with the decoder the names of things ([`Event`] and its parts) and the decimals of `base`, and
//! nothing else.

mod binance;
mod bybit;
mod okx;

use crate::decode::{Dialect, Directory};
use crate::message::{Control, Event, Level, PublicTrade};
use crate::symbols::Listing;
use base::{Price, Qty, Rate, Side, WallNs};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// JSON with its keys in order, those that stand twice too.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Int(i128),
    Float,
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Json;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any JSON")
            }
            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json::Null)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
                Ok(Json::Bool(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
                Ok(Json::Int(value.into()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
                Ok(Json::Int(value.into()))
            }
            fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
                Ok(Json::Float)
            }
            fn visit_str<E>(self, value: &str) -> Result<Json, E> {
                Ok(Json::Text(value.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Json::List(items))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Json::Object(fields))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// Everything a message said: the event, and the levels or trades that belong to it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Said {
    pub(super) event: Event,
    pub(super) bids: Vec<Level>,
    pub(super) asks: Vec<Level>,
    pub(super) trades: Vec<PublicTrade>,
}

impl Said {
    pub(super) fn only(event: Event) -> Self {
        Self { event, bids: Vec::new(), asks: Vec::new(), trades: Vec::new() }
    }
}

type Read<T> = Option<T>;

impl Json {
    /// The field of that name: `None` is a fault (twice), `Some(None)` its absence.
    fn maybe(&self, key: &str) -> Read<Option<&Json>> {
        let Json::Object(fields) = self else { return None };
        let mut found = fields.iter().filter(|(name, _)| name == key).map(|(_, value)| value);
        let first = found.next();
        if found.next().is_some() { None } else { Some(first) }
    }
    fn get(&self, key: &str) -> Read<&Json> {
        self.maybe(key)?
    }
    fn text(&self) -> Read<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }
    fn int(&self) -> Read<i64> {
        match self {
            Json::Int(value) => i64::try_from(*value).ok(),
            _ => None,
        }
    }
    fn count(&self) -> Read<i64> {
        self.int().filter(|value| *value >= 0)
    }
    fn digits(&self) -> Read<i64> {
        let text = self.text()?;
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        text.parse().ok()
    }
    fn list(&self) -> Read<&[Json]> {
        match self {
            Json::List(items) => Some(items),
            _ => None,
        }
    }
    fn flag(&self) -> Read<bool> {
        match self {
            Json::Bool(value) => Some(*value),
            _ => None,
        }
    }
    fn only(&self) -> Read<&Json> {
        match self.list()? {
            [one] => Some(one),
            _ => None,
        }
    }
}

fn millis(value: i64) -> WallNs {
    WallNs::from_millis(value)
}

fn level(pair: &Json, of: &Listing) -> Read<Level> {
    let parts = pair.list()?;
    let price = of.edge.price(parts.first()?.text()?.as_bytes()).ok()?;
    let qty = of.edge.qty(parts.get(1)?.text()?.as_bytes()).ok()?;
    (price.0 > 0 && qty.0 >= 0).then_some(Level { price, qty })
}

fn levels(list: &Json, of: &Listing) -> Read<Vec<Level>> {
    list.list()?.iter().map(|pair| level(pair, of)).collect()
}

/// `Some(None)` is an empty side.
fn side(price: &Json, qty: &Json, of: &Listing) -> Read<Option<Level>> {
    let qty = of.edge.qty(qty.text()?.as_bytes()).ok()?;
    let price = of.edge.price(price.text()?.as_bytes()).ok()?;
    if price.0 < 0 || qty.0 < 0 {
        return None;
    }
    if qty.is_zero() {
        return Some(None);
    }
    (price.0 > 0).then_some(Some(Level { price, qty }))
}

fn seen(price: &Json, of: &Listing) -> Read<Price> {
    of.edge.price_rounded(price.text()?.as_bytes()).ok().filter(|price| price.0 > 0)
}

fn rate(value: &Json) -> Read<Option<Rate>> {
    match value.text()? {
        "" => Some(None),
        text => Rate::parse(text.as_bytes()).ok().map(Some),
    }
}

fn trade(
    taker: Side,
    price: &Json,
    qty: &Json,
    id: u64,
    at: i64,
    of: &Listing,
) -> Read<PublicTrade> {
    let price: Price = of.edge.price(price.text()?.as_bytes()).ok()?;
    let qty: Qty = of.edge.qty(qty.text()?.as_bytes()).ok()?;
    (price.0 > 0 && qty.0 > 0).then_some(PublicTrade {
        taker,
        price,
        qty,
        id,
        venue_time: millis(at),
    })
}

/// Reads a message; `None` when it must be refused.
pub(super) fn read(dialect: Dialect, directory: &Directory, bytes: &[u8]) -> Read<Said> {
    if dialect == Dialect::Okx && bytes == b"pong" {
        return Some(Said::only(Event::Control(Control::Pong)));
    }
    let json: Json = serde_json::from_slice(bytes).ok()?;
    match dialect {
        Dialect::Binance => binance::read(&json, &directory.instruments),
        Dialect::Okx => okx::read(&json, directory),
        Dialect::Bybit => bybit::read(&json, &directory.instruments),
    }
}
