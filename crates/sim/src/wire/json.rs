//! JSON as the venues print it: fields in the order they are written, numbers mostly as strings.

use serde_json::Value;
use std::fmt::{Display, Write as _};

/// An object being written. Fields come out in the order of the calls.
#[derive(Clone, Debug)]
pub(crate) struct Obj {
    text: String,
}

impl Obj {
    /// An empty one.
    pub(crate) fn new() -> Self {
        let mut text = String::with_capacity(256);
        text.push('{');
        Self { text }
    }

    fn name(&mut self, name: &str) {
        if self.text.len() > 1 {
            self.text.push(',');
        }
        let _ = write!(self.text, "\"{name}\":");
    }

    /// A string that needs no escapes: numbers, ids and words of our own.
    pub(crate) fn text(mut self, name: &str, value: impl Display) -> Self {
        self.name(name);
        let _ = write!(self.text, "\"{value}\"");
        self
    }

    /// A string that came from a client.
    pub(crate) fn quoted(mut self, name: &str, value: &str) -> Self {
        self.name(name);
        quote(value, &mut self.text);
        self
    }

    /// A number, a boolean or JSON made elsewhere.
    pub(crate) fn raw(mut self, name: &str, value: impl Display) -> Self {
        self.name(name);
        let _ = write!(self.text, "{value}");
        self
    }

    /// Several empty strings: what a venue sends for what does not apply.
    pub(crate) fn blank(mut self, names: &[&str]) -> Self {
        for name in names {
            self = self.text(name, "");
        }
        self
    }

    /// The fields of another object.
    pub(crate) fn all(mut self, other: &Self) -> Self {
        let fields = &other.text[1..];
        if !fields.is_empty() {
            if self.text.len() > 1 {
                self.text.push(',');
            }
            self.text.push_str(fields);
        }
        self
    }

    /// The whole object.
    pub(crate) fn end(mut self) -> String {
        self.text.push('}');
        self.text
    }
}

/// `[a,b,c]` of JSON made elsewhere.
pub(crate) fn list(items: impl IntoIterator<Item = impl Display>) -> String {
    let mut text = String::from("[");
    for (index, item) in items.into_iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        let _ = write!(text, "{comma}{item}");
    }
    text.push(']');
    text
}

/// A string with its quotes and escapes.
pub(crate) fn quote(value: &str, out: &mut String) {
    out.push('"');
    for letter in value.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            letter if u32::from(letter) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", u32::from(letter));
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
}

/// A field of a request as text: strings as they are, numbers and booleans printed; empty when it is
/// absent, null or something else. Both venues treat `""` like an absent field.
pub(crate) fn field(object: &Value, name: &str) -> String {
    match object.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Bool(flag)) => flag.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests;
