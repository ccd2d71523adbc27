//! The good days: orders out, answers in.

use super::*;

#[test]
fn an_order_goes_out_once_and_its_answer_comes_back() {
    for (venue, instrument) in VENUES {
        let mut world = World::up(venue);
        let order = world.place(Style::Limit);
        let request = world.one_sent();
        assert!(request.to_string().contains(&client(order)), "{venue}: {request}");
        assert_eq!(world.inputs(), [], "{venue}: nothing is known yet");
        world.tell(&ack(venue, &request, order));
        world.step();
        let inputs = world.inputs();
        let Some(Input::Ack(ack)) = inputs.first() else { panic!("{venue}: {inputs:?}") };
        assert_eq!((ack.order, ack.instrument, ack.venue_order), (order, instrument, 55));
        assert_eq!(ack.venue_time, WallNs::from_millis(7));
        assert_eq!(world.stage.orders_out(), 1);
    }
}

#[test]
fn fills_and_fees_are_reported_separately_and_once() {
    for (venue, instrument) in VENUES {
        let mut world = World::up(venue);
        let order = world.resting();
        world.push(&pushed_fill(venue, &client(order), 77));
        world.push(&pushed_fill(venue, &client(order), 77));
        world.step();
        let inputs = world.inputs();
        assert_eq!(fills(&inputs), [(order, Qty(1_000_000), 77)], "{venue}");
        let fees: Vec<_> = inputs
            .iter()
            .filter_map(|input| match input {
                Input::Fee(fee) => {
                    Some((fee.order, fee.instrument, fee.trade_id, fee.amount.to_string()))
                }
                _ => None,
            })
            .collect();
        assert_eq!(fees, [(order, instrument, 77, "0.2".to_owned())], "{venue}");
    }
}

#[test]
fn the_early_form_of_a_usdm_fill_is_the_fill_and_the_late_one_brings_the_fee() {
    let mut world = World::up(VenueId::BinanceUsdm);
    let order = world.resting();
    world.push(&format!(
        r#"{{"e":"TRADE_LITE","E":7,"T":7,"s":"BTCUSDT","q":"0.025","p":"61800.1","m":false,"c":"{}","S":"BUY","L":"61800.1","l":"0.01","t":77,"i":55}}"#,
        client(order)
    ));
    world.step();
    let early = world.inputs();
    assert_eq!(fills(&early), [(order, Qty(1_000_000), 77)]);
    assert!(!early.iter().any(|input| matches!(input, Input::Fee(_))));
    world.push(&pushed_fill(VenueId::BinanceUsdm, &client(order), 77));
    world.step();
    let late = world.inputs();
    assert_eq!(fills(&late), []);
    assert!(late.iter().any(|input| matches!(input, Input::Fee(fee) if fee.trade_id == 77)));
}

#[test]
fn a_cancel_names_the_order_by_our_id() {
    for (venue, _) in VENUES {
        let mut world = World::up(venue);
        let order = world.resting();
        world.cancel(order);
        let request = world.one_sent().to_string();
        assert!(
            request.contains("cancel") && request.contains(&client(order)),
            "{venue}: {request}"
        );
        world.push(&pushed_state(venue, &client(order), OrderStatus::Cancelled, 0));
        world.step();
        assert_eq!(states(&world.inputs()), [(order, OrderStatus::Cancelled, Qty(0))], "{venue}");
        assert_eq!(world.stage.orders_out(), 0);
    }
}

#[test]
fn every_style_leaves_and_a_market_order_needs_no_price() {
    for (venue, _) in VENUES {
        let mut world = World::up(venue);
        for style in [Style::Limit, Style::Ioc, Style::PostOnly, Style::Market] {
            world.place(style);
        }
        assert_eq!(world.take_sent().len(), 4, "{venue}");
    }
}

#[test]
fn tick_to_order_is_measured_from_the_cause() {
    let mut world = World::up(VenueId::Okx);
    world.place(Style::Ioc);
    assert_eq!(world.stage.page.count(telemetry::Hist::TickToOrder), 1);
    assert_eq!(world.stage.page.count(telemetry::Hist::Encode), 1);
    assert_eq!(world.stage.page.get(telemetry::Counter::OrdersSent), 1);
}

#[test]
fn what_cannot_be_sent_is_refused_here_and_no_byte_leaves() {
    for (venue, instrument) in VENUES {
        let mut world = World::up(venue);
        let good = Place {
            venue,
            instrument,
            order: order(1),
            side: Side::Sell,
            style: Style::Limit,
            reduce_only: false,
            price: Price(6_180_010),
            qty: Qty(2_500_000),
            cause: Stamp(0),
            pair: PairId(1),
            version: 1,
        };
        let cases = [
            (Place { price: Price(-1), ..good }, RejectClass::Rules),
            (Place { qty: Qty(1), ..good }, RejectClass::Rules),
            (Place { instrument: InstrumentId(999), ..good }, RejectClass::Local),
            (Place { venue: other(venue), ..good }, RejectClass::Local),
        ];
        for (place, class) in cases {
            world.intend(Output::Place(place));
            assert_eq!(rejects(&world.inputs()), [(order(1), class, 0)], "{venue} {place:?}");
        }
        assert_eq!(world.take_sent(), [] as [Value; 0], "{venue}");
        assert_eq!(world.stage.orders_out(), 0);
    }
}

fn other(venue: VenueId) -> VenueId {
    if venue == VenueId::Okx { VenueId::Bybit } else { VenueId::Okx }
}

#[test]
fn a_socket_that_takes_nothing_is_a_refusal_since_nothing_left_where_there_is_no_other_way() {
    for (venue, _) in VENUES {
        let mut world = World::new(venue);
        world.connect(); // not reconciled yet: orders cannot go by REST
        world.orders.refuse_sends(Some(net::SendError::Full));
        let order = world.place(Style::Limit);
        assert_eq!(rejects(&world.inputs()), [(order, RejectClass::Unavailable, 0)], "{venue}");
        assert_eq!(world.stage.orders_out(), 0);
    }
}

#[test]
fn a_full_ring_holds_reports_back_and_loses_none() {
    let mut world = World::with(VenueId::Okx, 8, Settings::default());
    world.connect();
    world.finish_jobs();
    world.step();
    let order = order(1);
    for trade in 1..=40 {
        world.push(&pushed_fill(VenueId::Okx, &client(order), trade));
    }
    let mut seen = Vec::new();
    let mut was_held = false;
    for _ in 0..200 {
        was_held |= world.step() == Work::Backpressured;
        assert!(world.reports.len() <= 8);
        let inputs = world.inputs();
        seen.extend(fills(&inputs).into_iter().map(|(_, _, trade)| trade));
    }
    assert!(was_held);
    assert_eq!(seen, (1..=40).collect::<Vec<_>>());
}
