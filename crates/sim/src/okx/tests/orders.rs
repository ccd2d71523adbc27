use super::*;
use crate::dec::Dec;
use crate::faults::FaultKind;
use crate::order::OrderRef;

const SWAP: &str = "BTC-USDT-SWAP";

fn code(bench: &Bench<Okx>, inst: &str) -> u64 {
    bench.venue.exchange.specs().by_symbol(inst, None).expect("listed").code
}

/// An order over the WebSocket, by `instIdCode`, away from the market unless `fields` say otherwise.
fn order(bench: &mut Bench<Okx>, id: &str, inst: &str, fields: &Value) -> String {
    let away = ask(bench, inst).times(Dec::scaled(98, 2)).cut_to(Dec::ONE);
    let mode = if inst == SWAP { "cross" } else { "cash" };
    let mut args = json!({
        "instIdCode": code(bench, inst), "tdMode": mode, "side": "buy", "ordType": "limit",
        "px": away.to_string(), "sz": if inst == SWAP { "1" } else { "0.001" }, "clOrdId": id,
    });
    for (name, value) in fields.as_object().expect("fields") {
        args[name] = value.clone();
    }
    json!({"id": id, "op": "order", "args": [args]}).to_string()
}

/// Above the market, so that it takes.
fn crossing(bench: &mut Bench<Okx>, inst: &str) -> String {
    ask(bench, inst).times(Dec::scaled(102, 2)).cut_to(Dec::ONE).to_string()
}

fn reply(heard: &[Value], id: &str) -> Value {
    heard.iter().find(|m| m["id"] == id && m["op"].is_string()).expect("an answer").clone()
}

#[test]
fn an_order_is_acknowledged_and_its_state_comes_on_the_channel() {
    let mut bench = start();
    private(&mut bench, 9);
    bench.heard(9);
    let text = order(&mut bench, "a1", SWAP, &json!({"tag": "mine"}));
    bench.say(9, &text);
    let heard = bench.heard(9);
    let answer = reply(&heard, "a1");
    assert_eq!(
        (answer["code"].as_str(), answer["data"][0]["sCode"].as_str()),
        (Some("0"), Some("0"))
    );
    let row = rows(&heard, "orders").remove(0);
    assert_eq!((row["state"].as_str(), row["clOrdId"].as_str()), (Some("live"), Some("a1")));
    assert_eq!((row["sz"].as_str(), row["tag"].as_str()), (Some("1"), Some("mine")));
    assert_eq!((row["reduceOnly"].as_str(), row["avgPx"].as_str()), (Some("false"), Some("0")));
    let held =
        bench.venue.exchange.order(0, &OrderRef::Client("a1".to_owned())).expect("it is there");
    assert_eq!(held.qty, Dec::scaled(1, 2), "one contract is a hundredth of a bitcoin");
}

#[test]
fn the_answer_comes_before_or_after_the_push() {
    let mut bench = start();
    private(&mut bench, 9);
    bench.heard(9);
    let mut firsts = [0, 0];
    for number in 0..12 {
        let id = format!("n{number}");
        let text = order(&mut bench, &id, SWAP, &json!({}));
        bench.say(9, &text);
        let heard = bench.heard(9);
        let place =
            |wanted: &dyn Fn(&Value) -> bool| heard.iter().position(wanted).expect("both come");
        let answer = place(&|m| m["op"] == "order");
        let push = place(&|m| m["arg"]["channel"] == "orders");
        firsts[usize::from(push < answer)] += 1;
        bench.tick(1);
        bench.now.0 += 1_000 * number;
    }
    assert!(firsts.iter().all(|count| *count > 0), "{firsts:?}");
}

#[test]
fn every_way_an_order_ends_has_its_cancel_source() {
    let mut bench = start();
    private(&mut bench, 9);
    bench.heard(9);
    let through = crossing(&mut bench, SWAP);
    let touch = ask(&mut bench, SWAP).to_string();
    #[rustfmt::skip]
    let cases = [
        ("p1", json!({"ordType": "post_only", "px": through}),            "31"),
        ("i1", json!({"ordType": "ioc"}),                                 "14"),
        ("f1", json!({"ordType": "fok", "sz": "3000", "px": touch}),      "13"),
    ];
    for (id, fields, source) in cases {
        let text = order(&mut bench, id, SWAP, &fields);
        bench.say(9, &text);
        let heard = bench.heard(9);
        assert_eq!(reply(&heard, id)["code"], "0", "accepted, then cancelled: {fields}");
        let row = rows(&heard, "orders").pop().expect("news");
        assert_eq!(
            (row["state"].as_str(), row["cancelSource"].as_str()),
            (Some("canceled"), Some(source)),
            "{id}"
        );
    }
}

#[test]
fn refusals_have_the_documented_codes() {
    let mut bench = start();
    private(&mut bench, 9);
    let text = order(&mut bench, "dup", SWAP, &json!({}));
    bench.say(9, &text);
    let px = ask(&mut bench, SWAP);
    #[rustfmt::skip]
    let cases = [
        (SWAP,       json!({"clOrdId": "dup"}),                                 "51016"),
        (SWAP,       json!({"instIdCode": 1}),                                  "51001"),
        (SWAP,       json!({"px": (px + Dec::scaled(5, 2)).to_string()}),       "51000"),
        (SWAP,       json!({"px": px.repeat(2).to_string()}),                   "51006"),
        (SWAP,       json!({"sz": "1.005"}),                                    "51121"),
        (SWAP,       json!({"sz": "0"}),                                        "51000"),
        (SWAP,       json!({"sz": "99999999"}),                                 "51101"),
        (SWAP,       json!({"side": "sell", "ordType": "market", "reduceOnly": true}), "51169"),
        (SWAP,       json!({"tdMode": "cash"}),                                 "51000"),
        (SWAP,       json!({"posSide": "long"}),                                "51000"),
        (SWAP,       json!({"clOrdId": "has-a-dash"}),                          "51000"),
        (SWAP,       json!({"ordType": "limit", "px": ""}),                     "50014"),
        ("BTC-USDT", json!({"sz": "0.000001"}),                                 "51020"),
        ("BTC-USDT", json!({"sz": "50"}),                                       "51008"),
    ];
    for (number, (inst, fields, wanted)) in cases.into_iter().enumerate() {
        bench.heard(9);
        let id = format!("r{number}");
        let text = order(&mut bench, &id, inst, &fields);
        bench.say(9, &text);
        let answer = reply(&bench.heard(9), &id);
        assert_eq!(answer["code"], "1", "{fields}");
        assert_eq!(answer["data"][0]["sCode"], wanted, "{fields}");
        assert_eq!(answer["data"][0]["ordId"], "");
    }
}

#[test]
fn nobody_orders_before_the_login() {
    let mut bench = start();
    bench.open(9, "/ws/v5/private");
    let text = order(&mut bench, "a1", SWAP, &json!({}));
    bench.say(9, &text);
    assert_eq!(bench.heard(9)[0]["code"], "60011");
    assert_eq!(bench.venue.exchange.orders(0, None).count(), 0);
}

#[test]
fn a_fill_is_told_on_five_channels_and_a_fee_is_negative() {
    let mut bench = start();
    private(&mut bench, 9);
    bench.heard(9);
    let text = order(&mut bench, "m1", SWAP, &json!({"ordType": "market", "px": ""}));
    bench.say(9, &text);
    let heard = bench.heard(9);
    let row = rows(&heard, "orders").pop().expect("news");
    assert_eq!((row["state"].as_str(), row["execType"].as_str()), (Some("filled"), Some("T")));
    let fee = Dec::parse(row["fillFee"].as_str().expect("text")).expect("a number");
    assert!(fee.is_negative());
    let fill = rows(&heard, "fills").pop().expect("a fill");
    assert_eq!(fill["tradeId"], row["tradeId"]);
    assert_eq!(rows(&heard, "positions").pop().expect("a position")["pos"], "1");
    let both = rows(&heard, "balance_and_position").pop().expect("both");
    assert_eq!(both["eventType"], "filled");
    assert_eq!(both["trades"][0]["tradeId"], row["tradeId"]);
    assert_eq!(rows(&heard, "account").pop().expect("the account")["details"][0]["ccy"], "USDT");
    let listed = get(&mut bench, "/api/v5/trade/fills?instType=SWAP");
    assert_eq!(listed["data"][0]["tradeId"], row["tradeId"]);
    let listed = get(&mut bench, "/api/v5/account/positions?instType=SWAP");
    assert_eq!(listed["data"][0]["pos"], "1");
}

#[test]
fn a_spot_market_buy_spends_quote_unless_it_says_base() {
    let mut bench = start();
    private(&mut bench, 9);
    for (id, fields, target) in [
        ("q1", json!({"ordType": "market", "px": "", "sz": "100"}), "quote_ccy"),
        (
            "b1",
            json!({"ordType": "market", "px": "", "sz": "0.001", "tgtCcy": "base_ccy"}),
            "base_ccy",
        ),
    ] {
        bench.heard(9);
        let text = order(&mut bench, id, "BTC-USDT", &fields);
        bench.say(9, &text);
        let row = rows(&bench.heard(9), "orders").pop().expect("news");
        assert_eq!((row["state"].as_str(), row["tgtCcy"].as_str()), (Some("filled"), Some(target)));
        assert_eq!(row["sz"], fields["sz"]);
        assert_eq!(row["feeCcy"], "BTC", "a buyer pays in what is bought");
    }
}

#[test]
fn amendments_and_cancels_name_the_order_either_way() {
    let mut bench = start();
    private(&mut bench, 9);
    let text = order(&mut bench, "c1", SWAP, &json!({}));
    bench.say(9, &text);
    let id = reply(&bench.heard(9), "c1")["data"][0]["ordId"].clone();
    let inst = code(&bench, SWAP);
    let change = json!({"instIdCode": inst, "ordId": id, "newSz": "3", "reqId": "r7"});
    bench.say(9, &json!({"id": "2", "op": "amend-order", "args": [change]}).to_string());
    let heard = bench.heard(9);
    assert_eq!(reply(&heard, "2")["data"][0]["reqId"], "r7");
    let row = rows(&heard, "orders").pop().expect("news");
    assert_eq!(
        (row["sz"].as_str(), row["reqId"].as_str(), row["amendResult"].as_str()),
        (Some("3"), Some("r7"), Some("0"))
    );
    let cancel = json!({"instIdCode": inst, "clOrdId": "c1"});
    let cases =
        [("3", "cancel-order", "0"), ("4", "cancel-order", "51401"), ("5", "amend-order", "51509")];
    for (id, op, wanted) in cases {
        let mut args = cancel.clone();
        args["newSz"] = "4".into();
        bench.say(9, &json!({"id": id, "op": op, "args": [args]}).to_string());
        assert_eq!(reply(&bench.heard(9), id)["data"][0]["sCode"], wanted, "{op}");
    }
    let unknown = json!({"instIdCode": inst, "clOrdId": "nobody"});
    bench.say(9, &json!({"id": "6", "op": "cancel-order", "args": [unknown]}).to_string());
    assert_eq!(reply(&bench.heard(9), "6")["data"][0]["sCode"], "51400");
}

#[test]
fn a_batch_that_fails_in_part_says_two() {
    let mut bench = start();
    let px = ask(&mut bench, SWAP).times(Dec::scaled(98, 2)).cut_to(Dec::ONE).to_string();
    let one = |id: &str| json!({"instId": SWAP, "tdMode": "cross", "side": "buy", "ordType": "limit", "px": px, "sz": "1", "clOrdId": id});
    let answer =
        post(&mut bench, "/api/v5/trade/batch-orders", &json!([one("a"), one("a"), one("b")]));
    assert_eq!(answer["code"], "2");
    let codes: Vec<_> =
        answer["data"].as_array().expect("rows").iter().map(|row| row["sCode"].clone()).collect();
    assert_eq!(codes, ["0", "51016", "0"]);
    let pending = get(&mut bench, "/api/v5/trade/orders-pending?instType=SWAP");
    assert_eq!(pending["data"].as_array().expect("rows").len(), 2);
    let gone = json!([{"instId": SWAP, "clOrdId": "a"}, {"instId": SWAP, "clOrdId": "b"}]);
    assert_eq!(post(&mut bench, "/api/v5/trade/cancel-batch-orders", &gone)["code"], "0");
    let history = get(&mut bench, "/api/v5/trade/orders-history?instType=SWAP");
    assert_eq!(history["data"][0]["clOrdId"], "b", "newest first");
}

#[test]
fn the_dead_mans_switch_cancels_and_says_so() {
    let mut bench = start();
    private(&mut bench, 9);
    let text = order(&mut bench, "d1", SWAP, &json!({}));
    bench.say(9, &text);
    let path = "/api/v5/trade/cancel-all-after";
    assert_eq!(post(&mut bench, path, &json!({"timeOut": "5"}))["code"], "51000");
    assert_eq!(post(&mut bench, path, &json!({"timeOut": "10"}))["code"], "0");
    assert_eq!(post(&mut bench, path, &json!({"timeOut": "10"}))["code"], "50011", "once a second");
    bench.tick(9_000);
    bench.heard(9);
    assert_eq!(post(&mut bench, path, &json!({"timeOut": "10"}))["code"], "0", "fed");
    bench.tick(9_000);
    assert!(rows(&bench.heard(9), "orders").is_empty());
    bench.tick(2_000);
    let row = rows(&bench.heard(9), "orders").pop().expect("it fired");
    assert_eq!(
        (row["state"].as_str(), row["cancelSource"].as_str()),
        (Some("canceled"), Some("20"))
    );
}

#[test]
fn new_orders_and_cancels_have_budgets_of_their_own() {
    let mut bench = start();
    private(&mut bench, 9);
    for number in 0..61 {
        let text = order(&mut bench, &format!("l{number}"), SWAP, &json!({}));
        bench.send(9, &text);
    }
    bench.tick(1);
    let answers: Vec<_> = bench.heard(9).into_iter().filter(|m| m["op"] == "order").collect();
    assert_eq!(answers.iter().filter(|m| m["code"] == "0").count(), 60);
    assert_eq!(answers[60]["code"], "50011");
    let gone = json!({"instIdCode": code(&bench, SWAP), "clOrdId": "l0"});
    bench.say(9, &json!({"id": "c", "op": "cancel-order", "args": [gone]}).to_string());
    assert_eq!(reply(&bench.heard(9), "c")["code"], "0", "a cancel has its own budget");
}

#[test]
fn lost_late_and_unknown_answers_leave_the_order_as_they_say() {
    use FaultKind::{DelayedAck, LostAckDead, LostAckLive, UnknownDead, UnknownLive};
    #[rustfmt::skip]
    let cases = [
        (LostAckLive, None,          true),
        (LostAckDead, None,          false),
        (UnknownLive, Some("50004"), true),
        (UnknownDead, Some("50004"), false),
        (DelayedAck,  Some("0"),     true),
    ];
    let mut bench = start();
    private(&mut bench, 9);
    for (number, (kind, answer, executed)) in cases.into_iter().enumerate() {
        bench.heard(9);
        bench.strike(kind, 500);
        let id = format!("f{number}");
        let text = order(&mut bench, &id, SWAP, &json!({}));
        bench.say(9, &text);
        let early = bench.heard(9).into_iter().find(|m| m["op"] == "order");
        assert_eq!(kind == DelayedAck, early.is_none() && answer.is_some(), "{kind:?}");
        bench.tick(600);
        let late = bench.heard(9).into_iter().find(|m| m["op"] == "order");
        let said = early.or(late).map(|m| m["code"].as_str().expect("text").to_owned());
        assert_eq!(said.as_deref(), answer, "{kind:?}");
        assert_eq!(
            bench.venue.exchange.order(0, &OrderRef::Client(id)).is_some(),
            executed,
            "{kind:?}"
        );
    }
    bench.strike(LostAckLive, 0);
    let px = ask(&mut bench, SWAP).times(Dec::scaled(98, 2)).cut_to(Dec::ONE).to_string();
    let args = json!({"instId": SWAP, "tdMode": "cross", "side": "buy", "ordType": "limit", "px": px, "sz": "1"});
    let reply = signed(&mut bench, "POST", "/api/v5/trade/order", &args.to_string());
    assert!(matches!(reply, Reply::Cut), "over REST the line is cut");
}

#[test]
fn requests_are_refused_in_okx_words() {
    let mut bench = start();
    for (kind, status, code) in
        [(FaultKind::TooManyRequests, 429, "50011"), (FaultKind::Unavailable, 503, "50001")]
    {
        bench.strike(kind, 0);
        let (found, answer) = body(signed(&mut bench, "GET", "/api/v5/account/balance", ""));
        assert_eq!((found, answer["code"].as_str()), (status, Some(code)));
    }
}

#[test]
fn funding_reaches_the_balance_and_the_bills() {
    let mut bench = start();
    private(&mut bench, 9);
    let text = order(&mut bench, "h1", SWAP, &json!({"ordType": "market", "px": "", "sz": "10"}));
    bench.say(9, &text);
    bench.heard(9);
    let next = bench.venue.exchange.market().funding(1).expect("a perpetual").next;
    bench.tick(next.millis() - bench.now.millis() + 10);
    let heard = bench.heard(9);
    let told = rows(&heard, "balance_and_position")
        .into_iter()
        .any(|row| row["eventType"] == "funding_fee");
    assert!(told);
    let bills = get(&mut bench, "/api/v5/account/bills?instType=SWAP&type=8");
    let amount = Dec::parse(bills["data"][0]["balChg"].as_str().expect("text")).expect("a number");
    let paid = bench.venue.exchange.account(0).ledger.funding[0].amount;
    assert_eq!(amount, paid);
    let position = rows(&heard, "positions").pop().expect("the position");
    assert_eq!(position["fundingFee"], paid.to_string());
    let all = get(&mut bench, "/api/v5/account/bills");
    let balance = Dec::parse(all["data"][0]["bal"].as_str().expect("text")).expect("a number");
    assert_eq!(
        balance,
        bench.venue.exchange.balance(0, "USDT").total,
        "the last bill is the balance"
    );
}
