//! Orders as the simulated venues hold them, and why one is refused. No venue's words in here: each
//! protocol turns a [`Refusal`] or a [`DoneReason`] into its own documented code and text.

use crate::dec::Dec;
use crate::spec::Row;
use base::{Side, WallNs};

/// The row of an account in its venue's list.
pub type AccountRow = usize;

/// Limit or market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderKind {
    /// At a price or better.
    Limit,
    /// At what the book shows.
    Market,
}

/// How long an order works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tif {
    /// Until cancelled.
    Gtc,
    /// Fill what is there, cancel the rest.
    Ioc,
    /// All at once or not at all.
    Fok,
    /// Only if it rests.
    PostOnly,
}

/// What happens when an account's order meets another one of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stp {
    /// They trade.
    None,
    /// The resting one goes.
    CancelMaker,
    /// The new one goes.
    CancelTaker,
    /// Both go.
    CancelBoth,
}

/// What a client asks for.
#[derive(Clone, Debug)]
pub struct NewOrder {
    /// Of what.
    pub row: Row,
    /// Which way.
    pub side: Side,
    /// Limit or market.
    pub kind: OrderKind,
    /// How long it works; market orders are `Ioc`.
    pub tif: Tif,
    /// Limit price.
    pub price: Option<Dec>,
    /// Quantity of the base asset; zero when `quote_qty` says it.
    pub qty: Dec,
    /// For a spot market order by value: how much of the quote asset to spend or earn.
    pub quote_qty: Option<Dec>,
    /// It may only make a position smaller.
    pub reduce_only: bool,
    /// What happens when it meets our own.
    pub stp: Stp,
    /// The client's id as received; empty when the client gave none (the exchange then makes one).
    pub client_id: String,
    /// OKX `tag` and the like: kept and echoed.
    pub tag: String,
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// On the book, nothing filled.
    New,
    /// On the book, partly filled.
    PartiallyFilled,
    /// Done, all filled.
    Filled,
    /// Done, the rest will not fill (see [`Order::done_reason`]).
    Cancelled,
}

impl Status {
    /// Whether it can still fill.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::New | Self::PartiallyFilled)
    }
}

/// Why an order ended without being filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DoneReason {
    /// The client cancelled it.
    User,
    /// Cancel-all by the client.
    CancelAll,
    /// Immediate-or-cancel: the rest found nobody.
    Ioc,
    /// Fill-or-kill: not enough on the book.
    Fok,
    /// Post-only: it would have taken.
    PostOnly,
    /// A market order ran out of book.
    NoLiquidity,
    /// It met another order of the account.
    SelfTrade,
    /// The position it was to reduce is gone.
    ReduceOnly,
    /// The dead man's switch fired.
    DeadMan,
    /// The venue did it on its own (a fault of the scenario, or a liquidation).
    Venue,
}

/// An order of an account.
#[derive(Clone, Debug)]
pub struct Order {
    /// The venue's number for it.
    pub id: u64,
    /// Whose.
    pub account: AccountRow,
    /// The client's id.
    pub client_id: String,
    /// Echoed tag.
    pub tag: String,
    /// Of what.
    pub row: Row,
    /// Which way.
    pub side: Side,
    /// Limit or market.
    pub kind: OrderKind,
    /// How long it works.
    pub tif: Tif,
    /// Limit price; zero for market orders.
    pub price: Dec,
    /// Quantity of the base asset (for an order by value: what has been filled).
    pub qty: Dec,
    /// The value a market order was given instead of a quantity.
    pub quote_qty: Option<Dec>,
    /// It may only reduce.
    pub reduce_only: bool,
    /// What happens when it meets our own.
    pub stp: Stp,
    /// Filled so far.
    pub filled: Dec,
    /// Value filled so far, quote asset, exact.
    pub filled_value: Dec,
    /// Fees so far, in `fee_asset`; positive is charged.
    pub fee: Dec,
    /// What fees are paid in; empty before the first fill.
    pub fee_asset: String,
    /// Number of fills.
    pub fills: u32,
    /// Realised profit of its fills (perpetuals).
    pub realised: Dec,
    /// Where it stands.
    pub status: Status,
    /// Why it ended unfilled.
    pub done_reason: Option<DoneReason>,
    /// When it was accepted.
    pub created: WallNs,
    /// When it last changed.
    pub updated: WallNs,
    /// How much of the displayed book stands before it at its price.
    pub(crate) ahead: Dec,
    /// Amount of the quote or base asset held back for it (spot).
    pub(crate) held: Dec,
}

impl Order {
    /// What is left to fill.
    #[must_use]
    pub fn left(&self) -> Dec {
        self.qty - self.filled
    }

    /// Average price of its fills, twelve places; zero without fills.
    #[must_use]
    pub fn average(&self) -> Dec {
        self.filled_value.over(self.filled)
    }
}

/// One execution.
#[derive(Clone, Debug)]
pub struct Fill {
    /// The venue's trade number.
    pub trade_id: u64,
    /// Of which order.
    pub order_id: u64,
    /// Of what.
    pub row: Row,
    /// Which way.
    pub side: Side,
    /// At what price.
    pub price: Dec,
    /// How much of the base asset.
    pub qty: Dec,
    /// Fee; positive is charged.
    pub fee: Dec,
    /// In what.
    pub fee_asset: String,
    /// The fee's share of the value.
    pub fee_rate: Dec,
    /// Whether the order rested.
    pub maker: bool,
    /// Profit it realised (perpetuals).
    pub realised: Dec,
    /// When.
    pub at: WallNs,
}

/// Why an order, a cancel or an amendment is refused. Nothing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No such instrument.
    Instrument,
    /// The price is missing, not positive or off its tick.
    PriceTick,
    /// The price is too far from the mark.
    PriceBand,
    /// The quantity is not positive or off its lot.
    QtyLot,
    /// Below the smallest quantity.
    QtyMin,
    /// Above the largest quantity.
    QtyMax,
    /// Below the smallest value.
    NotionalMin,
    /// Not enough of the asset, or not enough margin.
    Balance,
    /// Reduce-only and there is nothing to reduce.
    ReduceOnly,
    /// Post-only and it would take (venues that refuse instead of accepting and cancelling).
    PostOnly,
    /// Fill-or-kill and there is not enough (venues that refuse).
    Fok,
    /// Too many open orders.
    TooMany,
    /// The client id is in use.
    DuplicateId,
    /// No such order.
    UnknownOrder,
    /// The order is filled already.
    AlreadyFilled,
    /// The order is cancelled already.
    AlreadyCancelled,
    /// An amendment that changes nothing or asks for what cannot be.
    Amend,
    /// A fault of the scenario says so.
    Injected,
}

/// How a client names an order: the venue's number wins over its own id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderRef {
    /// By the venue's number.
    Id(u64),
    /// By the client's id.
    Client(String),
}

/// An order's answer to being placed.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The order after matching.
    pub order: Order,
    /// What filled at once.
    pub fills: Vec<Fill>,
}
