//! The folder of versions: one JSON file each, written once and never changed.

use super::{Effective, Salt, difference, names};
use crate::raw::BYTES_MAX;
use crate::whole::{self, Draft};
use aes_gcm::aead::Generate as _;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

const SALT: &str = "salt";
/// Most versions that are kept; the oldest go first.
const KEPT_MAX: usize = 1_000;

/// The versions in one state folder.
#[derive(Debug)]
pub struct History {
    dir: PathBuf,
    salt: Salt,
}

/// A version as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// From 1.
    pub number: u64,
    /// Over its values.
    pub hash: String,
    /// When it was taken, UTC.
    pub time: String,
    /// What brought it: `start`, `reload`, `rollback to 3`.
    pub origin: String,
    /// Who did.
    pub who: String,
    /// What changed since the version before.
    pub changed: Vec<String>,
    /// The values and files.
    pub kept: Kept,
}

/// What a version holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Every value by its key; secrets as digests.
    pub values: BTreeMap<String, String>,
    /// The files, unless one holds a secret in the clear.
    pub files: Option<BTreeMap<String, String>>,
}

/// What recording did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The version that is in force.
    pub number: u64,
    /// Its hash.
    pub hash: String,
    /// Whether it is not the one that was in force before.
    pub new: bool,
}

/// Why a version's files are not back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotBack {
    /// Nothing was changed.
    #[error("{0}")]
    Unchanged(String),
    /// Some names had changed by then: a disk that fails, or somebody else who changes the folder.
    #[error("{}: {why}; changed already: {}; what was there lies beside as NAME.before-rollback",
        path.display(), list(done))]
    Partly {
        /// What could not be changed.
        path: PathBuf,
        /// Why.
        why: String,
        /// What was.
        done: Vec<PathBuf>,
    },
}

fn list(paths: &[PathBuf]) -> String {
    let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    paths.join(", ")
}

impl History {
    /// Opens the versions of a state folder; makes the folder.
    ///
    /// # Errors
    /// It cannot be made or read.
    pub fn open(state: &Path) -> Result<Self, String> {
        let dir = state.join("config");
        let failed = |why: &dyn std::fmt::Display| format!("{}: {why}", dir.display());
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir).map_err(|e| failed(&e))?;
        let path = dir.join(SALT);
        if !path.exists() {
            let fresh = <[u8; 32]>::generate();
            match place(&dir, &path, &fresh) {
                Err(why) if why.kind() != io::ErrorKind::AlreadyExists => return Err(failed(&why)),
                // Another process was first: its salt counts.
                _ => {}
            }
        }
        let bytes = fs::read(&path).map_err(|e| failed(&e))?;
        let salt = bytes.try_into().map_err(|_| failed(&"salt: not 32 bytes"))?;
        Ok(Self { dir, salt: Salt(salt) })
    }

    /// What digests of secrets are keyed with here.
    #[must_use]
    pub fn salt(&self) -> &Salt {
        &self.salt
    }

    /// Records what is in force from now on; nothing when it is what was in force before.
    ///
    /// # Errors
    /// The folder cannot be read or written.
    pub fn record(
        &self,
        effective: &Effective,
        origin: &str,
        who: &str,
    ) -> Result<Recorded, String> {
        let hash = effective.hash();
        // bound: each turn somebody else has recorded a version of its own
        loop {
            let last = self.numbers()?.last().map(|number| self.version(*number)).transpose()?;
            if let Some(last) = &last
                && last.hash == hash
            {
                return Ok(Recorded { number: last.number, hash, new: false });
            }
            let number = last.as_ref().map_or(1, |last| last.number + 1);
            let changed = last.as_ref().map_or_else(Vec::new, |last| {
                let changes = difference(&last.kept.values, &effective.values);
                changes.iter().map(ToString::to_string).collect()
            });
            let (values, files) = (effective.values.clone(), effective.files.clone());
            let version = Version {
                number,
                hash: hash.clone(),
                time: now(),
                origin: origin.to_owned(),
                who: who.to_owned(),
                changed,
                kept: Kept { values, files },
            };
            let text = serde_json::to_vec_pretty(&version).map_err(|why| why.to_string())?;
            match place(&self.dir, &self.path(number), &text) {
                Ok(()) => {
                    self.forget()?;
                    return Ok(Recorded { number, hash, new: true });
                }
                Err(why) if why.kind() == io::ErrorKind::AlreadyExists => {}
                Err(why) => return Err(format!("{}: {why}", self.dir.display())),
            }
        }
    }

    /// Every version, oldest first.
    ///
    /// # Errors
    /// One cannot be read.
    pub fn list(&self) -> Result<Vec<Version>, String> {
        self.numbers()?.into_iter().map(|number| self.version(number)).collect()
    }

    /// A version by its number, or by the first digits of its hash (at least four).
    ///
    /// # Errors
    /// There is none, or more than one.
    pub fn find(&self, name: &str) -> Result<Version, String> {
        if let Ok(number) = name.parse::<u64>()
            && self.numbers()?.contains(&number)
        {
            return self.version(number);
        }
        let mut found = self.list()?;
        found.retain(|v| name.len() >= 4 && v.hash.starts_with(name));
        // The same content may have come back later: the last of them.
        let last = found.pop();
        let last =
            last.ok_or_else(|| format!("{name}: no such version; `config history` lists them"))?;
        if found.iter().all(|v| v.hash == last.hash) {
            Ok(last)
        } else {
            Err(format!("{name}: more than one version begins so"))
        }
    }

    /// Puts a version's files back into a configuration folder. What it changes or removes is kept beside as
    /// `NAME.before-rollback`.
    ///
    /// Everything is on the disk before the first name changes, so that who watches the folder finds one
    /// version or the other.
    ///
    /// # Errors
    /// The version kept no files, or the folder cannot be written; which files changed all the same.
    pub fn put_back(version: &Version, dir: &Path) -> Result<(), NotBack> {
        let Some(files) = &version.kept.files else {
            return Err(NotBack::Unchanged(format!(
                "version {} kept no files: one of them held a secret in the clear",
                version.number
            )));
        };
        let (mut asides, mut drafts, mut gone) = (Vec::new(), Vec::new(), Vec::new());
        for name in names() {
            let path = dir.join(&name);
            let failed = |why: &dyn std::fmt::Display| {
                NotBack::Unchanged(format!("{}: {why}", path.display()))
            };
            match files.get(&name) {
                Some(text) => {
                    if path.exists() {
                        let was = whole::read_text(&path, BYTES_MAX).map_err(|e| failed(&e))?;
                        if *was == *text {
                            continue;
                        }
                        let aside = Draft::like(&aside(&path), was.as_bytes(), &path);
                        asides.push(aside.map_err(|e| failed(&e))?);
                    }
                    let folder = fs::create_dir_all(path.parent().unwrap_or(dir));
                    let draft = folder.and_then(|()| Draft::new(&path, text.as_bytes(), 0o644));
                    drafts.push((draft.map_err(|e| failed(&e))?, path));
                }
                None if path.exists() => gone.push(path),
                None => {}
            }
        }
        for aside in asides {
            aside.put().map_err(|e| NotBack::Unchanged(format!("{}: {e}", dir.display())))?;
        }
        let placed = drafts.into_iter().map(|(draft, path)| (draft.put(), path));
        let removed = gone.into_iter().map(|path| (fs::rename(&path, aside(&path)), path));
        let mut done = Vec::new();
        for (result, path) in placed.chain(removed) {
            match result {
                Ok(()) => done.push(path),
                Err(why) if done.is_empty() => {
                    return Err(NotBack::Unchanged(format!("{}: {why}", path.display())));
                }
                Err(why) => return Err(NotBack::Partly { path, why: why.to_string(), done }),
            }
        }
        Ok(())
    }

    fn path(&self, number: u64) -> PathBuf {
        self.dir.join(format!("{number:08}.json"))
    }

    fn version(&self, number: u64) -> Result<Version, String> {
        let path = self.path(number);
        let text = fs::read(&path).map_err(|why| format!("{}: {why}", path.display()))?;
        serde_json::from_slice(&text).map_err(|why| format!("{}: {why}", path.display()))
    }

    fn numbers(&self) -> Result<Vec<u64>, String> {
        let listed =
            fs::read_dir(&self.dir).map_err(|why| format!("{}: {why}", self.dir.display()))?;
        let number = |name: &str| name.strip_suffix(".json")?.parse().ok();
        let mut numbers: Vec<u64> = listed
            .flatten()
            .filter_map(|entry| number(&entry.file_name().to_string_lossy()))
            .collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn forget(&self) -> Result<(), String> {
        let numbers = self.numbers()?;
        let old = numbers.len().saturating_sub(KEPT_MAX);
        for number in &numbers[..old] {
            let path = self.path(*number);
            fs::remove_file(&path).map_err(|why| format!("{}: {why}", path.display()))?;
        }
        Ok(())
    }
}

/// A whole new file of that name, or none: fails when there is one already.
fn place(dir: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    Draft::new(path, bytes, 0o600)?.put_new()?;
    File::open(dir)?.sync_all()
}

/// Where a file is kept that a rollback changes.
fn aside(path: &Path) -> PathBuf {
    path.with_extension("yaml.before-rollback")
}

fn now() -> String {
    let now = jiff::Timestamp::now();
    jiff::Timestamp::from_second(now.as_second()).unwrap_or(now).to_string()
}
