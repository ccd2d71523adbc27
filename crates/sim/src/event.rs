//! What happens on a venue, in order: the stream every protocol turns into its own frames.

use crate::account::{Balance, Position};
use crate::dec::Dec;
use crate::order::{AccountRow, DoneReason, Fill, Order};
use crate::server::Text;
use crate::spec::Row;
use base::{Side, WallNs};

/// Best bid and offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Top {
    /// Best bid price.
    pub bid: Dec,
    /// Quantity there.
    pub bid_qty: Dec,
    /// Best ask price.
    pub ask: Dec,
    /// Quantity there.
    pub ask_qty: Dec,
}

impl Top {
    /// Halfway between the two.
    #[must_use]
    pub const fn mid(&self) -> Dec {
        Dec((self.bid.0 + self.ask.0) / 2)
    }
}

/// A price level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// Its price.
    pub price: Dec,
    /// What is there; zero in a change means gone.
    pub qty: Dec,
}

/// Which captured stream a frame belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// `bookTicker`.
    BookTicker,
    /// `trade`.
    Trade,
    /// `depth`.
    Depth,
}

/// Something in the market.
#[derive(Clone, Debug)]
pub enum MarketEvent {
    /// A frame as Binance sent it (Binance's own venues only): the payload without the combined
    /// stream's envelope. Comes before the [`MarketEvent::Top`] or other event it means.
    Frame {
        /// Of what.
        row: Row,
        /// On which stream.
        stream: Stream,
        /// The payload.
        data: Text,
        /// The captured text with its envelope, byte for byte, when `data` is from the capture
        /// itself and not from its repetition or another instrument made of it.
        whole: Option<Text>,
    },
    /// The best bid or offer changed.
    Top {
        /// Of what.
        row: Row,
        /// When.
        at: WallNs,
        /// To what.
        top: Top,
    },
    /// Levels below the best changed: ask for the levels when your channel's interval has passed.
    Depth {
        /// Of what.
        row: Row,
        /// When.
        at: WallNs,
    },
    /// Others traded.
    Trade {
        /// Of what.
        row: Row,
        /// When.
        at: WallNs,
        /// The venue's number, consecutive per instrument.
        id: u64,
        /// At what price.
        price: Dec,
        /// How much.
        qty: Dec,
        /// The side that took.
        taker: Side,
    },
    /// Mark and index price, once a scenario second.
    Mark {
        /// Of what.
        row: Row,
        /// When.
        at: WallNs,
    },
    /// The running funding estimate changed (look at [`crate::market::Market::funding`]).
    Funding {
        /// Of what.
        row: Row,
        /// When.
        at: WallNs,
    },
    /// Funding was settled.
    Settled {
        /// Of what.
        row: Row,
        /// The settlement time.
        at: WallNs,
        /// The rate charged.
        rate: Dec,
        /// The mark price it was charged on.
        mark: Dec,
    },
}

/// What became of an order.
#[derive(Clone, Debug)]
pub enum Change {
    /// Accepted and on the book (or about to match).
    Accepted,
    /// Executed.
    Filled(Fill),
    /// Ended.
    Done(DoneReason),
    /// Price or quantity changed at the client's wish.
    Amended,
}

/// Something on an account.
#[derive(Clone, Debug)]
pub enum AccountEvent {
    /// An order changed; `order` is its state just after.
    Order {
        /// Whose.
        account: AccountRow,
        /// The order now.
        order: Box<Order>,
        /// What happened.
        change: Change,
        /// When.
        at: WallNs,
    },
    /// A balance changed for a reason other than an order being held for.
    Balance {
        /// Whose.
        account: AccountRow,
        /// Which asset.
        asset: String,
        /// By how much.
        change: Dec,
        /// What it was then.
        balance: Balance,
        /// When.
        at: WallNs,
    },
    /// A position changed.
    Position {
        /// Whose.
        account: AccountRow,
        /// In what.
        row: Row,
        /// What it was then.
        position: Position,
        /// When.
        at: WallNs,
    },
    /// Funding was paid (negative) or received.
    Funding {
        /// Whose.
        account: AccountRow,
        /// On what.
        row: Row,
        /// How much, quote asset.
        amount: Dec,
        /// The rate.
        rate: Dec,
        /// The mark price.
        mark: Dec,
        /// The signed position it was paid on.
        position: Dec,
        /// Number of the record.
        id: u64,
        /// The settlement time.
        at: WallNs,
    },
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// To everybody.
    Market(MarketEvent),
    /// To one account.
    Account(AccountEvent),
}
