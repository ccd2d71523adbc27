//! Bytes never panic, and are told with their place or loaded: as a file of the directory, as an overlay,
//! as the value of a variable and of an option, and cut short.
//!
//! `cargo +nightly fuzz run load` in `config/`. Good seeds: `config/*.yaml` and `config/testdata/seed/*.yaml`.

#![no_main]

use config::{Inputs, Override, inspect, report, show};
use libfuzzer_sys::fuzz_target;
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

fuzz_target!(|data: &[u8]| {
    let Some((pick, bytes)) = data.split_first() else { return };
    let dir = dir();
    let (file, overlay) = (dir.join("main.yaml"), dir.join("environments/development.yaml"));
    let _ = (fs::remove_file(&file), fs::remove_file(&overlay));
    let text = String::from_utf8_lossy(bytes).into_owned();
    let (mut settings, mut overrides) = (Vec::new(), Vec::new());
    match pick % 4 {
        0 => fs::write(&file, bytes).expect("a file"),
        1 => fs::write(&overlay, bytes).expect("a file"),
        2 => {
            let (name, value) = text.split_once('=').unwrap_or((&text, ""));
            settings.push((format!("FUNDING_ARB__{name}"), value.to_owned()));
        }
        _ => overrides.extend(Override::of_option(&text)),
    }
    let variable = |name: &str| (name.len() % 2 == 0).then(|| text.clone());
    let inspected = inspect(&Inputs {
        dir: Some(dir),
        settings: &settings,
        overrides: &overrides,
        variable: &variable,
    });
    let report = report::to_json(&inspected);
    assert_eq!(report["sound"], inspected.faults.is_ok());
    let _ = show::to_json(&show::values(&inspected), true);
});
