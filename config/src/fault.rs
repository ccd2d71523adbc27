//! What is wrong with a configuration: all of it, so that one edit mends it.

use crate::layer::visible;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Where a text came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Built into the program.
    Shipped(&'static str),
    /// A file of the configuration directory.
    File(PathBuf),
    /// A file of a source that lies elsewhere, by its address there.
    Remote(String),
    /// An environment variable that sets a key, by its name.
    Variable(String),
    /// An option of the command line, as it was written there.
    Option(String),
}

/// A place in a source: line and column from 1; 0 where there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which text.
    pub source: Arc<Source>,
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

impl Place {
    /// A source as a whole.
    #[must_use]
    pub fn whole(source: Source) -> Self {
        Self { source: Arc::new(source), line: 0, column: 0 }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.source {
            Source::Shipped(name) => write!(f, "(built in) {name}")?,
            Source::File(path) => write!(f, "{}", path.display())?,
            Source::Remote(name) => f.write_str(name)?,
            Source::Variable(word) | Source::Option(word) => return write!(f, "{word}"),
        }
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        Ok(())
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub at: Place,
    /// The key with its whole path, `strategies.basis_arbitrage.enabled`; empty for a whole file.
    pub key: String,
    /// What, and what is allowed.
    pub kind: FaultKind,
}

/// The ways to be wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultKind {
    /// No such key there.
    #[error("unknown key{}", hint(.near.as_ref(), .known))]
    UnknownKey {
        /// The known key that looks most like it.
        near: Option<String>,
        /// All keys known there.
        known: Vec<String>,
    },
    /// A file that nobody reads.
    #[error("no file of a configuration{}", hint(.near.as_ref(), .known))]
    UnknownFile {
        /// The known name that looks most like it.
        near: Option<String>,
        /// All names that are read.
        known: Vec<String>,
    },
    /// The same key twice in one section.
    #[error("given twice; first on line {first}")]
    Duplicate {
        /// The line of the first.
        first: u32,
    },
    /// A key that must be there is not.
    #[error("missing; allowed: {allowed}")]
    Missing {
        /// What could stand there.
        allowed: String,
    },
    /// A value that cannot be read, or lies outside its bounds.
    #[error("{found} is not allowed; allowed: {allowed}")]
    Value {
        /// What stands there, quoted; hidden for secrets.
        found: String,
        /// What could stand there.
        allowed: String,
    },
    /// `${VAR}` without a default, and no such variable.
    #[error("the variable {0} is not set and has no default (${{{0}:default}} would give one)")]
    Unset(
        /// Its name.
        String,
    ),
    /// A variable that holds bytes that are no text.
    #[error("the variable {0} holds bytes that are no UTF-8")]
    NotText(
        /// Its name.
        String,
    ),
    /// `${` that is no variable.
    #[error(
        "a ${{ that begins no variable; allowed: ${{NAME}} or ${{NAME:default}}, NAME of letters, digits and _"
    )]
    BadVariable,
    /// The text is no YAML, or uses what this configuration does without.
    #[error("{0}")]
    Yaml(
        /// The parser's words, or ours.
        String,
    ),
    /// A file or directory that cannot be read.
    #[error("{0}")]
    Io(
        /// The system's words.
        String,
    ),
    /// An encrypted value that cannot be read.
    #[error(transparent)]
    Secret(
        /// Why; never what stands in it.
        #[from]
        crate::secret::SecretFault,
    ),
    /// Two values that are each allowed and do not go together.
    #[error("{0}")]
    Clash(
        /// How.
        String,
    ),
}

impl FaultKind {
    /// What is allowed instead, where that can be said.
    #[must_use]
    pub fn allowed(&self) -> Option<String> {
        match self {
            Self::UnknownKey { known, .. } | Self::UnknownFile { known, .. } => {
                Some(known.join(", "))
            }
            Self::Missing { allowed } | Self::Value { allowed, .. } => Some(allowed.clone()),
            _ => None,
        }
    }

    /// The known word that looks most like an unknown one.
    #[must_use]
    pub fn near(&self) -> Option<&str> {
        match self {
            Self::UnknownKey { near, .. } | Self::UnknownFile { near, .. } => near.as_deref(),
            _ => None,
        }
    }
}

fn hint(near: Option<&String>, known: &[String]) -> String {
    match near {
        Some(near) => format!("; did you mean {near}?"),
        None => format!("; known here: {}", known.join(", ")),
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names of files, keys and variables are anybody's: one line, and nothing that moves a cursor.
        let (at, kind) = (self.at.to_string(), self.kind.to_string());
        let key = if self.key.is_empty() { String::new() } else { format!("{}: ", self.key) };
        f.write_str(&visible(&format!("{at}: {key}{kind}")))
    }
}

/// What is allowed and not wise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Where.
    pub at: Place,
    /// The key with its whole path.
    pub key: String,
    /// What is to be said of it: `has no effect in this version`.
    pub what: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&visible(&format!("{}: {} {}", self.at, self.key, self.what)))
    }
}

/// Everything that is wrong, in the order of files and lines. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFaults(Vec<Fault>);

impl ConfigFaults {
    /// Nothing wrong, or all of it in order.
    ///
    /// # Errors
    /// The faults, if there are any.
    pub(crate) fn none(mut faults: Vec<Fault>) -> Result<(), Self> {
        if faults.is_empty() {
            return Ok(());
        }
        faults.sort_by_key(|fault| (file_order(&fault.at.source), fault.at.line, fault.at.column));
        faults.dedup();
        Err(Self(faults))
    }

    /// The faults, one by one.
    #[must_use]
    pub fn list(&self) -> &[Fault] {
        &self.0
    }
}

/// Options last, files by name.
fn file_order(source: &Source) -> (u8, String) {
    match source {
        Source::Shipped(name) => (0, (*name).to_owned()),
        Source::File(path) => (1, path.display().to_string()),
        Source::Remote(name) => (1, name.clone()),
        Source::Variable(name) => (2, name.clone()),
        Source::Option(option) => (3, option.clone()),
    }
}

impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => writeln!(f, "the configuration has a fault:")?,
            count => writeln!(f, "the configuration has {count} faults:")?,
        }
        for (index, fault) in self.0.iter().enumerate() {
            let end = if index + 1 < self.0.len() { "\n" } else { "" };
            write!(f, "  {fault}{end}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigFaults {}

/// The entry of `known` that looks most like `word`, if one does: by few letters that differ, else as
/// the one that begins with it.
pub(crate) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    /// No key is longer, and comparing costs the product of both lengths.
    const LONGEST: usize = 100;
    let length = word.chars().count();
    if length > LONGEST {
        return None;
    }
    let known: Vec<&str> = known.into_iter().collect();
    let allowed = (length / 3).clamp(1, 3);
    let distances = known.iter().map(|candidate| (distance(word, candidate), *candidate));
    let near = distances.filter(|(d, _)| *d <= allowed).min_by_key(|(d, _)| *d);
    let begins =
        |candidate: &&&str| candidate.strip_prefix(word).is_some_and(|rest| rest.starts_with('_'));
    near.map(|(_, candidate)| candidate).or_else(|| known.iter().find(begins).copied())
}

/// Insertions, deletions, replacements and swaps of neighbours between two words, whatever their case.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.to_lowercase().chars().collect();
    let b: Vec<char> = b.to_lowercase().chars().collect();
    // The first row and column are plain insertions and deletions.
    let row = |i: usize| (i..=i + b.len()).collect::<Vec<usize>>();
    let mut rows: Vec<Vec<usize>> = (0..=a.len()).map(row).collect();
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}
