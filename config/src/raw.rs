//! Exactly what somebody wrote: a tree of texts, each with its place.
//!
//! A serde layer would stop at the first fault and turn decimals into floats on the way. So the events
//! of `granit-parser` (the parser under serde-saphyr) are gathered here as they are: no anchors, no
//! aliases, no tags, no merge keys, one document, bounded in size and depth.

use crate::fault::{Fault, FaultKind, Place, Source};
use crate::layer::{describe, join};
use granit_parser::{Event, Marker, Options, Parser, ScalarStyle, ScanError, StrInput};
use std::ops::Range;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Longest text that is read.
pub const BYTES_MAX: usize = 1 << 20;
/// Deepest nesting that is read.
pub const DEPTH_MAX: usize = 16;
/// Most values, lists and sections of one text.
pub const NODES_MAX: usize = 20_000;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where it begins.
    pub at: Place,
    /// What it is.
    pub value: Value,
    /// The variables that were filled into it.
    pub filled: Vec<Filled>,
    /// Whether it was written in quotes or as a block: always a text, never a number or flag.
    pub quoted: bool,
    /// Whether it was encrypted where it stands: it is in no fault, and is not looked into for variables.
    pub hidden: bool,
    /// The bytes of the text it stands in; empty for what stands in none.
    pub bytes: Range<usize>,
}

/// A variable that was filled into a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// Its name.
    pub name: String,
    /// Whether it was set; else its default stands there.
    pub set: bool,
}

impl Node {
    /// A value as it was written.
    #[must_use]
    pub const fn new(at: Place, value: Value) -> Self {
        Self { at, value, filled: Vec::new(), quoted: false, hidden: false, bytes: 0..0 }
    }

    /// What stands at a path below, if anything does.
    #[must_use]
    pub fn at_path(&self, path: &[&str]) -> Option<&Self> {
        let Some((first, rest)) = path.split_first() else { return Some(self) };
        let Value::Map(entries) = &self.value else { return None };
        entries.iter().find(|entry| entry.key == *first)?.node.at_path(rest)
    }
}

/// What can stand behind a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing: as if the key were not there.
    Null,
    /// Something whose fault has been told already; nothing more is said of it.
    Broken,
    /// A text: words, numbers and flags alike. It may be a secret: it is wiped when it is dropped.
    Text(Zeroizing<String>),
    /// A list.
    List(Vec<Node>),
    /// A section.
    Map(Vec<Entry>),
}

impl Node {
    /// What it is, for the eye.
    pub(crate) fn shown(&self) -> String {
        if self.hidden { "an encrypted value".to_owned() } else { describe(&self.value) }
    }
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub at: Place,
    /// Its value.
    pub node: Node,
}

/// Reads one YAML document. `None` when it is empty, or when a fault was found that hides the rest.
pub fn parse(text: &str, source: Source, faults: &mut Vec<Fault>) -> Option<Node> {
    let source = Arc::new(source);
    let whole = Place { source: Arc::clone(&source), line: 0, column: 0 };
    if text.len() > BYTES_MAX {
        let why = format!("{} bytes; a configuration has at most {BYTES_MAX}", text.len());
        faults.push(fault(&whole, FaultKind::Yaml(why)));
        return None;
    }
    let mut options = Options::default();
    options.disallow_directives = true;
    options.set_emit_comments(false);
    options.flow_nesting_limit = DEPTH_MAX;
    options.block_nesting_limit = DEPTH_MAX;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader {
        parser: Parser::new_from_str_with_options(text, options),
        source,
        faults,
        last: 0..0,
        nodes: 0,
        path: String::new(),
    };
    reader.document().unwrap_or_else(|stop| {
        faults.push(*stop.0);
        None
    })
}

/// A fault that ends the reading of a text.
struct Stop(Box<Fault>);

struct Reader<'t, 'f> {
    parser: Parser<'t, StrInput<'t>>,
    source: Arc<Source>,
    faults: &'f mut Vec<Fault>,
    /// The bytes of the last event.
    last: Range<usize>,
    nodes: usize,
    /// The key that is being read, with its whole path.
    path: String,
}

impl<'t> Reader<'t, '_> {
    /// The one document of the stream.
    fn document(&mut self) -> Result<Option<Node>, Stop> {
        let mut root = None;
        // bound: every event consumes text, and the text is bounded
        while let Some((event, at)) = self.next()? {
            match event {
                Event::StreamStart | Event::DocumentEnd => {}
                Event::StreamEnd => break,
                Event::DocumentStart(..) if root.is_some() => {
                    return Err(self.stop(&at, "a second document; a configuration file holds one"));
                }
                Event::DocumentStart(..) => {
                    if let Some((event, at)) = self.next()? {
                        root = Some(self.node(event, at, 0)?);
                    }
                }
                _ => return Err(self.stop(&at, "text outside the document")),
            }
        }
        Ok(root.filter(|node| node.value != Value::Null))
    }

    fn node(&mut self, event: Event<'_>, at: Place, depth: usize) -> Result<Node, Stop> {
        if depth > DEPTH_MAX {
            return Err(self.stop(&at, &too_deep()));
        }
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(self.stop(&at, &format!("more than {NODES_MAX} values")));
        }
        let (mut quoted, start) = (false, self.last.start);
        let value = match event {
            Event::Scalar(_, _, anchor, Some(_)) => {
                self.plain_node(&at, anchor, true);
                Value::Broken
            }
            Event::Scalar(text, style, anchor, None) => {
                self.plain_node(&at, anchor, false);
                quoted = style != ScalarStyle::Plain;
                match (style, &*text) {
                    (ScalarStyle::Plain, "" | "~" | "null" | "Null" | "NULL") => Value::Null,
                    _ => Value::Text(Zeroizing::new(text.into_owned())),
                }
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.plain_node(&at, anchor, tag.is_some());
                Value::List(self.list(depth)?)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.plain_node(&at, anchor, tag.is_some());
                Value::Map(self.map(depth)?)
            }
            Event::Alias(_) => {
                self.tell(&at, NO_ANCHORS);
                Value::Broken
            }
            _ => return Err(self.stop(&at, "a value was expected")),
        };
        let bytes = start..self.last.end;
        Ok(Node { quoted, bytes, ..Node::new(at, value) })
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node>, Stop> {
        let mut nodes = Vec::new();
        let above = self.path.len();
        // bound: every event consumes text
        while let Some((event, at)) = self.next()? {
            if matches!(event, Event::SequenceEnd) {
                break;
            }
            self.path.push_str(&format!("[{}]", nodes.len()));
            nodes.push(self.node(event, at, depth + 1)?);
            self.path.truncate(above);
        }
        Ok(nodes)
    }

    fn map(&mut self, depth: usize) -> Result<Vec<Entry>, Stop> {
        let mut entries: Vec<Entry> = Vec::new();
        let above = self.path.len();
        // bound: every event consumes text
        while let Some((event, at)) = self.next()? {
            let key = match event {
                Event::MappingEnd => break,
                Event::Scalar(key, _, anchor, tag) => {
                    self.plain_node(&at, anchor, tag.is_some());
                    key.into_owned()
                }
                _ => return Err(self.stop(&at, "a key must be a plain word")),
            };
            if key == "<<" {
                self.tell(&at, NO_ANCHORS);
            }
            self.path = join(&self.path, &key);
            let Some((event, value_at)) = self.next()? else { break };
            let node = self.node(event, value_at, depth + 1)?;
            let path = self.path.clone();
            self.path.truncate(above);
            if key == "<<" {
                continue;
            }
            if let Some(first) = entries.iter().find(|entry| entry.key == key) {
                let kind = FaultKind::Duplicate { first: first.at.line };
                self.faults.push(Fault { at, key: path, kind });
            } else {
                entries.push(Entry { key, at, node });
            }
        }
        Ok(entries)
    }

    /// Anchors and tags are told, and otherwise passed over.
    fn plain_node(&mut self, at: &Place, anchor: usize, tagged: bool) {
        if anchor != 0 {
            self.tell(at, NO_ANCHORS);
        }
        if tagged {
            self.tell(at, "tags (!) are not taken; write the plain value");
        }
    }

    fn tell(&mut self, at: &Place, why: &str) {
        let kind = FaultKind::Yaml(why.to_owned());
        self.faults.push(Fault { at: at.clone(), key: self.path.clone(), kind });
    }

    fn next(&mut self) -> Result<Option<(Event<'t>, Place)>, Stop> {
        match self.parser.next_event() {
            None => Ok(None),
            Some(Ok((event, span))) => {
                self.last = span.byte_range().unwrap_or_default();
                Ok(Some((event, self.place_of(&span.start))))
            }
            Some(Err(why)) => Err(self.syntax(&why)),
        }
    }

    fn place_of(&self, marker: &Marker) -> Place {
        let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        Place {
            source: Arc::clone(&self.source),
            line: number(marker.line()),
            column: number(marker.col()).saturating_add(1),
        }
    }

    fn syntax(&self, why: &ScanError) -> Stop {
        let at = self.place_of(why.marker());
        if why.info().contains("recursion limit") {
            return self.stop(&at, &too_deep());
        }
        let info = why.info();
        let plain = WORDS.iter().find(|(theirs, _)| info.contains(theirs));
        let text = match plain {
            Some((_, ours)) => format!("not YAML: {ours}"),
            None => format!("not YAML: {info}"),
        };
        self.stop(&at, &text)
    }

    fn stop(&self, at: &Place, why: &str) -> Stop {
        let kind = FaultKind::Yaml(why.to_owned());
        Stop(Box::new(Fault { at: at.clone(), key: self.path.clone(), kind }))
    }
}

const NO_ANCHORS: &str = "anchors, aliases and merge keys (&, *, <<) are not taken; write it out";

/// What the parser calls by the names of its grammar, in words for people.
const WORDS: [(&str, &str); 4] = [
    ("simple key expected ':'", "a key without the : behind it"),
    (
        "mapping values are not allowed",
        "a : where no key can stand; a text with : in it needs quotes",
    ),
    ("tabs disallowed within this context", "a tab in the indentation; use blanks"),
    ("found unknown anchor", "an alias (*) of nothing; aliases are not taken anyhow"),
];

fn too_deep() -> String {
    format!("nested deeper than {DEPTH_MAX} levels")
}

fn fault(at: &Place, kind: FaultKind) -> Fault {
    Fault { at: at.clone(), key: String::new(), kind }
}
