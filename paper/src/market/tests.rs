use super::*;
use base::{InstrumentId, VenueId};

const AGE: Span = Span::from_secs(1);
/// Prices in whole units, quantities in thousandths.
const SCALE: Scale = Scale { price_exp: 0, qty_exp: 3 };

fn at(ms: u64) -> Stamp {
    Stamp(1_000_000_000 + ms * 1_000_000)
}

fn quote(bid: (i64, i64), ask: (i64, i64)) -> Quote {
    Quote {
        venue: VenueId::Okx,
        instrument: InstrumentId(0),
        bid: Price(bid.0),
        bid_qty: Qty(bid.1),
        ask: Price(ask.0),
        ask_qty: Qty(ask.1),
        venue_time: WallNs::NONE,
    }
}

fn depth(bid: Option<(i64, i64)>, ask: Option<(i64, i64)>) -> Depth {
    let sweep = |(average, limit)| Sweep { average: Price(average), limit: Price(limit) };
    Depth {
        venue: VenueId::Okx,
        instrument: InstrumentId(0),
        bid: bid.map(sweep),
        ask: ask.map(sweep),
        venue_time: WallNs::NONE,
    }
}

fn shown(bid: (i64, i64), ask: (i64, i64)) -> Market {
    let mut market = Market::default();
    market.quote(&quote(bid, ask), at(0));
    market
}

fn bought(market: &Market, now: u64) -> [(i64, i64); 2] {
    market.offers(Side::Buy, at(now), AGE).map(|offer| (offer.price.0, offer.qty.0))
}

#[test]
fn what_was_taken_of_a_level_is_not_there_again() {
    let mut market = shown((99, 5), (100, 7));
    market.take(Side::Buy, 0, Qty(4), at(1));
    assert_eq!(bought(&market, 1)[0], (100, 3));
    market.quote(&quote((98, 5), (100, 7)), at(2_000));
    assert_eq!(bought(&market, 2_000)[0], (100, 3), "an unchanged level stays taken from for ever");
    market.quote(&quote((99, 5), (101, 7)), at(2_001));
    assert_eq!(bought(&market, 2_001)[0], (101, 7), "another price is another level");
}

#[test]
fn a_level_that_shows_another_size_is_new_only_after_a_while() {
    let mut market = shown((99, 5), (100, 7));
    market.take(Side::Buy, 0, Qty(4), at(0));
    market.quote(&quote((99, 5), (100, 8)), at(1_000));
    assert_eq!(bought(&market, 1_000)[0], (100, 4));
    market.quote(&quote((99, 5), (100, 6)), at(1_001));
    assert_eq!(bought(&market, 1_001)[0], (100, 6));
}

#[test]
fn a_level_that_shrank_below_what_was_taken_has_nothing_left() {
    let mut market = shown((99, 5), (100, 7));
    market.take(Side::Buy, 0, Qty(4), at(0));
    market.quote(&quote((99, 5), (100, 3)), at(1));
    assert_eq!(bought(&market, 1)[0], (100, 0));
}

#[test]
fn what_lies_beyond_the_best_level_is_offered_at_its_worst_price() {
    let mut market = shown((99, 5_000), (100, 7_000));
    // 2000 at an average of 104 are at least 19.230 of them, 7 of which are the best level.
    market.depth(&depth(Some((95, 90)), Some((104, 110))), Money::from_whole(2_000), SCALE, at(1));
    assert_eq!(bought(&market, 1), [(100, 7_000), (110, 12_230)]);
    // Averages are rounded down where we sell: 2000 at just under 96 are 20.833, 5 of them the best.
    let sold = market.offers(Side::Sell, at(1), AGE).map(|offer| (offer.price.0, offer.qty.0));
    assert_eq!(sold, [(99, 5_000), (90, 15_833)]);
    market.take(Side::Buy, 1, Qty(12_000), at(2));
    market.depth(
        &depth(Some((95, 90)), Some((104, 110))),
        Money::from_whole(2_000),
        SCALE,
        at(600),
    );
    assert_eq!(bought(&market, 600)[1], (110, 230), "said again, it is still taken from");
}

#[test]
fn nothing_lies_beyond_a_best_level_that_went_away_or_holds_it_all() {
    let mut market = shown((99, 5_000), (100, 7_000));
    let probe = Money::from_whole(2_000);
    market.depth(&depth(None, Some((104, 110))), probe, SCALE, at(1));
    market.quote(&quote((99, 5_000), (101, 1_000)), at(2));
    assert_eq!(bought(&market, 2)[1].1, 0, "how much of the rest went with it is not known");
    market.quote(&quote((98, 5_000), (99, 1_000)), at(3));
    assert_eq!(bought(&market, 3)[1], (110, 12_230), "a better level takes nothing away");
    assert_eq!(bought(&market, 1_002)[1].1, 0, "too long ago");
    market.depth(&depth(None, Some((99, 99))), probe, SCALE, at(4));
    assert_eq!(bought(&market, 4)[1].1, 0);
    market.depth(&depth(None, None), probe, SCALE, at(5));
    assert_eq!(bought(&market, 5)[1].1, 0);
}

#[test]
fn a_book_is_known_from_its_quote_until_it_is_lost_or_old() {
    let mut market = Market::default();
    market.health(BookHealth::Known);
    assert!(!market.is_known(at(0), AGE), "known, and no price yet");
    market.quote(&quote((99, 5), (100, 7)), at(0));
    assert!(market.is_known(at(1_000), AGE));
    assert!(!market.is_known(at(1_001), AGE));
    market.health(BookHealth::Gap);
    assert!(!market.is_known(at(1), AGE));
    market.quote(&quote((99, 5), (100, 7)), at(2));
    assert!(market.is_known(at(2), AGE));
    assert!(!market.quote(&quote((100, 5), (100, 7)), at(3)));
    assert!(!market.is_known(at(3), AGE), "a crossed book is nobody's market");
}

fn rate(rate: i64, next_min: i64) -> Funding {
    Funding {
        venue: VenueId::Okx,
        instrument: InstrumentId(0),
        rate: Rate(rate),
        interval: Some(Span::from_secs(8 * 3_600)),
        next: minutes(next_min),
        venue_time: WallNs::NONE,
    }
}

fn minutes(number: i64) -> WallNs {
    WallNs(number * 60_000_000_000)
}

#[test]
fn the_rate_last_said_is_due_once_when_its_time_has_come() {
    let mut market = Market::since(minutes(1));
    assert_eq!(market.funding(&rate(1, 480)), None);
    assert_eq!(market.funding(&rate(2, 480)), None);
    assert_eq!(market.due(minutes(479)), None);
    assert_eq!(market.due(minutes(480)).map(|due| due.rate), Some(Rate(2)));
    market.note_charged(minutes(480));
    assert_eq!(market.funding(&rate(3, 480)), None, "said again after it was charged");
    assert_eq!(market.due(minutes(481)), None);
}

#[test]
fn a_rate_for_the_next_settlement_says_that_the_one_before_has_passed() {
    let mut market = Market::since(minutes(1));
    market.funding(&rate(1, 480));
    assert_eq!(market.funding(&rate(2, 481)), None, "a correction, not another settlement");
    let before = market.funding(&rate(3, 961));
    assert_eq!(before.map(|due| (due.rate, due.next)), Some((Rate(2), minutes(481))));
}

#[test]
fn what_fell_due_before_the_start_is_not_charged() {
    let mut market = Market::since(minutes(480));
    market.funding(&rate(1, 480));
    assert_eq!(market.due(minutes(481)), None);
}
