//! The operator's door: files in the state folder that any process with the same rights can write.
//!
//! A word in `order` is taken by the running engine, which answers by removing the file. `hold` stays over
//! any number of restarts, until the engine is armed by hand.

use std::fmt::{self, Display, Formatter};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// What an operator may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Cancel everything, send nothing more; stays over restarts, until armed.
    Kill,
    /// Open pairs again: after a kill, a broken limit, a disarm.
    Arm,
    /// Open no new pairs, also after a restart; exits and hedges go on.
    Disarm,
    /// Cancel everything and close every pair; then nothing new.
    Flatten,
}

impl Order {
    const ALL: [Self; 4] = [Self::Kill, Self::Arm, Self::Disarm, Self::Flatten];

    fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|order| order.word() == text.trim())
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Arm => "arm",
            Self::Disarm => "disarm",
            Self::Flatten => "flatten",
        }
    }
}

impl Display for Order {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The door of one state folder, from both sides.
#[derive(Debug)]
pub(crate) struct Door {
    order: PathBuf,
    draft: PathBuf,
    hold: PathBuf,
}

impl Door {
    pub(crate) fn of(state: &Path) -> Self {
        Self {
            order: state.join("order"),
            draft: state.join(format!("order.{}", std::process::id())),
            hold: state.join("hold"),
        }
    }

    /// What is asked for, once. A word that is none is thrown away and reported.
    pub(crate) fn take(&self) -> Option<Result<Order, String>> {
        let text = fs::read_to_string(&self.order).ok()?;
        // Its removal is the answer; what cannot be removed would be obeyed for ever.
        fs::remove_file(&self.order).ok()?;
        Some(Order::of(&text).ok_or(text))
    }

    /// Asks for something. An order that nobody took yet is replaced.
    pub(crate) fn ask(&self, order: Order) -> io::Result<()> {
        fs::write(&self.draft, order.word())?;
        fs::rename(&self.draft, &self.order)
    }

    /// Whether what was asked for is still there.
    pub(crate) fn is_waiting(&self) -> bool {
        self.order.exists()
    }

    /// Takes back what nobody took.
    pub(crate) fn withdraw(&self) -> io::Result<()> {
        absent_is_fine(fs::remove_file(&self.order))
    }

    /// What keeps an engine on this state from arming itself. A word nobody knows holds like a kill.
    pub(crate) fn held(&self) -> Option<Order> {
        match fs::read_to_string(&self.hold) {
            Ok(text) => Some(Order::of(&text).unwrap_or(Order::Kill)),
            Err(why) if why.kind() == ErrorKind::NotFound => None,
            Err(_) => Some(Order::Kill),
        }
    }

    /// What of an order outlives the engine: all but arming keep the next start from arming itself.
    pub(crate) fn keep(&self, order: Order) -> io::Result<()> {
        match order {
            Order::Arm => absent_is_fine(fs::remove_file(&self.hold)),
            Order::Kill | Order::Disarm | Order::Flatten => fs::write(&self.hold, order.word()),
        }
    }
}

fn absent_is_fine(outcome: io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(why) if why.kind() == ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

#[cfg(test)]
mod tests;
