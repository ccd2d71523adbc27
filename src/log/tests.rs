use super::*;
use std::fs::{self, File, FileTimes};
use std::time::SystemTime;

fn logging(bytes: u64, files: u32, days: u32) -> Logging {
    let config = config::load(None, &[]).expect("the built-in configuration");
    Logging { rotate_bytes: bytes, rotate_files: files, rotate_days: days, ..config.logging }
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("a folder").flatten();
    let mut names: Vec<_> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_full_file_is_closed_and_as_many_as_configured_are_kept() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("engine.log");
    let mut log = target(&logging(1_024, 2, 30), Some(path.clone()))
        .unwrap_or_else(|(path, why)| panic!("{}: {why}", path.display()));
    for line in 0..300 {
        writeln!(log, "line {line:04} of the log").expect("written");
    }
    drop(log);
    assert_eq!(names(dir.path()), ["engine.log", "engine.log.1", "engine.log.2"]);
    let newest = fs::read_to_string(&path).expect("the open file");
    assert!(newest.ends_with("line 0299 of the log\n"), "{newest}");
    assert!(fs::metadata(dir.path().join("engine.log.1")).expect("closed").len() >= 1_024);
}

#[test]
fn files_older_than_configured_are_removed() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("engine.log");
    let old = dir.path().join("engine.log.1");
    fs::write(&old, "old").expect("written");
    let then = SystemTime::now() - 3 * DAY;
    let file = File::options().write(true).open(&old).expect("a file");
    file.set_times(FileTimes::new().set_modified(then)).expect("an older file");
    let mut log = target(&logging(1_024, 5, 2), Some(path))
        .unwrap_or_else(|(path, why)| panic!("{}: {why}", path.display()));
    for line in 0..100 {
        writeln!(log, "line {line:04} of the log").expect("written");
    }
    drop(log);
    let kept: Vec<_> = names(dir.path());
    assert!(kept.len() >= 2 && !kept.contains(&"engine.log.4".to_owned()), "{kept:?}");
    for name in kept {
        let text = fs::read_to_string(dir.path().join(&name)).expect("text");
        assert!(!text.contains("old"), "{name} holds the old log");
    }
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let path = PathBuf::from("/no-such-folder/engine.log");
    let (named, _) = target(&logging(1_024, 1, 1), Some(path.clone())).err().expect("refused");
    assert_eq!(named, path);
}

#[test]
fn debug_logs_more_whatever_the_level() {
    let logging = logging(1_024, 1, 1);
    assert_eq!(level(&logging, false), telemetry::Level::Info);
    assert_eq!(level(&logging, true), telemetry::Level::Debug);
}
