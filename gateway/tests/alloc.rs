//! After a gateway has opened, nothing it does allocates: orders, answers, fills, cancels, queries,
//! reconciliations, on each venue. Counted by the allocator itself.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use base::output::{Cancel, CancelAll, Output, Place, Query, Style};
use base::{
    ClientOrderId, Clock, Edge, Instance, Instrument, InstrumentId, Instruments, Money, OrderId,
    PairId, Price, Product, Qty, Rate, Record, Scale, Side, Span, Stage, Stamp, VenueId, WallNs,
};
use gateway::rest::{Job, ListenKey, News, Reply, Task};
use gateway::{DeskParts, GatewayStage, KeyPort, Keys, Settings, StageParts, Verdict};
use net::{ErrandHandle, ErrandPeer, MemoryChannel, MemoryPeer};
use rings::{Fence, Flag, Full, Receiver, Sender, ring};
use telemetry::alloc::{CountingAllocator, counted};
use telemetry::{NoticeSender, Writer};
use venue::credentials::Credentials;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[derive(Clone, Debug)]
struct HandClock(Rc<Cell<u64>>);

impl Clock for HandClock {
    fn now(&self) -> Stamp {
        Stamp(self.0.get())
    }
    fn wall(&self) -> WallNs {
        WallNs(1_700_000_000_000_000_000 + i64::try_from(self.0.get()).unwrap())
    }
}

const INSTANCE: &str = "ARB1";
const INSTRUMENT: InstrumentId = InstrumentId(0);

fn instruments(venue: VenueId) -> Instruments {
    let mut all = Instruments::default();
    all.asset("BTC").unwrap();
    all.asset("USDT").unwrap();
    let okx = venue == VenueId::Okx;
    let spot = venue == VenueId::BinanceSpot;
    all.list.push(Instrument {
        id: INSTRUMENT,
        venue,
        product: if spot { Product::Spot } else { Product::Perpetual },
        name: "BTC/USDT:USDT".to_owned(),
        symbol: if okx { "BTC-USDT-SWAP" } else { "BTCUSDT" }.to_owned(),
        code: 10_459,
        base: base::AssetId(0),
        quote: base::AssetId(1),
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

struct World {
    venue: VenueId,
    stage: GatewayStage<MemoryChannel, HandClock>,
    clock: HandClock,
    orders: MemoryPeer,
    account: MemoryPeer,
    errands: ErrandPeer<Job, Reply>,
    intents: Sender<Record>,
    reports: Receiver<Record>,
    offered: Sender<Box<Keys>>,
    spent: Receiver<Box<Keys>>,
    /// The number the next request will have.
    next_request: u64,
}

impl World {
    fn open(venue: VenueId) -> Self {
        let clock = HandClock(Rc::new(Cell::new(1_000_000_000)));
        let (orders_channel, orders) = MemoryChannel::pair();
        let (account_channel, account) = MemoryChannel::pair();
        let two = matches!(venue, VenueId::BinanceUsdm | VenueId::Bybit);
        let (errands_handle, errands) = ErrandHandle::pair(256);
        let (intents, intents_out) = ring("ord-test", 256, Full::Halt);
        let (reports_in, reports) = ring("ack-test", 4_096, Full::Halt);
        let parts = StageParts {
            name: "gw-test",
            intents: intents_out,
            reports: reports_in,
            clocks: None,
            gauge: None,
            kill: Flag::new(),
            fence: Fence::none(),
            clock: clock.clone(),
            page: Writer::detached(),
            notices: NoticeSender::detached(),
        };
        let instruments = instruments(venue);
        let desk = DeskParts {
            venue,
            instruments: &instruments,
            instance: Instance::new(INSTANCE).unwrap(),
            credentials: Arc::new(Credentials::new("key", "secret", Some("phrase")).unwrap()),
            settings: Settings::default(),
            orders: orders_channel,
            account: two.then_some(account_channel),
            errands: errands_handle,
        };
        let (offered, keys_in) = ring("keys-test", 4, Full::Halt);
        let (keys_out, spent) = ring("spent-test", 4, Full::Halt);
        let port = KeyPort { offered: keys_in, spent: keys_out };
        let stage = GatewayStage::open(parts, [desk]).unwrap().with_keys(venue, port);
        orders.answer_dials();
        account.answer_dials();
        let mut world = Self {
            venue,
            stage,
            clock,
            orders,
            account,
            errands,
            intents,
            reports,
            offered,
            spent,
            next_request: 1_700_000_001_000_000, // the wall's millisecond at the start, times a thousand
        };
        world.join();
        world
    }

    fn join(&mut self) {
        for _ in 0..3 {
            self.step();
            self.finish_jobs();
        }
        match self.venue {
            VenueId::BinanceSpot => {
                let text =
                    format!(r#"{{"id":"{}","status":200,"result":{{}}}}"#, self.next_request);
                self.next_request += 1;
                self.orders.text(text.as_bytes());
            }
            VenueId::BinanceUsdm => {}
            VenueId::Okx => {
                self.orders.text(br#"{"event":"login","code":"0","msg":""}"#);
                for _ in 0..4 {
                    self.orders.text(br#"{"event":"subscribe","arg":{"channel":"x"}}"#);
                }
            }
            VenueId::Bybit => {
                self.orders.text(br#"{"retCode":0,"retMsg":"OK","op":"auth"}"#);
                self.account.text(br#"{"success":true,"op":"auth"}"#);
                self.account.text(br#"{"success":true,"op":"subscribe"}"#);
            }
        }
        for _ in 0..3 {
            self.step();
            self.finish_jobs();
        }
        self.forget();
    }

    fn step(&mut self) {
        let now = self.clock.now();
        self.stage.housekeep(now);
        self.stage.turn(now);
    }

    fn finish_jobs(&mut self) {
        while let Some(job) = self.errands.next_job() {
            let news = match job.task {
                Task::ListenKey => News::ListenKey(ListenKey::new(b"key").unwrap()),
                _ => News::Done,
            };
            self.errands.answer(Reply { job, news }).unwrap();
        }
    }

    /// What was sent and reported is of no more interest; its buffers are.
    fn forget(&mut self) -> usize {
        self.orders.discard_sent();
        self.account.discard_sent();
        std::iter::from_fn(|| self.reports.pop()).count()
    }

    /// Runs the stage's part and says how often it called the allocator.
    fn allocations(&mut self, output: Option<Output>) -> u64 {
        let stamp = self.clock.now();
        let ((), calls) = counted(|| {
            if let Some(output) = output {
                self.intents.push(output.record(stamp)).unwrap();
                self.stage.react(stamp);
            }
            self.step();
        });
        calls.allocations + calls.frees
    }

    /// One order's life: placed, taken, filled in part, cancelled, asked for, reconciled.
    fn life(&mut self, seq: u64) -> u64 {
        let (venue, instrument, order) = (self.venue, INSTRUMENT, OrderId::new(3, seq));
        let cause = self.clock.now();
        let place = Place {
            venue,
            instrument,
            order,
            side: Side::Sell,
            style: Style::Limit,
            reduce_only: false,
            price: Price(6_180_010),
            qty: Qty(2_500_000),
            cause,
            pair: PairId(1),
            version: 1,
        };
        let mut all = self.allocations(Some(Output::Place(place)));
        let client =
            ClientOrderId::new(Instance::new(INSTANCE).unwrap(), order).as_str().to_owned();
        let request = self.next_request;
        self.orders.text(ack(venue, request, &client).as_bytes());
        all += self.allocations(None);
        let account =
            if self.account.dials() > 0 { self.account.clone() } else { self.orders.clone() };
        account.text(fill(venue, &client, seq).as_bytes());
        all += self.allocations(None);
        all += self.allocations(Some(Output::Cancel(Cancel { venue, instrument, order, cause })));
        all += self.allocations(Some(Output::Query(Query { venue, instrument, order })));
        all += self.allocations(Some(Output::CancelAll(CancelAll { venue, instrument })));
        // Place, cancel and what of the others goes over the connection.
        self.next_request += match venue {
            VenueId::BinanceSpot => 4,
            VenueId::BinanceUsdm | VenueId::Okx => 3,
            VenueId::Bybit => 2,
        };
        self.clock.0.set(self.clock.0.get() + Span::from_secs(6).0);
        all += self.allocations(None); // all of it is given up, a reconciliation begins
        self.finish_jobs();
        all += self.allocations(None);
        account.text(cancelled(venue, &client).as_bytes());
        self.orders.text(b"garbage");
        all += self.allocations(None);
        // Ack, fill, fee, unknown cancel, state, two brackets.
        assert!(self.forget() >= 7, "{venue}: the order's life was reported");
        self.finish_jobs();
        all + self.allocations(None)
    }

    /// An order that goes by REST, since its connection takes nothing; so do the cancels after it.
    fn slow_life(&mut self, seq: u64) -> u64 {
        let (venue, instrument, order) = (self.venue, INSTRUMENT, OrderId::new(3, seq));
        self.orders.refuse_sends(Some(net::SendError::Full));
        let mut all = self.allocations(None);
        let place = Place {
            venue,
            instrument,
            order,
            side: Side::Sell,
            style: Style::Ioc,
            reduce_only: false,
            price: Price(6_180_010),
            qty: Qty(2_500_000),
            cause: self.clock.now(),
            pair: PairId(1),
            version: 1,
        };
        all += self.allocations(Some(Output::Place(place)));
        let mut placed = 0;
        while let Some(job) = self.errands.next_job() {
            if let Task::Place { .. } = job.task {
                placed += 1;
                let venue_time = WallNs::NONE;
                let news = News::Placed { venue_order: 55, venue_time };
                self.errands.answer(Reply { job, news }).unwrap();
            }
            // Another call of the same job first, then its end.
            if job.step == 0 && matches!(job.task, Task::OpenOrders) {
                let news = News::More(venue::Spend::OpenOrders);
                self.errands.answer(Reply { job, news }).unwrap();
            } else {
                self.errands.answer(Reply { job, news: News::Done }).unwrap();
            }
        }
        assert_eq!(placed, 1, "{venue}: by REST");
        all += self.allocations(None);
        all += self.allocations(Some(Output::CancelAll(CancelAll { venue, instrument })));
        self.clock.0.set(self.clock.0.get() + Span::from_secs(1).0);
        all += self.allocations(None); // swept
        assert!(self.forget() >= 1, "{venue}: its ack was reported");
        self.finish_jobs();
        self.orders.refuse_sends(None);
        all + self.allocations(None)
    }
}

impl World {
    /// One key handed in, and the one of before fetched; what that asked of the allocator.
    fn change_key(&mut self, key: &str) -> u64 {
        let credentials = Credentials::new(key, "its", Some("phrase")).unwrap();
        let keys = Keys::new(self.venue, Arc::new(credentials), 5_000).unwrap();
        self.offered.push(keys).unwrap();
        let mut all = 0;
        for _ in 0..4 {
            all += self.allocations(None);
            self.finish_jobs();
        }
        match self.venue {
            VenueId::BinanceSpot => {
                let number = self.next_request;
                self.next_request += 1;
                let text = format!(r#"{{"id":"{number}","status":200,"result":{{}}}}"#);
                self.orders.text(text.as_bytes());
            }
            VenueId::BinanceUsdm => {}
            VenueId::Okx => {
                self.orders.text(br#"{"event":"login","code":"0","msg":""}"#);
                for _ in 0..4 {
                    self.orders.text(br#"{"event":"subscribe","arg":{"channel":"x"}}"#);
                }
            }
            VenueId::Bybit => {
                self.orders.text(br#"{"retCode":0,"retMsg":"OK","op":"auth"}"#);
                self.account.text(br#"{"success":true,"op":"auth"}"#);
                self.account.text(br#"{"success":true,"op":"subscribe"}"#);
            }
        }
        for _ in 0..4 {
            all += self.allocations(None);
            self.finish_jobs();
        }
        self.forget();
        let former = self.spent.pop().expect("it came back");
        assert_eq!(former.verdict(), Some(Verdict::Stands), "{}", self.venue);
        all
    }
}

fn ack(venue: VenueId, request: u64, client: &str) -> String {
    match venue {
        VenueId::BinanceSpot | VenueId::BinanceUsdm => format!(
            r#"{{"id":"{request}","status":200,"result":{{"symbol":"BTCUSDT","orderId":55,"clientOrderId":"{client}","transactTime":7,"executedQty":"0","status":"NEW","side":"SELL"}},"rateLimits":[{{"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":300,"count":1}}]}}"#
        ),
        VenueId::Okx => format!(
            r#"{{"id":"{request}","op":"order","code":"0","msg":"","data":[{{"clOrdId":"{client}","ordId":"55","ts":"7","sCode":"0","sMsg":""}}]}}"#
        ),
        VenueId::Bybit => format!(
            r#"{{"reqId":"{request}","retCode":0,"retMsg":"OK","op":"order.create","data":{{"orderId":"55","orderLinkId":"{client}"}},"header":{{"Timenow":"7","X-Bapi-Limit":"10","X-Bapi-Limit-Status":"9"}}}}"#
        ),
    }
}

fn fill(venue: VenueId, client: &str, trade: u64) -> String {
    match venue {
        VenueId::BinanceSpot => format!(
            r#"{{"subscriptionId":0,"event":{{"e":"executionReport","s":"BTCUSDT","c":"{client}","C":"","S":"SELL","x":"TRADE","X":"PARTIALLY_FILLED","i":55,"l":"0.01","z":"0.01","L":"61800.1","T":7,"t":{trade},"m":true,"n":"0.2","N":"USDT"}}}}"#
        ),
        VenueId::BinanceUsdm => format!(
            r#"{{"e":"ORDER_TRADE_UPDATE","T":7,"o":{{"s":"BTCUSDT","c":"{client}","S":"SELL","x":"TRADE","X":"PARTIALLY_FILLED","i":55,"l":"0.01","z":"0.01","L":"61800.1","T":7,"t":{trade},"m":true,"n":"0.2","N":"USDT"}}}}"#
        ),
        VenueId::Okx => format!(
            r#"{{"arg":{{"channel":"orders"}},"data":[{{"instId":"BTC-USDT-SWAP","clOrdId":"{client}","ordId":"55","side":"sell","state":"partially_filled","accFillSz":"1","fillSz":"1","fillPx":"61800.1","tradeId":"{trade}","fillTime":"7","uTime":"7","execType":"M","fillFee":"-0.2","fillFeeCcy":"USDT"}}]}}"#
        ),
        VenueId::Bybit => format!(
            r#"{{"topic":"execution","data":[{{"category":"linear","symbol":"BTCUSDT","orderLinkId":"{client}","side":"Sell","execType":"Trade","execId":"{trade}","execPrice":"61800.1","execQty":"0.01","execFee":"0.2","execTime":"7","isMaker":true}}]}}"#
        ),
    }
}

fn cancelled(venue: VenueId, client: &str) -> String {
    match venue {
        VenueId::BinanceSpot => format!(
            r#"{{"subscriptionId":0,"event":{{"e":"executionReport","s":"BTCUSDT","c":"x","C":"{client}","S":"SELL","x":"CANCELED","X":"CANCELED","i":55,"l":"0","z":"0.01","L":"0","T":7,"t":-1}}}}"#
        ),
        VenueId::BinanceUsdm => format!(
            r#"{{"e":"ORDER_TRADE_UPDATE","T":7,"o":{{"s":"BTCUSDT","c":"{client}","S":"SELL","x":"CANCELED","X":"CANCELED","i":55,"l":"0","z":"0.01","L":"0","T":7,"t":0}}}}"#
        ),
        VenueId::Okx => format!(
            r#"{{"arg":{{"channel":"orders"}},"data":[{{"instId":"BTC-USDT-SWAP","clOrdId":"{client}","ordId":"55","side":"sell","state":"canceled","cancelSource":"1","accFillSz":"1","fillSz":"0","tradeId":"","uTime":"7"}}]}}"#
        ),
        VenueId::Bybit => format!(
            r#"{{"topic":"order","data":[{{"category":"linear","symbol":"BTCUSDT","orderLinkId":"{client}","orderId":"55","orderStatus":"Cancelled","cumExecQty":"0.01","updatedTime":"7"}}]}}"#
        ),
    }
}

#[test]
fn an_orders_life_allocates_nothing() {
    for venue in VenueId::ALL {
        let mut world = World::open(venue);
        // The channels in memory grow their buffers at first.
        for seq in 1..=8 {
            world.life(seq);
        }
        for seq in 9..=20 {
            assert_eq!(world.life(seq), 0, "{venue}, order {seq}");
        }
    }
}

#[test]
fn an_order_that_goes_the_slow_way_allocates_nothing() {
    for venue in VenueId::ALL {
        let mut world = World::open(venue);
        for seq in 1..=8 {
            world.slow_life(seq);
        }
        for seq in 9..=20 {
            assert_eq!(world.slow_life(seq), 0, "{venue}, order {seq}");
        }
    }
}

#[test]
fn a_change_of_key_allocates_and_frees_nothing() {
    for venue in VenueId::ALL {
        let mut world = World::open(venue);
        for round in 0..8 {
            world.change_key(&format!("key{round}"));
        }
        for round in 8..12 {
            assert_eq!(world.change_key(&format!("key{round}")), 0, "{venue}, key {round}");
        }
    }
}

#[test]
fn the_counter_counts() {
    let (_, calls) = counted(|| drop(std::hint::black_box(vec![1_u8; 100])));
    assert!(calls.allocations >= 1);
}
