//! A JSON reader for messages of a few kilobytes whose fields come in any order.
//!
//! A text is checked as a whole first ([`check`]): what is not exactly one well-formed value is
//! refused before anything is taken from it, so a message cut in half never gives half a fill. Only
//! then are fields looked up. Nothing here allocates, recurses or panics. Escapes inside strings are
//! checked but not resolved: no field that is acted on ever holds one, and one that does is unknown.

/// Deepest nesting that is read; venues use six.
const DEPTH_MAX: u32 = 64;

/// One well-formed value, as a part of the text it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value<'a>(&'a [u8]);

/// Checks that `text` is exactly one JSON value and returns it; `None` for anything else.
#[must_use]
pub fn check(text: &[u8]) -> Option<Value<'_>> {
    let mut scan = Scan { text, at: 0 };
    scan.space();
    let start = scan.at;
    scan.value()?;
    let end = scan.at;
    scan.space();
    if scan.at != text.len() {
        return None;
    }
    text.get(start..end).map(Value)
}

impl<'a> Value<'a> {
    /// Its bytes as they came.
    #[must_use]
    pub const fn raw(self) -> &'a [u8] {
        self.0
    }

    /// The inside of a string, escapes unresolved; `None` for any other value.
    #[must_use]
    #[inline]
    pub fn text(self) -> Option<&'a [u8]> {
        match self.0 {
            [b'"', inside @ .., b'"'] => Some(inside),
            _ => None,
        }
    }

    /// A string's inside or a number as it stands: venues send numbers both ways, and change it.
    #[must_use]
    #[inline]
    pub fn word(self) -> Option<&'a [u8]> {
        match self.0 {
            [b'"', inside @ .., b'"'] => Some(inside),
            [b'-' | b'0'..=b'9', ..] => Some(self.0),
            _ => None,
        }
    }

    /// A number that counts something, as text or plain.
    #[must_use]
    #[inline]
    pub fn u64(self) -> Option<u64> {
        let digits = self.word()?;
        if digits.is_empty() || digits.len() > 20 {
            return None;
        }
        digits.iter().try_fold(0_u64, |value, byte| {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                return None;
            }
            value.checked_mul(10)?.checked_add(u64::from(digit))
        })
    }

    /// A whole number, as text or plain.
    #[must_use]
    #[inline]
    pub fn i64(self) -> Option<i64> {
        let digits = self.word()?;
        match digits.split_first() {
            Some((b'-', rest)) if rest.first() != Some(&b'-') => {
                Value(rest).digits().and_then(|n| 0_i64.checked_sub_unsigned(n))
            }
            _ => self.u64().and_then(|n| i64::try_from(n).ok()),
        }
    }

    fn digits(self) -> Option<u64> {
        if self.0.first().is_some_and(u8::is_ascii_digit) { self.u64() } else { None }
    }

    /// `true` or `false`, plain or as text (OKX sends both).
    #[must_use]
    pub fn flag(self) -> Option<bool> {
        match self.0 {
            b"true" | b"\"true\"" => Some(true),
            b"false" | b"\"false\"" => Some(false),
            _ => None,
        }
    }

    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.0 == b"null"
    }

    /// The fields of an object, in their order; nothing for any other value.
    #[must_use]
    pub fn fields(self) -> Fields<'a> {
        Fields(Inside::of(self.0, b'{'))
    }

    /// The values of an array; nothing for any other value.
    #[must_use]
    pub fn items(self) -> Items<'a> {
        Items(Inside::of(self.0, b'['))
    }

    /// The first field of that name: for what tells messages apart, which stands first.
    #[must_use]
    pub fn first_field(self, name: &[u8]) -> Option<Self> {
        self.fields().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// The last field of that name, as JSON libraries have it.
    #[must_use]
    pub fn field(self, name: &[u8]) -> Option<Self> {
        self.fields().filter(|(key, _)| *key == name).last().map(|(_, value)| value)
    }
}

/// The fields of an object.
#[derive(Clone, Debug)]
pub struct Fields<'a>(Inside<'a>);

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a [u8], Value<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let key = self.0.string()?;
        self.0.byte(b':')?;
        let value = self.0.value()?;
        Some((key, value))
    }
}

/// The values of an array.
#[derive(Clone, Debug)]
pub struct Items<'a>(Inside<'a>);

impl<'a> Iterator for Items<'a> {
    type Item = Value<'a>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.0.value()
    }
}

/// What is left between the brackets of a value that was checked.
#[derive(Clone, Debug)]
struct Inside<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Inside<'a> {
    fn of(text: &'a [u8], bracket: u8) -> Self {
        let text = match text {
            [first, inside @ .., _] if *first == bracket => inside,
            _ => &[],
        };
        Self { text, at: 0 }
    }

    /// Steps over white space and the commas between entries.
    #[inline]
    fn pass(&mut self) {
        // bound: the text's length
        while let Some(b' ' | b'\t' | b'\n' | b'\r' | b',') = self.text.get(self.at) {
            self.at += 1;
        }
    }

    #[inline]
    fn byte(&mut self, wanted: u8) -> Option<()> {
        self.pass();
        (*self.text.get(self.at)? == wanted).then(|| self.at += 1)
    }

    #[inline]
    fn string(&mut self) -> Option<&'a [u8]> {
        self.byte(b'"')?;
        let start = self.at;
        let length = string_length(self.text.get(start..)?)?;
        self.at = start + length + 1;
        self.text.get(start..start + length)
    }

    #[inline]
    fn value(&mut self) -> Option<Value<'a>> {
        self.pass();
        let start = self.at;
        match *self.text.get(start)? {
            b'"' => self.at = start + 2 + string_length(self.text.get(start + 1..)?)?,
            b'{' | b'[' => self.nested()?,
            _ => {
                // bound: the text's length
                while let Some(byte) = self.text.get(self.at)
                    && !matches!(byte, b',' | b' ' | b'\t' | b'\n' | b'\r')
                {
                    self.at += 1;
                }
            }
        }
        self.text.get(start..self.at).map(Value)
    }

    fn nested(&mut self) -> Option<()> {
        let mut depth = 0_u32;
        // bound: the text's length
        loop {
            match *self.text.get(self.at)? {
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                b'"' => self.at += 1 + string_length(self.text.get(self.at + 1..)?)?,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Some(());
            }
        }
    }
}

/// How many bytes stand before the closing quote of a string whose opening one is passed.
#[inline]
fn string_length(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    // bound: the text's length
    loop {
        at += plain_run(text.get(at..)?);
        match text.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// How many bytes at the beginning are neither a quote, nor a backslash, nor a control character.
/// Byte by byte: most strings here are shorter than what a wider step costs to set up.
#[inline]
fn plain_run(text: &[u8]) -> usize {
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
    text.iter().position(special).unwrap_or(text.len())
}

/// The checker: one pass, every byte accounted for.
struct Scan<'a> {
    text: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    #[inline]
    fn space(&mut self) {
        // bound: the text's length
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// One value of any depth up to the limit, without recursion: one bit of `kinds` a level.
    fn value(&mut self) -> Option<()> {
        let mut kinds = 0_u64; // the lowest bit: whether the innermost level is an object
        let mut depth = 0_u32;
        // bound: every round consumes a byte
        loop {
            let opened = self.begin(&mut kinds, &mut depth)?;
            if opened {
                continue;
            }
            if self.after_value(&mut kinds, &mut depth)? {
                return Some(());
            }
        }
    }

    /// A scalar, an empty bracket pair, or an opening bracket (true: a value is expected next).
    #[inline]
    fn begin(&mut self, kinds: &mut u64, depth: &mut u32) -> Option<bool> {
        match self.peek()? {
            b'"' => self.string()?,
            open @ (b'{' | b'[') => {
                self.at += 1;
                self.space();
                let is_object = open == b'{';
                if self.peek()? == if is_object { b'}' } else { b']' } {
                    self.at += 1;
                    return Some(false);
                }
                if *depth == DEPTH_MAX {
                    return None;
                }
                *depth += 1;
                *kinds = *kinds << 1 | u64::from(is_object);
                if is_object {
                    self.key()?;
                }
                return Some(true);
            }
            b't' => self.literal(b"true")?,
            b'f' => self.literal(b"false")?,
            b'n' => self.literal(b"null")?,
            _ => self.number()?,
        }
        Some(false)
    }

    /// After a value: closes levels and passes one comma. True when the outermost value is done.
    #[inline]
    fn after_value(&mut self, kinds: &mut u64, depth: &mut u32) -> Option<bool> {
        // bound: the depth
        while *depth > 0 {
            self.space();
            let is_object = *kinds & 1 == 1;
            match self.peek()? {
                b',' => {
                    self.at += 1;
                    self.space();
                    if is_object {
                        self.key()?;
                    }
                    return Some(false);
                }
                b'}' if is_object => {}
                b']' if !is_object => {}
                _ => return None,
            }
            self.at += 1;
            *depth -= 1;
            *kinds >>= 1;
        }
        Some(true)
    }

    #[inline]
    fn key(&mut self) -> Option<()> {
        self.string()?;
        self.space();
        self.literal(b":")?;
        self.space();
        Some(())
    }

    fn literal(&mut self, wanted: &[u8]) -> Option<()> {
        let found = self.text.get(self.at..self.at + wanted.len())?;
        (found == wanted).then(|| self.at += wanted.len())
    }

    #[inline]
    fn string(&mut self) -> Option<()> {
        self.literal(b"\"")?;
        // bound: the text's length
        loop {
            self.at += plain_run(self.text.get(self.at..)?);
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                b'\\' => self.escape()?,
                _ => return None,
            }
        }
    }

    #[cold]
    fn escape(&mut self) -> Option<()> {
        self.at += 1;
        let kind = self.peek()?;
        self.at += 1;
        match kind {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => {
                let digits = self.text.get(self.at..self.at + 4)?;
                self.at += 4;
                digits.iter().all(u8::is_ascii_hexdigit).then_some(())
            }
            _ => None,
        }
    }

    #[inline]
    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        // bound: the text's length
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn number(&mut self) -> Option<()> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests;
