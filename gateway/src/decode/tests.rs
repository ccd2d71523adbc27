use super::{Context, Event, OrderNews, Refused, Session, Skipped, binance, bybit, okx};
use crate::markets::Markets;
use crate::samples;
use base::input::{Balance, Fee, Fill, FundingPaid, OrderStatus, Position};
use base::{AssetId, Instance, InstrumentId, Money, OrderId, Price, Qty, Side, VenueId, WallNs};

mod account;
mod answers;
mod faithful;
mod golden;
mod streams;

/// The order our messages name: `ARB1`, epoch 3, number 7.
const ORDER: OrderId = OrderId::new(3, 7);
const CLIENT: &str = "ARB10000300000007";
const USDT: AssetId = AssetId(1);
const BTC: AssetId = AssetId(0);

/// An event that can be kept: what refers to the text is copied out.
#[derive(Clone, Debug, PartialEq)]
enum Seen {
    Answer {
        request: Option<u64>,
        order: Option<OrderId>,
        venue_order: u64,
        refusal: Option<(i64, u16, String)>,
    },
    Order(OrderNews),
    Fill(Fill),
    Fee(Fee),
    Funding(FundingPaid),
    FundingDue,
    Position(Position),
    Balance(Balance),
    Usage(super::Usage),
    Session(Session),
    Skipped(Skipped),
}

impl From<Event<'_>> for Seen {
    fn from(event: Event<'_>) -> Self {
        match event {
            Event::Answer(answer) => Self::Answer {
                request: answer.request,
                order: answer.order,
                venue_order: answer.venue_order,
                refusal: answer.refusal.map(|refusal| {
                    let words = String::from_utf8_lossy(refusal.message).into_owned();
                    (refusal.code, refusal.status, words)
                }),
            },
            Event::Order(news) => Self::Order(news),
            Event::Fill(fill) => Self::Fill(fill),
            Event::Fee(fee) => Self::Fee(fee),
            Event::Funding(paid) => Self::Funding(paid),
            Event::FundingDue => Self::FundingDue,
            Event::Position(position) => Self::Position(position),
            Event::Balance(balance) => Self::Balance(balance),
            Event::Usage(usage) => Self::Usage(usage),
            Event::Session(session) => Self::Session(session),
            Event::Skipped(why) => Self::Skipped(why),
        }
    }
}

fn markets(venue: VenueId) -> Markets {
    Markets::new(venue, &samples::instruments()).expect("short symbols")
}

fn read(venue: VenueId, text: &[u8]) -> Result<Vec<Seen>, Refused> {
    let markets = markets(venue);
    let cx = Context { markets: &markets, instance: Instance::new("ARB1").expect("legal") };
    let mut seen = Vec::new();
    let mut emit = |event: Event<'_>| seen.push(event.into());
    match venue {
        VenueId::BinanceSpot | VenueId::BinanceUsdm => binance::decode(&cx, text, &mut emit)?,
        VenueId::Okx => okx::decode(&cx, text, &mut emit)?,
        VenueId::Bybit => bybit::decode(&cx, text, &mut emit)?,
    }
    Ok(seen)
}

fn must_read(venue: VenueId, text: &str) -> Vec<Seen> {
    read(venue, text.as_bytes()).unwrap_or_else(|why| panic!("{why:?}: {text}"))
}

/// An instrument's number in the samples, by venue and kind: the order they are added in.
const SPOT: InstrumentId = InstrumentId(0);
const USDM: InstrumentId = InstrumentId(1);
const OKX_SPOT: InstrumentId = InstrumentId(2);
const OKX_SWAP: InstrumentId = InstrumentId(3);
const BYBIT_SPOT: InstrumentId = InstrumentId(4);
const BYBIT_LINEAR: InstrumentId = InstrumentId(5);

fn money(text: &str) -> Money {
    Money::parse(text.as_bytes()).expect("a decimal")
}
