//! Age keys: where they come from, and what is opened and closed with them.

use super::{SecretFault, private};
use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::secrecy::ExposeSecret;
use age::x25519::{Identity, Recipient};
use std::fmt;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use zeroize::Zeroizing;

/// Variables that name a file of keys.
const FILES: [&str; 2] = ["FUNDING_ARB_AGE_KEY_FILE", "SOPS_AGE_KEY_FILE"];
/// The variable that holds keys themselves.
pub const TEXT: &str = "SOPS_AGE_KEY";
/// Variables that name whom to encrypt for, parted by commas.
const RECIPIENTS: [&str; 2] = ["FUNDING_ARB_AGE_RECIPIENTS", "SOPS_AGE_RECIPIENTS"];
/// Where `sops` looks by itself, below the user's configuration.
const USUAL: &str = "sops/age/keys.txt";

/// Age identities: private keys.
pub struct Keys(Vec<Identity>);

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} age keys", self.0.len())
    }
}

impl Keys {
    /// Every key that the variables lead to, and the user's own file of `sops` when it is there.
    ///
    /// # Errors
    /// A named file that cannot be read, or that others can read too; no key at all.
    pub fn find(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, SecretFault> {
        let mut keys = Vec::new();
        for name in FILES {
            if let Some(path) = variable(name).filter(|path| !path.is_empty()) {
                keys.extend(Self::file(name, Path::new(&path))?.0);
            }
        }
        if let Some(text) = variable(TEXT).map(Zeroizing::new) {
            keys.extend(parse(&text).map_err(|why| at(TEXT, why))?);
        }
        if let Some(path) = usual(variable).filter(|path| path.exists()) {
            keys.extend(Self::file("sops' own place", &path)?.0);
        }
        if keys.is_empty() { Err(SecretFault::NoKey) } else { Ok(Self(keys)) }
    }

    /// The keys of one file. `named` is what led to it.
    ///
    /// # Errors
    /// It cannot be read, others can read it too, or it holds something else.
    pub fn file(named: &str, path: &Path) -> Result<Self, SecretFault> {
        let place = format!("{named}: {}", path.display());
        let text = private::read(path).map_err(|why| at(&place, why))?;
        parse(&text).map(Self).map_err(|why| at(&place, why))
    }

    /// A new key.
    #[must_use]
    pub fn generate() -> Self {
        Self(vec![Identity::generate()])
    }

    /// The keys as the text of a key file.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::new());
        for key in &self.0 {
            text.push_str("# public key: ");
            text.push_str(&key.to_public().to_string());
            text.push('\n');
            text.push_str(key.to_string().expose_secret());
            text.push('\n');
        }
        text
    }

    /// Whom a value must be encrypted for so that these keys open it.
    #[must_use]
    pub fn recipients(&self) -> Recipients {
        Recipients(self.0.iter().map(Identity::to_public).collect())
    }

    /// Opens an age file, armoured or not.
    pub(super) fn open(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SecretFault> {
        let broken = |why: &dyn fmt::Display| SecretFault::form(format!("no good age file: {why}"));
        let file =
            age::Decryptor::new_buffered(ArmoredReader::new(sealed)).map_err(|why| broken(&why))?;
        let mut reader =
            file.decrypt(self.0.iter().map(|key| key as &dyn age::Identity)).map_err(|why| {
                match why {
                    age::DecryptError::NoMatchingKeys => SecretFault::NotForUs(self.0.len()),
                    other => broken(&other),
                }
            })?;
        let mut plain = Zeroizing::new(Vec::with_capacity(sealed.len()));
        reader.read_to_end(&mut plain).map_err(|why| broken(&why))?;
        Ok(plain)
    }
}

/// Whom to encrypt for: public keys.
#[derive(Clone, Default)]
pub struct Recipients(Vec<Recipient>);

impl fmt::Debug for Recipients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().join(","))
    }
}

impl Recipients {
    /// Reads `age1...` texts.
    ///
    /// # Errors
    /// One that is none.
    pub fn parse<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Self, SecretFault> {
        let one = |text: &str| {
            Recipient::from_str(text).map_err(|_| {
                let why = if text.starts_with("AGE-SECRET-KEY") {
                    "a private key was given as recipient; give its public key, age1...".to_owned()
                } else {
                    format!("{text} is no recipient; allowed: age1... (X25519)")
                };
                SecretFault::Form(why)
            })
        };
        let texts = texts.into_iter().flat_map(|text| text.split(',')).map(str::trim);
        texts.filter(|text| !text.is_empty()).map(one).collect::<Result<_, _>>().map(Self)
    }

    /// The recipients the variables name; without any, those of the keys found.
    ///
    /// # Errors
    /// A recipient that is none; nobody at all.
    pub fn find(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, SecretFault> {
        for name in RECIPIENTS {
            if let Some(text) = variable(name).filter(|text| !text.trim().is_empty()) {
                return Self::parse([text.as_str()]);
            }
        }
        match Keys::find(variable) {
            Ok(keys) => Ok(keys.recipients()),
            Err(SecretFault::NoKey) => Err(SecretFault::NoRecipient),
            Err(other) => Err(other),
        }
    }

    /// Their texts.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }

    /// Each alone.
    pub(super) fn each(&self) -> impl Iterator<Item = Self> {
        self.0.iter().map(|one| Self(vec![one.clone()]))
    }

    /// Whether there is nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Encrypts for all of them.
    pub(super) fn seal(&self, plain: &[u8], format: Format) -> Result<Vec<u8>, SecretFault> {
        if self.0.is_empty() {
            return Err(SecretFault::NoRecipient);
        }
        let failed = |why: &dyn fmt::Display| SecretFault::form(format!("age: {why}"));
        let all = self.0.iter().map(|one| one as &dyn age::Recipient);
        let encryptor = age::Encryptor::with_recipients(all).map_err(|why| failed(&why))?;
        let mut sealed = Vec::new();
        let write = || -> std::io::Result<()> {
            let armour = ArmoredWriter::wrap_output(&mut sealed, format)?;
            let mut writer = encryptor.wrap_output(armour)?;
            writer.write_all(plain)?;
            writer.finish()?.finish()?;
            Ok(())
        };
        write().map_err(|why| failed(&why))?;
        Ok(sealed)
    }
}

/// The identities of a key file: a line each, `#` begins a comment.
fn parse(text: &str) -> Result<Vec<Identity>, String> {
    let mut keys = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        // The line itself is never shown: it may be a key with a slip in it.
        let key = Identity::from_str(line).map_err(|why| {
            format!("line {} is no AGE-SECRET-KEY-1... key (X25519): {why}", index + 1)
        })?;
        keys.push(key);
    }
    if keys.is_empty() { Err("it holds no key".to_owned()) } else { Ok(keys) }
}

fn usual(variable: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let base = variable("XDG_CONFIG_HOME").filter(|dir| !dir.is_empty()).map(PathBuf::from);
    let base = base.or_else(|| Some(Path::new(&variable("HOME")?).join(".config")));
    base.map(|base| base.join(USUAL))
}

fn at(place: &str, why: String) -> SecretFault {
    SecretFault::Keys { place: place.to_owned(), why }
}
