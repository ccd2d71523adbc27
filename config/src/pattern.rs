//! Regular expressions of numbers within bounds, in the dialect of JSON Schema (ECMA-262).
//!
//! A number may stand in a file as a text: quoted, or brought in by a template. A schema has no other
//! way to bound such a text than a pattern, so the patterns are made from the bounds that the reader
//! itself compares with. None has anchors; whoever uses one puts them round it.

/// White space as Rust knows it, for use inside `[...]`.
pub(crate) const SPACE: &str =
    "\\u0009-\\u000d\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

/// Whole numbers up to `max`, leading zeros allowed.
pub(crate) fn whole_up_to(max: u64) -> String {
    let digits = max.to_string();
    let mut ways = vec![digits.clone()];
    if digits.len() > 1 {
        ways.push(format!("[0-9]{{1,{}}}", digits.len() - 1));
    }
    for (index, digit) in digits.bytes().enumerate().filter(|(_, digit)| *digit > b'0') {
        let rest = digits.len() - index - 1;
        ways.push(format!("{}{}[0-9]{{{rest}}}", &digits[..index], span(b'0', digit - 1)));
    }
    format!("0*(?:{})", ways.join("|"))
}

/// Whole numbers from `min` on, leading zeros allowed.
pub(crate) fn whole_from(min: u64) -> String {
    if min == 0 {
        return "[0-9]+".to_owned();
    }
    let digits = min.to_string();
    let mut ways = vec![digits.clone(), format!("[1-9][0-9]{{{},}}", digits.len())];
    for (index, digit) in digits.bytes().enumerate().filter(|(_, digit)| *digit < b'9') {
        let rest = digits.len() - index - 1;
        ways.push(format!("{}{}[0-9]{{{rest}}}", &digits[..index], span(digit + 1, b'9')));
    }
    format!("0*(?:{})", ways.join("|"))
}

/// Whole numbers from `min` to `max`.
pub(crate) fn whole(min: u64, max: u64) -> String {
    format!("(?=(?:{})(?![0-9]))(?:{})", whole_from(min), whole_up_to(max))
}

fn span(low: u8, high: u8) -> String {
    match low == high {
        true => char::from(low).to_string(),
        false => format!("[{}-{}]", char::from(low), char::from(high)),
    }
}

/// A bound of decimals: its sign, whole part and decimals.
struct Bound {
    negative: bool,
    whole: u64,
    decimals: String,
}

impl Bound {
    fn of(text: &str) -> Self {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let whole = whole.parse().unwrap_or(0);
        Self { negative, whole, decimals: decimals.trim_end_matches('0').to_owned() }
    }

    fn is_zero(&self) -> bool {
        self.whole == 0 && self.decimals.is_empty()
    }
}

/// Decimals from `min` to `max`, both written as decimals, with at most `places` digits behind the
/// point that are not zeros at its end.
pub(crate) fn decimal(min: &str, max: &str, places: usize) -> String {
    let (low, high) = (Bound::of(min), Bound::of(max));
    let up_to = decimal_up_to(&high, places);
    match (low.negative, low.is_zero()) {
        (true, _) => format!("(?:{up_to}|-(?:{}))", decimal_up_to(&low, places)),
        (false, true) => format!("(?:{up_to}|-(?:{}))", decimal_up_to(&low, places)),
        (false, false) => {
            format!("(?=(?:{})(?![0-9.]))(?:{up_to})", decimal_from(&low, places))
        }
    }
}

/// Decimals above zero up to `max`.
pub(crate) fn decimal_above_zero(max: &str, places: usize) -> String {
    format!("(?=[0-9.]*[1-9])(?:{})", decimal_up_to(&Bound::of(max), places))
}

/// Decimals without a sign up to the bound's magnitude.
fn decimal_up_to(bound: &Bound, places: usize) -> String {
    let any = any_decimals(places);
    let equal = decimals_up_to(&bound.decimals, places);
    let mut ways = vec![format!("0*{}(?:\\.(?:{equal}))?", bound.whole)];
    match bound.whole {
        // Without a digit before the point there must be one behind it.
        0 => ways.push(format!("\\.(?=[0-9])(?:{equal})")),
        whole => {
            ways.push(format!("{}(?:\\.{any})?", whole_up_to(whole - 1)));
            ways.push(format!("\\.(?=[0-9]){any}"));
        }
    }
    ways.join("|")
}

/// Decimals without a sign from the bound's magnitude on.
fn decimal_from(bound: &Bound, places: usize) -> String {
    let any = any_decimals(places);
    let more = format!("{}(?:\\.{any})?", whole_from(bound.whole + 1));
    if bound.decimals.is_empty() {
        return format!("{more}|0*{}(?:\\.{any})?", bound.whole);
    }
    let equal = decimals_from(&bound.decimals, places);
    let pointed = if bound.whole == 0 { format!("|\\.(?:{equal})") } else { String::new() };
    format!("{more}|0*{}\\.(?:{equal}){pointed}", bound.whole)
}

fn any_decimals(places: usize) -> String {
    format!("[0-9]{{0,{places}}}0*")
}

/// What may stand behind a point so that it is at most `.digits`.
fn decimals_up_to(digits: &str, places: usize) -> String {
    let mut ways = vec![format!("{digits}0*")];
    for (index, digit) in digits.bytes().enumerate() {
        ways.push(digits[..index].to_owned());
        if digit > b'0' {
            let rest = any_decimals(places.saturating_sub(index + 1));
            ways.push(format!("{}{}{rest}", &digits[..index], span(b'0', digit - 1)));
        }
    }
    ways.join("|")
}

/// What may stand behind a point so that it is at least `.digits`.
fn decimals_from(digits: &str, places: usize) -> String {
    let mut ways = vec![format!("{digits}{}", any_decimals(places.saturating_sub(digits.len())))];
    for (index, digit) in digits.bytes().enumerate().filter(|(_, digit)| *digit < b'9') {
        let rest = any_decimals(places.saturating_sub(index + 1));
        ways.push(format!("{}{}{rest}", &digits[..index], span(digit + 1, b'9')));
    }
    ways.join("|")
}

/// A word in any case: `[oO][kK]`.
pub(crate) fn any_case(word: &str) -> String {
    let one = |c: char| match c.is_ascii_alphabetic() {
        true => format!("[{}{}]", c.to_ascii_lowercase(), c.to_ascii_uppercase()),
        false => literal(&c.to_string()),
    };
    word.chars().map(one).collect()
}

/// A text that stands for itself.
pub(crate) fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if "\\^$.|?*+()[]{}/".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
