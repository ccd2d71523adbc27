//! One input to the loader, whatever it is. Shared with the fuzz target, so it sees the crate from outside.

use super::config::{Inputs, Override, explain, inspect, report, secret, show};
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

/// A directory of this process.
fn dir() -> &'static PathBuf {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    DIR.get_or_init(|| {
        let dir = std::env::temp_dir().join(format!("config-fuzz-{}", std::process::id()));
        fs::create_dir_all(dir.join("environments")).expect("a directory");
        dir
    })
}

/// Removes that directory.
#[cfg(test)]
pub(super) fn clear() {
    let _ = fs::remove_dir_all(dir());
}

/// Takes `bytes` for one of the things the loader reads: a file, an overlay, a variable, an option, a key
/// to explain, a file of secrets. Nothing of it may panic, and what is refused is refused with words.
pub(super) fn try_out(pick: u8, bytes: &[u8]) {
    let dir = dir();
    let (file, overlay) = (dir.join("main.yaml"), dir.join("environments/development.yaml"));
    let _ = (fs::remove_file(&file), fs::remove_file(&overlay));
    let text = String::from_utf8_lossy(bytes).into_owned();
    let (mut settings, mut overrides) = (Vec::new(), Vec::new());
    match pick % 6 {
        0 => fs::write(&file, bytes).expect("a file"),
        1 => fs::write(&overlay, bytes).expect("a file"),
        2 => {
            let (name, value) = text.split_once('=').unwrap_or((&text, ""));
            settings.push((format!("FUNDING_ARB__{name}"), value.to_owned()));
        }
        3 => overrides.extend(Override::of_option(&text)),
        4 => {}
        _ => return secrets(&text),
    }
    let variable = |name: &str| name.len().is_multiple_of(2).then(|| text.clone());
    let inspected = inspect(&Inputs {
        dir: Some(dir),
        settings: &settings,
        overrides: &overrides,
        variable: &variable,
    });
    let report = report::to_json(&inspected);
    assert_eq!(report["sound"], inspected.faults.is_ok());
    for fault in inspected.faults.as_ref().err().into_iter().flat_map(|faults| faults.list()) {
        let words = fault.to_string();
        assert!(!words.contains(['\n', '\u{1b}']), "{words:?}");
    }
    let _ = show::to_json(&show::values(&inspected), true);
    let _ = explain::explain(&text, &inspected).map(|explained| explained.to_string());
}

/// A text as a file of secrets: read with a key that is not the right one, and encrypted for it.
fn secrets(text: &str) {
    static KEYS: OnceLock<secret::Keys> = OnceLock::new();
    let keys = KEYS.get_or_init(secret::Keys::generate);
    let _ = secret::edit::decrypt(text, keys);
    let _ = secret::edit::rotate(text, keys, None, || Ok(keys.recipients()));
    if let Ok((sealed, done)) = secret::edit::encrypt(text, &[], &keys.recipients())
        && !done.is_empty()
    {
        let plain = secret::edit::decrypt(&sealed, keys).expect("what was encrypted opens");
        assert!(!plain.contains("ENC[age,"));
    }
}
