//! What a value may look like: how it is read, how that is said when it cannot be, and how a schema
//! says it. Each form has the three at one place, made from the same bounds.

use crate::pattern;
use base::{Money, Rate, Span, decimal};
use std::fmt::Display;

type Reader<'f, T> = Box<dyn Fn(&str) -> Option<T> + 'f>;

/// Blanks are cut off a value before it is read.
pub(crate) const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// The form of one kind of value.
pub(crate) struct Form<'f, T> {
    /// What is allowed, for people.
    pub(crate) allowed: String,
    /// What is allowed, for a schema.
    pub(crate) shape: Shape,
    /// The value of a text; `None` when it is not of this form.
    pub(crate) read: Reader<'f, T>,
}

/// What a schema says of a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// The pattern a text matches as a whole, blanks around it cut off.
    pub texts: String,
    /// Whether it may be empty.
    pub empty: bool,
    /// Numbers that may stand there unquoted.
    pub numbers: Numbers,
    /// Whether `true` and `false` may stand there unquoted.
    pub flags: bool,
    /// The words an editor offers.
    pub words: Vec<&'static str>,
}

/// Numbers that may stand somewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Numbers {
    /// None.
    #[default]
    None,
    /// Any: it is read as a text.
    Any,
    /// Within bounds, written as decimals.
    Within {
        /// Only whole ones.
        whole: bool,
        /// The least.
        min: String,
        /// Whether the least itself is too little.
        above: bool,
        /// The most.
        max: String,
    },
}

impl Shape {
    /// Texts alone, by their pattern.
    fn texts(pattern: impl Into<String>) -> Self {
        Self { texts: pattern.into(), ..Self::default() }
    }

    fn whole(min: impl Display, max: impl Display) -> Numbers {
        Numbers::Within { whole: true, min: min.to_string(), above: false, max: max.to_string() }
    }

    fn decimal(min: impl Display, above: bool, max: impl Display) -> Numbers {
        Numbers::Within { whole: false, min: min.to_string(), above, max: max.to_string() }
    }
}

impl<'f, T> Form<'f, T> {
    fn new(
        allowed: impl Into<String>,
        shape: Shape,
        read: impl Fn(&str) -> Option<T> + 'f,
    ) -> Self {
        Self { allowed: allowed.into(), shape, read: Box::new(read) }
    }

    /// The same form, or nothing at all: what an environment variable without a value leaves.
    pub(crate) fn or_empty(self) -> Form<'f, Option<T>>
    where
        T: 'f,
    {
        let read = self.read;
        let read =
            move |text: &str| if text.is_empty() { Some(None) } else { read(text).map(Some) };
        let shape = Shape { empty: true, ..self.shape };
        Form::new(format!("{}, or nothing", self.allowed), shape, read)
    }

    /// The same form, for values without a stand-in of their own.
    pub(crate) fn optional(self) -> Form<'f, Option<T>>
    where
        T: 'f,
    {
        let read = self.read;
        Form::new(self.allowed, self.shape, move |text| read(text).map(Some))
    }

    /// The same form of another type.
    pub(crate) fn map<U>(self, into: impl Fn(T) -> U + 'f) -> Form<'f, U>
    where
        T: 'f,
    {
        let read = self.read;
        Form::new(self.allowed, self.shape, move |text| read(text).map(&into))
    }
}

/// Any text.
pub(crate) fn text() -> Form<'static, String> {
    let shape = Shape {
        texts: "[\\s\\S]*".to_owned(),
        empty: true,
        numbers: Numbers::Any,
        flags: true,
        words: vec![],
    };
    Form::new("a text", shape, |text| Some(text.to_owned()))
}

/// Any text but an empty one.
pub(crate) fn word() -> Form<'static, String> {
    let shape = Shape { empty: false, texts: "[^ \\t\\r\\n][\\s\\S]*".to_owned(), ..text().shape };
    Form::new("a text that is not empty", shape, |text| (!text.is_empty()).then(|| text.to_owned()))
}

/// A path that begins with a slash.
pub(crate) fn path() -> Form<'static, String> {
    let shape = Shape::texts("\\/[\\s\\S]*");
    Form::new("a path that begins with /", shape, |text: &str| {
        text.starts_with('/').then(|| text.to_owned())
    })
}

/// What a key of the user's own may look like.
pub(crate) fn name() -> Form<'static, String> {
    const MOST: usize = 64;
    let shape = Shape::texts(format!("[A-Za-z0-9_\\-]{{1,{MOST}}}"));
    Form::new(format!("1 to {MOST} letters, digits, - and _"), shape, |text: &str| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let good = (1..=MOST).contains(&text.len()) && text.bytes().all(plain);
        good.then(|| text.to_owned())
    })
}

/// What a Kubernetes object may be called that begins with a letter.
pub(crate) fn object() -> Form<'static, String> {
    const MOST: usize = 253;
    // `true` is a name too, quoted or not.
    let shape =
        Shape { flags: true, ..Shape::texts(format!("[a-z][a-z0-9.\\-]{{0,{}}}", MOST - 1)) };
    let allowed = "a name of lower case letters, digits, - and ., beginning with a letter";
    Form::new(allowed, shape, |text: &str| {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
        let begins = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        (begins && text.len() <= MOST && text.bytes().all(plain)).then(|| text.to_owned())
    })
}

/// So many capital letters and digits.
pub(crate) fn code<T>(
    length: u32,
    allowed: &'static str,
    read: impl Fn(&str) -> Option<T> + 'static,
) -> Form<'static, T> {
    let numbers = Shape::whole(10_u64.pow(length - 1), 10_u64.pow(length) - 1);
    let shape = Shape { numbers, ..Shape::texts(format!("[A-Z0-9]{{{length}}}")) };
    Form::new(allowed, shape, read)
}

/// A unified name; `read` is the judge of it.
pub(crate) fn unified<T>(read: impl Fn(&str) -> Option<T> + 'static) -> Form<'static, T> {
    let asset = format!("[^{}a-z/:,\\-]+", pattern::SPACE);
    // Settled in the asset it is quoted in.
    let shape = Shape::texts(format!("{asset}\\/({asset})(?::\\1)?"));
    Form::new("a unified name such as BTC/USDT or BTC/USDT:USDT", shape, read)
}

/// Yes or no.
pub(crate) fn flag() -> Form<'static, bool> {
    let shape = Shape { flags: true, ..Shape::texts("true|True|TRUE|false|False|FALSE") };
    Form::new("true or false", shape, |text| match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    })
}

/// A whole number within bounds.
pub(crate) fn whole<T>(min: T, max: T) -> Form<'static, T>
where
    T: TryFrom<u64> + Into<u64> + PartialOrd + Display + Copy + 'static,
{
    let shape = Shape {
        numbers: Shape::whole(min, max),
        ..Shape::texts(pattern::whole(min.into(), max.into()))
    };
    Form::new(format!("a whole number from {min} to {max}"), shape, move |text| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let value = T::try_from(text.parse::<u64>().ok().filter(|_| digits)?).ok()?;
        (min..=max).contains(&value).then_some(value)
    })
}

/// A whole number of milliseconds within bounds.
pub(crate) fn millis(min: u64, max: u64) -> Form<'static, Span> {
    with_unit("milliseconds", whole(min, max)).map(Span::from_millis)
}

/// A whole number of seconds within bounds.
pub(crate) fn seconds(min: u64, max: u64) -> Form<'static, Span> {
    with_unit("seconds", whole(min, max)).map(Span::from_secs)
}

fn with_unit(unit: &str, form: Form<'static, u64>) -> Form<'static, u64> {
    Form { allowed: format!("{unit}, {}", form.allowed), ..form }
}

/// A ratio within bounds given as text; at most twelve decimals.
pub(crate) fn ratio(min: &'static str, max: &'static str) -> Form<'static, Rate> {
    let bound = |text: &str| decimal::parse(text.as_bytes(), Rate::EXP).unwrap_or(0);
    let (low, high) = (bound(min), bound(max));
    let allowed = format!("a decimal number from {min} to {max} of at most {} decimals", Rate::EXP);
    let shape = Shape {
        numbers: Shape::decimal(min, false, max),
        ..Shape::texts(pattern::decimal(min, max, usize::from(Rate::EXP)))
    };
    Form::new(allowed, shape, move |text| {
        let value = decimal::parse(text.as_bytes(), Rate::EXP).ok()?;
        (low..=high).contains(&value).then_some(Rate(value))
    })
}

/// An amount from `min` to `max` whole units.
pub(crate) fn amount(min: u32, max: i64) -> Form<'static, Money> {
    let (low, high) = (min.to_string(), max.to_string());
    let shape = Shape {
        numbers: Shape::decimal(min, false, max),
        ..Shape::texts(pattern::decimal(&low, &high, usize::from(Money::EXP)))
    };
    Form::new(format!("a decimal number from {min} to {max}"), shape, move |text| {
        let value = Money::parse(text.as_bytes()).ok()?;
        let within = Money::from_whole(min.into())..=Money::from_whole(max);
        within.contains(&value).then_some(value)
    })
}

/// An amount up to `max` whole units and the asset it is of.
pub(crate) fn balance(max: i64) -> Form<'static, (Money, String)> {
    let number = pattern::decimal("0", &max.to_string(), usize::from(Money::EXP));
    let asset = format!("[^{}a-z/:,\\-]+", pattern::SPACE);
    let shape = Shape::texts(format!("(?:{number})[ \\t]+{asset}"));
    let allowed = format!("an amount from 0 to {max} and its asset, such as 10000 USDT");
    Form::new(allowed, shape, move |text| {
        let (amount, asset) = text.split_once([' ', '\t'])?;
        let asset = asset.trim_start_matches([' ', '\t']);
        let amount = Money::parse(amount.as_bytes()).ok()?;
        let named = |c: char| !c.is_whitespace() && !c.is_ascii_lowercase() && !"/:,-".contains(c);
        let good = !asset.is_empty() && asset.chars().all(named);
        let within = Money::ZERO..=Money::from_whole(max);
        (good && within.contains(&amount)).then(|| (amount, asset.to_owned()))
    })
}

/// An amount above zero, up to `max` whole units.
pub(crate) fn amount_above_zero(max: i64) -> Form<'static, Money> {
    let shape = Shape {
        numbers: Shape::decimal(0, true, max),
        ..Shape::texts(pattern::decimal_above_zero(&max.to_string(), usize::from(Money::EXP)))
    };
    Form::new(format!("a decimal number above 0, up to {max}"), shape, move |text| {
        let value = Money::parse(text.as_bytes()).ok()?;
        (value > Money::ZERO && value <= Money::from_whole(max)).then_some(value)
    })
}

/// One of a few words, whatever their case.
pub(crate) fn choice<T: Copy>(words: &'static [(&'static str, T)]) -> Form<'static, T> {
    let names: Vec<&'static str> = words.iter().map(|(word, _)| *word).collect();
    let allowed = format!("one of {}", names.join(", "));
    let patterns: Vec<String> = names.iter().map(|word| pattern::any_case(word)).collect();
    let shape = Shape { words: names, ..Shape::texts(patterns.join("|")) };
    Form::new(allowed, shape, move |text| {
        words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|(_, value)| *value)
    })
}

/// A few words as they are, or another text that is not empty.
pub(crate) fn words_or<T>(
    allowed: &'static str,
    words: &[&'static str],
    read: impl Fn(&str) -> Option<T> + 'static,
) -> Form<'static, T> {
    Form::new(allowed, Shape { words: words.to_vec(), ..word().shape }, read)
}

/// A number of bytes with a unit.
pub(crate) fn bytes(min: u64, max: u64) -> Form<'static, u64> {
    const UNITS: [(&str, u64); 4] = [("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10), ("B", 1)];
    let show = |bytes: u64| {
        let unit = UNITS.iter().find(|(_, size)| bytes >= *size && bytes.is_multiple_of(*size));
        unit.map_or(bytes.to_string(), |(unit, size)| format!("{}{unit}", bytes / size))
    };
    let allowed = format!("a size from {} to {}, such as 100MB", show(min), show(max));
    let of_unit = |(unit, size): &(&str, u64)| {
        let (least, most) = (min.div_ceil(*size), max / size);
        let unit = pattern::any_case(unit);
        (least <= most).then(|| format!("(?:{})[ \\t\\r\\n]*{unit}", pattern::whole(least, most)))
    };
    let patterns: Vec<String> = UNITS.iter().filter_map(of_unit).collect();
    Form::new(allowed, Shape::texts(patterns.join("|")), move |text| {
        let upper = text.to_ascii_uppercase();
        let (number, size) = UNITS.iter().find_map(|(unit, size)| {
            upper.strip_suffix(unit).map(|number| (number.trim_end_matches(BLANKS), *size))
        })?;
        let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        let value = number.parse::<u64>().ok().filter(|_| digits)?.checked_mul(size)?;
        (min..=max).contains(&value).then_some(value)
    })
}

/// An address that begins with one of `schemes`, without a slash at its end.
pub(crate) fn address(schemes: &'static [&'static str]) -> Form<'static, String> {
    let allowed = format!("an address that begins with {}", schemes.join(" or "));
    let begin = schemes.iter().map(|scheme| pattern::literal(scheme)).collect::<Vec<_>>().join("|");
    let space = pattern::SPACE;
    let shape = Shape::texts(format!("(?:{begin})[^{space}\\/][^{space}]*"));
    Form::new(allowed, shape, move |text| {
        let text = text.trim_end_matches('/');
        let after = schemes.iter().find_map(|scheme| text.strip_prefix(scheme))?;
        let good =
            !after.is_empty() && !after.starts_with('/') && !after.contains(char::is_whitespace);
        good.then(|| text.to_owned())
    })
}
