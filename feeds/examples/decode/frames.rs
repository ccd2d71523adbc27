//! The messages: captured ones, and the captured prices in the other venues' frames.

use super::*;

#[expect(clippy::too_many_lines, reason = "a table: one row a case")]
#[rustfmt::skip]
pub(crate) fn cases() -> Vec<Case> {
    let usdm = capture("binance-usdm-btcusdt-20240808.rec.gz");
    let spot = capture("binance-spot-btcusdt-20240808.rec.gz");
    let wrapped = pick(&usdm, "@bookTicker");
    let best: Vec<_> = wrapped.iter().map(|m| unwrap(m)).collect();
    let spot_best: Vec<_> = pick(&spot, "@bookTicker").iter().map(|m| unwrap(m)).collect();
    let depth: Vec<_> = pick(&usdm, "@depth").iter().map(|m| unwrap(m)).collect();
    let quotes: Vec<[String; 4]> = best.iter().map(|m| quote(m)).collect();
    let changes: Vec<Change> = depth.iter().map(|m| Change::of(m)).collect();
    vec![
        Case {
            name: "binance bookTicker",
            dialect: Dialect::Binance,
            messages: best,
            sonic: typed::sonic_best,
            simd: typed::simd_best,
        },
        Case {
            name: "binance bookTicker wrapped",
            dialect: Dialect::Binance,
            messages: wrapped,
            sonic: typed::sonic_wrapped_best,
            simd: typed::simd_wrapped_best,
        },
        Case {
            name: "binance spot bookTicker",
            dialect: Dialect::Binance,
            messages: spot_best,
            sonic: typed::sonic_spot_best,
            simd: typed::simd_spot_best,
        },
        Case {
            name: "okx bbo-tbt",
            dialect: Dialect::Okx,
            messages: quotes.iter().map(okx_best).collect(),
            sonic: typed::sonic_okx,
            simd: typed::simd_okx,
        },
        Case {
            name: "bybit orderbook.1",
            dialect: Dialect::Bybit,
            messages: quotes.iter().map(bybit_best).collect(),
            sonic: typed::sonic_bybit,
            simd: typed::simd_bybit,
        },
        Case {
            name: "binance depthUpdate",
            dialect: Dialect::Binance,
            messages: depth,
            sonic: typed::sonic_depth,
            simd: typed::simd_depth,
        },
        Case {
            name: "okx books update",
            dialect: Dialect::Okx,
            messages: changes.iter().map(Change::okx).collect(),
            sonic: typed::sonic_okx,
            simd: typed::simd_okx,
        },
        Case {
            name: "bybit orderbook.50 delta",
            dialect: Dialect::Bybit,
            messages: changes.iter().map(Change::bybit).collect(),
            sonic: typed::sonic_bybit,
            simd: typed::simd_bybit,
        },
        Case {
            name: "binance markPriceUpdate",
            dialect: Dialect::Binance,
            messages: quotes.iter().map(mark).collect(),
            sonic: typed::sonic_mark,
            simd: typed::simd_mark,
        },
        Case {
            name: "bybit tickers",
            dialect: Dialect::Bybit,
            messages: quotes.iter().map(ticker).collect(),
            sonic: typed::sonic_ticker,
            simd: typed::simd_ticker,
        },
    ]
}

fn capture(name: &str) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/captures").join(name);
    let file = std::fs::File::open(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    text.lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(_, frame)| frame.as_bytes().to_vec())
        .collect()
}

fn pick(frames: &[Vec<u8>], stream: &str) -> Vec<Vec<u8>> {
    let of = |frame: &&Vec<u8>| {
        let head = &frame[..frame.len().min(60)];
        head.windows(stream.len()).any(|part| part == stream.as_bytes())
    };
    frames.iter().filter(of).take(MESSAGES).cloned().collect()
}

fn unwrap(frame: &[u8]) -> Vec<u8> {
    let at = frame.windows(8).position(|part| part == b"\"data\":{").unwrap();
    frame[at + 7..frame.len() - 1].to_vec()
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn quote(message: &[u8]) -> [String; 4] {
    let value: serde_json::Value = serde_json::from_slice(message).unwrap();
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
        let value: serde_json::Value = serde_json::from_slice(message).unwrap();
        let side = |key: &str| {
            value[key]
                .as_array()
                .unwrap()
                .iter()
                .take(6)
                .map(|l| [text(&l[0]), text(&l[1])])
                .collect()
        };
        Self { bids: side("b"), asks: side("a") }
    }

    fn okx(&self) -> Vec<u8> {
        let side = |side: &[[String; 2]]| {
            side.iter()
                .map(|[p, q]| format!(r#"["{p}","{q}","0","2"]"#))
                .collect::<Vec<_>>()
                .join(",")
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
