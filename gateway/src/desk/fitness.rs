//! Whether the account is set up so that it can be traded: asked at start, and again while it is not.

use base::output::Place;
use base::{InstrumentId, Instruments, Rate, Stamp};
use net::Channel;
use telemetry::{Counter, NoticeCode};

use super::{Desk, Hands, Mind, soon};
use crate::rest::{Task, Unfit};

/// While the account is not fit it is asked about again this often, milliseconds.
const ASK_AGAIN: u64 = 30_000;
/// After a failed call.
const RETRY: u64 = 2_000;

/// What is known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Unknown,
    Fit,
    Unfit(Unfit),
}

/// The account, as far as it was asked about.
#[derive(Debug)]
pub(super) struct Fitness {
    state: State,
    /// What the answers under way have said so far.
    found: Option<Unfit>,
    asked: bool,
    ask_at: Stamp,
    /// The configured fees of what takes and of what rests, by instrument.
    fees: Box<[(Rate, Rate)]>,
}

impl Fitness {
    pub(super) fn new(instruments: &Instruments) -> Self {
        let fees = instruments.list.iter().map(|one| (one.fee_maker, one.fee_taker));
        Self {
            state: State::Unknown,
            found: None,
            asked: false,
            ask_at: Stamp(0),
            fees: fees.collect(),
        }
    }

    /// Whether the account is known to be as it must be.
    pub(super) fn is_fit(&self) -> bool {
        self.state == State::Fit
    }

    /// Whether an order may not leave: nothing that adds risk, on an account known to be unfit.
    #[inline]
    pub(super) fn forbids(&self, place: &Place) -> bool {
        matches!(self.state, State::Unfit(_)) && !place.reduce_only
    }

    pub(super) fn heard(&mut self, unfit: Unfit) {
        self.found = Some(unfit);
    }
}

impl<L: Channel> Desk<L> {
    /// The gauge that counts this desk among the accounts that are not fit, if it is one.
    pub(crate) fn unfit(&self) -> Option<Counter> {
        match self.mind.fitness.state {
            State::Unfit(Unfit::Hedged) => Some(Counter::AccountsHedged),
            State::Unfit(Unfit::Level(_)) => Some(Counter::AccountsLevel),
            State::Unfit(Unfit::NoTrading) => Some(Counter::AccountsNoTrading),
            State::Unknown | State::Fit => None,
        }
    }

    /// Asks about the account.
    pub(super) fn care_for_account(&mut self, hands: &Hands<'_>) {
        let mind = &mut self.mind;
        let fitness = &mind.fitness;
        if fitness.is_fit() || fitness.asked || hands.now < fitness.ask_at {
            return;
        }
        let (spend, of) = Task::Account.spend(mind.venue);
        let asked =
            mind.budget.try_spend(spend, of, hands.now).is_ok() && mind.submit(Task::Account, 0);
        mind.fitness.asked = asked;
        mind.fitness.found = None;
        if !asked {
            mind.fitness.ask_at = soon(hands.now, RETRY);
        }
    }
}

impl Mind {
    /// The answers about the account are complete, or failed.
    pub(super) fn account_asked(&mut self, answered: bool, hands: &mut Hands<'_>) {
        let fitness = &mut self.fitness;
        fitness.asked = false;
        if !answered {
            fitness.ask_at = soon(hands.now, RETRY);
            return;
        }
        fitness.ask_at = soon(hands.now, ASK_AGAIN);
        let state = fitness.found.map_or(State::Fit, State::Unfit);
        if core::mem::replace(&mut fitness.state, state) == state {
            return;
        }
        let (code, number) = match state {
            State::Unfit(Unfit::Hedged) => (NoticeCode::AccountHedged, 0),
            State::Unfit(Unfit::Level(level)) => (NoticeCode::AccountLevel, level),
            State::Unfit(Unfit::NoTrading) => (NoticeCode::AccountNoTrading, 0),
            State::Unknown | State::Fit => (NoticeCode::AccountFit, 0),
        };
        hands.tell(self.venue, code, [number, 0, 0]);
        let (spend, of) = Task::Fees.spend(self.venue);
        if state == State::Fit && self.budget.try_spend(spend, of, hands.now).is_ok() {
            self.submit(Task::Fees, 0);
        }
    }

    /// What trading an instrument really costs.
    pub(super) fn fees_heard(
        &self,
        instrument: InstrumentId,
        (maker, taker): (Rate, Rate),
        hands: &mut Hands<'_>,
    ) {
        let known = self.fitness.fees.get(instrument.index());
        if known.is_some_and(|known| *known != (maker, taker)) {
            let numbers = [maker.0, taker.0, 0];
            hands.tell_of(self.venue, instrument, NoticeCode::FeesDiffer, numbers);
        }
    }
}
