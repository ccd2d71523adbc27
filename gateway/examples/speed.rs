//! How long the gateway's own steps take: order texts of each venue, answers and fills read.
//!
//! `cargo run --release -p gateway --example speed`. Medians over rounds of a thousand, so that the
//! clock's own time does not count; beside each the length and a hash of what was written, so that a
//! faster wrong encoder is seen at once.
#![expect(clippy::print_stdout, reason = "it prints its figures")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use base::output::{Place, Style};
use base::{
    AssetId, Edge, Instance, Instrument, InstrumentId, Instruments, Money, OrderId, PairId, Price,
    Product, Qty, Rate, Scale, Side, Stamp, VenueId,
};
use gateway::decode::{self, Context, Event};
use gateway::encode::{Moment, TEXT_MAX, Ticket, binance, bybit, okx};
use gateway::markets::Markets;
use gateway::text::fnv;
use venue::credentials::Credentials;

const KEY: &str = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";
const ROUND: u32 = 1_000;
const ROUNDS: usize = 301;

fn main() {
    for venue in VenueId::ALL {
        encode(venue);
    }
    for venue in VenueId::ALL {
        read(venue);
    }
}

/// The median and the best, in tenths of a nanosecond, of what `work` takes.
fn times(mut work: impl FnMut()) -> [u128; 2] {
    let mut rounds: Vec<u128> = (0..ROUNDS)
        .map(|_| {
            let begun = Instant::now();
            (0..ROUND).for_each(|_| work());
            begun.elapsed().as_nanos() * 10 / u128::from(ROUND)
        })
        .collect();
    rounds.sort_unstable();
    [rounds[ROUNDS / 2], rounds[0]]
}

fn encode(venue: VenueId) {
    let instruments = instruments(venue);
    let markets = Markets::new(venue, &instruments).expect("short");
    let market = markets.iter().next().expect("one");
    let instance = Instance::new("ARB1").expect("legal");
    let credentials = Arc::new(Credentials::new(KEY, "secret", Some("p")).expect("good"));
    let requests = binance::Requests::new(venue, credentials, 5_000).expect("short key");
    let mut logged_on = {
        let credentials = Arc::new(Credentials::new(KEY, "secret", None).expect("good"));
        binance::Requests::new(venue, credentials, 5_000).expect("short key")
    };
    logged_on.set_logged_on(true);
    let mut place = place(venue);
    let mut write = |seq: u64, signed: bool, out: &mut [u8]| {
        place.order = OrderId::new(3, seq);
        place.price = Price(6_180_010 + i64::try_from(seq % 1_000).unwrap_or(0) * 10);
        let ticket = Ticket::new(market, instance, black_box(&place)).expect("legal");
        let at = Moment { request: 1_700_000_000_000_000 + seq, venue_ms: 1_700_000_000_123 };
        match venue {
            VenueId::BinanceSpot | VenueId::BinanceUsdm if signed => {
                requests.place(&ticket, at, out)
            }
            VenueId::BinanceSpot | VenueId::BinanceUsdm => logged_on.place(&ticket, at, out),
            VenueId::Okx => okx::place(&ticket, at, 5_000, out),
            VenueId::Bybit => bybit::place(&ticket, at, 5_000, out),
        }
    };
    let signs = matches!(venue, VenueId::BinanceSpot | VenueId::BinanceUsdm);
    for signed in [true, false] {
        if signed && !signs {
            continue;
        }
        let (mut seq, mut out) = (0, [0_u8; TEXT_MAX]);
        let [time, best] = times(|| {
            seq += 1;
            black_box(write(seq, signed, black_box(&mut out)));
        });
        let length = write(7, signed, &mut out);
        let hash = fnv(&out[..length]);
        let kind = if signed { "signed" } else { "unsigned" };
        println!(
            "encode {venue:<13} {kind:<9} {}.{} ns (best {}.{})  {length} B  {hash:016x}",
            time / 10,
            time % 10,
            best / 10,
            best % 10
        );
    }
}

fn read(venue: VenueId) {
    let instruments = instruments(venue);
    let markets = Markets::new(venue, &instruments).expect("short");
    let cx = Context { markets: &markets, instance: Instance::new("ARB1").expect("legal") };
    for (what, text) in texts(venue) {
        let mut events = 0_u64;
        let [time, best] = times(|| {
            let mut emit = |event: Event<'_>| {
                black_box(&event);
                events += 1;
            };
            let text = black_box(text.as_bytes());
            let read = match venue {
                VenueId::BinanceSpot | VenueId::BinanceUsdm => {
                    decode::binance::decode(&cx, text, &mut emit)
                }
                VenueId::Okx => decode::okx::decode(&cx, text, &mut emit),
                VenueId::Bybit => decode::bybit::decode(&cx, text, &mut emit),
            };
            read.expect("read");
        });
        let each = events / (u64::from(ROUND) * ROUNDS as u64);
        println!(
            "decode {venue:<13} {what:<9} {}.{} ns (best {}.{})  {} B  {each} events",
            time / 10,
            time % 10,
            best / 10,
            best % 10,
            text.len()
        );
    }
}

fn texts(venue: VenueId) -> [(&'static str, &'static str); 2] {
    match venue {
        VenueId::BinanceSpot | VenueId::BinanceUsdm => [
            (
                "ack",
                r#"{"id":"1700000001000000","status":200,"result":{"symbol":"BTCUSDT","orderId":55,"orderListId":-1,"clientOrderId":"ARB10000300000007","transactTime":1660801715793,"price":"61800.10000000","origQty":"0.02500000","executedQty":"0.00000000","cummulativeQuoteQty":"0.00000000","status":"NEW","timeInForce":"GTC","type":"LIMIT","side":"SELL","fills":[]},"rateLimits":[{"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":100,"count":1}]}"#,
            ),
            (
                "fill",
                r#"{"subscriptionId":0,"event":{"e":"executionReport","E":1499405658658,"s":"BTCUSDT","c":"ARB10000300000007","S":"BUY","o":"LIMIT","f":"GTC","q":"1.00000000","p":"61800.10000000","P":"0.00000000","F":"0.00000000","g":-1,"C":"","x":"TRADE","X":"PARTIALLY_FILLED","r":"NONE","i":4293153,"l":"0.40000000","z":"0.40000000","L":"61800.10000000","n":"0.20000000","N":"USDT","T":1499405658657,"t":77,"I":8641984,"w":true,"m":false,"M":false,"O":1499405658657,"Z":"0.00000000","Y":"0.00000000","Q":"0.00000000","W":1499405658657,"V":"NONE"}}"#,
            ),
        ],
        VenueId::Okx => [
            (
                "ack",
                r#"{"id":"1700000001000000","op":"order","data":[{"clOrdId":"ARB10000300000007","ordId":"2510789768709120","tag":"","ts":"1695190491421","sCode":"0","sMsg":"","subCode":""}],"code":"0","msg":"","inTime":"1695190491421339","outTime":"1695190491423240"}"#,
            ),
            (
                "fill",
                r#"{"arg":{"channel":"orders","instType":"ANY","uid":"1"},"data":[{"accFillSz":"2.5","algoClOrdId":"","algoId":"","amendResult":"","avgPx":"61800.1","cancelSource":"","category":"normal","ccy":"","clOrdId":"ARB10000300000007","code":"0","cTime":"1746947317401","execType":"T","fee":"-0.7725","feeCcy":"USDT","fillFee":"-0.7725","fillFeeCcy":"USDT","fillPx":"61800.1","fillSz":"2.5","fillTime":"1746947317401","instId":"BTC-USDT-SWAP","instType":"SWAP","lever":"2","msg":"","ordId":"2510789768709120","ordType":"ioc","pnl":"0","posSide":"net","px":"61800.1","reduceOnly":"false","side":"buy","state":"filled","sz":"2.5","tag":"","tdMode":"cross","tradeId":"1518905529","uTime":"1746947317402"}]}"#,
            ),
        ],
        VenueId::Bybit => [
            (
                "ack",
                r#"{"reqId":"1700000001000000","retCode":0,"retMsg":"OK","op":"order.create","data":{"orderId":"a4c1718e-fe53-4659-a118-1f6ecce04ad9","orderLinkId":"ARB10000300000007"},"retExtInfo":{},"header":{"X-Bapi-Limit":"10","X-Bapi-Limit-Status":"9","X-Bapi-Limit-Reset-Timestamp":"1711001595208","Traceid":"38b7977b430f9bd228f4b19724794dfd","Timenow":"1711001595209"},"connId":"cnt5leec0hvan15eukcg-2v"}"#,
            ),
            (
                "fill",
                r#"{"id":"592324803b2785-26fa-4214-9963-bdd4727f07be","topic":"execution","creationTime":1672364174455,"data":[{"category":"linear","symbol":"BTCUSDT","execFee":"0.8497","execId":"7e2ae69c-4edf-5800-a352-893d52b446aa","execPrice":"61800.1","execQty":"0.025","execType":"Trade","execValue":"1545.0025","isMaker":false,"feeRate":"0.00055","tradeIv":"","markIv":"","blockTradeId":"","markPrice":"61801","indexPrice":"","underlyingPrice":"","leavesQty":"0","orderId":"f6e324ff-99c2-4e89-9739-3086e47f9381","orderLinkId":"ARB10000300000007","orderPrice":"61800.1","orderQty":"0.025","orderType":"Limit","stopOrderType":"UNKNOWN","side":"Sell","execTime":"1672364174443","isLeverage":"0","closedSize":"","seq":4688002127}]}"#,
            ),
        ],
    }
}

fn place(venue: VenueId) -> Place {
    Place {
        venue,
        instrument: InstrumentId(0),
        order: OrderId::new(3, 1),
        side: Side::Sell,
        style: Style::Ioc,
        reduce_only: false,
        price: Price(6_180_010),
        qty: Qty(2_500_000),
        cause: Stamp(0),
        pair: PairId(1),
        version: 1,
    }
}

fn instruments(venue: VenueId) -> Instruments {
    let (okx, spot) = (venue == VenueId::Okx, venue == VenueId::BinanceSpot);
    let mut all = Instruments::default();
    all.asset("BTC").expect("few");
    all.asset("USDT").expect("few");
    all.list.push(Instrument {
        id: InstrumentId(0),
        venue,
        product: if spot { Product::Spot } else { Product::Perpetual },
        name: "BTC/USDT:USDT".to_owned(),
        symbol: if okx { "BTC-USDT-SWAP" } else { "BTCUSDT" }.to_owned(),
        code: 10_459,
        base: AssetId(0),
        quote: AssetId(1),
        scale: Scale { price_exp: 2, qty_exp: 8 },
        edge: Edge {
            price_exp: 2,
            size_exp: if okx { 2 } else { 8 },
            size_factor: if okx { 10_000 } else { 1 },
        },
        tick: Price(10),
        lot: Qty(100_000),
        qty_min: Qty(100_000),
        qty_max: Qty(i64::MAX),
        notional_min: Money::ZERO,
        fee_maker: Rate(0),
        fee_taker: Rate(0),
    });
    all
}
