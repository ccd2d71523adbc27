use super::player::{Player, What};
use super::text::{self, Times};
use super::{LastTrade, Market};
use crate::book::Book;
use crate::dec::Dec;
use crate::event::{Event, Level, MarketEvent, Stream};
use crate::scenario::{Scenario, list};
use crate::tape::{Source, Tape};
use base::{Side, VenueId, WallNs};
use serde::Deserialize;
use std::sync::Arc;

const SECOND: i64 = 1_000_000_000;

fn tape() -> Arc<Tape> {
    Tape::built_in().expect("the captures the program was built with")
}

fn market(venue: VenueId) -> Market {
    let scenario = Scenario::load("default").expect("a built-in scenario");
    let specs = list(&scenario, venue).expect("its listing");
    Market::new(venue, Arc::new(specs), tape(), &scenario)
}

fn row(market: &Market, name: &str) -> usize {
    market.specs().by_name(name).expect("a listed instrument").row
}

/// Plays `seconds`, a tenth of a second at a time.
fn play(market: &mut Market, seconds: i64, mut each: impl FnMut(&Market, &MarketEvent)) {
    let start = market.now().0;
    let mut events = Vec::new();
    for tenth in 1..=seconds * 10 {
        market.advance(WallNs(start + tenth * SECOND / 10), &mut events);
        for event in events.drain(..) {
            if let Event::Market(event) = event {
                each(market, &event);
            }
        }
    }
}

#[derive(Deserialize)]
struct Depth {
    #[serde(rename = "U")]
    first: u64,
    u: u64,
    #[serde(default)]
    pu: u64,
    b: Vec<[Dec; 2]>,
    a: Vec<[Dec; 2]>,
}

fn levels(pairs: &[[Dec; 2]]) -> Vec<Level> {
    pairs.iter().map(|[price, qty]| Level { price: *price, qty: *qty }).collect()
}

#[test]
fn every_captured_frame_written_from_its_numbers_is_that_frame() {
    let tape = tape();
    let scenario = Scenario::load("default").expect("a built-in scenario");
    for (source, venue) in
        [(Source::Spot, VenueId::BinanceSpot), (Source::Perpetual, VenueId::BinanceUsdm)]
    {
        let specs = list(&scenario, venue).expect("its listing");
        let spec = specs.by_symbol("BTCUSDT", None).expect("it lists bitcoin");
        let mut player = Player::new(source, &tape, 0);
        for _ in &tape.sources[source as usize].frames {
            let played = player.play(&tape);
            let times = Times { event_ms: played.event_ms, transaction_ms: played.transaction_ms };
            let text = match &played.what {
                What::Top { u, top } => text::ticker(spec, *u, times, top),
                What::Trade { id, price, qty, taker } => {
                    let trade = LastTrade { id: *id, price: *price, qty: *qty };
                    text::trade(spec, times, &trade, *taker)
                }
                What::Depth(diff) => text::depth(spec, times, diff),
            };
            let (_, data) = played.captured.expect("the first lap is the capture");
            assert_eq!(text, data.as_str());
        }
    }
}

#[test]
fn captured_frames_are_served_byte_for_byte() {
    let tape = tape();
    let mut market = market(VenueId::BinanceSpot);
    let bitcoin = row(&market, "BTC/USDT");
    let mut captured = tape.sources[Source::Spot as usize].frames.iter();
    play(&mut market, 20, |_, event| {
        if let MarketEvent::Frame { row, whole, data, .. } = event
            && *row == bitcoin
        {
            let expected = captured.next().expect("no more frames than captured");
            assert_eq!(whole.as_ref(), Some(&expected.whole));
            assert_eq!(data, &expected.data);
        }
    });
    assert!(captured.len() < 41_248 - 1_000);
}

/// Follows the depth frames of an instrument over the seam of two laps with the venue's own rule.
fn sequence_holds(venue: VenueId, name: &str, seconds: i64) {
    let mut market = market(venue);
    let wanted = row(&market, name);
    let perpetual = venue == VenueId::BinanceUsdm;
    let snapshot = market.snapshot(wanted, usize::MAX);
    let mut book = Book::of(&snapshot.bids, &snapshot.asks);
    let (mut id, mut applied, mut last_ticker, mut last_trade) = (snapshot.last_update_id, 0, 0, 0);
    play(&mut market, seconds, |_, event| {
        let MarketEvent::Frame { row, stream, data, .. } = event else { return };
        if *row != wanted {
            return;
        }
        let json: serde_json::Value = serde_json::from_str(data).expect("frames are JSON");
        let number = |key: &str| json[key].as_u64().expect("a number");
        match stream {
            Stream::BookTicker => {
                assert!(number("u") >= last_ticker, "{data}");
                last_ticker = number("u");
            }
            Stream::Trade => {
                assert!(number("t") > last_trade, "{data}");
                last_trade = number("t");
            }
            Stream::Depth => {
                let depth: Depth = serde_json::from_str(data).expect("a depth frame");
                if depth.u <= id {
                    return;
                }
                let follows = if perpetual && applied > 0 {
                    depth.pu == id
                } else if perpetual {
                    depth.first <= id + 1 || depth.pu == id
                } else {
                    depth.first <= id + 1 && (applied == 0 || depth.first == id + 1)
                };
                assert!(follows, "after {id} comes {}..{} (pu {})", depth.first, depth.u, depth.pu);
                book.apply(&levels(&depth.b), &levels(&depth.a));
                let top = book.top();
                assert!(top.bid < top.ask, "crossed at {}", depth.u);
                (id, applied) = (depth.u, applied + 1);
            }
        }
    });
    assert!(applied > 100);
    let now = market.snapshot(wanted, usize::MAX);
    assert_eq!(now.last_update_id, id);
    for side in [Side::Buy, Side::Sell] {
        let venue = if side == Side::Buy { &now.bids } else { &now.asks };
        assert!(
            book.levels(side).eq(venue.iter().copied()),
            "the book we built is not the venue's"
        );
    }
}

#[test]
fn the_spot_stream_keeps_its_sequence_over_two_laps() {
    sequence_holds(VenueId::BinanceSpot, "BTC/USDT", 800);
}

#[test]
fn the_perpetual_stream_keeps_its_sequence_over_a_lap() {
    sequence_holds(VenueId::BinanceUsdm, "BTC/USDT:USDT", 400);
}

#[test]
fn a_made_instrument_keeps_the_sequence_too() {
    sequence_holds(VenueId::BinanceSpot, "ETH/USDT", 400);
    sequence_holds(VenueId::BinanceUsdm, "ETH/USDT:USDT", 30);
}

#[test]
fn displayed_books_are_ordered_and_never_crossed() {
    for venue in [VenueId::Okx, VenueId::Bybit, VenueId::BinanceUsdm] {
        let mut market = market(venue);
        let rows = market.specs().0.len();
        play(&mut market, 30, |market, event| {
            let MarketEvent::Depth { row, .. } = event else { return };
            let top = market.top(*row);
            let (bids, asks) =
                (market.levels(*row, Side::Buy, 50), market.levels(*row, Side::Sell, 50));
            assert_eq!((bids[0].price, asks[0].price), (top.bid, top.ask));
            assert!(bids.is_sorted_by(|a, b| a.price > b.price));
            assert!(asks.is_sorted_by(|a, b| a.price < b.price));
            assert!(bids[0].price < asks[0].price);
            let spec = &market.specs().0[*row];
            assert!(
                bids.iter()
                    .chain(&asks)
                    .all(|l| l.price.is_multiple_of(spec.tick) && l.qty.is_multiple_of(spec.lot))
            );
        });
        assert!(rows >= 2);
    }
}

#[test]
fn funding_is_settled_at_midnight_and_announced_before() {
    let mut market = market(VenueId::Okx);
    let bitcoin = row(&market, "BTC/USDT:USDT");
    let midnight = WallNs(1_723_161_600 * SECOND);
    assert_eq!(market.funding(bitcoin).expect("a perpetual").next, midnight);
    let mut settled = Vec::new();
    let mut estimates = 0;
    play(&mut market, 350, |_, event| match event {
        MarketEvent::Settled { row, at, rate, mark } if *row == bitcoin => {
            settled.push((*at, *rate, *mark));
        }
        MarketEvent::Funding { row, .. } if *row == bitcoin => estimates += 1,
        _ => {}
    });
    assert_eq!(settled.len(), 1);
    let (at, rate, mark) = settled[0];
    assert_eq!(at, midnight);
    let scenario = Scenario::load("default").expect("a built-in scenario");
    let plan = &scenario.venues[&VenueId::Okx].instruments["BTC/USDT:USDT"].funding;
    assert!((rate - plan.rate).abs() <= plan.noise, "{rate}");
    assert!((Dec::whole(60_000)..Dec::whole(63_000)).contains(&mark), "{mark}");
    assert!(estimates > 20);
    let funding = market.funding(bitcoin).expect("a perpetual");
    assert_eq!(funding.next.0 - midnight.0, 8 * 3_600 * SECOND);
    assert_eq!(funding.history.last().map(|s| s.rate), Some(rate));
}

#[test]
fn a_dislocation_pays_four_taker_fees_within_a_minute_at_default_speed() {
    let mut okx = market(VenueId::Okx);
    let mut binance = market(VenueId::BinanceUsdm);
    let (here, there) = (row(&okx, "ETH/USDT:USDT"), row(&binance, "ETH/USDT:USDT"));
    let (mut widest, mut opened, mut closed) = (Dec::ZERO, false, false);
    let fees = Dec::scaled(20, 4);
    let start = okx.now().0;
    for second in 1..=600 {
        let (now, mut events) = (WallNs(start + second * SECOND), Vec::new());
        okx.advance(now, &mut events);
        binance.advance(now, &mut events);
        let (a, b) = (okx.top(here), binance.top(there));
        let (dear, cheap) = if a.bid > b.ask { (a.bid, b.ask) } else { (b.bid, a.ask) };
        let edge = (dear - cheap).over(cheap);
        widest = widest.max(edge);
        opened |= edge > fees;
        closed |= opened && edge < Dec::scaled(3, 4);
    }
    assert!(opened && closed, "the widest edge was {widest}");
}

#[test]
fn the_same_seed_gives_the_same_market_whatever_the_steps() {
    let (mut fine, mut coarse) = (market(VenueId::Bybit), market(VenueId::Bybit));
    let to = WallNs(fine.now().0 + 40 * SECOND);
    let (mut one, mut other) = (Vec::new(), Vec::new());
    coarse.advance(to, &mut one);
    while fine.now() < to {
        let next = WallNs((fine.now().0 + 7 * SECOND / 1_000).min(to.0));
        fine.advance(next, &mut other);
    }
    assert_eq!(one.len(), other.len());
    assert!(one.iter().zip(&other).all(|(a, b)| format!("{a:?}") == format!("{b:?}")));
}
