use super::*;

fn known() -> Slot {
    let mut market = market();
    market.quote(&quote(100, 102), Stamp(5));
    *market.slot(InstrumentId(0)).unwrap()
}

fn market() -> Market {
    let mut market = Market::new([VenueId::Okx].into_iter(), Freshness::default());
    market.health(InstrumentId(0), BookHealth::Known);
    market
}

fn quote(bid: i64, ask: i64) -> Quote {
    Quote {
        venue: VenueId::Okx,
        instrument: InstrumentId(0),
        bid: Price(bid),
        bid_qty: Qty(50),
        ask: Price(ask),
        ask_qty: Qty(60),
        venue_time: WallNs::NONE,
    }
}

#[test]
fn an_instrument_is_unknown_until_its_book_is_known_and_quoted() {
    let mut market = Market::new([VenueId::Okx].into_iter(), Freshness::default());
    assert!(market.quote(&quote(100, 102), Stamp(5)));
    assert_eq!(market.slot(InstrumentId(0)).unwrap().touch(), None);
    market.health(InstrumentId(0), BookHealth::Known);
    assert_eq!(market.slot(InstrumentId(0)).unwrap().touch(), None);
    market.quote(&quote(100, 102), Stamp(5));
    assert_eq!(market.slot(InstrumentId(0)).unwrap().touch(), Some((Price(100), Price(102))));
}

#[test]
fn a_lost_book_forgets_its_prices_but_not_its_last_value() {
    for health in BookHealth::ALL.iter().filter(|h| **h != BookHealth::Known) {
        let mut market = market();
        market.quote(&quote(100, 102), Stamp(5));
        market.health(InstrumentId(0), *health);
        let slot = market.slot(InstrumentId(0)).unwrap();
        assert_eq!((slot.touch(), slot.value_price()), (None, Some(Price(101))), "{health:?}");
    }
}

#[test]
fn the_touch_is_executable_up_to_its_size() {
    let (age, now) = (Span(100), Stamp(5));
    assert_eq!(known().executable(Side::Buy, Qty(60), now, age), Some(Price(102)));
    assert_eq!(known().executable(Side::Buy, Qty(61), now, age), None);
    assert_eq!(known().executable(Side::Sell, Qty(50), now, age), Some(Price(100)));
    assert_eq!(known().executable(Side::Sell, Qty(51), now, age), None);
}

#[test]
fn beyond_it_the_probe_is_believed_while_fresh_and_never_better_than_the_touch() {
    let mut slot = known();
    slot.depth = [
        Some(Reach { average: Price(99), seen: Stamp(5) }),
        Some(Reach { average: Price(101), seen: Stamp(5) }),
    ];
    let age = Span(100);
    assert_eq!(slot.executable(Side::Sell, Qty(51), Stamp(105), age), Some(Price(99)));
    assert_eq!(slot.executable(Side::Buy, Qty(61), Stamp(105), age), Some(Price(102)));
    assert_eq!(slot.executable(Side::Sell, Qty(51), Stamp(106), age), None);
}

#[test]
fn funding_is_counted_on_only_while_fresh_and_before_its_settlement() {
    let mut market = market();
    let mut funding = Funding {
        venue: VenueId::Okx,
        instrument: InstrumentId(0),
        rate: Rate(5),
        interval: Some(Span::from_secs(3600)),
        next: WallNs(1000),
        venue_time: WallNs::NONE,
    };
    market.funding(&funding, Stamp(0));
    let id = InstrumentId(0);
    let limit = Freshness::default().funding_age;
    assert!(market.rated(id, Stamp(limit.0), WallNs(999)).is_some());
    assert!(market.rated(id, Stamp(limit.0 + 1), WallNs(999)).is_none());
    assert!(market.rated(id, Stamp(0), WallNs(1000)).is_none(), "it is being settled");
    funding.interval = Some(Span(0));
    market.funding(&funding, Stamp(0));
    assert!(market.rated(id, Stamp(0), WallNs(0)).is_none(), "no interval, no rate");
}

#[test]
fn a_mark_of_zero_is_no_mark_and_ends_the_one_before() {
    let mut market = market();
    let mark = |price| Mark {
        venue: VenueId::Okx,
        instrument: InstrumentId(0),
        mark: Some(Price(price)),
        index: None,
        venue_time: WallNs::NONE,
    };
    market.mark(&mark(0));
    assert_eq!(market.slot(InstrumentId(0)).unwrap().value_price(), None);
    market.mark(&mark(7));
    assert_eq!(market.slot(InstrumentId(0)).unwrap().value_price(), Some(Price(7)));
    market.mark(&mark(0));
    assert_eq!(market.slot(InstrumentId(0)).unwrap().value_price(), None);
}
