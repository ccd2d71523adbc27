//! What a value may look like: how it is read, and how that is said when it cannot be.

use base::{Money, Rate, Span, decimal};
use std::fmt::Display;

type Reader<'f, T> = Box<dyn Fn(&str) -> Option<T> + 'f>;

/// The form of one kind of value.
pub(crate) struct Form<'f, T> {
    /// What is allowed, for people.
    pub(crate) allowed: String,
    /// The value of a text; `None` when it is not of this form.
    pub(crate) read: Reader<'f, T>,
}

impl<'f, T> Form<'f, T> {
    pub(crate) fn new(allowed: impl Into<String>, read: impl Fn(&str) -> Option<T> + 'f) -> Self {
        Self { allowed: allowed.into(), read: Box::new(read) }
    }

    /// The same form, or nothing at all: what an environment variable without a value leaves.
    pub(crate) fn or_empty(self) -> Form<'f, Option<T>>
    where
        T: 'f,
    {
        let read = self.read;
        let read =
            move |text: &str| if text.is_empty() { Some(None) } else { read(text).map(Some) };
        Form { allowed: format!("{}, or nothing", self.allowed), read: Box::new(read) }
    }

    /// The same form, for values without a stand-in of their own.
    pub(crate) fn optional(self) -> Form<'f, Option<T>>
    where
        T: 'f,
    {
        let read = self.read;
        Form { allowed: self.allowed, read: Box::new(move |text| read(text).map(Some)) }
    }
}

/// Any text.
pub(crate) fn text() -> Form<'static, String> {
    Form::new("a text", |text| Some(text.to_owned()))
}

/// Any text but an empty one.
pub(crate) fn word() -> Form<'static, String> {
    Form::new("a text that is not empty", |text| (!text.trim().is_empty()).then(|| text.to_owned()))
}

/// Yes or no.
pub(crate) fn flag() -> Form<'static, bool> {
    Form::new("true or false", |text| match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    })
}

/// A whole number within bounds.
pub(crate) fn whole<T>(min: T, max: T) -> Form<'static, T>
where
    T: TryFrom<u64> + PartialOrd + Display + Copy + 'static,
{
    Form::new(format!("a whole number from {min} to {max}"), move |text| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let value = T::try_from(text.parse::<u64>().ok().filter(|_| digits)?).ok()?;
        (min..=max).contains(&value).then_some(value)
    })
}

/// A whole number of milliseconds within bounds.
pub(crate) fn millis(min: u64, max: u64) -> Form<'static, Span> {
    let form = whole(min, max);
    let allowed = format!("milliseconds, {}", form.allowed);
    Form::new(allowed, move |text| (form.read)(text).map(Span::from_millis))
}

/// A whole number of seconds within bounds.
pub(crate) fn seconds(min: u64, max: u64) -> Form<'static, Span> {
    let form = whole(min, max);
    let allowed = format!("seconds, {}", form.allowed);
    Form::new(allowed, move |text| (form.read)(text).map(Span::from_secs))
}

/// A ratio within bounds given as text; at most twelve decimals.
pub(crate) fn ratio(min: &'static str, max: &'static str) -> Form<'static, Rate> {
    let bound = |text: &str| decimal::parse(text.as_bytes(), Rate::EXP).unwrap_or(0);
    let (low, high) = (bound(min), bound(max));
    let allowed = format!("a decimal number from {min} to {max} of at most {} decimals", Rate::EXP);
    Form::new(allowed, move |text| {
        let value = decimal::parse(text.as_bytes(), Rate::EXP).ok()?;
        (low..=high).contains(&value).then_some(Rate(value))
    })
}

/// An amount from `min` to `max` whole units.
pub(crate) fn amount(min: i64, max: i64) -> Form<'static, Money> {
    Form::new(format!("a decimal number from {min} to {max}"), move |text| {
        let value = Money::parse(text.as_bytes()).ok()?;
        (Money::from_whole(min)..=Money::from_whole(max)).contains(&value).then_some(value)
    })
}

/// An amount above zero, up to `max` whole units.
pub(crate) fn amount_above_zero(max: i64) -> Form<'static, Money> {
    Form::new(format!("a decimal number above 0, up to {max}"), move |text| {
        let value = Money::parse(text.as_bytes()).ok()?;
        (value > Money::ZERO && value <= Money::from_whole(max)).then_some(value)
    })
}

/// One of a few words, whatever their case.
pub(crate) fn choice<T: Copy>(words: &'static [(&'static str, T)]) -> Form<'static, T> {
    let allowed = words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
    Form::new(format!("one of {allowed}"), move |text| {
        words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|(_, value)| *value)
    })
}

/// A number of bytes with a unit.
pub(crate) fn bytes(min: u64, max: u64) -> Form<'static, u64> {
    const UNITS: [(&str, u64); 4] = [("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10), ("B", 1)];
    let show = |bytes: u64| {
        let unit = UNITS.iter().find(|(_, size)| bytes >= *size && bytes.is_multiple_of(*size));
        unit.map_or(bytes.to_string(), |(unit, size)| format!("{}{unit}", bytes / size))
    };
    let allowed = format!("a size from {} to {}, such as 100MB", show(min), show(max));
    Form::new(allowed, move |text| {
        let upper = text.to_ascii_uppercase();
        let (number, size) = UNITS.iter().find_map(|(unit, size)| {
            upper.strip_suffix(unit).map(|number| (number.trim_end(), *size))
        })?;
        let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        let value = number.parse::<u64>().ok().filter(|_| digits)?.checked_mul(size)?;
        (min..=max).contains(&value).then_some(value)
    })
}

/// An address that begins with one of `schemes`, without a slash at its end.
pub(crate) fn address(schemes: &'static [&'static str]) -> Form<'static, String> {
    let allowed = format!("an address that begins with {}", schemes.join(" or "));
    Form::new(allowed, move |text| {
        let text = text.trim_end_matches('/');
        let after = schemes.iter().find_map(|scheme| text.strip_prefix(scheme))?;
        let good =
            !after.is_empty() && !after.starts_with('/') && !after.contains(char::is_whitespace);
        good.then(|| text.to_owned())
    })
}
