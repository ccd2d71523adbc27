//! Lists of processors as the kernel writes them: `0-3,8,10-11`.

use core::fmt;

/// Processors by number, each once, ascending.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct CpuList(Vec<u32>);

/// More processors than any machine has: a list that names a higher one is no list.
const CPU_MAX: u32 = 1 << 16;

impl CpuList {
    /// The list of these numbers.
    #[must_use]
    pub fn new(cpus: impl IntoIterator<Item = u32>) -> Self {
        let mut cpus: Vec<u32> = cpus.into_iter().collect();
        cpus.sort_unstable();
        cpus.dedup();
        Self(cpus)
    }

    /// Reads the kernel's text. Empty, and the `(null)` some files hold, are the empty list; `None` is
    /// for what is no list.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() || text == "(null)" {
            return Some(Self::default());
        }
        let mut cpus = Vec::new();
        for part in text.split(',') {
            let (low, high) = part.split_once('-').unwrap_or((part, part));
            let (low, high): (u32, u32) = (low.trim().parse().ok()?, high.trim().parse().ok()?);
            if low > high || high >= CPU_MAX {
                return None;
            }
            cpus.extend(low..=high);
        }
        Some(Self::new(cpus))
    }

    /// Whether a processor is in it.
    #[must_use]
    pub fn contains(&self, cpu: u32) -> bool {
        self.0.binary_search(&cpu).is_ok()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Their numbers, ascending.
    #[must_use]
    pub fn as_slice(&self) -> &[u32] {
        &self.0
    }
}

impl fmt::Display for CpuList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, run) in self.0.chunk_by(|a, b| a + 1 == *b).enumerate() {
            let comma = if nth == 0 { "" } else { "," };
            match run {
                [one] => write!(f, "{comma}{one}")?,
                [first, .., last] => write!(f, "{comma}{first}-{last}")?,
                [] => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
