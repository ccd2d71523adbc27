//! Fields that the full parsers of all venues read alike.

use crate::json::{Value, need};
use crate::message::{Batch, Level, Refusal, Why};
use crate::symbols::{Listing, Row, Symbols};
use base::{Edge, Price, Qty, Rate, WallNs};

/// What a full parser finds.
pub(crate) type Found<T> = Result<T, Why>;

/// The instrument a field names; `Ok(None)` when it is none of ours.
pub(crate) fn listing(field: Option<Value<'_, '_>>, symbols: &Symbols) -> Found<Option<Listing>> {
    Ok(symbols.find(need(field)?.text()?))
}

/// A price that can be traded on, exactly; above zero.
pub(crate) fn price(value: Value<'_, '_>, edge: &Edge) -> Found<Price> {
    let price = edge.price(value.text()?).map_err(|_| Why::Price)?;
    if price.0 > 0 { Ok(price) } else { Err(Why::Value) }
}

/// A price that is only looked at, rounded; above zero.
pub(crate) fn price_rounded(value: Value<'_, '_>, edge: &Edge) -> Found<Price> {
    let price = edge.price_rounded(value.text()?).map_err(|_| Why::Price)?;
    if price.0 > 0 { Ok(price) } else { Err(Why::Value) }
}

/// A quantity, zero included.
pub(crate) fn qty(value: Value<'_, '_>, edge: &Edge) -> Found<Qty> {
    let qty = edge.qty(value.text()?).map_err(|_| Why::Size)?;
    if qty.0 >= 0 { Ok(qty) } else { Err(Why::Value) }
}

/// One side of a best bid and offer: a quantity of zero is an empty side, whatever its price says.
pub(crate) fn best_level(
    price_field: Option<Value<'_, '_>>,
    qty_field: Option<Value<'_, '_>>,
    edge: &Edge,
) -> Found<Option<Level>> {
    let (price_field, qty_field) = (need(price_field)?, need(qty_field)?);
    let qty = qty(qty_field, edge)?;
    if qty.is_zero() {
        let price = edge.price(price_field.text()?).map_err(|_| Why::Price)?;
        return if price.0 < 0 { Err(Why::Value) } else { Ok(None) };
    }
    Ok(Some(Level { price: price(price_field, edge)?, qty }))
}

/// A list of `["price","size",..]`.
pub(crate) fn levels(
    field: Option<Value<'_, '_>>,
    edge: &Edge,
    side: &mut Batch<Level>,
) -> Found<()> {
    side.clear();
    for item in need(field)?.items()? {
        let mut parts = item.items()?;
        let (price_part, qty_part) = (need(parts.next())?, need(parts.next())?);
        let level = Level { price: price(price_part, edge)?, qty: qty(qty_part, edge)? };
        side.push(level).ok_or(Why::TooMany)?;
    }
    Ok(())
}

/// A funding rate; an empty text says that there is none.
pub(crate) fn rate(value: Value<'_, '_>) -> Found<Option<Rate>> {
    let text = value.text()?;
    if text.is_empty() {
        return Ok(None);
    }
    Rate::parse(text).map(Some).map_err(|_| Why::Value)
}

/// Milliseconds as an integer.
pub(crate) fn time(field: Option<Value<'_, '_>>) -> Found<WallNs> {
    need(field)?.count().map(WallNs::from_millis)
}

/// Milliseconds as a text.
pub(crate) fn time_text(field: Option<Value<'_, '_>>) -> Found<WallNs> {
    need(field)?.count_text().map(WallNs::from_millis)
}

/// Milliseconds as a text that may be empty, which says that there is no such time.
pub(crate) fn time_text_or_none(value: Value<'_, '_>) -> Found<WallNs> {
    if value.text()?.is_empty() {
        return Ok(WallNs::NONE);
    }
    value.count_text().map(WallNs::from_millis)
}

/// Tells a refusal which book it spoils.
pub(crate) fn about<T>(row: Row, found: Found<T>) -> Result<T, Refusal> {
    found.map_err(|why| Refusal { why, row: Some(row) })
}
