//! What is asked of which kind of machine.

use super::place::Place;
use core::fmt;

/// A kind of machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Profile {
    /// A node of one's own that trades: everything is asked.
    DedicatedNode,
    /// A rented machine: what the hypervisor decides is wished for, not asked.
    CloudVm,
    /// Where it is developed: only what makes figures wrong.
    Laptop,
    /// Where tests run: only what makes them fail.
    Ci,
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::DedicatedNode, Self::CloudVm, Self::Laptop, Self::Ci];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DedicatedNode => "dedicated-node",
            Self::CloudVm => "cloud-vm",
            Self::Laptop => "laptop",
            Self::Ci => "ci",
        }
    }

    /// The one a machine looks like, where nobody says.
    #[must_use]
    pub fn guess(place: &Place, ci: bool) -> Self {
        match place {
            _ if ci => Self::Ci,
            place if place.battery => Self::Laptop,
            place if place.virtual_machine => Self::CloudVm,
            _ => Self::DedicatedNode,
        }
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a profile asks of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demand {
    /// It must be so.
    Must,
    /// It should be so.
    Should,
    /// It does not matter.
    Skip,
}

/// The demands of all profiles in the order of [`Profile::ALL`]: `M` must, `S` should, `-` does not matter.
pub(crate) const fn demands(letters: &str) -> [Demand; Profile::ALL.len()] {
    let letters = letters.as_bytes();
    assert!(letters.len() == Profile::ALL.len(), "a letter for each profile");
    let mut demands = [Demand::Skip; Profile::ALL.len()];
    let mut at = 0;
    while at < letters.len() {
        demands[at] = match letters[at] {
            b'M' => Demand::Must,
            b'S' => Demand::Should,
            b'-' => Demand::Skip,
            _ => panic!("M, S or -"),
        };
        at += 1;
    }
    demands
}
