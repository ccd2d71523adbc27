//! One value, encrypted alone with age: `ENC[age,<base64>]`, or an armoured age file, as text of a key.

use super::SecretFault;
use super::keys::{Keys, Recipients};
use age::armor::Format;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

const BEGIN: &str = "ENC[age,";
const ARMOUR: &str = "-----BEGIN AGE ENCRYPTED FILE-----";

/// Whether a value is encrypted in one of the forms that [`open`] takes.
#[must_use]
pub fn is_sealed(text: &str) -> bool {
    let text = text.trim();
    text.starts_with(BEGIN)
        || text.strip_prefix("age:").unwrap_or(text).trim_start().starts_with(ARMOUR)
}

/// The plain text of an encrypted value.
///
/// # Errors
/// It is not in the form it seems to have, or none of the keys opens it.
pub fn open(text: &str, keys: &Keys) -> Result<Zeroizing<String>, SecretFault> {
    let text = text.trim();
    let plain = match text.strip_prefix(BEGIN) {
        Some(rest) => {
            let rest = rest.strip_suffix(']').ok_or_else(|| {
                SecretFault::form("ENC[age,...] is cut off: the closing bracket is missing")
            })?;
            let packed: String = rest.split_whitespace().collect();
            let sealed = STANDARD
                .decode(packed)
                .map_err(|why| SecretFault::form(format!("ENC[age,...] is no base64: {why}")))?;
            keys.open(&sealed)?
        }
        None => keys.open(text.strip_prefix("age:").unwrap_or(text).trim_start().as_bytes())?,
    };
    utf8(&plain)
}

/// Encrypts a value: one line, for any place of a YAML file.
///
/// # Errors
/// There is no recipient.
pub fn seal(plain: &str, recipients: &Recipients) -> Result<String, SecretFault> {
    let sealed = recipients.seal(plain.as_bytes(), Format::Binary)?;
    Ok(format!("{BEGIN}{}]", STANDARD.encode(sealed)))
}

pub(super) fn utf8(plain: &[u8]) -> Result<Zeroizing<String>, SecretFault> {
    let text = std::str::from_utf8(plain)
        .map_err(|_| SecretFault::form("what is encrypted is no text (UTF-8)"))?;
    Ok(Zeroizing::new(text.to_owned()))
}
