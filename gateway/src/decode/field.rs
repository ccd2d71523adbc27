//! Fields of a message as what they mean: what is mandatory, what may be absent, what is no number.

use base::{DecimalError, Money, Price, Qty, Side, WallNs};

use super::{Emit, Event, Skipped};
use crate::json::Value;
use crate::markets::Market;
use crate::text::id_number;

/// A failed number is a skipped entry.
impl From<DecimalError> for Skipped {
    fn from(_: DecimalError) -> Self {
        Self::Decimal
    }
}

/// A mandatory field.
#[inline]
pub(crate) fn must<T>(field: Option<T>) -> Result<T, Skipped> {
    field.ok_or(Skipped::Shape)
}

/// A time in milliseconds, as text or plain; `NONE` when absent.
#[inline]
pub(crate) fn time(field: Option<Value<'_>>) -> WallNs {
    field.and_then(Value::i64).map_or(WallNs::NONE, WallNs::from_millis)
}

/// An id as a number: text hashed unless it is a number, a plain number as it is; `None` when absent,
/// empty or too long a number.
#[inline]
pub(crate) fn id(field: Option<Value<'_>>) -> Option<u64> {
    let field = field?;
    match field.text() {
        Some(text) => (!text.is_empty()).then(|| id_number(text)),
        None => field.u64(),
    }
}

/// The text of a number that must be there.
#[inline]
pub(crate) fn number<'a>(field: Option<Value<'a>>) -> Result<&'a [u8], Skipped> {
    must(field.and_then(Value::word))
}

/// A price that must be there and positive.
#[inline]
pub(crate) fn price(market: &Market, field: Option<Value<'_>>) -> Result<Price, Skipped> {
    let price = market.edge.price(number(field)?)?;
    if price.0 > 0 { Ok(price) } else { Err(Skipped::Decimal) }
}

/// A quantity that must be there and not negative.
#[inline]
pub(crate) fn qty(market: &Market, field: Option<Value<'_>>) -> Result<Qty, Skipped> {
    let qty = market.edge.qty(number(field)?)?;
    if qty.0 >= 0 { Ok(qty) } else { Err(Skipped::Decimal) }
}

/// An average price that is only looked at: absent, empty and zero are none.
#[inline]
pub(crate) fn entry(market: &Market, field: Option<Value<'_>>) -> Option<Price> {
    let text = field.and_then(Value::word).filter(|text| !text.is_empty())?;
    market.edge.price_rounded(text).ok().filter(|price| price.0 > 0)
}

/// An amount; `None` when absent or empty.
#[inline]
pub(crate) fn money(field: Option<Value<'_>>) -> Result<Option<Money>, Skipped> {
    match field.and_then(Value::word) {
        Some(text) if !text.is_empty() => Ok(Some(Money::parse(text)?)),
        _ => Ok(None),
    }
}

/// `BUY`, `buy`, `Buy`.
#[inline]
pub(crate) fn side(field: Option<Value<'_>>) -> Result<Side, Skipped> {
    let text = must(field.and_then(Value::text))?;
    if text.eq_ignore_ascii_case(b"buy") {
        Ok(Side::Buy)
    } else if text.eq_ignore_ascii_case(b"sell") {
        Ok(Side::Sell)
    } else {
        Err(Skipped::Value)
    }
}

/// The settlement a payment belongs to: its time cut to the minute, so that the stream's stamp and
/// the history's, which may differ by milliseconds, name the same one.
#[inline]
pub(crate) fn settlement(time: WallNs) -> WallNs {
    const MINUTE: i64 = 60_000_000_000;
    WallNs(time.0.div_euclid(MINUTE) * MINUTE)
}

/// Reports what an entry gave, or that it was left out.
#[inline]
pub(crate) fn report(entry: Result<(), Skipped>, emit: &mut Emit<'_>) {
    if let Err(why) = entry {
        emit(Event::Skipped(why));
    }
}
