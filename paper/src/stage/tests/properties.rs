//! For any market and any orders: no fill is worse than its limit or more than was shown, and the account
//! is the sum of its fills, fees and funding to the last unit.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

const IDS: [InstrumentId; 2] = [PERP, SPOT];
const OPENING: i64 = 5_000;

/// One thing that happens, after so many milliseconds.
#[derive(Clone, Copy, Debug)]
enum Event {
    Quote { id: usize, bid: i64, spread: i64, qtys: [i64; 2] },
    Depth { id: usize, beyond: i64 },
    Lost { id: usize },
    Trade { id: usize, sells: bool, price: i64, qty: i64 },
    Mark { price: i64 },
    Funding { rate: i64, minutes: i64 },
    Place { id: usize, buys: bool, style: Style, reduce_only: bool, price: i64, qty: i64 },
    Cancel { back: usize },
}

fn event() -> impl Strategy<Value = (u64, Event)> {
    let (id, price, qty) = (0_usize..2, 9_900_i64..10_100, 1_i64..2_000);
    let quote = (id.clone(), price.clone(), 1_i64..20, [0_i64..900, 0_i64..900])
        .prop_map(|(id, bid, spread, qtys)| Event::Quote { id, bid, spread, qtys });
    let depth = (id.clone(), 0_i64..30).prop_map(|(id, beyond)| Event::Depth { id, beyond });
    let trade = (id.clone(), any::<bool>(), price.clone(), qty.clone())
        .prop_map(|(id, sells, price, qty)| Event::Trade { id, sells, price, qty });
    let style = prop_oneof![
        3 => Just(Style::Ioc), 2 => Just(Style::Limit), 1 => Just(Style::PostOnly), 1 => Just(Style::Market)
    ];
    let place = (id.clone(), any::<bool>(), style, prop::bool::weighted(0.2), price.clone(), qty)
        .prop_map(|(id, buys, style, reduce_only, price, qty)| Event::Place {
            id,
            buys,
            style,
            reduce_only,
            price,
            qty,
        });
    let event = prop_oneof![
        8 => quote,
        3 => depth,
        1 => id.prop_map(|id| Event::Lost { id }),
        3 => trade,
        1 => price.prop_map(|price| Event::Mark { price }),
        1 => (-900_000_000_i64..900_000_000, 1_i64..3)
            .prop_map(|(rate, minutes)| Event::Funding { rate, minutes }),
        8 => place,
        1 => (0_usize..5).prop_map(|back| Event::Cancel { back }),
    ];
    (prop_oneof![6 => 0_u64..15, 1 => 15_u64..400, 1 => 10_000_u64..40_000], event)
}

/// What one side of a book shows, and how much of it was taken since it last changed.
#[derive(Clone, Copy, Debug, Default)]
struct Shown {
    best: (i64, i64),
    took: i64,
    /// The worst price of the probe, and the most it can be of.
    limit: i64,
    probe: i64,
    took_beyond: i64,
}

/// What the test knows by itself.
#[derive(Default)]
struct Oracle {
    /// By instrument: what buyers meet, what sellers meet.
    shown: [[Shown; 2]; 2],
    known: [bool; 2],
    orders: BTreeMap<OrderId, Place>,
    filled: BTreeMap<OrderId, i64>,
    over: BTreeMap<OrderId, i64>,
    cash: BTreeMap<(VenueId, AssetId), Money>,
    held: i64,
}

impl Oracle {
    fn cash(&mut self, venue: VenueId, asset: AssetId) -> &mut Money {
        self.cash.entry((venue, asset)).or_default()
    }

    fn fill(&mut self, fill: &Fill) {
        let place = self.orders[&fill.order];
        let better = if fill.side == Side::Buy {
            fill.price <= place.price
        } else {
            fill.price >= place.price
        };
        assert!(better || place.style == Style::Market, "{fill:?} for {place:?}");
        assert!(!fill.maker || fill.price == place.price);
        assert_eq!((fill.side, fill.instrument), (place.side, place.instrument));
        let filled = self.filled.entry(fill.order).or_default();
        *filled += fill.qty.0;
        assert!(*filled <= place.qty.0);
        let paid = SCALE.notional(fill.price, fill.qty.signed(fill.side));
        *self.cash(fill.venue, USDT) -= paid;
        if fill.instrument == SPOT {
            *self.cash(fill.venue, BTC) += SCALE.amount(fill.qty.signed(fill.side));
        } else {
            let before = self.held;
            self.held += fill.qty.0 * fill.side.sign();
            assert!(!place.reduce_only || self.held.abs() < before.abs());
        }
        if !fill.maker {
            self.take(fill);
        }
    }

    /// A fill that took: from what was shown when it did.
    fn take(&mut self, fill: &Fill) {
        let at = IDS.iter().position(|id| *id == fill.instrument).unwrap();
        assert!(self.known[at], "a fill on a book that is not known");
        let side = usize::from(fill.side == Side::Sell);
        let shown = &mut self.shown[at][side];
        if fill.price.0 == shown.best.0 {
            shown.took += fill.qty.0;
            assert!(shown.took <= shown.best.1, "{shown:?}");
        } else {
            assert_eq!(fill.price.0, shown.limit, "a price that was never shown");
            shown.took_beyond += fill.qty.0;
            assert!(shown.took_beyond <= shown.probe, "{shown:?}");
        }
    }

    fn hear(&mut self, input: &Input) {
        match input {
            Input::Fill(fill) => self.fill(fill),
            Input::Fee(fee) => *self.cash(fee.venue, fee.asset) -= fee.amount,
            Input::FundingPaid(paid) => *self.cash(paid.venue, paid.asset) += paid.amount,
            Input::Reject(reject) => {
                assert!(self.over.insert(reject.order, 0).is_none());
            }
            Input::OrderState(state) => {
                let filled = self.filled.get(&state.order).copied().unwrap_or(0);
                assert_eq!(filled, state.filled.0);
                let live = matches!(state.status, OrderStatus::Live | OrderStatus::Partial);
                if !live {
                    assert!(self.over.insert(state.order, filled).is_none(), "it ended twice");
                }
            }
            Input::Position(position) => assert_eq!(position.qty.0, self.held),
            Input::Balance(balance) if balance.venue == VenueId::BinanceSpot => {
                assert_eq!(balance.total, *self.cash(balance.venue, balance.asset));
                assert!(balance.total >= Money::ZERO, "spent what was not there");
            }
            _ => {}
        }
    }

    fn show(&mut self, at: usize, bid: (i64, i64), ask: (i64, i64)) {
        self.known[at] = true;
        for (shown, best) in self.shown[at].iter_mut().zip([ask, bid]) {
            if shown.best != best {
                shown.took = 0;
            }
            shown.best = best;
        }
    }
}

fn run(events: Vec<(u64, Event)>) -> Result<(), TestCaseError> {
    let mut world = World::with(&opening(OPENING, 1), 4_096);
    let mut oracle = Oracle::default();
    for venue in [VenueId::BinanceSpot, VenueId::BinanceUsdm] {
        *oracle.cash(venue, USDT) = Money::from_whole(OPENING);
        *oracle.cash(venue, BTC) = Money::from_whole(1);
    }
    for (ms, event) in events {
        world.wait(ms);
        // What was due before this moment arrives before what happens at it.
        listen(&mut world, &mut oracle);
        happen(&mut world, &mut oracle, event);
        listen(&mut world, &mut oracle);
    }
    end(&mut world, &mut oracle);
    prop_assert_eq!(oracle.over.len(), oracle.orders.len(), "every order ends");
    prop_assert_eq!(oracle.held, 0);
    prop_assert_eq!(world.stage.out.lost(), 0);
    Ok(())
}

fn listen(world: &mut World, oracle: &mut Oracle) {
    world.step();
    for input in world.heard() {
        oracle.hear(&input);
    }
}

fn happen(world: &mut World, oracle: &mut Oracle, event: Event) {
    match event {
        Event::Quote { id, bid, spread, qtys: [bids, asks] } => {
            let (bid, ask) = ((bid, bids), (bid + spread, asks));
            oracle.show(id, bid, ask);
            world.quote(IDS[id], bid, ask);
        }
        Event::Depth { id, beyond } => depth(world, oracle, id, beyond),
        Event::Lost { id } => {
            oracle.known[id] = false;
            let (venue, instrument) = (venue_of(IDS[id]), IDS[id]);
            world.tell(Input::BookState(BookState { venue, instrument, state: BookHealth::Gap }));
        }
        Event::Trade { id, sells, price, qty } => world.tell(Input::Trade(Trade {
            venue: venue_of(IDS[id]),
            instrument: IDS[id],
            taker: if sells { Side::Sell } else { Side::Buy },
            price: Price(price),
            qty: Qty(qty),
            trade_id: 0,
            venue_time: WallNs::NONE,
        })),
        Event::Mark { price } => {
            let (venue, instrument) = (VenueId::BinanceUsdm, PERP);
            let (mark, index, venue_time) = (Some(Price(price)), None, WallNs::NONE);
            world.tell(Input::Mark(Mark { venue, instrument, mark, index, venue_time }));
        }
        Event::Funding { rate, minutes } => {
            let (venue, instrument) = (VenueId::BinanceUsdm, PERP);
            let (rate, interval) = (Rate(rate), Some(Span::from_secs(60)));
            let minute = world.clock.wall().0 / 60_000_000_000 + minutes;
            let (next, venue_time) = (WallNs(minute * 60_000_000_000), WallNs::NONE);
            let funding = Funding { venue, instrument, rate, interval, next, venue_time };
            world.tell(Input::Funding(funding));
        }
        Event::Place { id, buys, style, reduce_only, price, qty } => {
            let side = if buys { Side::Buy } else { Side::Sell };
            let place = world.order(IDS[id], side, price, qty);
            let place = Place { style, reduce_only, ..place };
            oracle.orders.insert(place.order, place);
            world.intend(Output::Place(place));
        }
        Event::Cancel { back } => {
            let Some(place) = oracle.orders.values().rev().nth(back) else { return };
            let Place { venue, instrument, order, cause, .. } = *place;
            world.intend(Output::Cancel(Cancel { venue, instrument, order, cause }));
        }
    }
}

fn depth(world: &mut World, oracle: &mut Oracle, id: usize, beyond: i64) {
    let [asks, bids] = oracle.shown[id];
    if !oracle.known[id] {
        return;
    }
    let (ask, bid) = (asks.best.0 + beyond, bids.best.0 - beyond);
    let sweep =
        |average: i64, limit: i64| Some(Sweep { average: Price(average), limit: Price(limit) });
    world.tell(Input::Depth(Depth {
        venue: venue_of(IDS[id]),
        instrument: IDS[id],
        bid: sweep(bid + beyond / 2, bid),
        ask: sweep(ask - beyond / 2, ask),
        venue_time: WallNs::NONE,
    }));
    for (shown, (limit, average)) in
        oracle.shown[id].iter_mut().zip([(ask, ask - beyond / 2), (bid, bid + beyond / 2)])
    {
        // A thousand, in units of a tenth times a thousandth.
        let probe = 10_000_000 / average;
        if (shown.limit, shown.probe) != (limit, probe) {
            shown.took_beyond = 0;
        }
        (shown.limit, shown.probe) = (limit, probe);
    }
}

/// Everything that rests is cancelled and the position closed: then cash is what was paid and received.
fn end(world: &mut World, oracle: &mut Oracle) {
    for venue in [VenueId::BinanceSpot, VenueId::BinanceUsdm] {
        let cancel = CancelAll { venue, instrument: InstrumentId::ALL };
        world.intend(Output::CancelAll(cancel));
    }
    world.arrive();
    listen(world, oracle);
    let (bid, ask) = ((9_500, 1_000_000), (10_500, 1_000_000));
    oracle.show(0, bid, ask);
    world.quote(PERP, bid, ask);
    let side = if oracle.held > 0 { Side::Sell } else { Side::Buy };
    let place = world.order(PERP, side, 10_000, oracle.held.abs().max(1));
    let place = Place { style: Style::Market, reduce_only: true, ..place };
    oracle.orders.insert(place.order, place);
    world.intend(Output::Place(place));
    world.stage.turn(world.now());
    world.wait(LATENCY_MS);
    listen(world, oracle);
    world.wait(30_000);
    world.step();
    let heard = world.heard();
    for input in &heard {
        oracle.hear(input);
    }
    for asset in [USDT, BTC] {
        let told = balance(&heard, VenueId::BinanceUsdm, asset).expect("a balance").total;
        assert_eq!(told, *oracle.cash(VenueId::BinanceUsdm, asset));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]
    #[test]
    fn the_account_is_the_sum_of_what_was_told_and_no_fill_is_better_than_the_market(
        events in prop::collection::vec(event(), 1..150),
    ) {
        run(events)?;
    }
}
