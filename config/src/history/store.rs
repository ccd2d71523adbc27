//! The folder of versions: one JSON file each, written once and never changed.

use super::{Effective, Salt, difference, names};
use aes_gcm::aead::Generate as _;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
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
        let all = self.list()?;
        let mut found = all.into_iter().filter(|v| name.len() >= 4 && v.hash.starts_with(name));
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            // The same content came back later: the last of them.
            (Some(one), Some(other)) if one.hash == other.hash => {
                Ok(found.next_back().unwrap_or(other))
            }
            (Some(_), Some(_)) => Err(format!("{name}: more than one version begins so")),
            (None, _) => Err(format!("{name}: no such version; `config history` lists them")),
        }
    }

    /// Puts a version's files back into a configuration folder; a file the version did without is kept
    /// beside as `NAME.before-rollback`.
    ///
    /// # Errors
    /// The version kept no files, or the folder cannot be written.
    pub fn put_back(version: &Version, dir: &Path) -> Result<(), String> {
        let Some(files) = &version.kept.files else {
            return Err(format!(
                "version {} kept no files: one of them held a secret in the clear",
                version.number
            ));
        };
        let failed = |path: &Path, why: io::Error| format!("{}: {why}", path.display());
        for name in names() {
            let path = dir.join(&name);
            match files.get(&name) {
                Some(text) => {
                    let beside = path.with_extension("rollback");
                    let whole = || {
                        fs::create_dir_all(path.parent().unwrap_or(dir))?;
                        let mut file = File::create(&beside)?;
                        file.write_all(text.as_bytes())?;
                        file.sync_all()?;
                        fs::rename(&beside, &path)
                    };
                    whole().map_err(|why| failed(&path, why))?;
                }
                None if path.exists() => {
                    let aside = path.with_extension("yaml.before-rollback");
                    fs::rename(&path, aside).map_err(|why| failed(&path, why))?;
                }
                None => {}
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
    // Random: two threads of a process may both be here.
    let beside = dir.join(format!(".{:016x}.new", u64::from_le_bytes(<[u8; 8]>::generate())));
    let write = || {
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::hard_link(&beside, path)?;
        File::open(dir)?.sync_all()
    };
    let done = write();
    let _ = fs::remove_file(&beside);
    done
}

fn now() -> String {
    let now = jiff::Timestamp::now();
    jiff::Timestamp::from_second(now.as_second()).unwrap_or(now).to_string()
}
