//! What is wrong with a configuration, for machines.

use crate::Inspected;
use crate::fault::{Fault, Place, Source, Warning};
use serde_json::{Value as Json, json};

/// Whether a configuration is sound, with every fault and warning.
#[must_use]
pub fn to_json(inspected: &Inspected) -> Json {
    let faults = inspected.faults.as_ref().err().map_or(&[][..], |faults| faults.list());
    json!({
        "sound": faults.is_empty(),
        "faults": faults.iter().map(fault).collect::<Vec<_>>(),
        "warnings": inspected.warnings().iter().map(warning).collect::<Vec<_>>(),
    })
}

fn fault(fault: &Fault) -> Json {
    let mut out = place(&fault.at);
    out["key"] = json!(fault.key);
    out["what"] = json!(fault.kind.to_string());
    out["allowed"] = json!(fault.kind.allowed());
    out["near"] = json!(fault.kind.near());
    out
}

fn warning(warning: &Warning) -> Json {
    let mut out = place(&warning.at);
    out["key"] = json!(warning.key);
    out["what"] = json!(warning.what);
    out
}

/// A place: where there is no line, `line` and `column` are null.
pub(crate) fn place(at: &Place) -> Json {
    let (source, name) = match &*at.source {
        Source::Shipped(name) => ("built in", (*name).to_owned()),
        Source::File(path) => ("file", path.display().to_string()),
        Source::Remote(name) => ("remote", name.clone()),
        Source::Variable(name) => ("environment", name.clone()),
        Source::Option(option) => ("option", option.clone()),
    };
    let number = |value: u32| (value > 0).then_some(value);
    json!({ "source": source, "name": name, "line": number(at.line), "column": number(at.column) })
}
