//! House rules as a check: sizes, words, sources of test data, floats where money is.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// No file is longer; nine in ten are under [`LINES_P90`].
const LINES_MAX: usize = 800;
/// The ninetieth percentile of file lengths.
const LINES_P90: usize = 500;

/// Folders of the hot path: their loops must say what bounds them.
const HOT: &[&str] = &["feeds/src", "strategy/src", "gateway/src", "paper/src"];

/// Files in which a float may not appear: books, orders, ledger, wire numbers.
const EXACT: &[&str] = &[
    "crates/base/src",
    "feeds/src",
    "strategy/src",
    "gateway/src",
    "paper/src",
    "crates/venue/src",
];

/// Words that do not belong in code, each with what to do instead.
#[rustfmt::skip]
const WORDS: &[(&str, &str)] = &[
    ("FIXME",            "mend it now or open an issue"),
    ("TODO",             "do it now or open an issue"),
    ("XXX",              "say what is wrong in words"),
    ("#[ignore",         "a test that does not run is no test"),
    ("#[should_panic",   "assert on the error value"),
    (SLEEP,              "wait on a condition, not on time"),
];
const SLEEP: &str = "thread::sleep(";

/// Where a word above is right, with the reason.
#[rustfmt::skip]
const ALLOWED: &[(&str, &str, &str)] = &[
    ("crates/xtask/src/tidy", "", "names the words"),
];

/// Checks the repository at `root`; the error lists every fault.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    let files = sources(root)?;
    let mut faults = sizes(&files);
    for file in &files {
        faults.extend(words(file));
        faults.extend(floats(file));
        faults.extend(loops(file));
    }
    faults.extend(test_data(root)?);
    if faults.is_empty() {
        return Ok(());
    }
    let mut text = format!("tidy: {} faults\n", faults.len());
    for fault in faults {
        let _ = writeln!(text, "  {fault}");
    }
    Err(text)
}

/// One Rust file of the house.
struct Source {
    /// Relative to the root, with forward slashes.
    path: String,
    text: String,
}

impl Source {
    fn is_hot(&self) -> bool {
        HOT.iter().any(|folder| self.path.starts_with(folder))
    }

    fn is_test(&self) -> bool {
        self.path.split('/').any(|part| part == "tests" || part == "tests.rs")
    }
}

fn sources(root: &Path) -> Result<Vec<Source>, String> {
    let mut files = Vec::new();
    for path in walk(root)? {
        if path.extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(&path)
                .map_err(|why| format!("tidy: cannot read {}: {why}", path.display()))?;
            files.push(Source { path: relative(root, &path), text });
        }
    }
    Ok(files)
}

/// Every file below `root` but what is built, ignored or hidden.
fn walk(root: &Path) -> Result<Vec<PathBuf>, String> {
    let mut open = vec![root.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = open.pop() {
        let entries = fs::read_dir(&folder)
            .map_err(|why| format!("tidy: cannot list {}: {why}", folder.display()))?;
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let path = entry.path();
            if path.is_symlink() || name.starts_with('.') || name == "target" || name == "state" {
                continue;
            }
            if path.is_dir() { open.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    Ok(files)
}

fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

fn sizes(files: &[Source]) -> Vec<String> {
    let mut lengths: Vec<_> = files.iter().map(|f| (f.text.lines().count(), &f.path)).collect();
    lengths.sort_unstable();
    let mut faults: Vec<_> = lengths
        .iter()
        .filter(|(lines, _)| *lines > LINES_MAX)
        .map(|(lines, path)| format!("{path}: {lines} lines, at most {LINES_MAX}"))
        .collect();
    let at = lengths.len() * 9 / 10;
    if let Some((lines, _)) = lengths.get(at).filter(|(lines, _)| *lines > LINES_P90) {
        faults.push(format!("one file in ten has more than {lines} lines, at most {LINES_P90}"));
    }
    faults
}

fn words(file: &Source) -> Vec<String> {
    let mut faults = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        for (word, instead) in WORDS {
            let allowed = ALLOWED.iter().any(|(path, which, _)| {
                file.path.starts_with(path) && (which.is_empty() || which == word)
            });
            // A cold thread may wait for time to pass; a test or a hot thread may not.
            let waits = *word == SLEEP && !file.is_test() && !file.is_hot();
            if line.contains(word) && !allowed && !waits {
                faults.push(format!("{}:{}: {word}: {instead}", file.path, number + 1));
            }
        }
    }
    faults
}

fn floats(file: &Source) -> Vec<String> {
    if file.is_test() || !EXACT.iter().any(|folder| file.path.starts_with(folder)) {
        return Vec::new();
    }
    code_lines(&file.text)
        .filter(|(_, code)| has_word(code, "f64") || has_word(code, "f32"))
        .map(|(number, _)| format!("{}:{number}: a float where money is exact", file.path))
        .collect()
}

fn loops(file: &Source) -> Vec<String> {
    if file.is_test() || !file.is_hot() {
        return Vec::new();
    }
    let lines: Vec<_> = file.text.lines().collect();
    let mut faults = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let code = line.split("//").next().unwrap_or("").trim_start();
        let open_ended = code.starts_with("while ") || code == "loop {" || code.contains(" loop {");
        let bounded = line.contains("// bound:")
            || at.checked_sub(1).is_some_and(|before| lines[before].contains("// bound:"));
        if open_ended && !bounded {
            faults.push(format!(
                "{}:{}: a loop that does not say its `// bound:`",
                file.path,
                at + 1
            ));
        }
    }
    faults
}

/// Line numbers and code of every line, comments cut off.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(at, line)| (at + 1, line.split("//").next().unwrap_or("")))
}

fn has_word(code: &str, word: &str) -> bool {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|part| part == word)
}

/// Every folder of test data names where each of its files comes from.
fn test_data(root: &Path) -> Result<Vec<String>, String> {
    let mut faults = Vec::new();
    for path in walk(root)? {
        let name = relative(root, &path);
        let Some(folder) = data_folder(&path) else { continue };
        let file = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if file == "SOURCES.md" || file.starts_with("LICENSE") {
            continue;
        }
        let sources = fs::read_to_string(folder.join("SOURCES.md")).unwrap_or_default();
        if !sources.contains(&file) {
            faults.push(format!("{name}: {}/SOURCES.md does not name it", relative(root, &folder)));
        }
    }
    Ok(faults)
}

/// The outermost folder named `testdata` above `path`, or the one below it that has a `SOURCES.md`.
fn data_folder(path: &Path) -> Option<PathBuf> {
    let inside = path.ancestors().skip(1).any(|a| a.file_name().is_some_and(|n| n == "testdata"));
    if !inside {
        return None;
    }
    let mut nearest = None;
    for folder in path.ancestors().skip(1) {
        if folder.join("SOURCES.md").is_file() {
            return Some(folder.to_owned());
        }
        if folder.file_name().is_some_and(|n| n == "testdata") {
            nearest = Some(folder.to_owned());
            break;
        }
    }
    nearest
}

#[cfg(test)]
mod tests;
