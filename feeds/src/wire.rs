//! Steps that the scanners of all venues share.

use crate::message::{Batch, Level};
use crate::scan::Cursor;
use base::{Edge, Price, Qty, WallNs};

/// A venue's milliseconds.
#[inline(always)]
pub(crate) const fn time(millis: i64) -> WallNs {
    WallNs::from_millis(millis)
}

/// One side of a best bid and offer: `Some(None)` is an empty side, `None` makes no sense.
#[inline(always)]
#[expect(clippy::option_option, reason = "the outer one is the scanner giving up")]
pub(crate) fn level(price: i64, size: i64, edge: &Edge) -> Option<Option<Level>> {
    if size == 0 {
        return Some(None);
    }
    if price == 0 {
        return None;
    }
    let qty = size.checked_mul(edge.size_factor)?;
    Some(Some(Level { price: Price(price), qty: Qty(qty) }))
}

/// The levels behind `[`, up to and including the closing bracket of the list. `OKX` levels carry two more
/// texts: a zero and the number of orders.
#[inline(always)]
pub(crate) fn levels<const OKX: bool>(
    at: &mut Cursor<'_>,
    edge: &Edge,
    side: &mut Batch<Level>,
) -> Option<()> {
    side.clear();
    if at.literal(b"]").is_some() {
        return Some(());
    }
    at.literal(b"[\"")?;
    let mut count = 0;
    for place in side.places() {
        let price = at.decimal(edge.price_exp)?;
        at.literal(b",\"")?;
        let size = at.decimal(edge.size_exp)?;
        if OKX {
            at.literal(b",\"0\",\"")?;
            at.digits()?;
        }
        if price == 0 {
            return None;
        }
        let qty = size.checked_mul(edge.size_factor)?;
        *place = Level { price: Price(price), qty: Qty(qty) };
        count += 1;
        if at.literal(b"],[\"").is_none() {
            at.literal(b"]]")?;
            side.keep(count);
            return Some(());
        }
    }
    None
}
