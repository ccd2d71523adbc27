//! How SOPS encrypts one value: AES-256-GCM with a nonce of 32 bytes, bound to the key it stands under.

use super::SecretFault;
use aes_gcm::aead::consts::U32;
use aes_gcm::aead::{Aead as _, Generate as _, Payload};
use aes_gcm::aes::Aes256;
use aes_gcm::{AesGcm, Key, KeyInit as _, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

type Cipher = AesGcm<Aes256, U32>;

const BEGIN: &str = "ENC[AES256_GCM,";
const TAG_BYTES: usize = 16;

/// What a value was before it was encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Str,
    Int,
    Float,
    Bool,
}

impl Kind {
    const ALL: [(&'static str, Self); 5] = [
        ("str", Self::Str),
        ("int", Self::Int),
        ("float", Self::Float),
        ("bool", Self::Bool),
        ("bytes", Self::Str),
    ];

    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("str", |(word, _)| word)
    }
}

/// The key of one file.
pub(super) struct DataKey(Zeroizing<[u8; 32]>);

impl DataKey {
    pub(super) fn new() -> Self {
        Self(Zeroizing::new(<[u8; 32]>::generate()))
    }

    pub(super) fn of(bytes: &[u8]) -> Result<Self, SecretFault> {
        let key = bytes.try_into().map_err(|_| {
            SecretFault::form(format!("the data key has {} bytes instead of 32", bytes.len()))
        })?;
        Ok(Self(Zeroizing::new(key)))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &*self.0
    }

    fn cipher(&self) -> Cipher {
        Cipher::new(&Key::<Cipher>::from(*self.0))
    }

    /// Opens `ENC[AES256_GCM,data:..,iv:..,tag:..,type:..]` that stands under `aad`.
    pub(super) fn open(
        &self,
        text: &str,
        aad: &str,
    ) -> Result<(Zeroizing<Vec<u8>>, Kind), SecretFault> {
        let parts = Parts::of(text)?;
        let mut sealed = parts.data;
        sealed.extend(parts.tag);
        let payload = Payload { msg: &sealed, aad: aad.as_bytes() };
        let plain = self
            .cipher()
            .decrypt(&Nonce::<U32>::from(parts.iv), payload)
            .map_err(|_| SecretFault::Changed)?;
        Ok((Zeroizing::new(plain), parts.kind))
    }

    /// Encrypts a value that stands under `aad`.
    pub(super) fn seal(&self, plain: &[u8], kind: Kind, aad: &str) -> Result<String, SecretFault> {
        let iv = Nonce::<U32>::generate();
        let payload = Payload { msg: plain, aad: aad.as_bytes() };
        let sealed = self
            .cipher()
            .encrypt(&iv, payload)
            .map_err(|_| SecretFault::form("a value is too long to encrypt"))?;
        let (data, tag) = sealed.split_at(sealed.len() - TAG_BYTES);
        Ok(format!(
            "{BEGIN}data:{},iv:{},tag:{},type:{}]",
            STANDARD.encode(data),
            STANDARD.encode(iv),
            STANDARD.encode(tag),
            kind.word()
        ))
    }
}

/// An encrypted value taken apart.
struct Parts {
    data: Vec<u8>,
    iv: [u8; 32],
    tag: Vec<u8>,
    kind: Kind,
}

impl Parts {
    fn of(text: &str) -> Result<Self, SecretFault> {
        let bad = || SecretFault::form("should be ENC[AES256_GCM,data:..,iv:..,tag:..,type:..]");
        let inside = text
            .trim()
            .strip_prefix(BEGIN)
            .and_then(|rest| rest.strip_suffix(']'))
            .ok_or_else(bad)?;
        let mut parts = inside.split(',');
        let mut part = |name: &str| {
            let value = parts.next().and_then(|part| part.strip_prefix(name));
            value.and_then(|value| value.strip_prefix(':')).ok_or_else(bad)
        };
        let (data, iv, tag, kind) = (part("data")?, part("iv")?, part("tag")?, part("type")?);
        let decode = |text: &str| STANDARD.decode(text).map_err(|_| bad());
        let (data, iv, tag) = (decode(data)?, decode(iv)?, decode(tag)?);
        let kinds = Kind::ALL;
        let (_, kind) = kinds.iter().find(|(word, _)| *word == kind).ok_or_else(bad)?;
        let iv = iv.try_into().map_err(|_| bad())?;
        if tag.len() != TAG_BYTES || parts.next().is_some() {
            return Err(bad());
        }
        Ok(Self { data, iv, tag, kind: *kind })
    }
}

/// Whether a text has the form of a value that SOPS encrypted.
pub(super) fn is_encrypted(text: &str) -> bool {
    text.trim_start().starts_with(BEGIN)
}
