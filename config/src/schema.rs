//! A JSON Schema of the files, made from what the readers ask for ([`crate::keys`]).
//!
//! It says of one file what can be said of one file: which keys there are, which must be there, what
//! each value may be. Left to the loader alone are: what a variable or an encrypted value holds, how a number is
//! written (JSON does not tell `0.0001` from `1e-4`), and whether values of different keys go together.

use crate::comments;
use crate::keys::{ANY, Key, Keys, Kind};
use crate::plan::{Numbers, Shape};
use crate::raw::{Node, Value};
use crate::show;
use serde_json::{Map, Number, Value as Json, json};

/// What a schema is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// The files of a directory: together with what is built in, they are whole.
    Files,
    /// An overlay: what is missing may stand in the files below it.
    Overlay,
}

/// The schema.
#[must_use]
pub fn schema(of: For) -> Json {
    let mut maker = Maker { of, keys: Keys::all(), forms: Vec::new() };
    let (mut root, _) = maker.section(&[], &[], Some(&Keys::all().shipped), None);
    let mut definitions = Map::new();
    definitions.insert("variable".to_owned(), variable());
    definitions.insert("encrypted".to_owned(), encrypted());
    for (index, form) in maker.forms.iter().enumerate() {
        definitions.insert(format!("form{index}"), form.clone());
    }
    root["properties"]["sops"] = json!({ "type": "object", "description": "What SOPS writes." });
    root["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    root["title"] = json!(match of {
        For::Files => "Configuration of funding-arb",
        For::Overlay => "Overlay of a configuration of funding-arb",
    });
    root["definitions"] = Json::Object(definitions);
    root
}

/// A text that names variables: `${NAME}` or `${NAME:default}`, and nothing else that begins with `${`.
fn variable() -> Json {
    let plain = "(?:(?!\\$\\{)[\\s\\S])*";
    let default = "(?::(?:(?!\\$\\{)[^}])*)?";
    json!({
        "type": "string",
        "pattern": format!("^{plain}(?:\\$\\{{[A-Za-z_][A-Za-z0-9_]*{default}\\}}{plain})+$"),
    })
}

/// A value that is encrypted where it stands, or by SOPS.
fn encrypted() -> Json {
    json!({ "type": "string", "pattern": "^\\s*(?:ENC\\[|(?:age:\\s*)?-----BEGIN AGE ENCRYPTED FILE-----)" })
}

struct Maker {
    of: For,
    keys: &'static Keys,
    /// The forms of values, each once.
    forms: Vec<Json>,
}

impl Maker {
    /// A section and whether something must stand in it. `path` is as written, `known` the path of its
    /// [`Key`]s, `shipped` what is built in at that place, `class` the class it or its parent has.
    fn section(
        &mut self,
        path: &[&str],
        known: &[&'static str],
        shipped: Option<&Node>,
        class: Option<&str>,
    ) -> (Json, bool) {
        let keys: Vec<&'static Key> = self.keys.under(known);
        let mut object = Map::new();
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for key in &keys {
            let name = key.path.last().copied().unwrap_or_default();
            if name == ANY || (key.class.is_some() && class.is_some() && key.class != class) {
                continue;
            }
            if key.class.is_some() && class.is_none() {
                // Which keys it has depends on the class: see `by_class`.
                properties.entry(name).or_insert(json!(true));
                continue;
            }
            let below = shipped.and_then(|node| node.at_path(&[name]));
            let path: Vec<&str> = path.iter().copied().chain([name]).collect();
            let (mut one, must) = self.key(key, &path, below, class);
            if let Some(meaning) = comments::meaning(&path) {
                one["description"] = json!(meaning);
            }
            if must {
                required.push(name);
            }
            properties.insert(name.to_owned(), one);
        }
        let classes = self.by_class(path, &keys, class);
        let must = !required.is_empty() || (!classes.is_empty() && self.of == For::Files);
        object.insert(
            "type".to_owned(),
            if must { json!("object") } else { json!(["object", "null"]) },
        );
        object.insert("properties".to_owned(), Json::Object(properties));
        object.insert("additionalProperties".to_owned(), json!(false));
        if !required.is_empty() {
            object.insert("required".to_owned(), json!(required));
        }
        if !classes.is_empty() {
            object.insert("allOf".to_owned(), Json::Array(classes));
        }
        (Json::Object(object), must)
    }

    /// What else holds of a section for each class it may have.
    fn by_class(&mut self, path: &[&str], keys: &[&'static Key], class: Option<&str>) -> Vec<Json> {
        if class.is_some() {
            return Vec::new();
        }
        let of_class: Vec<&Key> = keys.iter().copied().filter(|key| key.class.is_some()).collect();
        let mut rules = Vec::new();
        for key in &of_class {
            let (name, word) =
                (key.path.last().copied().unwrap_or_default(), key.class.unwrap_or_default());
            let below: Vec<&str> = path.iter().copied().chain([name]).collect();
            let (one, must) = self.section(&below, &key.path, None, key.class);
            let pattern =
                format!("^[ \\t\\r\\n]*(?:{})[ \\t\\r\\n]*$", crate::pattern::any_case(word));
            let mut then = json!({ "properties": { name: one } });
            if must {
                then["required"] = json!([name]);
            }
            let is = json!({ "type": "string", "pattern": pattern });
            let when = json!({ "properties": { "class": is }, "required": ["class"] });
            rules.push(json!({ "if": when, "then": then }));
        }
        rules
    }

    /// One key and whether it must be there.
    fn key(
        &mut self,
        key: &'static Key,
        path: &[&str],
        shipped: Option<&Node>,
        class: Option<&str>,
    ) -> (Json, bool) {
        let there = shipped.is_some_and(|node| node.value != Value::Null);
        let must = key.needed && !there && self.of == For::Files;
        match key.kind {
            Kind::Section => {
                let (one, inside) = self.section(path, &key.path, shipped, class);
                let must = inside && key.needed;
                // It may be left out, but if it is there, something must be in it.
                let one = if inside && !must {
                    json!({ "anyOf": [one, { "type": "null" }] })
                } else {
                    one
                };
                (one, must)
            }
            Kind::Named => (self.named(key, path, shipped), false),
            Kind::Value if path.last() == Some(&"class") && class.is_some() => {
                let same = crate::pattern::any_case(class.unwrap_or_default());
                let words =
                    class.and_then(|class| key.shape.words.iter().find(|word| **word == class));
                let shape = Shape {
                    texts: same,
                    words: words.copied().into_iter().collect(),
                    ..Shape::default()
                };
                (self.value(&shape, must), must)
            }
            Kind::Value | Kind::Secret => {
                let mut one = self.value(&key.shape, must);
                if let Some(node) = shipped.filter(|_| there && key.kind == Kind::Value) {
                    one["default"] = show::json_of(node, Some(key));
                }
                (one, must)
            }
            Kind::List => {
                let item = self.value(&key.shape, true);
                let mut one = json!({ "type": ["array", "null"], "items": item });
                if let Some(node) = shipped.filter(|_| there) {
                    one["default"] = show::json_of(node, Some(key));
                }
                (one, false)
            }
        }
    }

    /// Sections under names of the user's own: those that are built in, and any other.
    fn named(&mut self, key: &'static Key, path: &[&str], shipped: Option<&Node>) -> Json {
        let known: Vec<&'static str> = key.path.iter().copied().chain([ANY]).collect();
        let mut properties = Map::new();
        if let Some(Value::Map(entries)) = shipped.map(|node| &node.value) {
            for entry in entries {
                let path: Vec<&str> = path.iter().copied().chain([entry.key.as_str()]).collect();
                let class = match entry.node.at_path(&["class"]).map(|node| &node.value) {
                    Some(Value::Text(class)) => Some(class.as_str()),
                    _ => None,
                };
                let (mut one, _) = self.section(&path, &known, Some(&entry.node), class);
                if let Some(meaning) = comments::meaning(&path) {
                    one["description"] = json!(meaning);
                }
                properties.insert(entry.key.clone(), one);
            }
        }
        let any: Vec<&str> = path.iter().copied().chain([ANY]).collect();
        let (other, _) = self.section(&any, &known, None, None);
        json!({
            "type": ["object", "null"],
            "propertyNames": { "pattern": format!("^(?:{})$", key.shape.texts) },
            "properties": properties,
            "additionalProperties": other,
        })
    }

    /// A value of a form; nothing, unless it must be there.
    fn value(&mut self, shape: &Shape, must: bool) -> Json {
        let form = form(shape, must);
        let index = match self.forms.iter().position(|known| *known == form) {
            Some(index) => index,
            None => {
                self.forms.push(form);
                self.forms.len() - 1
            }
        };
        json!({ "allOf": [{ "$ref": format!("#/definitions/form{index}") }] })
    }
}

fn form(shape: &Shape, must: bool) -> Json {
    let maybe = if shape.empty { "?" } else { "" };
    let pattern = format!("^[ \\t\\r\\n]*(?:{}){maybe}[ \\t\\r\\n]*$", shape.texts);
    let mut ways = Vec::new();
    if !shape.words.is_empty() {
        ways.push(json!({ "enum": shape.words }));
    }
    ways.push(json!({ "type": "string", "pattern": pattern, "not": { "pattern": "\\$\\{" } }));
    ways.push(json!({ "$ref": "#/definitions/variable" }));
    ways.push(json!({ "$ref": "#/definitions/encrypted" }));
    match &shape.numbers {
        Numbers::None => {}
        Numbers::Any => ways.push(json!({ "type": "number" })),
        Numbers::Within { whole, min, above, max } => {
            let least = if *above { "exclusiveMinimum" } else { "minimum" };
            let kind = if *whole { "integer" } else { "number" };
            ways.push(json!({ "type": kind, least: number(min), "maximum": number(max) }));
        }
    }
    if shape.flags {
        ways.push(json!({ "type": "boolean" }));
    }
    if !must {
        ways.push(json!({ "type": "null" }));
    }
    json!({ "anyOf": ways })
}

fn number(text: &str) -> Json {
    serde_json::from_str::<Number>(text).map_or(Json::Null, Json::Number)
}
