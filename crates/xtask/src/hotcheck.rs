//! No panic, allocation, lock or sleep is reachable from a turn: read from the machine code itself.
//!
//! The lints see what we wrote; inlined library code can still panic or allocate. So the release binary is
//! disassembled and every direct call is followed from each `Stage::turn` and `Stage::react`. Where the walk
//! must stop (a cold function that may do more) the list below names it with its reason.

use crate::say;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;
use std::process::Command;

/// Where the walk starts: any function whose name holds one of these.
const ROOTS: &[&str] = &["as base::stage::Stage>::turn", "as base::stage::Stage>::react"];

/// What may not be reached, by a part of its name.
#[rustfmt::skip]
const FORBIDDEN: &[(&str, &str)] = &[
    ("core::panicking::",         "panics"),
    ("core::option::unwrap_failed", "panics"),
    ("core::option::expect_failed", "panics"),
    ("core::result::unwrap_failed", "panics"),
    ("core::slice::index::slice_", "panics"),
    ("core::str::slice_error",    "panics"),
    ("__rust_alloc",              "allocates"),
    ("__rust_realloc",            "allocates"),
    ("__rust_dealloc",            "frees"),
    ("alloc::alloc::handle_alloc_error", "allocates"),
    ("alloc::raw_vec::",          "allocates"),
    ("pthread_mutex_lock",        "locks"),
    ("std::sys::sync::mutex",     "locks"),
    ("std::thread::sleep",        "sleeps"),
];

/// Where the walk stops: what is named here is cold and says why it may do more.
#[rustfmt::skip]
pub(crate) const COLD: &[(&str, &str)] = &[
    ("feeds::decode::Decoder::read_in_full",  "the full parser, for texts no scanner knows: counted, never a usual message"),
    ("net::ws::keys::MaskKeys::refill",       "a dry pool of mask keys costs one system call instead of a key used twice; counted"),
    ("journal::writer::Writer::next_segment", "once a segment; the keeper holds it as well, so nothing is freed here"),
];

/// The calls of each function, by the linker's names: one for each instance of a generic function.
type Calls = BTreeMap<String, BTreeSet<String>>;

/// What to read.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// A release binary that is there already, instead of building one.
    #[arg(long)]
    binary: Option<String>,
}

/// Disassembles the release binary and walks it.
pub(crate) fn run(root: &Path, options: &Options) -> Result<(), String> {
    let binary = options.binary.clone().map_or_else(|| build(root), Ok)?;
    let listing = Command::new("objdump")
        .args(["--disassemble", "--no-show-raw-insn", &binary])
        .output()
        .map_err(|why| format!("hotcheck: objdump (Debian package binutils) is needed: {why}"))?;
    let calls = calls(&String::from_utf8_lossy(&listing.stdout));
    let roots = calls.keys().filter(|name| is_root(name)).count();
    if roots == 0 {
        return Err("hotcheck: no stage found in the binary".to_owned());
    }
    let faults = faults(&calls, COLD);
    if faults.is_empty() {
        say(&format!("hotcheck: {roots} turns reach no panic, allocation, lock or sleep"));
        return Ok(());
    }
    Err(format!("hotcheck: {} forbidden calls\n  {}", faults.len(), faults.join("\n  ")))
}

/// Builds the release binary; its path.
fn build(root: &Path) -> Result<String, String> {
    let mut build = Command::new(env!("CARGO"));
    build
        .args(["build", "--release", "--message-format=json-render-diagnostics"])
        .current_dir(root);
    let built = build.output().map_err(|why| format!("hotcheck: cannot build: {why}"))?;
    if !built.status.success() {
        return Err("hotcheck: the release build failed".to_owned());
    }
    executable(&String::from_utf8_lossy(&built.stdout))
        .ok_or_else(|| "hotcheck: cargo named no executable".to_owned())
}

/// The path of the program in cargo's JSON messages.
fn executable(messages: &str) -> Option<String> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == "funding-arb")
        .find_map(|message| message["executable"].as_str().map(str::to_owned))
}

/// Reads a disassembly: who calls (or jumps to) whom.
fn calls(listing: &str) -> Calls {
    let mut calls = Calls::new();
    let mut current = String::new();
    for line in listing.lines() {
        if let Some(name) = header(line) {
            current = name.to_owned();
            calls.entry(current.clone()).or_default();
        } else if let Some(callee) = target(line).filter(|callee| *callee != current) {
            calls.entry(current.clone()).or_default().insert(callee.to_owned());
        }
    }
    calls
}

/// `0000000000401000 <name>:` opens a function.
fn header(line: &str) -> Option<&str> {
    let (address, rest) = line.split_once(" <")?;
    let is_address = !address.is_empty() && address.bytes().all(|b| b.is_ascii_hexdigit());
    is_address.then(|| rest.strip_suffix(">:")).flatten()
}

/// The function a `call` or `jmp` goes to; jumps within a function carry an offset and are left out.
fn target(line: &str) -> Option<&str> {
    let code = line.split_once(":\t")?.1;
    let mnemonic = code.split_whitespace().next()?;
    if mnemonic != "call" && !mnemonic.starts_with('j') {
        return None;
    }
    let name = code.split_once('<')?.1.strip_suffix('>')?;
    let within = name
        .rsplit_once("+0x")
        .is_some_and(|(_, offset)| offset.bytes().all(|b| b.is_ascii_hexdigit()));
    (!within).then_some(name)
}

/// Every forbidden function reachable from a root, each with one way there.
fn faults(calls: &Calls, cold: &[(&str, &str)]) -> Vec<String> {
    let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut open: VecDeque<&str> =
        calls.keys().map(String::as_str).filter(|name| is_root(name)).collect();
    let mut seen: BTreeSet<&str> = open.iter().copied().collect();
    let mut faults = Vec::new();
    while let Some(name) = open.pop_front() {
        for callee in calls.get(name).into_iter().flatten() {
            let callee = callee.as_str();
            let said = shown(callee);
            if cold.iter().any(|(part, _)| said.contains(part)) || !seen.insert(callee) {
                continue;
            }
            came_from.insert(callee, name);
            match FORBIDDEN.iter().find(|(part, _)| said.contains(part)) {
                Some((_, does)) => faults.push(format!("{does}: {}", way(callee, &came_from))),
                None => open.push_back(callee),
            }
        }
    }
    faults
}

/// A linker's name as people write it.
fn shown(name: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(name))
}

fn is_root(name: &str) -> bool {
    let said = shown(name);
    ROOTS.iter().any(|root| said.contains(root))
}

/// `callee <- caller <- ... <- root`.
fn way(callee: &str, came_from: &BTreeMap<&str, &str>) -> String {
    let mut text = shown(callee);
    let mut at = callee;
    while let Some(caller) = came_from.get(at) {
        text.push_str("\n      <- ");
        text.push_str(&shown(caller));
        at = caller;
    }
    text
}

#[cfg(test)]
mod tests;
