//! API keys. Wiped from memory when dropped, never printed, gone as text once they can sign.

use crate::sign::HmacKey;
use core::fmt;
use ed25519_dalek::{SigningKey, pkcs8::DecodePrivateKey};
use zeroize::Zeroizing;

/// A text that must not be seen: its `Debug` says so, and its memory is wiped.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(Zeroizing<String>);

impl Hidden {
    /// Hides `text`.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text, for the bytes of a request and nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What signs.
pub enum Secret {
    /// HMAC-SHA256: every venue.
    Hmac(HmacKey),
    /// Ed25519: Binance; the only kind that may log a WS API session on.
    Ed25519(Box<SigningKey>),
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hmac(_) => "Hmac([redacted])",
            Self::Ed25519(_) => "Ed25519([redacted])",
        })
    }
}

/// Why a key cannot be used. Never contains any of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// Key or secret is empty.
    #[error("the API key or its secret is empty")]
    Empty,
    /// A byte that no venue puts into a key: a space, a line end, a quote.
    #[error("the API key, secret or passphrase holds a byte that is not printable ASCII")]
    Unprintable,
    /// A PEM block that is no Ed25519 key in PKCS#8 (an RSA key, a public key, a cut file).
    #[error("the secret is a PEM block but no Ed25519 private key in PKCS#8")]
    Pem,
}

/// An account's key at one venue.
#[derive(Debug)]
pub struct Credentials {
    /// The public half; still hidden, since it names the account.
    pub key: Hidden,
    /// What signs.
    pub secret: Secret,
    /// OKX only.
    pub passphrase: Option<Hidden>,
}

impl Credentials {
    /// Reads a key. A secret that begins with `-----BEGIN` is an Ed25519 key, any other an HMAC secret.
    ///
    /// # Errors
    /// [`CredentialsError`].
    pub fn new(
        key: &str,
        secret: &str,
        passphrase: Option<&str>,
    ) -> Result<Self, CredentialsError> {
        let (key, secret) = (key.trim(), secret.trim());
        if key.is_empty() || secret.is_empty() {
            return Err(CredentialsError::Empty);
        }
        let secret = if secret.starts_with("-----BEGIN") {
            let key = SigningKey::from_pkcs8_pem(secret).map_err(|_| CredentialsError::Pem)?;
            Secret::Ed25519(Box::new(key))
        } else {
            printable(secret)?;
            Secret::Hmac(HmacKey::new(secret.as_bytes()))
        };
        printable(key)?;
        let passphrase = passphrase.map(str::trim).filter(|text| !text.is_empty());
        passphrase.map(passphrase_printable).transpose()?;
        Ok(Self {
            key: Hidden::new(key.to_owned()),
            secret,
            passphrase: passphrase.map(|text| Hidden::new(text.to_owned())),
        })
    }

    /// The HMAC key, where the venue knows no other (OKX, Bybit).
    #[must_use]
    pub fn hmac(&self) -> Option<&HmacKey> {
        match &self.secret {
            Secret::Hmac(key) => Some(key),
            Secret::Ed25519(_) => None,
        }
    }
}

/// Keys and secrets: what can stand in a header, without spaces.
fn printable(text: &str) -> Result<(), CredentialsError> {
    let good = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\');
    if good { Ok(()) } else { Err(CredentialsError::Unprintable) }
}

/// Passphrases are made by people: spaces are theirs to use.
fn passphrase_printable(text: &str) -> Result<(), CredentialsError> {
    let good = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if good { Ok(()) } else { Err(CredentialsError::Unprintable) }
}

#[cfg(test)]
mod tests;
