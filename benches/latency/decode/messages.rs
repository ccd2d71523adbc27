//! The messages: captured ones of Binance, and the captured prices in the other venues' frames.

use super::typed::{self, Out, Simd};
use crate::capture::frames;
use feeds::decode::Dialect;

/// What kind of message, hence which goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Best,
    Delta,
    Other,
}

pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) what: What,
    pub(crate) dialect: Dialect,
    pub(crate) messages: Vec<Vec<u8>>,
    pub(crate) sonic: fn(&[u8], &mut Out),
    pub(crate) simd: fn(&mut Simd, usize, &mut Out),
    pub(crate) serde: fn(&[u8], &mut Out),
}

macro_rules! case {
    ($name:literal, $what:ident, $dialect:ident, $messages:expr, $sonic:ident, $simd:ident, $serde:ident) => {
        Case {
            name: $name,
            what: What::$what,
            dialect: Dialect::$dialect,
            messages: $messages,
            sonic: typed::$sonic,
            simd: typed::$simd,
            serde: typed::$serde,
        }
    };
}

#[rustfmt::skip]
pub(crate) fn cases(count: usize) -> Vec<Case> {
    let usdm = frames("binance-usdm-btcusdt-20240808.rec.gz");
    let spot = frames("binance-spot-btcusdt-20240808.rec.gz");
    let wrapped = pick(&usdm, "@bookTicker", count);
    let bare = |frames: &[Vec<u8>]| frames.iter().map(|frame| unwrapped(frame)).collect::<Vec<_>>();
    let best = bare(&wrapped);
    let spot_best = bare(&pick(&spot, "@bookTicker", count));
    let depth = bare(&pick(&usdm, "@depth", count));
    let quotes: Vec<[String; 4]> = best.iter().map(|message| quote(message)).collect();
    let changes: Vec<Change> = depth.iter().map(|message| Change::of(message)).collect();
    vec![
        case!("binance usdm bookTicker", Best, Binance, best, sonic_usdm, simd_usdm, serde_usdm),
        case!("binance usdm bookTicker, wrapped", Best, Binance, wrapped, sonic_wrapped, simd_wrapped, serde_wrapped),
        case!("binance spot bookTicker", Best, Binance, spot_best, sonic_spot, simd_spot, serde_spot),
        case!("okx bbo-tbt", Best, Okx, quotes.iter().map(okx_best).collect(), sonic_okx, simd_okx, serde_okx),
        case!("bybit orderbook.1", Best, Bybit, quotes.iter().map(bybit_best).collect(), sonic_bybit, simd_bybit, serde_bybit),
        case!("binance usdm depthUpdate", Delta, Binance, depth, sonic_depth, simd_depth, serde_depth),
        case!("okx books update", Delta, Okx, changes.iter().map(Change::okx).collect(), sonic_okx, simd_okx, serde_okx),
        case!("bybit orderbook.50 delta", Delta, Bybit, changes.iter().map(Change::bybit).collect(), sonic_bybit, simd_bybit, serde_bybit),
        case!("binance usdm markPriceUpdate", Other, Binance, quotes.iter().map(mark).collect(), sonic_mark, simd_mark, serde_mark),
        case!("bybit tickers", Other, Bybit, quotes.iter().map(ticker).collect(), sonic_ticker, simd_ticker, serde_ticker),
    ]
}

fn pick(frames: &[(u64, Vec<u8>)], stream: &str, count: usize) -> Vec<Vec<u8>> {
    let of = |frame: &&Vec<u8>| {
        let head = &frame[..frame.len().min(60)];
        memchr::memmem::find(head, stream.as_bytes()).is_some()
    };
    frames.iter().map(|(_, frame)| frame).filter(of).take(count).cloned().collect()
}

/// What a combined stream wraps.
pub(crate) fn unwrapped(frame: &[u8]) -> Vec<u8> {
    let at = memchr::memmem::find(frame, b"\"data\":{").expect("a wrapped message");
    frame[at + 7..frame.len() - 1].to_vec()
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn quote(message: &[u8]) -> [String; 4] {
    let value: serde_json::Value = serde_json::from_slice(message).expect("JSON");
    ["b", "B", "a", "A"].map(|key| text(&value[key]))
}

fn okx_best([b, bq, a, aq]: &[String; 4]) -> Vec<u8> {
    format!(r#"{{"arg":{{"channel":"bbo-tbt","instId":"BTC-USDT-SWAP"}},"data":[{{"asks":[["{a}","{aq}","0","13"]],"bids":[["{b}","{bq}","0","12"]],"ts":"1723161256313","seqId":363996337}}]}}"#).into_bytes()
}

fn bybit_best([b, bq, a, aq]: &[String; 4]) -> Vec<u8> {
    format!(r#"{{"topic":"orderbook.1.BTCUSDT","ts":1723161256315,"type":"snapshot","data":{{"s":"BTCUSDT","b":[["{b}","{bq}"]],"a":[["{a}","{aq}"]],"u":7003305,"seq":50193540681}},"cts":1723161256313}}"#).into_bytes()
}

fn mark([b, _, a, _]: &[String; 4]) -> Vec<u8> {
    format!(r#"{{"e":"markPriceUpdate","E":1723161256313,"s":"BTCUSDT","p":"{b}123456","i":"{a}654321","P":"{b}111111","r":"0.00010000","T":1723190400000}}"#).into_bytes()
}

fn ticker([b, bq, a, aq]: &[String; 4]) -> Vec<u8> {
    format!(r#"{{"topic":"tickers.BTCUSDT","type":"snapshot","data":{{"symbol":"BTCUSDT","tickDirection":"ZeroMinusTick","price24hPcnt":"0.023333","lastPrice":"{b}","prevPrice24h":"27899.70","highPrice24h":"28797.10","lowPrice24h":"27842.80","prevPrice1h":"28474.70","markPrice":"{b}","indexPrice":"{a}","openInterest":"52774.528","openInterestValue":"1506861070.82","turnover24h":"4273027716.4294","volume24h":"151185.5160","nextFundingTime":"1680681600000","fundingRate":"0.0001","bid1Price":"{b}","bid1Size":"{bq}","ask1Price":"{a}","ask1Size":"{aq}"}},"cs":50193544280,"ts":1680673821770}}"#).into_bytes()
}

struct Change {
    bids: Vec<[String; 2]>,
    asks: Vec<[String; 2]>,
}

impl Change {
    fn of(message: &[u8]) -> Self {
        let value: serde_json::Value = serde_json::from_slice(message).expect("JSON");
        let side = |key: &str| {
            let levels = value[key].as_array().expect("levels");
            levels.iter().take(6).map(|level| [text(&level[0]), text(&level[1])]).collect()
        };
        Self { bids: side("b"), asks: side("a") }
    }

    fn okx(&self) -> Vec<u8> {
        let side = |side: &[[String; 2]]| {
            let levels: Vec<_> =
                side.iter().map(|[p, q]| format!(r#"["{p}","{q}","0","2"]"#)).collect();
            levels.join(",")
        };
        format!(r#"{{"arg":{{"channel":"books","instId":"BTC-USDT-SWAP"}},"action":"update","data":[{{"asks":[{}],"bids":[{}],"ts":"1723161256313","checksum":0,"prevSeqId":123455,"seqId":123456}}]}}"#, side(&self.asks), side(&self.bids)).into_bytes()
    }

    fn bybit(&self) -> Vec<u8> {
        let side = |side: &[[String; 2]]| {
            side.iter().map(|[p, q]| format!(r#"["{p}","{q}"]"#)).collect::<Vec<_>>().join(",")
        };
        format!(r#"{{"topic":"orderbook.50.BTCUSDT","type":"delta","ts":1723161256315,"data":{{"s":"BTCUSDT","b":[{}],"a":[{}],"u":177400507,"seq":66544703342}},"cts":1723161256313}}"#, side(&self.bids), side(&self.asks)).into_bytes()
    }
}
