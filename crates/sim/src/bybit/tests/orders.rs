use super::*;
use crate::faults::FaultKind;
use crate::order::OrderRef;

/// An order on the trade line, away from the market unless `fields` say otherwise.
fn order(bench: &mut Bench<Bybit>, id: &str, category: &str, fields: &Value) -> String {
    let product = if category == "spot" { Product::Spot } else { Product::Perpetual };
    let away = ask(bench, product).times(Dec::scaled(98, 2)).cut_to(Dec::ONE);
    let mut args = json!({
        "category": category, "symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit",
        "qty": "0.002", "price": away.to_string(), "timeInForce": "GTC", "orderLinkId": id,
    });
    for (name, value) in fields.as_object().expect("fields") {
        args[name] = value.clone();
    }
    request(bench, id, "order.create", &args)
}

fn request(bench: &Bench<Bybit>, id: &str, op: &str, args: &Value) -> String {
    let header = json!({"X-BAPI-TIMESTAMP": bench.now.millis().to_string()});
    json!({"reqId": format!("{id}-{}", bench.now.0), "header": header, "op": op, "args": [args]})
        .to_string()
}

fn lines() -> Bench<Bybit> {
    let mut bench = start();
    private(&mut bench, 9);
    trade(&mut bench, 10);
    bench.heard(9);
    bench
}

fn code_of(bench: &mut Bench<Bybit>) -> i64 {
    let answer = bench.heard(10).into_iter().find(|m| m["op"].is_string()).expect("an answer");
    answer["retCode"].as_i64().expect("a number")
}

#[test]
fn an_order_is_acknowledged_with_its_budget_and_its_state_comes_on_the_topic() {
    let mut bench = lines();
    let text = order(&mut bench, "a1", "linear", &json!({}));
    bench.say(10, &text);
    let answer = bench.heard(10).remove(0);
    assert_eq!(
        (answer["retCode"].as_i64(), answer["op"].as_str()),
        (Some(0), Some("order.create"))
    );
    assert_eq!(
        (
            answer["header"]["X-Bapi-Limit"].as_str(),
            answer["header"]["X-Bapi-Limit-Status"].as_str()
        ),
        (Some("10"), Some("9"))
    );
    let row = rows(&bench.heard(9), "order").remove(0);
    assert_eq!(
        (row["orderStatus"].as_str(), row["orderLinkId"].as_str()),
        (Some("New"), Some("a1"))
    );
    assert_eq!(row["orderId"], answer["data"]["orderId"]);
    assert_eq!(row["avgPrice"], "");
    let id = row["orderId"].as_str().expect("text").to_owned();
    assert_eq!(id.len(), 36, "a UUID on perpetuals");
    let cancel = request(
        &bench,
        "c",
        "order.cancel",
        &json!({"category": "linear", "symbol": "BTCUSDT", "orderId": id}),
    );
    bench.say(10, &cancel);
    assert_eq!(code_of(&mut bench), 0, "found by the id we showed");
    let row = rows(&bench.heard(9), "order").remove(0);
    assert_eq!(
        (row["orderStatus"].as_str(), row["cancelType"].as_str()),
        (Some("Cancelled"), Some("CancelByUser"))
    );
}

#[test]
fn a_post_only_that_would_take_is_accepted_and_then_cancelled() {
    let mut bench = lines();
    for (category, status) in [("linear", "Cancelled"), ("spot", "Rejected")] {
        let product = if category == "spot" { Product::Spot } else { Product::Perpetual };
        let through = ask(&bench, product).times(Dec::scaled(102, 2)).cut_to(Dec::ONE).to_string();
        let text = order(
            &mut bench,
            category,
            category,
            &json!({"timeInForce": "PostOnly", "price": through}),
        );
        bench.say(10, &text);
        assert_eq!(code_of(&mut bench), 0);
        let row = rows(&bench.heard(9), "order").pop().expect("news");
        assert_eq!(row["orderStatus"], status);
        assert_eq!(row["rejectReason"], "EC_PostOnlyWillTakeLiquidity");
    }
}

#[test]
fn refusals_have_the_codes_of_their_market() {
    let mut bench = lines();
    for category in ["linear", "spot"] {
        let text = order(&mut bench, &format!("dup{category}"), category, &json!({}));
        bench.say(10, &text);
    }
    let linear = ask(&bench, Product::Perpetual);
    let spot = ask(&bench, Product::Spot);
    #[rustfmt::skip]
    let cases = [
        ("linear", json!({"orderLinkId": "duplinear"}),                                 110_072),
        ("linear", json!({"price": (linear + Dec::scaled(5, 2)).to_string()}),          110_003),
        ("linear", json!({"price": linear.repeat(2).to_string()}),                      110_003),
        ("linear", json!({"qty": "0.0005"}),                                            10_001),
        ("linear", json!({"qty": "0.001", "price": "4000"}),                            110_094),
        ("linear", json!({"qty": "90", "price": linear.to_string()}),                   110_007),
        ("linear", json!({"side": "Sell", "orderType": "Market", "reduceOnly": true}),  110_017),
        ("linear", json!({"positionIdx": 1}),                                           10_001),
        ("linear", json!({"symbol": "NOPEUSDT"}),                                       10_001),
        ("linear", json!({"category": "gold"}),                                         10_001),
        ("linear", json!({"orderLinkId": "no spaces"}),                                 10_001),
        ("spot",   json!({"orderLinkId": "dupspot"}),                                   170_141),
        ("spot",   json!({"price": (spot + Dec::scaled(5, 3)).to_string()}),            170_134),
        ("spot",   json!({"qty": "0.0000005"}),                                         170_137),
        ("spot",   json!({"qty": "0.000010"}),                                          170_140),
        ("spot",   json!({"qty": "50"}),                                                170_131),
        ("spot",   json!({"symbol": "NOPEUSDT"}),                                       170_121),
        ("spot",   json!({"side": "Hold"}),                                             170_117),
    ];
    for (number, (category, fields, code)) in cases.into_iter().enumerate() {
        bench.tick(300);
        bench.heard(10);
        let text = order(&mut bench, &format!("r{number}"), category, &fields);
        bench.say(10, &text);
        assert_eq!(code_of(&mut bench), code, "{category} {fields}");
    }
}

#[test]
fn the_eleventh_order_in_a_second_is_refused_and_a_cancel_is_not() {
    let mut bench = lines();
    for number in 0..11 {
        let text = order(&mut bench, &format!("l{number}"), "linear", &json!({}));
        bench.send(10, &text);
        bench.now.0 += 1;
    }
    bench.tick(5);
    let answers = bench.heard(10);
    assert_eq!(answers.iter().filter(|m| m["retCode"] == 0).count(), 10);
    assert_eq!(
        (answers[10]["retCode"].as_i64(), answers[10]["header"]["X-Bapi-Limit-Status"].as_str()),
        (Some(10_006), Some("0"))
    );
    let cancel = request(
        &bench,
        "c",
        "order.cancel",
        &json!({"category": "linear", "symbol": "BTCUSDT", "orderLinkId": "l0"}),
    );
    bench.say(10, &cancel);
    assert_eq!(code_of(&mut bench), 0);
}

#[test]
fn a_fill_is_told_on_five_topics_and_a_fee_is_positive() {
    let mut bench = lines();
    let text = order(&mut bench, "m1", "linear", &json!({"orderType": "Market", "price": ""}));
    bench.say(10, &text);
    let heard = bench.heard(9);
    let row = rows(&heard, "execution").pop().expect("a fill");
    let fee = Dec::parse(row["execFee"].as_str().expect("text")).expect("a number");
    assert!(fee.is_positive());
    assert_eq!((row["execType"].as_str(), row["isMaker"].as_bool()), (Some("Trade"), Some(false)));
    assert_eq!(
        rows(&heard, "execution.fast").pop().expect("the short form")["execId"],
        row["execId"]
    );
    assert_eq!(rows(&heard, "order").pop().expect("the order")["orderStatus"], "Filled");
    let position = rows(&heard, "position").pop().expect("the position");
    assert_eq!(
        (position["side"].as_str(), position["size"].as_str()),
        (Some("Buy"), Some("0.002"))
    );
    let wallet = rows(&heard, "wallet").pop().expect("the wallet");
    let told =
        Dec::parse(wallet["coin"][0]["walletBalance"].as_str().expect("text")).expect("a number");
    assert_eq!(told, bench.venue.exchange.balance(0, "USDT").total);
    let listed = get(&mut bench, "/v5/execution/list?category=linear&orderLinkId=m1");
    assert_eq!(listed["result"]["list"][0]["execId"], row["execId"]);
}

#[test]
fn size_zero_with_close_on_trigger_closes_what_is_held() {
    let mut bench = lines();
    let text = order(
        &mut bench,
        "m1",
        "linear",
        &json!({"orderType": "Market", "price": "", "qty": "0.007"}),
    );
    bench.say(10, &text);
    let fields = json!({"orderType": "Market", "price": "", "qty": "0", "side": "Sell", "reduceOnly": true, "closeOnTrigger": true});
    let text = order(&mut bench, "m2", "linear", &fields);
    bench.say(10, &text);
    let position = rows(&bench.heard(9), "position").pop().expect("the position");
    assert_eq!((position["side"].as_str(), position["size"].as_str()), (Some(""), Some("0.000")));
}

#[test]
fn a_batch_has_a_code_for_every_item() {
    let mut bench = lines();
    let away =
        ask(&bench, Product::Perpetual).times(Dec::scaled(98, 2)).cut_to(Dec::ONE).to_string();
    let one = |link: &str| json!({"symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "0.002", "price": away, "orderLinkId": link});
    let args = json!({"category": "linear", "request": [one("a"), one("a"), one("b")]});
    let text = request(&bench, "b", "order.create-batch", &args);
    bench.say(10, &text);
    let answer = bench.heard(10).remove(0);
    assert_eq!(answer["retCode"], 0);
    let codes: Vec<_> = answer["retExtInfo"]["list"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| row["code"].clone())
        .collect();
    assert_eq!(codes, [json!(0), json!(110_072), json!(0)]);
    let open = get(&mut bench, "/v5/order/realtime?category=linear&settleCoin=USDT");
    assert_eq!(open["result"]["list"].as_array().expect("rows").len(), 2);
    let gone = post(
        &mut bench,
        "/v5/order/cancel-all",
        &json!({"category": "linear", "settleCoin": "USDT"}),
    );
    assert_eq!(gone["result"]["list"].as_array().expect("rows").len(), 2);
    let past = get(&mut bench, "/v5/order/history?category=linear&limit=1");
    assert_eq!(past["result"]["list"][0]["orderLinkId"], "b", "newest first");
    assert_ne!(past["result"]["nextPageCursor"], "");
}

#[test]
fn lost_late_and_unknown_answers_leave_the_order_as_they_say() {
    use FaultKind::{DelayedAck, LostAckDead, LostAckLive, UnknownDead, UnknownLive};
    #[rustfmt::skip]
    let cases = [
        (LostAckLive, None,         true),
        (LostAckDead, None,         false),
        (UnknownLive, Some(10_000), true),
        (UnknownDead, Some(10_000), false),
        (DelayedAck,  Some(0),      true),
    ];
    let mut bench = lines();
    for (number, (kind, answer, executed)) in cases.into_iter().enumerate() {
        bench.strike(kind, 500);
        let id = format!("f{number}");
        let text = order(&mut bench, &id, "linear", &json!({}));
        bench.say(10, &text);
        let early = bench.heard(10).pop();
        assert_eq!(kind == DelayedAck, early.is_none() && answer.is_some(), "{kind:?}");
        bench.tick(600);
        let late = bench.heard(10).pop();
        let said = early.or(late).map(|m| m["retCode"].as_i64().expect("a number"));
        assert_eq!(said, answer, "{kind:?}");
        assert_eq!(
            bench.venue.exchange.order(0, &OrderRef::Client(id)).is_some(),
            executed,
            "{kind:?}"
        );
    }
}

#[test]
fn an_order_sent_before_the_line_broke_still_arrives() {
    let mut bench = lines();
    let text = order(&mut bench, "last", "linear", &json!({}));
    bench.send(10, &text);
    bench.close(10);
    assert!(bench.venue.exchange.order(0, &OrderRef::Client("last".to_owned())).is_some());
    assert!(bench.heard(10).is_empty());
}

#[test]
fn requests_are_refused_in_bybit_words() {
    let mut bench = start();
    bench.strike(FaultKind::TooManyRequests, 0);
    let answer = get(&mut bench, "/v5/account/info");
    assert_eq!(answer["retCode"], 10_006);
    for (kind, status) in [(FaultKind::Banned, 403), (FaultKind::Unavailable, 503)] {
        bench.strike(kind, 0);
        assert_eq!(body(signed(&mut bench, "GET", "/v5/account/info", "")).0, status);
    }
}

#[test]
fn funding_is_an_execution_and_a_settlement() {
    let mut bench = lines();
    let text = order(
        &mut bench,
        "h1",
        "linear",
        &json!({"orderType": "Market", "price": "", "qty": "0.5"}),
    );
    bench.say(10, &text);
    let row = bench
        .venue
        .exchange
        .specs()
        .by_symbol("BTCUSDT", Some(Product::Perpetual))
        .expect("listed")
        .row;
    let next = bench.venue.exchange.market().funding(row).expect("a perpetual").next;
    bench.heard(9);
    bench.tick(next.millis() - bench.now.millis() + 10);
    let heard = bench.heard(9);
    let told = rows(&heard, "execution")
        .into_iter()
        .find(|row| row["execType"] == "Funding")
        .expect("a payment");
    let paid = bench.venue.exchange.account(0).ledger.funding[0].amount;
    assert_eq!(told["execFee"], (-paid).to_string(), "a fee above zero was paid");
    let log = get(&mut bench, "/v5/account/transaction-log?category=linear&limit=50");
    let lines = log["result"]["list"].as_array().expect("rows").clone();
    let line = lines.iter().find(|line| line["type"] == "SETTLEMENT").expect("a settlement");
    assert_eq!(line["funding"], paid.to_string());
    let balance = Dec::parse(lines[0]["cashBalance"].as_str().expect("text")).expect("a number");
    assert_eq!(
        balance,
        bench.venue.exchange.balance(0, "USDT").total,
        "the last line is the balance"
    );
}

#[test]
fn settings_say_when_nothing_changes() {
    let mut bench = start();
    let lever = |bench: &mut Bench<Bybit>, buy: &str| {
        let args = json!({"category": "linear", "symbol": "BTCUSDT", "buyLeverage": buy, "sellLeverage": buy});
        post(bench, "/v5/position/set-leverage", &args)["retCode"].as_i64().expect("a number")
    };
    assert_eq!(
        [lever(&mut bench, "5"), lever(&mut bench, "5"), lever(&mut bench, "101")],
        [0, 110_043, 110_013]
    );
    let mode = |bench: &mut Bench<Bybit>, mode: i32| {
        post(
            bench,
            "/v5/position/switch-mode",
            &json!({"category": "linear", "coin": "USDT", "mode": mode}),
        )["retCode"]
            .as_i64()
    };
    assert_eq!(
        [mode(&mut bench, 0), mode(&mut bench, 3), mode(&mut bench, 7)],
        [Some(110_025), Some(110_029), Some(10_001)]
    );
    let dcp = post(&mut bench, "/v5/order/disconnected-cancel-all", &json!({"timeWindow": 10}));
    assert_eq!(dcp["retCode"], 10_005);
}
