use super::*;
use base::{AssetId, Edge, Instrument, Money, Price, Qty, Rate, Scale};
use proptest::prelude::*;

const MS: u64 = 1_000_000;
const S: u64 = 1_000 * MS;

fn instruments(venue: VenueId, products: &[Product]) -> Instruments {
    let list = products.iter().enumerate().map(|(row, product)| Instrument {
        id: InstrumentId(u16::try_from(row).unwrap()),
        venue,
        product: *product,
        name: format!("I{row}"),
        symbol: format!("I{row}"),
        code: 0,
        base: AssetId(0),
        quote: AssetId(1),
        scale: Scale { price_exp: 2, qty_exp: 8 },
        edge: Edge { price_exp: 2, size_exp: 8, size_factor: 1 },
        tick: Price(1),
        lot: Qty(1),
        qty_min: Qty(1),
        qty_max: Qty(i64::MAX),
        notional_min: Money(0),
        fee_maker: Rate(0),
        fee_taker: Rate(0),
    });
    Instruments { list: list.collect(), assets: vec![] }
}

fn budget(venue: VenueId) -> Budget {
    Budget::new(
        venue,
        &instruments(venue, &[Product::Spot, Product::Perpetual, Product::Perpetual]),
        None,
    )
}

#[test]
fn the_owners_own_limit_holds_where_the_venue_would_allow_more() {
    let all = instruments(VenueId::Bybit, &[Product::Spot]);
    let mut budget = Budget::new(VenueId::Bybit, &all, Some(5));
    let now = Stamp(1_000 * S);
    assert_eq!(burst(&mut budget, Spend::Place, 0, now), 4);
    let held = budget.try_spend(Spend::Place, InstrumentId(0), now).expect_err("four is all");
    assert_eq!(held.meter, "configured-1m");
    assert_eq!(burst(&mut budget, Spend::Cancel, 0, now), 1, "the reserve");
    assert_eq!(burst(&mut budget, Spend::Place, 0, Stamp(1_070 * S)), 4, "a minute later");
}

/// How many of one kind pass at one moment.
fn burst(budget: &mut Budget, spend: Spend, instrument: u16, now: Stamp) -> u32 {
    let passes = |_: &u32| budget.try_spend(spend, InstrumentId(instrument), now).is_ok();
    (0..1_000_000).take_while(passes).last().map_or(0, |last| last + 1)
}

fn used(budget: &mut Budget, meter: &str, now: Stamp) -> u32 {
    budget.usage(now).find(|usage| usage.meter == meter).expect("a meter of that name").used
}

#[test]
fn new_orders_leave_a_tenth_for_what_ends_risk() {
    let now = Stamp(1_000 * S);
    let mut spot = budget(VenueId::BinanceSpot);
    assert_eq!(burst(&mut spot, Spend::Place, 0, now), 90);
    assert_eq!(burst(&mut spot, Spend::Exit, 0, now), 10);
    // Cancels count against the weight alone.
    assert_eq!(burst(&mut spot, Spend::Cancel, 0, now), 5_900);

    let mut bybit = budget(VenueId::Bybit);
    assert_eq!(burst(&mut bybit, Spend::Place, 1, now), 9, "linear");
    assert_eq!(burst(&mut bybit, Spend::Place, 0, now), 18, "spot");
    assert_eq!(burst(&mut bybit, Spend::Cancel, 1, now), 10);
}

#[test]
fn reads_cannot_eat_the_reserve_of_cancels() {
    let now = Stamp(1_000 * S);
    let mut usdm = budget(VenueId::BinanceUsdm);
    assert_eq!(burst(&mut usdm, Spend::Read(20), 0, now), 108);
    assert_eq!(used(&mut usdm, "weight-1m", now), 2_160);
    assert_eq!(burst(&mut usdm, Spend::Cancel, 0, now), 240);
}

#[test]
fn okx_counts_each_instrument_and_each_kind_apart() {
    let now = Stamp(1_000 * S);
    let mut okx = budget(VenueId::Okx);
    assert_eq!(burst(&mut okx, Spend::Place, 0, now), 54);
    assert_eq!(burst(&mut okx, Spend::Place, 1, now), 54);
    assert_eq!(burst(&mut okx, Spend::Cancel, 1, now), 60);
    assert_eq!(burst(&mut okx, Spend::Query, 1, now), 60);
    let unknown = okx.try_spend(Spend::Place, InstrumentId(77), now).unwrap_err();
    assert_eq!(unknown, Held { meter: "unknown instrument", until: Stamp(u64::MAX) });
    let all = okx.try_spend(Spend::Cancel, InstrumentId::ALL, now).unwrap_err();
    assert_eq!(all.meter, "unknown instrument");
}

#[test]
fn what_is_held_names_the_window_and_fits_when_it_says() {
    for venue in VenueId::ALL {
        let mut budget = budget(venue);
        let mut now = Stamp(1_000 * S);
        for _ in 0..5 {
            burst(&mut budget, Spend::Place, 1, now);
            let held = budget.try_spend(Spend::Place, InstrumentId(1), now).unwrap_err();
            assert!(
                held.until > now && held.until < now + Span::from_secs(120),
                "{venue} {held:?}"
            );
            assert!(
                budget.try_spend(Spend::Place, InstrumentId(1), Stamp(held.until.0 - 1)).is_err()
            );
            now = held.until;
            assert_eq!(budget.try_spend(Spend::Place, InstrumentId(1), now), Ok(()), "{venue}");
        }
    }
}

#[test]
fn a_request_that_is_held_is_counted_nowhere() {
    let now = Stamp(1_000 * S);
    let mut spot = budget(VenueId::BinanceSpot);
    burst(&mut spot, Spend::Place, 0, now);
    let before: Vec<Usage> = spot.usage(now).collect();
    assert!(spot.try_spend(Spend::Place, InstrumentId(0), now).is_err());
    assert_eq!(spot.room(Spend::Cancel, InstrumentId(0), now), Ok(()));
    assert_eq!(spot.usage(now).collect::<Vec<_>>(), before);
    assert_eq!(
        spot.try_spend(Spend::Read(60_000), InstrumentId::ALL, now).unwrap_err().until,
        Stamp(u64::MAX),
        "more than a whole window never fits"
    );
}

#[test]
fn the_venues_count_raises_ours_and_never_lowers_it() {
    let now = Stamp(1_000 * S);
    let mut usdm = budget(VenueId::BinanceUsdm);
    usdm.try_spend(Spend::Account, InstrumentId::ALL, now).unwrap();
    usdm.observe("weight-1m", 2_300, 2_400, now);
    assert_eq!(used(&mut usdm, "weight-1m", now), 2_300);
    assert!(usdm.try_spend(Spend::Account, InstrumentId::ALL, now).is_err());
    assert_eq!(usdm.try_spend(Spend::Cancel, InstrumentId(0), now), Ok(()));
    usdm.observe("weight-1m", 5, 2_400, now);
    assert_eq!(used(&mut usdm, "weight-1m", now), 2_301);
    usdm.observe("no such window", 7, 7, now);
    assert_eq!(burst(&mut usdm, Spend::Place, 0, now), 270);
}

#[test]
fn a_higher_or_lower_limit_of_the_account_is_taken_over() {
    let now = Stamp(1_000 * S);
    let mut bybit = budget(VenueId::Bybit);
    bybit.observe_bybit(Spend::Place, InstrumentId(1), 40, 39, now);
    assert_eq!(burst(&mut bybit, Spend::Place, 1, now), 35, "40 less 4 kept less 1 used");
    bybit.observe_bybit(Spend::Place, InstrumentId(0), 5, 0, now);
    assert_eq!(burst(&mut bybit, Spend::Place, 0, now), 0);

    let mut spot = budget(VenueId::BinanceSpot);
    spot.observe("orders-10s", 0, 50, now);
    assert_eq!(burst(&mut spot, Spend::Place, 0, now), 45);
}

#[test]
fn statuses_that_say_too_many_freeze_everything_for_as_long_as_they_say() {
    #[rustfmt::skip]
    let cases = [
        (VenueId::BinanceSpot, 429, Some(7),    7),
        (VenueId::BinanceSpot, 429, None,      60),
        (VenueId::BinanceSpot, 418, None,     120),
        (VenueId::BinanceUsdm, 418, Some(5),  120),
        (VenueId::BinanceUsdm, 418, Some(999),999),
        (VenueId::BinanceSpot, 403, None,     300),
        (VenueId::Bybit,       403, None,     600),
        (VenueId::Okx,         429, Some(0),    1),
        (VenueId::Okx,         500, Some(9),    0),
    ];
    for (venue, status, retry, seconds) in cases {
        let now = Stamp(1_000 * S);
        let mut budget = budget(venue);
        budget.refused_status(status, retry.map(Span::from_secs), now);
        let thaws = now + Span::from_secs(seconds);
        assert_eq!(budget.frozen(now), (seconds > 0).then_some(thaws), "{venue} {status}");
        if seconds > 0 {
            let held = budget.try_spend(Spend::Cancel, InstrumentId(0), now).unwrap_err();
            assert_eq!(held, Held { meter: "venue", until: thaws });
        }
        assert_eq!(budget.try_spend(Spend::Cancel, InstrumentId(0), thaws), Ok(()));
    }
}

#[test]
fn a_refusal_of_one_kind_shuts_its_own_windows_only() {
    let now = Stamp(1_000 * S);
    let mut okx = budget(VenueId::Okx);
    okx.refused(Spend::Place, InstrumentId(1), now);
    assert_eq!(okx.try_spend(Spend::Place, InstrumentId(1), now).unwrap_err().meter, "order-2s");
    assert_eq!(okx.try_spend(Spend::Cancel, InstrumentId(1), now), Ok(()));
    assert_eq!(okx.try_spend(Spend::Place, InstrumentId(2), now), Ok(()), "another instrument");
    assert_eq!(okx.try_spend(Spend::Place, InstrumentId(1), now + Span::from_secs(2)), Ok(()));

    let mut bybit = budget(VenueId::Bybit);
    bybit.refused(Spend::Place, InstrumentId(1), now);
    assert!(bybit.try_spend(Spend::Place, InstrumentId(1), now).is_err());
    assert_eq!(bybit.try_spend(Spend::Place, InstrumentId(0), now), Ok(()), "spot");
    assert_eq!(bybit.try_spend(Spend::Cancel, InstrumentId(1), now), Ok(()));
    assert_eq!(bybit.try_spend(Spend::Place, InstrumentId(1), now + Span::from_secs(1)), Ok(()));
}

#[test]
fn an_aligned_window_begins_again_with_the_venues_minute() {
    // The venue's minute begins at 1,010 s of ours.
    let wall = |stamp: u64| WallNs(i64::try_from(stamp - 1_010 * S + 60 * S).unwrap());
    let mut spot = budget(VenueId::BinanceSpot);
    spot.align(wall(1_020 * S), Stamp(1_020 * S));
    let late = Stamp(1_069 * S);
    assert_eq!(burst(&mut spot, Spend::Read(100), 0, late), 54);
    assert!(spot.try_spend(Spend::Read(100), InstrumentId::ALL, late).is_err());
    let next = Stamp(1_070 * S + 101 * MS);
    assert_eq!(burst(&mut spot, Spend::Read(100), 0, next), 54, "a fresh minute");
    // Rolling, it would have waited a minute from the burst.
    let mut rolling = budget(VenueId::BinanceSpot);
    assert_eq!(burst(&mut rolling, Spend::Read(100), 0, late), 54);
    assert_eq!(burst(&mut rolling, Spend::Read(100), 0, next), 0);
}

#[test]
fn what_was_counted_before_the_venues_minutes_were_known_may_belong_to_the_next_one() {
    // The venue's minute ends at 1,010 s of ours; nobody knows to the millisecond.
    let wall = |stamp: u64| WallNs(i64::try_from(stamp + 60 * S - 1_010 * S).unwrap());
    let mut spot = budget(VenueId::BinanceSpot);
    let before = Stamp(1_010 * S - 50 * MS);
    assert_eq!(burst(&mut spot, Spend::Read(100), 0, before), 54);
    spot.align(wall(before.0 + MS), Stamp(before.0 + MS));
    assert_eq!(burst(&mut spot, Spend::Read(100), 0, Stamp(1_010 * S + 101 * MS)), 0);
    assert_eq!(burst(&mut spot, Spend::Read(100), 0, Stamp(1_070 * S + 101 * MS)), 54);
}

#[test]
fn the_weight_of_a_snapshot_is_the_documents() {
    #[rustfmt::skip]
    let cases = [
        (VenueId::BinanceSpot, 100,   5), (VenueId::BinanceSpot, 5_000, 250), (VenueId::BinanceSpot, 1_000, 50),
        (VenueId::BinanceUsdm, 50,    2), (VenueId::BinanceUsdm, 100,     5), (VenueId::BinanceUsdm, 1_000, 20),
        (VenueId::Okx,         400,   1),
    ];
    for (venue, levels, weight) in cases {
        assert_eq!(snapshot_weight(venue, levels), weight, "{venue} {levels}");
    }
}

/// What the venue counts: every spend with its time, looked at afterwards.
struct Log(Vec<(u64, u32)>);

impl Log {
    /// The most in any span that ends at a spend.
    fn most_rolling(&self, span: u64) -> u32 {
        let until = |end: usize| {
            let from = self.0[end].0.saturating_sub(span);
            self.0[..=end].iter().filter(|(at, _)| *at > from).map(|(_, cost)| cost).sum()
        };
        (0..self.0.len()).map(until).max().unwrap_or(0)
    }

    /// The most between two boundaries of a venue whose minutes begin at `phase`.
    fn most_fixed(&self, span: u64, phase: u64) -> u32 {
        let mut counts = std::collections::HashMap::new();
        for (at, cost) in &self.0 {
            *counts.entry((at + span - phase) / span).or_insert(0) += cost;
        }
        counts.into_values().max().unwrap_or(0)
    }
}

/// Gaps between attempts: mostly none, often short, now and then longer than a window.
fn gaps(span: u64) -> impl Strategy<Value = Vec<(u64, u32, bool)>> {
    let gap = prop_oneof![
        6 => Just(0),
        6 => 0..span / 50,
        3 => 0..span / 3,
        1 => span / 2..3 * span,
    ];
    prop::collection::vec((gap, 1_u32..9, any::<bool>()), 1..400)
}

proptest! {
    #[test]
    fn a_rolling_window_is_never_exceeded_however_the_spends_fall(
        attempts in gaps(2 * S),
        limit in 1_u32..80,
        jitter in prop::collection::vec(0..90 * MS, 400),
    ) {
        let mut window = Window::new(limit, Span(2 * S), Shape::Rolling);
        let (mut log, mut now) = (Log(vec![]), 5 * S);
        for ((gap, cost, reserve), late) in attempts.into_iter().zip(jitter) {
            now += gap;
            if window.room(cost, reserve, Stamp(now)).is_ok() {
                window.add(cost, Stamp(now));
                // On its way each message takes a little longer or shorter.
                log.0.push((now + late, cost));
            }
        }
        log.0.sort_unstable();
        prop_assert!(log.most_rolling(2 * S) <= limit);
    }

    #[test]
    fn a_fixed_window_is_never_exceeded_wherever_its_boundary_is_within_the_guard(
        attempts in gaps(10 * S),
        limit in 1_u32..200,
        phase in 0..10 * S,
        error in -80_i64..80,
        first in 0_usize..100,
    ) {
        let mut window = Window::new(limit, Span(10 * S), Shape::Fixed);
        let (mut log, mut now) = (Log(vec![]), 100 * S);
        for (index, (gap, cost, reserve)) in attempts.into_iter().enumerate() {
            now += gap;
            if index >= first && index % 7 == 0 {
                // The venue's minutes begin at `phase` of our time; what we hear is a little wrong.
                let wall = i64::try_from(now + 1_000 * S - phase).unwrap() + error * 1_000_000;
                window.align(WallNs(wall), Stamp(now));
            }
            if window.room(cost, reserve, Stamp(now)).is_ok() {
                window.add(cost, Stamp(now));
                log.0.push((now, cost));
            }
        }
        prop_assert!(log.most_fixed(10 * S, phase) <= limit);
    }

    #[test]
    fn a_budget_keeps_every_rule_of_its_venue_at_once(
        attempts in prop::collection::vec((0..40 * MS, 0_u8..6, 0_u16..3), 1..600),
    ) {
        for venue in VenueId::ALL {
            let mut budget = budget(venue);
            let mut now = 50 * S;
            let mut logs: std::collections::HashMap<(u8, u16), Log> = std::collections::HashMap::new();
            for (gap, kind, instrument) in &attempts {
                now += gap;
                let spend = [Spend::Place, Spend::Exit, Spend::Cancel, Spend::Query, Spend::Account, Spend::Clock][usize::from(*kind)];
                if budget.try_spend(spend, InstrumentId(*instrument), Stamp(now)).is_ok() {
                    let kind = if *kind == 1 { 0 } else { *kind };
                    logs.entry((kind, *instrument)).or_insert(Log(vec![])).0.push((now, 1));
                }
            }
            let merged = |kinds: &[u8], instruments: &[u16]| {
                let mut all: Vec<(u64, u32)> = logs.iter()
                    .filter(|((kind, instrument), _)| kinds.contains(kind) && instruments.contains(instrument))
                    .flat_map(|(_, log)| log.0.clone()).collect();
                all.sort_unstable();
                Log(all)
            };
            // Instrument 0 is spot, 1 and 2 are perpetuals.
            match venue {
                VenueId::BinanceSpot => prop_assert!(merged(&[0], &[0, 1, 2]).most_rolling(10 * S) <= 100),
                VenueId::BinanceUsdm => prop_assert!(merged(&[0], &[0, 1, 2]).most_rolling(10 * S) <= 300),
                VenueId::Okx => for instrument in 0..3 {
                    prop_assert!(merged(&[0], &[instrument]).most_rolling(2 * S) <= 60);
                    prop_assert!(merged(&[2], &[instrument]).most_rolling(2 * S) <= 60);
                    prop_assert!(merged(&[4], &[0, 1, 2]).most_rolling(2 * S) <= 10);
                },
                VenueId::Bybit => {
                    prop_assert!(merged(&[0], &[0]).most_rolling(S) <= 20);
                    prop_assert!(merged(&[0], &[1, 2]).most_rolling(S) <= 10);
                    prop_assert!(merged(&[2], &[1, 2]).most_rolling(S) <= 10);
                    prop_assert!(merged(&[0, 2, 3, 4, 5], &[0, 1, 2]).most_rolling(5 * S) <= 600);
                }
            }
        }
    }
}

#[test]
fn an_order_that_surely_fits_is_one_that_fits_and_mostly_that_is_seen_at_once() {
    for (venue, own) in
        VenueId::ALL.into_iter().flat_map(|venue| [(venue, None), (venue, Some(90))])
    {
        let all = instruments(venue, &[Product::Spot, Product::Perpetual, Product::Perpetual]);
        let mut budget = Budget::new(venue, &all, own);
        let (mut state, mut now) = (7_u64, 1_000 * S);
        let (mut surely, mut allowed, mut held) = (0, 0, 0);
        for step in 0..20_000_u64 {
            state = state.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(1);
            now += (state >> 40) % (40 * MS);
            if step % 4_000 == 3_999 {
                budget.freeze(Span::from_millis(200), Stamp(now));
            }
            let instrument = InstrumentId(u16::try_from((state >> 33) % 3).unwrap());
            let spend = if state >> 63 == 0 { Spend::Place } else { Spend::Exit };
            let reserve = spend.may_use_reserve();
            let seen = budget.has_plenty(instrument, reserve, Stamp(now));
            let room = budget.room_in_each(spend, instrument, Stamp(now)).is_ok();
            assert!(room || !seen, "{venue:?} at {now}");
            (surely, allowed) = (surely + u32::from(seen), allowed + u32::from(room));
            held += u32::from(!room);
            if room {
                budget.count(spend, instrument, Stamp(now));
            }
            if step % 16 == 0 {
                budget.refused(spend, instrument, Stamp(now.saturating_sub(60 * S)));
            }
        }
        assert!(surely > allowed / 2 && held > 0, "{venue:?}: {surely} of {allowed}, {held} held");
        assert!(!budget.has_plenty(InstrumentId(9), true, Stamp(now)), "not listed");
    }
}
