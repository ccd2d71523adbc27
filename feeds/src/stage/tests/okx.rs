//! OKX: snapshot and updates on the stream, gaps, resets, keep-alives, pings, notices.

use super::*;

const SWAP: u16 = 4;

fn best(bid: &str, ask: &str, at: i64, seq: i64) -> String {
    format!(
        r#"{{"arg":{{"channel":"bbo-tbt","instId":"BTC-USDT-SWAP"}},"data":[{{"asks":[["{ask}","2","0","1"]],"bids":[["{bid}","3","0","1"]],"ts":"{at}","seqId":{seq}}}]}}"#
    )
}

fn book(action: &str, asks: &str, bids: &str, at: i64, prev: i64, seq: i64) -> String {
    format!(
        r#"{{"arg":{{"channel":"books","instId":"BTC-USDT-SWAP"}},"action":"{action}","data":[{{"asks":[{asks}],"bids":[{bids}],"ts":"{at}","checksum":0,"prevSeqId":{prev},"seqId":{seq}}}]}}"#
    )
}

fn lvl(price: &str, size: &str) -> String {
    format!(r#"["{price}","{size}","0","1"]"#)
}

fn acknowledge(rig: &Rig, count: usize) {
    for _ in 0..count {
        let ack = br#"{"event":"subscribe","arg":{"channel":"books"},"connId":"x"}"#;
        rig.peer(Line::Okx).text(ack);
    }
}

/// A stage whose swap is known: book at sequence 100, quote at 101.
fn known() -> Rig {
    let mut rig = Rig::new(&[VenueId::Okx]);
    rig.pass(20);
    acknowledge(&rig, 10);
    let at = rig.wall_ms();
    rig.say(Line::Okx, &book("snapshot", &lvl("101", "5"), &lvl("100", "4"), at, -1, 100));
    assert_eq!(rig.health(SWAP), None, "a book without quotes is not known");
    rig.say(Line::Okx, &best("100", "101", at, 101));
    let inputs = rig.market();
    assert_eq!(healths(&inputs, SWAP), [BookHealth::Known]);
    assert_eq!(quotes(&inputs), [[10_000, 3_000, 10_100, 2_000]]);
    assert!(matches!(inputs.last(), Some(Input::BookState(_))), "known comes behind the quote");
    rig.peer(Line::Okx).discard_sent();
    rig
}

#[test]
fn everything_is_subscribed_in_one_request_when_the_connection_opens() {
    let mut rig = Rig::new(&[VenueId::Okx]);
    rig.pass(10);
    let sent = rig.peer(Line::Okx).take_all_sent();
    assert_eq!(sent.len(), 1);
    assert!(sent[0].starts_with(r#"{"id":"1","op":"subscribe","args":[{"channel":"bbo-tbt""#));
    assert!(sent[0].ends_with(r#"{"channel":"index-tickers","instId":"BTC-USDT"}]}"#), "{sent:?}");
    for channel in ["books", "trades", "mark-price", "funding-rate"] {
        let arg = format!(r#"{{"channel":"{channel}","instId":"BTC-USDT-SWAP"}}"#);
        assert!(sent[0].contains(&arg), "{channel}");
    }
    assert!(!sent[0].contains(r#"{"channel":"funding-rate","instId":"BTC-USDT"}"#));
}

#[test]
fn updates_in_sequence_move_the_quote_and_the_depth() {
    let mut rig = known();
    let at = rig.wall_ms();
    rig.say(Line::Okx, &book("update", "", &lvl("100.5", "1"), at, 100, 105));
    let inputs = rig.market();
    assert_eq!(quotes(&inputs), [[10_050, 1_000, 10_100, 5_000]]);
    assert!(inputs.iter().any(|input| matches!(input, Input::Depth(_))));
}

#[test]
fn a_quote_older_than_one_the_core_had_is_never_told() {
    let mut rig = known();
    let at = rig.wall_ms();
    rig.say(Line::Okx, &best("100.2", "101", at, 110));
    rig.say(Line::Okx, &best("99", "101", at, 109));
    rig.say(Line::Okx, &book("update", "", &lvl("99.5", "1"), at, 100, 108));
    assert_eq!(quotes(&rig.market()), [[10_020, 3_000, 10_100, 2_000]]);
}

#[test]
fn a_gap_makes_the_book_unknown_until_the_next_snapshot() {
    let mut rig = known();
    let at = rig.wall_ms();
    rig.say(Line::Okx, &book("update", "", &lvl("100.5", "1"), at, 104, 105));
    assert_eq!(healths(&rig.market(), SWAP), [BookHealth::Gap]);
    rig.pass(600);
    let sent = rig.peer(Line::Okx).take_all_sent();
    let arg = r#""args":[{"channel":"books","instId":"BTC-USDT-SWAP"}]}"#;
    assert!(sent[0].ends_with(&format!(r#""op":"unsubscribe",{arg}"#)), "{sent:?}");
    assert!(sent[1].ends_with(&format!(r#""op":"subscribe",{arg}"#)), "{sent:?}");
    assert_eq!(sent.len(), 2);
    // Updates without the snapshot change nothing.
    rig.say(Line::Okx, &book("update", "", &lvl("100.6", "1"), at, 105, 106));
    rig.say(Line::Okx, &best("100.6", "101", rig.wall_ms(), 107));
    assert!(rig.market().is_empty());
    let at = rig.wall_ms();
    rig.say(Line::Okx, &book("snapshot", &lvl("101", "5"), &lvl("100.7", "4"), at, -1, 120));
    let inputs = rig.market();
    assert_eq!(healths(&inputs, SWAP), [BookHealth::Known]);
    assert_eq!(quotes(&inputs), [[10_070, 4_000, 10_100, 5_000]]);
}

#[test]
fn a_keep_alive_and_a_renumbering_are_no_gaps() {
    let mut rig = known();
    let at = rig.wall_ms();
    rig.say(Line::Okx, &book("update", "", "", at, 100, 100));
    rig.say(Line::Okx, &book("update", &lvl("100.9", "1"), "", at + 2_000, 100, 7));
    rig.say(Line::Okx, &book("update", &lvl("100.8", "1"), "", at + 2_010, 7, 9));
    let inputs = rig.market();
    assert!(healths(&inputs, SWAP).is_empty());
    let told: Vec<i64> = quotes(&inputs).iter().map(|quote| quote[2]).collect();
    assert_eq!(told, [10_090, 10_080]);
}

#[test]
fn a_checksum_that_differs_is_a_gap_and_zero_is_none() {
    let mut rig = known();
    let at = rig.wall_ms();
    let wrong = book("update", "", &lvl("100.5", "1"), at, 100, 105)
        .replace(r#""checksum":0"#, r#""checksum":1234"#);
    rig.say(Line::Okx, &wrong);
    assert_eq!(healths(&rig.market(), SWAP), [BookHealth::Gap]);
}

#[test]
fn a_crossed_book_and_an_empty_side_are_unknown() {
    for (asks, why) in [(lvl("99", "1"), BookHealth::Crossed), (lvl("101", "0"), BookHealth::Empty)]
    {
        let mut rig = known();
        let at = rig.wall_ms();
        rig.say(Line::Okx, &book("update", &asks, "", at, 100, 105));
        assert_eq!(healths(&rig.market(), SWAP), [why]);
        rig.pass(600);
        assert_eq!(rig.peer(Line::Okx).take_all_sent().len(), 2, "asked for afresh");
    }
}

#[test]
fn a_crossed_quote_is_unknown_until_it_is_not() {
    let mut rig = known();
    rig.say(Line::Okx, &best("101", "101", rig.wall_ms(), 110));
    assert_eq!(healths(&rig.market(), SWAP), [BookHealth::Crossed]);
    rig.say(Line::Okx, &best("100", "101", rig.wall_ms(), 111));
    assert_eq!(healths(&rig.market(), SWAP), [BookHealth::Known]);
}

#[test]
fn a_refused_message_makes_its_book_unknown() {
    let mut rig = known();
    let at = rig.wall_ms();
    rig.say(Line::Okx, &book("update", "", &lvl("1e5", "1"), at, 100, 105));
    assert_eq!(healths(&rig.market(), SWAP), [BookHealth::Refused]);
    rig.say(Line::Okx, "garbage");
    rig.say(Line::Okx, "{\"arg\":{\"channel\":\"books\"");
    assert!(rig.market().is_empty());
}

#[test]
fn old_venue_time_is_stale_only_beyond_the_limit() {
    let mut rig = known();
    rig.pass(50);
    rig.say(Line::Okx, &best("100", "101", rig.wall_ms() - 1_900, 110));
    assert!(healths(&rig.market(), SWAP).is_empty());
    rig.say(Line::Okx, &best("100", "101", rig.wall_ms() - 2_500, 111));
    assert_eq!(healths(&rig.market(), SWAP), [BookHealth::Stale]);
    rig.say(Line::Okx, &best("100", "101", rig.wall_ms(), 112));
    assert_eq!(healths(&rig.market(), SWAP), [BookHealth::Known]);
}

#[test]
fn silence_of_one_channel_is_noticed_though_the_other_talks() {
    let mut rig = known();
    for step in 0..30 {
        let at = rig.wall_ms();
        rig.say(Line::Okx, &book("update", "", "", at, 100, 100));
        rig.pass_slowly(Span::from_secs(1), Span::from_millis(100));
        rig.peer(Line::Okx).text(b"pong");
        if healths(&rig.market(), SWAP) == [BookHealth::Silent] {
            assert!((18..=22).contains(&step), "after {step} s");
            let sent = rig.peer(Line::Okx).take_all_sent().concat();
            let arg = r#""args":[{"channel":"bbo-tbt","instId":"BTC-USDT-SWAP"}]"#;
            assert!(sent.contains(&format!(r#""op":"unsubscribe",{arg}"#)), "{sent}");
            return;
        }
    }
    panic!("the silence was not noticed");
}

#[test]
fn a_channel_acknowledged_but_silent_is_joined_again_and_then_the_connection_opened_afresh() {
    let mut rig = Rig::new(&[VenueId::Okx]);
    rig.pass(20);
    let args = 5 + 3 + 1 - 1; // swap: 5, spot: 3, index: 1, less nothing heard of trades
    for _ in 0..=args {
        rig.peer(Line::Okx)
            .text(br#"{"event":"subscribe","arg":{"channel":"books"},"connId":"x"}"#);
    }
    rig.pass(10);
    rig.peer(Line::Okx).discard_sent();
    let mut rejoined = false;
    for _ in 0..400 {
        rig.pass_slowly(Span::from_millis(500), Span::from_millis(100));
        // Acknowledged, alive, and without a single quote.
        rig.peer(Line::Okx).text(b"pong");
        let sent = rig.peer(Line::Okx).take_all_sent();
        let requests = sent.iter().filter(|text| text.contains("\"op\"")).count();
        acknowledge(&rig, requests);
        rejoined |= sent.iter().any(|text| text.contains("unsubscribe"));
        if rig.peer(Line::Okx).dials() > 1 {
            assert!(rejoined, "the channel is tried alone first");
            return;
        }
    }
    panic!("the connection was never opened afresh");
}

#[test]
fn a_request_without_an_answer_ends_the_connection() {
    let mut rig = Rig::new(&[VenueId::Okx]);
    rig.pass(20);
    assert_eq!(rig.peer(Line::Okx).dials(), 1);
    for _ in 0..9 {
        rig.peer(Line::Okx).text(b"pong");
        rig.pass_slowly(Span::from_secs(1), Span::from_millis(100));
    }
    assert_eq!(rig.peer(Line::Okx).dials(), 2);
}

#[test]
fn a_quiet_connection_is_pinged_and_a_dead_one_dropped() {
    let mut rig = known();
    rig.pass_slowly(Span::from_secs(20), Span::from_millis(100));
    let sent = rig.peer(Line::Okx).take_all_sent();
    assert!(sent.iter().any(|text| text == "ping"), "{sent:?}");
    let dials = rig.peer(Line::Okx).dials();
    rig.pass_slowly(Span::from_secs(11), Span::from_millis(100));
    assert!(rig.peer(Line::Okx).dials() > dials);
}

#[test]
fn a_closed_connection_makes_everything_on_it_unknown_and_is_dialed_again() {
    let mut rig = known();
    rig.peer(Line::Okx).close(net::CloseReason::Eof);
    rig.pass(1);
    assert_eq!(healths(&rig.market(), SWAP), [BookHealth::Starting]);
    rig.pass(5);
    assert_eq!(rig.peer(Line::Okx).dials(), 2);
    assert!(rig.peer(Line::Okx).take_all_sent()[0].contains("subscribe"));
    let at = rig.wall_ms();
    rig.say(Line::Okx, &book("snapshot", &lvl("103", "5"), &lvl("102", "4"), at, -1, 200));
    rig.say(Line::Okx, &best("102", "103", at, 201));
    assert_eq!(healths(&rig.market(), SWAP), [BookHealth::Known]);
}

#[test]
fn an_announced_end_is_met_by_a_second_connection_before_the_first_goes() {
    let mut rig = known();
    let notice = r#"{"event":"notice","code":"64008","msg":"soon","connId":"a"}"#;
    rig.say(Line::Okx, notice);
    rig.pass(10);
    let peer = rig.peer(Line::Okx).clone();
    assert_eq!(peer.dials(), 2);
    assert!(peer.take_all_sent()[0].contains("subscribe"));
    // The first still delivers in sequence, until the second has its snapshot.
    let at = rig.wall_ms();
    peer.trailing(book("update", "", &lvl("100.5", "1"), at, 100, 105).as_bytes());
    rig.pass(1);
    peer.text(book("snapshot", &lvl("101", "5"), &lvl("100.6", "4"), at, -1, 106).as_bytes());
    rig.pass(1);
    peer.trailing(book("update", "", &lvl("100.6", "9"), at, 105, 106).as_bytes());
    peer.text(book("update", "", &lvl("100.7", "1"), at, 106, 107).as_bytes());
    rig.pass(1);
    let inputs = rig.market();
    assert!(healths(&inputs, SWAP).is_empty(), "never unknown: {inputs:?}");
    let bids: Vec<i64> = quotes(&inputs).iter().map(|quote| quote[0]).collect();
    assert_eq!(bids, [10_050, 10_060, 10_070]);
    assert_eq!(peer.settled(), 0, "the quote channel still comes from the first");
    peer.text(best("100.7", "101", at, 108).as_bytes());
    rig.pass(3);
    assert_eq!(peer.settled(), 1);
}

#[test]
fn mark_index_and_funding_of_the_swap_are_told_with_its_own_interval() {
    let mut rig = known();
    let (next, after) = (1_790_006_400_000_i64, 1_790_020_800_000_i64);
    rig.say(Line::Okx, r#"{"arg":{"channel":"mark-price","instId":"BTC-USDT-SWAP"},"data":[{"instType":"SWAP","instId":"BTC-USDT-SWAP","markPx":"100.456","ts":"1790000000200"}]}"#);
    rig.say(Line::Okx, r#"{"arg":{"channel":"index-tickers","instId":"BTC-USDT"},"data":[{"instId":"BTC-USDT","idxPx":"100.4","high24h":"1","low24h":"1","open24h":"1","sodUtc0":"1","sodUtc8":"1","ts":"1790000000300"}]}"#);
    rig.say(Line::Okx, &format!(r#"{{"arg":{{"channel":"funding-rate","instId":"BTC-USDT-SWAP"}},"data":[{{"fundingRate":"0.0001875391284828","fundingTime":"{next}","instId":"BTC-USDT-SWAP","instType":"SWAP","nextFundingRate":"","nextFundingTime":"{after}","ts":"1790000000500"}}]}}"#));
    let inputs = rig.market();
    let marks: Vec<_> = inputs
        .iter()
        .filter_map(|input| match input {
            Input::Mark(m) => Some((m.instrument.0, m.mark, m.index)),
            _ => None,
        })
        .collect();
    let (mark, index) = (Some(Price(10_046)), Some(Price(10_040)));
    assert_eq!(marks, [(SWAP, mark, None), (3, None, index), (SWAP, mark, index)]);
    let Some(Input::Funding(funding)) = inputs.last() else { panic!("{inputs:?}") };
    assert_eq!(funding.rate.0, 187_539_128, "rounded half to even at twelve decimals");
    assert_eq!(funding.interval, Some(Span::from_secs(4 * 3600)));
    assert_eq!(funding.next, WallNs::from_millis(next));
    // Taken back: unknown, which is not zero.
    rig.say(Line::Okx, r#"{"arg":{"channel":"funding-rate","instId":"BTC-USDT-SWAP"},"data":[{"fundingRate":"","fundingTime":"","instId":"BTC-USDT-SWAP","instType":"SWAP","nextFundingTime":"","ts":"1790000000600"}]}"#);
    let inputs = rig.market();
    let Some(Input::Funding(funding)) = inputs.last() else { panic!("{inputs:?}") };
    assert_eq!(funding.interval, None);
}

#[test]
fn trades_keep_their_order_and_numbers() {
    let mut rig = known();
    rig.say(Line::Okx, r#"{"arg":{"channel":"trades","instId":"BTC-USDT-SWAP"},"data":[{"instId":"BTC-USDT-SWAP","tradeId":"11","px":"100.5","sz":"3","side":"buy","ts":"1790000000125","count":"2"},{"instId":"BTC-USDT-SWAP","tradeId":"13","px":"100","sz":"1","side":"sell","ts":"1790000000126","count":"1"}]}"#);
    let trades: Vec<_> = rig
        .market()
        .into_iter()
        .filter_map(|input| match input {
            Input::Trade(trade) => Some((trade.trade_id, trade.price, trade.qty)),
            _ => None,
        })
        .collect();
    assert_eq!(trades, [(11, Price(10_050), Qty(3_000)), (13, Price(10_000), Qty(1_000))]);
}
