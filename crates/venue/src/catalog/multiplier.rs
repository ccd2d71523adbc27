//! Symbols that price a thousand coins as one: `1000PEPE`, `1MBABYDOGE`, `SHIB1000`.

/// A listed asset name and the real asset behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Multiplied<'a> {
    /// The real asset.
    pub base: &'a str,
    /// One of the listed name is 10^this of the real asset; 0 for an ordinary name.
    pub exp: u8,
}

/// Splits a listed asset name.
///
/// A power of ten from 1,000 to 1,000,000,000 before a name that begins with a letter, `1M` before a
/// name of at least four letters, or `1000` behind letters (Bybit's older form). So `1INCH`, `1MX`
/// and `100X` are ordinary names.
#[must_use]
pub fn multiplied(listed: &str) -> Multiplied<'_> {
    let ordinary = Multiplied { base: listed, exp: 0 };
    if let Some(rest) = listed.strip_prefix('1') {
        let name = rest.trim_start_matches('0');
        let zeros = rest.len() - name.len();
        let begins_with_letter = name.starts_with(|c: char| !c.is_ascii_digit());
        return match u8::try_from(zeros) {
            Ok(exp @ 3..=9) if begins_with_letter => Multiplied { base: name, exp },
            Ok(0) => match name.strip_prefix('M') {
                Some(name) if name.len() >= 4 && name.bytes().all(|b| b.is_ascii_uppercase()) => {
                    Multiplied { base: name, exp: 6 }
                }
                _ => ordinary,
            },
            _ => ordinary,
        };
    }
    match listed.strip_suffix("1000") {
        Some(name) if !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase()) => {
            Multiplied { base: name, exp: 3 }
        }
        _ => ordinary,
    }
}
