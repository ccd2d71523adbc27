//! Whatever comes: no panic, and never a fill that a second, naive reader does not find as well.

use super::*;
use base::ClientOrderId;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

/// One text with a fill of ours for each venue.
fn ours() -> [(VenueId, String); 4] {
    [
        (
            VenueId::BinanceSpot,
            format!(
                r#"{{"subscriptionId":0,"event":{{"e":"executionReport","E":1,"s":"BTCUSDT","c":"{CLIENT}","S":"BUY","q":"1.0","p":"61800.1","C":"","x":"TRADE","X":"PARTIALLY_FILLED","i":4293153,"l":"0.4","z":"0.4","L":"61800.09","n":"0.0004","N":"BTC","T":1499405658657,"t":77,"m":true}}}}"#
            ),
        ),
        (
            VenueId::BinanceUsdm,
            format!(
                r#"{{"e":"ORDER_TRADE_UPDATE","T":5,"E":5,"o":{{"s":"BTCUSDT","c":"{CLIENT}","S":"SELL","x":"TRADE","X":"FILLED","i":8886774,"l":"0.010","z":"0.010","L":"7100.50","N":"USDT","n":"0.01","T":5,"t":12345678,"m":false}}}}"#
            ),
        ),
        (
            VenueId::Okx,
            format!(
                r#"{{"arg":{{"channel":"orders"}},"data":[{{"accFillSz":"2.5","clOrdId":"{CLIENT}","execType":"T","fillFee":"-0.7725","fillFeeCcy":"USDT","fillPx":"61800.1","fillSz":"2.5","fillTime":"1","instId":"BTC-USDT-SWAP","ordId":"25","side":"buy","state":"filled","tradeId":"1518","uTime":"1"}}]}}"#
            ),
        ),
        (
            VenueId::Bybit,
            format!(
                r#"{{"topic":"execution","data":[{{"category":"linear","symbol":"BTCUSDT","execFee":"0.8497","execId":"7e2ae69c","execPrice":"61800.1","execQty":"0.025","execType":"Trade","isMaker":false,"orderLinkId":"{CLIENT}","side":"Sell","execTime":"1"}}]}}"#
            ),
        ),
    ]
}

/// Texts to damage: half of them with fills of ours, half the libraries'.
fn seed(at: Index, golden: bool) -> (VenueId, String) {
    let mine = ours();
    if golden {
        let all: Vec<_> = golden::all().collect();
        let (venue, text) = all[at.index(all.len())];
        return (venue, text.to_owned());
    }
    mine[at.index(mine.len())].clone()
}

type Told = (OrderId, InstrumentId, Side, Price, Qty, u64);

/// The fill an object tells of, by another parser and the fields' names alone.
fn naive_fill(venue: VenueId, object: &Value) -> Option<Told> {
    let word = |name: &str| match &object[name] {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let [symbol, client, side, price, size, trade] = match venue {
        VenueId::BinanceSpot | VenueId::BinanceUsdm => ["s", "c", "S", "L", "l", "t"],
        VenueId::Okx => ["instId", "clOrdId", "side", "fillPx", "fillSz", "tradeId"],
        VenueId::Bybit => ["symbol", "orderLinkId", "side", "execPrice", "execQty", "execId"],
    };
    let markets = markets(venue);
    let symbol = word(symbol)?;
    let market = match venue {
        VenueId::Bybit if object["category"] == "spot" => {
            markets.find(base::Product::Spot, symbol.as_bytes())
        }
        _ => markets.find_any(symbol.as_bytes()),
    }?;
    let instance = Instance::new("ARB1")?;
    let named =
        |name: &str| ClientOrderId::parse(instance, word(name).unwrap_or_default().as_bytes());
    let order = match venue {
        VenueId::BinanceSpot | VenueId::BinanceUsdm => named("C").or_else(|| named(client)),
        VenueId::Okx | VenueId::Bybit => named(client),
    };
    let side = match word(side)?.to_ascii_lowercase().as_str() {
        "buy" => Side::Buy,
        "sell" => Side::Sell,
        _ => return None,
    };
    let price = market.edge.price(word(price)?.as_bytes()).ok()?;
    let qty = market.edge.qty(word(size)?.as_bytes()).ok()?;
    let trade = crate::text::id_number(word(trade)?.as_bytes());
    Some((order.unwrap_or(OrderId::FOREIGN), market.id, side, price, qty, trade))
}

/// Every object anywhere in a value.
fn objects<'v>(value: &'v Value, found: &mut Vec<&'v Value>) {
    match value {
        Value::Object(map) => {
            found.push(value);
            map.values().for_each(|inner| objects(inner, found));
        }
        Value::Array(list) => list.iter().for_each(|inner| objects(inner, found)),
        _ => {}
    }
}

#[derive(Clone, Debug)]
enum Damage {
    Byte(Index, u8),
    Cut(Index),
    Double(Index, Index),
    Swap(Index, Index),
    Word(Index, &'static str),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<Index>;
    let words = prop::sample::select(vec![
        "null",
        "true",
        "\"\"",
        "-1",
        "1e999",
        "\"NaN\"",
        "{}",
        "[]",
        "\"-0\"",
        "00.1",
        "1.5",
        "18446744073709551616",
        "\"0.00000000000000000000000000000000000000001\"",
        "\"adl\"",
        "\"FILLED\"",
        "\"BTCUSDT\"",
        "\"0.5\"",
        "12",
    ]);
    prop_oneof![
        4 => (at(), any::<u8>()).prop_map(|(at, byte)| Damage::Byte(at, byte)),
        1 => at().prop_map(Damage::Cut),
        1 => (at(), at()).prop_map(|(from, to)| Damage::Double(from, to)),
        1 => (at(), at()).prop_map(|(a, b)| Damage::Swap(a, b)),
        4 => (at(), words).prop_map(|(at, word)| Damage::Word(at, word)),
    ]
}

fn apply(text: &mut Vec<u8>, damage: &Damage) {
    if text.is_empty() {
        return;
    }
    match damage {
        Damage::Byte(at, byte) => {
            let at = at.index(text.len());
            text[at] = *byte;
        }
        Damage::Cut(at) => text.truncate(at.index(text.len())),
        Damage::Double(from, to) => {
            let (from, to) = (from.index(text.len()), to.index(text.len()));
            let part = text[from.min(to)..from.max(to)].to_vec();
            text.splice(from..from, part);
        }
        Damage::Swap(a, b) => {
            let (a, b) = (a.index(text.len()), b.index(text.len()));
            text.swap(a, b);
        }
        // Another value for a field: from behind a colon to the next comma.
        Damage::Word(at, word) => {
            let start = at.index(text.len());
            let colon = text[start..].iter().position(|byte| *byte == b':');
            let Some(from) = colon.map(|colon| start + colon + 1) else { return };
            let end = text[from..].iter().position(|byte| matches!(byte, b',' | b'}'));
            let Some(length) = end else { return };
            text.splice(from..from + length, word.bytes());
        }
    }
}

fn told(seen: &[Seen]) -> Vec<Told> {
    seen.iter()
        .filter_map(|seen| match seen {
            Seen::Fill(fill) => {
                let (order, instrument) = (fill.order, fill.instrument);
                Some((order, instrument, fill.side, fill.price, fill.qty, fill.trade_id))
            }
            _ => None,
        })
        .collect()
}

#[test]
fn the_naive_reader_finds_what_the_decoders_find() {
    for (venue, text) in ours() {
        let value = serde_json::from_str(&text).unwrap();
        let mut found = Vec::new();
        objects(&value, &mut found);
        let naive: Vec<_> = found.iter().filter_map(|object| naive_fill(venue, object)).collect();
        assert_eq!(told(&must_read(venue, &text)), naive, "{venue}");
        assert_eq!(naive.len(), 1, "{venue}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_text_never_gives_a_wrong_fill(
        at in any::<Index>(),
        golden in any::<bool>(),
        damages in prop::collection::vec(damage(), 0..4),
    ) {
        let (venue, text) = seed(at, golden);
        let mut text = text.into_bytes();
        damages.iter().for_each(|damage| apply(&mut text, damage));
        let Ok(seen) = read(venue, &text) else { return Ok(()) };
        // Bytes that are no UTF-8 never get here from a WebSocket.
        let Ok(value) = serde_json::from_slice::<Value>(&text) else { return Ok(()) };
        // Answers to spot orders name their fills otherwise: the tests of answers have those.
        if value.get("result").is_some() { return Ok(()) }
        let mut found = Vec::new();
        objects(&value, &mut found);
        let naive: Vec<_> = found.iter().filter_map(|object| naive_fill(venue, object)).collect();
        for fill in told(&seen) {
            prop_assert!(naive.contains(&fill), "{fill:?} in {}", String::from_utf8_lossy(&text));
        }
    }

    #[test]
    fn any_bytes_are_survived(
        venue in prop::sample::select(&VenueId::ALL),
        text in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let _ = read(venue, &text);
    }

    #[test]
    fn the_order_of_the_fields_says_nothing(at in 0..4_usize, order in any::<u64>()) {
        let (venue, text) = &ours()[at];
        let value: Value = serde_json::from_str(text).unwrap();
        let mut shuffled = String::new();
        write_shuffled(&value, order, &mut shuffled);
        prop_assert_eq!(must_read(*venue, &shuffled), must_read(*venue, text));
    }
}

/// Writes a value with the fields of its objects in another order, an unknown one among them.
fn write_shuffled(value: &Value, order: u64, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut fields: Vec<_> = map.iter().collect();
            let turn = usize::try_from(order % 97).unwrap_or(0) % fields.len().max(1);
            fields.rotate_left(turn);
            if order % 2 == 1 {
                fields.reverse();
            }
            out.push_str("{ \"brandNew\" : [1, {\"x\": \"}\"}]");
            for (name, inner) in fields {
                out.push_str(",\n\"");
                out.push_str(name);
                out.push_str("\" : ");
                write_shuffled(inner, order / 3, out);
            }
            out.push('}');
        }
        Value::Array(list) => {
            out.push('[');
            for (index, inner) in list.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { " , " });
                write_shuffled(inner, order / 3, out);
            }
            out.push(']');
        }
        other => out.push_str(&other.to_string()),
    }
}
