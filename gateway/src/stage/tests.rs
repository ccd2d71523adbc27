//! Scripted sessions: a stage over connections in memory, with a clock turned by hand.

use super::{GatewayStage, StageParts};
use crate::desk::DeskParts;
use crate::keys::{KeyPort, Keys, Verdict};
use crate::rest::{Failure, Job, ListenKey, News, Reply, Task};
use crate::samples;
use crate::settings::Settings;
use base::input::{Input, OrderStatus, ReconcilePhase, RejectClass, SessionState};
use base::output::{Cancel, Output, Place, Query, Style};
use base::{
    ClientOrderId, Clock, Instance, InstrumentId, OrderId, PairId, Price, Qty, Record, Side, Span,
    Stage, Stamp, VenueId, WallNs, Work,
};
use net::{CloseReason, ErrandHandle, ErrandPeer, MemoryChannel, MemoryPeer};
use rings::{Fence, Flag, Full, Receiver, Sender, ring};
use serde_json::{Value, json};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use telemetry::{NoticeReceiver, Writer};
use venue::credentials::Credentials;

mod account;
mod cancels;
mod faults;
mod fence;
mod fitness;
mod keys;
mod limits;
mod orders;
mod seen;
mod sessions;
mod slow;

use seen::{fills, phases, rejects, states, unknowns};

/// Monotonic time that only moves when told; the wall stands at a fixed day.
#[derive(Clone, Debug)]
struct HandClock(Rc<Cell<u64>>);

/// Wall time at the hand clock's zero: 2023-11-14 22:13:20 UTC.
const DAY_MS: i64 = 1_700_000_000_000;

impl Clock for HandClock {
    fn now(&self) -> Stamp {
        Stamp(self.0.get())
    }
    fn wall(&self) -> WallNs {
        WallNs(DAY_MS * 1_000_000 + i64::try_from(self.0.get()).unwrap())
    }
}

/// Every venue with the instrument that is traded in the scripts.
const VENUES: [(VenueId, InstrumentId); 4] = [
    (VenueId::BinanceSpot, InstrumentId(0)),
    (VenueId::BinanceUsdm, InstrumentId(1)),
    (VenueId::Okx, InstrumentId(3)),
    (VenueId::Bybit, InstrumentId(5)),
];

/// A stage with one desk and everything around it.
struct World {
    venue: VenueId,
    instrument: InstrumentId,
    stage: GatewayStage<MemoryChannel, HandClock>,
    clock: HandClock,
    orders: MemoryPeer,
    account: Option<MemoryPeer>,
    errands: ErrandPeer<Job, Reply>,
    intents: Sender<Record>,
    reports: Receiver<Record>,
    kill: Flag,
    fence: Fence,
    core: Fence,
    notices: NoticeReceiver,
    /// Keys on their way to the desk and back.
    offered: Sender<Box<Keys>>,
    spent: Receiver<Box<Keys>>,
    next: u64,
}

fn instance() -> Instance {
    Instance::new("ARB1").unwrap()
}

fn order(seq: u64) -> OrderId {
    OrderId::new(3, seq)
}

fn client(order: OrderId) -> String {
    ClientOrderId::new(instance(), order).as_str().to_owned()
}

impl World {
    /// Nothing dialed yet.
    fn new(venue: VenueId) -> Self {
        Self::with(venue, 1_024, Settings::default())
    }

    fn with(venue: VenueId, depth: usize, settings: Settings) -> Self {
        Self::with_key(venue, depth, settings, "secret")
    }

    fn with_key(venue: VenueId, depth: usize, settings: Settings, secret: &str) -> Self {
        let mut world = Self::unasked(venue, depth, settings, secret);
        // The account is asked about first, whatever else is done at the start.
        let first = world.errands.next_job().expect("a job");
        assert_eq!(first.task, Task::Account);
        world.finish(first);
        world.stage.turn(world.now());
        world
    }

    /// As above, and nothing is known of the account.
    fn unasked(venue: VenueId, depth: usize, settings: Settings, secret: &str) -> Self {
        let (_, instrument) = VENUES.into_iter().find(|(of, _)| *of == venue).unwrap();
        let clock = HandClock(Rc::new(Cell::new(1_000_000_000)));
        let (orders_channel, orders) = MemoryChannel::pair();
        let (account_channel, account) = MemoryChannel::pair();
        let wants_two = matches!(venue, VenueId::BinanceUsdm | VenueId::Bybit);
        let (handle, errands) = ErrandHandle::pair(256);
        let (intents, intents_out) = ring("ord-test", 256, Full::Halt);
        let (reports_in, reports) = ring("ack-test", depth, Full::Halt);
        let (kill, fence, core) = (Flag::new(), Fence::none(), Fence::none());
        let (told, notices) = telemetry::notices("gw-test", 256);
        let parts = StageParts {
            name: "gw-test",
            intents: intents_out,
            reports: reports_in,
            clocks: None,
            gauge: None,
            kill: kill.clone(),
            fence: fence.clone(),
            clock: clock.clone(),
            page: Writer::detached(),
            notices: told,
        };
        let instruments = samples::instruments();
        let desk = DeskParts {
            venue,
            instruments: &instruments,
            instance: instance(),
            credentials: Arc::new(Credentials::new("key", secret, Some("phrase")).unwrap()),
            settings,
            orders: orders_channel,
            account: wants_two.then_some(account_channel),
            errands: handle,
        };
        let (offered, keys_in) = ring("keys-test", 4, Full::Halt);
        let (keys_out, spent) = ring("spent-test", 4, Full::Halt);
        let port = KeyPort { offered: keys_in, spent: keys_out };
        let stage = GatewayStage::open(parts, [desk]).unwrap();
        let stage = stage.with_keys(venue, port).with_core(core.clone());
        let account = wants_two.then_some(account);
        let mut world = Self {
            venue,
            instrument,
            stage,
            clock,
            orders,
            account,
            errands,
            intents,
            reports,
            kill,
            fence,
            core,
            notices,
            offered,
            spent,
            next: 1,
        };
        world.step();
        world
    }

    /// Connected, logged on, subscribed, reconciled, and all of it taken note of.
    fn up(venue: VenueId) -> Self {
        Self::up_with(venue, Settings::default())
    }

    fn up_with(venue: VenueId, settings: Settings) -> Self {
        let mut world = Self::with(venue, 1_024, settings);
        world.connect();
        world.finish_jobs();
        world.step();
        let states = world.inputs();
        assert!(states.contains(&world.session(true, true, true)), "{venue}: {states:?}");
        world.take_sent();
        world
    }

    fn now(&self) -> Stamp {
        self.clock.now()
    }

    fn advance(&self, span: Span) {
        self.clock.0.set(self.clock.0.get() + span.0);
    }

    /// One housekeeping and one turn.
    fn step(&mut self) -> Work {
        let now = self.now();
        self.stage.housekeep(now);
        self.stage.turn(now)
    }

    /// Lets time pass in steps of a millisecond.
    fn pass(&mut self, span: Span) {
        for _ in 0..span.0 / 1_000_000 {
            self.advance(Span::from_millis(1));
            self.step();
        }
    }

    fn inputs(&mut self) -> Vec<Input> {
        std::iter::from_fn(|| self.reports.pop())
            .map(|record| Input::read(&record).expect("an input"))
            .collect()
    }

    fn session(&self, orders: bool, account: bool, budget: bool) -> Input {
        let slow = false;
        Input::SessionState(SessionState { venue: self.venue, orders, slow, account, budget })
    }

    /// Orders go by REST only.
    fn slow_session(&self, account: bool) -> Input {
        let (venue, orders, slow, budget) = (self.venue, true, true, true);
        Input::SessionState(SessionState { venue, orders, slow, account, budget })
    }

    /// What was sent on the order connection, pings left out.
    fn take_sent(&mut self) -> Vec<Value> {
        let texts = self.orders.take_all_sent();
        let json = texts.iter().filter(|text| *text != "ping");
        json.map(|text| serde_json::from_str(text).expect("JSON")).collect()
    }

    fn intend(&mut self, output: Output) {
        self.intents.push(output.record(self.now())).expect("room");
        self.stage.react(self.now());
    }

    /// An order of the next number; returns it.
    fn place(&mut self, style: Style) -> OrderId {
        let order = order(self.next);
        self.next += 1;
        let place = Place {
            venue: self.venue,
            instrument: self.instrument,
            order,
            side: Side::Buy,
            style,
            reduce_only: false,
            price: Price(6_180_010),
            qty: Qty(2_500_000),
            cause: self.now(),
            pair: PairId(1),
            version: 1,
        };
        self.intend(Output::Place(place));
        order
    }

    fn cancel(&mut self, order: OrderId) {
        let (venue, instrument, cause) = (self.venue, self.instrument, self.now());
        self.intend(Output::Cancel(Cancel { venue, instrument, order, cause }));
    }

    fn query(&mut self, order: OrderId) {
        let (venue, instrument) = (self.venue, self.instrument);
        self.intend(Output::Query(Query { venue, instrument, order }));
    }

    /// An order that the venue has taken.
    fn resting(&mut self) -> OrderId {
        let order = self.place(Style::Limit);
        let request = self.one_sent();
        self.tell(&ack(self.venue, &request, order));
        self.step();
        self.inputs();
        order
    }

    fn one_sent(&mut self) -> Value {
        let mut sent = self.take_sent();
        assert_eq!(sent.len(), 1, "{sent:?}");
        sent.remove(0)
    }

    /// The venue says this on the order connection.
    fn tell(&self, text: &str) {
        self.orders.text(text.as_bytes());
    }

    /// The venue says this where the account's events come.
    fn push(&self, text: &str) {
        self.account.as_ref().unwrap_or(&self.orders).text(text.as_bytes());
    }

    fn raw_jobs(&mut self) -> Vec<Job> {
        std::iter::from_fn(|| self.errands.next_job()).collect()
    }

    /// The jobs waiting; those about the account itself find that it is as it must be.
    fn jobs(&mut self) -> Vec<Job> {
        let about_account = |job: &Job| matches!(job.task, Task::Account | Task::Fees);
        let (about, jobs): (Vec<_>, Vec<_>) = self.raw_jobs().into_iter().partition(about_account);
        about.into_iter().for_each(|job| self.finish(job));
        jobs
    }

    fn reply(&mut self, job: Job, news: News) {
        self.errands.answer(Reply { job, news }).expect("room");
    }

    /// Every job waiting is done and found nothing.
    fn finish_jobs(&mut self) {
        for job in self.jobs() {
            self.finish(job);
        }
        self.step();
    }

    fn finish(&mut self, job: Job) {
        let news = match job.task {
            Task::ListenKey => {
                News::ListenKey(ListenKey::new(b"pqia91ma19a5s61cv6a81va65sd").unwrap())
            }
            _ => News::Done,
        };
        self.reply(job, news);
    }

    /// Plays the venue's side of connecting.
    fn connect(&mut self) {
        self.orders.open();
        self.step();
        match self.venue {
            VenueId::BinanceSpot => self.tell_subscribed(),
            VenueId::BinanceUsdm => {
                self.finish_jobs(); // the listen key
                self.account.as_ref().unwrap().open();
            }
            VenueId::Okx => {
                assert_eq!(self.one_sent()["op"], "login");
                self.tell(r#"{"event":"login","code":"0","msg":"","connId":"a"}"#);
                self.step();
                assert_eq!(self.one_sent()["op"], "subscribe");
                for _ in 0..4 {
                    self.tell(r#"{"event":"subscribe","arg":{"channel":"x"},"connId":"a"}"#);
                }
            }
            VenueId::Bybit => {
                let account = self.account.clone().unwrap();
                account.open();
                self.step();
                assert_eq!(self.one_sent()["op"], "auth");
                self.tell(r#"{"retCode":0,"retMsg":"OK","op":"auth","connId":"a"}"#);
                account.text(br#"{"success":true,"ret_msg":"","op":"auth","conn_id":"a"}"#);
                self.step();
                let sent = account.take_all_sent();
                assert!(sent.len() == 2 && sent[1].contains("subscribe"), "{sent:?}");
                account.text(br#"{"success":true,"ret_msg":"","op":"subscribe","conn_id":"a"}"#);
            }
        }
        self.step();
        self.step();
    }

    /// Spot: answers the subscription that was just sent.
    fn tell_subscribed(&mut self) {
        let request = self.one_sent();
        assert_eq!(request["method"], "userDataStream.subscribe.signature");
        let answer = json!({"id": request["id"], "status": 200, "result": {"subscriptionId": 0}});
        self.tell(&answer.to_string());
    }
}

/// The venue took the request.
fn ack(venue: VenueId, request: &Value, order: OrderId) -> String {
    let client = client(order);
    match venue {
        VenueId::BinanceSpot | VenueId::BinanceUsdm => json!({
            "id": request["id"], "status": 200,
            "result": {"symbol": "BTCUSDT", "orderId": 55, "clientOrderId": client, "transactTime": 7,
                "updateTime": 7, "price": "61800.1", "origQty": "0.025", "executedQty": "0",
                "status": "NEW", "side": "BUY"},
        }),
        VenueId::Okx => json!({
            "id": request["id"], "op": request["op"], "code": "0", "msg": "",
            "data": [{"clOrdId": client, "ordId": "55", "ts": "7", "sCode": "0", "sMsg": ""}],
        }),
        VenueId::Bybit => json!({
            "reqId": request["reqId"], "retCode": 0, "retMsg": "OK", "op": request["op"],
            "data": {"orderId": "55", "orderLinkId": client},
            "header": {"Timenow": "7", "X-Bapi-Limit": "10", "X-Bapi-Limit-Status": "9"},
        }),
    }
    .to_string()
}

/// The venue refused the request with this code.
fn refuse(venue: VenueId, request: &Value, status: u16, code: i64, words: &str) -> String {
    match venue {
        VenueId::BinanceSpot | VenueId::BinanceUsdm => {
            json!({"id": request["id"], "status": status, "error": {"code": code, "msg": words}})
        }
        VenueId::Okx => json!({
            "id": request["id"], "op": request["op"], "code": "1", "msg": "",
            "data": [{"clOrdId": "", "ordId": "", "sCode": code.to_string(), "sMsg": words}],
        }),
        VenueId::Bybit => json!({
            "reqId": request["reqId"], "retCode": code, "retMsg": words, "op": request["op"], "data": {},
        }),
    }
    .to_string()
}

/// Where an order is in its life, `filled` in hundredths of a bitcoin.
fn pushed_state(venue: VenueId, client: &str, status: OrderStatus, filled: u32) -> String {
    let base = format!("0.{filled:02}");
    let named = |names: [&'static str; 4]| match status {
        OrderStatus::Live => names[0],
        OrderStatus::Partial => names[1],
        OrderStatus::Filled => names[2],
        _ => names[3],
    };
    let binance = named(["NEW", "PARTIALLY_FILLED", "FILLED", "CANCELED"]);
    match venue {
        VenueId::BinanceSpot => json!({"subscriptionId": 0, "event": {
            "e": "executionReport", "s": "BTCUSDT", "c": client, "C": "", "S": "BUY", "x": "NEW",
            "X": binance, "i": 55, "l": "0", "z": base, "L": "0", "T": 7, "t": -1, "m": false,
        }}),
        VenueId::BinanceUsdm => json!({"e": "ORDER_TRADE_UPDATE", "T": 7, "E": 7, "o": {
            "s": "BTCUSDT", "c": client, "S": "BUY", "x": "NEW", "X": binance, "i": 55, "l": "0",
            "z": base, "L": "0", "T": 7, "t": 0, "m": false,
        }}),
        VenueId::Okx => json!({"arg": {"channel": "orders", "instType": "ANY"}, "data": [{
            "instId": "BTC-USDT-SWAP", "clOrdId": client, "ordId": "55", "side": "buy", "sz": "2.5",
            "state": named(["live", "partially_filled", "filled", "canceled"]), "cancelSource": "1",
            "accFillSz": filled.to_string(), "fillSz": "0", "tradeId": "", "uTime": "7",
        }]}),
        VenueId::Bybit => json!({"topic": "order", "data": [{
            "category": "linear", "symbol": "BTCUSDT", "orderLinkId": client, "orderId": "55",
            "side": "Buy", "orderStatus": named(["New", "PartiallyFilled", "Filled", "Cancelled"]),
            "cumExecQty": base, "updatedTime": "7", "cancelType": "CancelByUser",
        }]}),
    }
    .to_string()
}

/// A fill of 0.01 BTC at 61800.1 with a fee of 0.2 USDT.
fn pushed_fill(venue: VenueId, client: &str, trade: u64) -> String {
    match venue {
        VenueId::BinanceSpot => json!({"subscriptionId": 0, "event": {
            "e": "executionReport", "s": "BTCUSDT", "c": client, "C": "", "S": "BUY", "x": "TRADE",
            "X": "PARTIALLY_FILLED", "i": 55, "l": "0.01", "z": "0.01", "L": "61800.1", "T": 7,
            "t": trade, "m": false, "n": "0.2", "N": "USDT",
        }}),
        VenueId::BinanceUsdm => json!({"e": "ORDER_TRADE_UPDATE", "T": 7, "E": 7, "o": {
            "s": "BTCUSDT", "c": client, "S": "BUY", "x": "TRADE", "X": "PARTIALLY_FILLED", "i": 55,
            "l": "0.01", "z": "0.01", "L": "61800.1", "T": 7, "t": trade, "m": false, "n": "0.2",
            "N": "USDT",
        }}),
        VenueId::Okx => json!({"arg": {"channel": "orders", "instType": "ANY"}, "data": [{
            "instId": "BTC-USDT-SWAP", "clOrdId": client, "ordId": "55", "side": "buy", "sz": "2.5",
            "state": "partially_filled", "accFillSz": "1", "fillSz": "1", "fillPx": "61800.1",
            "tradeId": trade.to_string(), "fillTime": "7", "uTime": "7", "execType": "T",
            "fillFee": "-0.2", "fillFeeCcy": "USDT",
        }]}),
        VenueId::Bybit => json!({"topic": "execution", "data": [{
            "category": "linear", "symbol": "BTCUSDT", "orderLinkId": client, "orderId": "55",
            "side": "Buy", "execType": "Trade", "execId": trade.to_string(), "execPrice": "61800.1",
            "execQty": "0.01", "execFee": "0.2", "execTime": "7", "isMaker": false,
        }]}),
    }
    .to_string()
}
