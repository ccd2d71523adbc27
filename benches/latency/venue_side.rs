//! What the venues say: quotes, books, sessions, and that an order ended without a fill.

use base::VenueId::{self, BinanceSpot, BinanceUsdm, Bybit, Okx};

/// A best bid and offer, 2.5 BTC a side; `number` and `time` (milliseconds) rise from one to the next.
pub(crate) fn quote(venue: VenueId, number: u64, time: i64, bid: f64, ask: f64) -> String {
    match venue {
        BinanceSpot => format!(
            r#"{{"u":{number},"s":"BTCUSDT","b":"{bid:.2}","B":"2.507","a":"{ask:.2}","A":"2.510"}}"#
        ),
        BinanceUsdm => format!(
            r#"{{"e":"bookTicker","u":{number},"s":"BTCUSDT","b":"{bid:.2}","B":"2.507","a":"{ask:.2}","A":"2.510","T":{time},"E":{time}}}"#
        ),
        Okx => format!(
            r#"{{"arg":{{"channel":"bbo-tbt","instId":"BTC-USDT-SWAP"}},"data":[{{"asks":[["{ask:.1}","251.07","0","13"]],"bids":[["{bid:.1}","250.1","0","12"]],"ts":"{time}","seqId":{number}}}]}}"#
        ),
        Bybit => format!(
            r#"{{"topic":"orderbook.1.BTCUSDT","ts":{time},"type":"snapshot","data":{{"s":"BTCUSDT","b":[["{bid:.1}","2.507"]],"a":[["{ask:.1}","2.510"]],"u":{number},"seq":{number}}},"cts":{time}}}"#
        ),
    }
}

/// A book to begin with, below `number`: whole where the venue sends it whole, else the first change on top
/// of a snapshot up to 1.
pub(crate) fn book(venue: VenueId, time: i64) -> String {
    match venue {
        BinanceSpot => format!(
            r#"{{"e":"depthUpdate","E":{time},"s":"BTCUSDT","U":2,"u":3,"b":[["61000.00","9"]],"a":[["62600.00","9"]]}}"#
        ),
        BinanceUsdm => format!(
            r#"{{"e":"depthUpdate","E":{time},"T":{time},"s":"BTCUSDT","U":1,"u":3,"pu":0,"b":[["61000.00","9"]],"a":[["62600.00","9"]]}}"#
        ),
        Okx => format!(
            r#"{{"arg":{{"channel":"books","instId":"BTC-USDT-SWAP"}},"action":"snapshot","data":[{{"asks":[["62600.0","900","0","1"]],"bids":[["61000.0","900","0","1"]],"ts":"{time}","checksum":0,"prevSeqId":-1,"seqId":3}}]}}"#
        ),
        Bybit => format!(
            r#"{{"topic":"orderbook.50.BTCUSDT","type":"snapshot","ts":{time},"data":{{"s":"BTCUSDT","b":[["61000.0","9"]],"a":[["62600.0","9"]],"u":3,"seq":3}},"cts":{time}}}"#
        ),
    }
}

/// What ends a log-on: texts on the order connection, texts on the account's. `request` is the number of the
/// subscription's request, where its answer needs it.
pub(crate) fn joined(venue: VenueId, request: &str) -> (Vec<String>, Vec<String>) {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    match venue {
        BinanceSpot => {
            (vec![format!(r#"{{"id":"{request}","status":200,"result":{{}}}}"#)], Vec::new())
        }
        BinanceUsdm => (Vec::new(), Vec::new()),
        Okx => {
            let subscribed = r#"{"event":"subscribe","arg":{"channel":"x"}}"#;
            let login = r#"{"event":"login","code":"0","msg":""}"#;
            (texts(&[login, subscribed, subscribed, subscribed, subscribed]), Vec::new())
        }
        Bybit => (
            texts(&[r#"{"retCode":0,"retMsg":"OK","op":"auth"}"#]),
            texts(&[r#"{"success":true,"op":"auth"}"#, r#"{"success":true,"op":"subscribe"}"#]),
        ),
    }
}

/// The text behind a key: `"key":"text"`.
pub(crate) fn field<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let at = text.find(&format!("\"{key}\":\""))? + key.len() + 4;
    text.get(at..)?.split('"').next()
}

/// What the venue says of an immediate order that found nothing: taken, and over. The first text goes to the
/// order connection, the second to the account's (the same one on Binance spot and OKX).
pub(crate) fn expired(venue: VenueId, order: &str) -> Option<[String; 2]> {
    let (number, client) = match venue {
        BinanceSpot | BinanceUsdm => (field(order, "id")?, field(order, "newClientOrderId")?),
        Okx => (field(order, "id")?, field(order, "clOrdId")?),
        Bybit => (field(order, "reqId")?, field(order, "orderLinkId")?),
    };
    Some(match venue {
        BinanceSpot => [
            format!(
                r#"{{"id":"{number}","status":200,"result":{{"symbol":"BTCUSDT","orderId":55,"clientOrderId":"{client}","transactTime":7,"executedQty":"0","status":"EXPIRED","side":"SELL"}},"rateLimits":[]}}"#
            ),
            format!(
                r#"{{"subscriptionId":0,"event":{{"e":"executionReport","s":"BTCUSDT","c":"{client}","C":"","S":"SELL","x":"EXPIRED","X":"EXPIRED","i":55,"l":"0","z":"0","L":"0","T":7,"t":-1}}}}"#
            ),
        ],
        BinanceUsdm => [
            format!(
                r#"{{"id":"{number}","status":200,"result":{{"symbol":"BTCUSDT","orderId":55,"clientOrderId":"{client}","updateTime":7,"executedQty":"0","status":"NEW","side":"SELL"}},"rateLimits":[]}}"#
            ),
            format!(
                r#"{{"e":"ORDER_TRADE_UPDATE","T":7,"o":{{"s":"BTCUSDT","c":"{client}","S":"SELL","x":"EXPIRED","X":"EXPIRED","i":55,"l":"0","z":"0","L":"0","T":7,"t":0}}}}"#
            ),
        ],
        Okx => [
            format!(
                r#"{{"id":"{number}","op":"order","code":"0","msg":"","data":[{{"clOrdId":"{client}","ordId":"55","ts":"7","sCode":"0","sMsg":""}}]}}"#
            ),
            format!(
                r#"{{"arg":{{"channel":"orders"}},"data":[{{"instId":"BTC-USDT-SWAP","clOrdId":"{client}","ordId":"55","side":"sell","state":"canceled","cancelSource":"1","accFillSz":"0","fillSz":"0","tradeId":"","uTime":"7"}}]}}"#
            ),
        ],
        Bybit => [
            format!(
                r#"{{"reqId":"{number}","retCode":0,"retMsg":"OK","op":"order.create","data":{{"orderId":"55","orderLinkId":"{client}"}},"header":{{"Timenow":"7","X-Bapi-Limit":"10","X-Bapi-Limit-Status":"9"}}}}"#
            ),
            format!(
                r#"{{"topic":"order","data":[{{"category":"linear","symbol":"BTCUSDT","orderLinkId":"{client}","orderId":"55","orderStatus":"Cancelled","cumExecQty":"0","updatedTime":"7"}}]}}"#
            ),
        ],
    })
}
