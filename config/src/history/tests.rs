use super::{Effective, History, Kept, NotBack, Salt, Version, difference, digest};
use crate::tests::dir;
use crate::{Inputs, Override, inspect};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

fn read(history: &History, dir: Option<&Path>, set: &[(&str, &str)]) -> Effective {
    let set: Vec<Override> = set
        .iter()
        .map(|(key, value)| Override {
            key: (*key).to_owned(),
            value: (*value).to_owned(),
            source: "--set".to_owned(),
        })
        .collect();
    let variable = |name: &str| (name == "K").then(|| "PlantedKey".to_owned());
    let inputs = Inputs { dir, settings: &[], overrides: &set, variable: &variable };
    Effective::of(&inspect(&inputs), dir, history.salt()).unwrap()
}

const LIMIT: &str = "risk_management.global_limits.max_leverage";

#[test]
fn the_same_content_is_one_version_and_a_change_is_the_next_with_its_difference() {
    let state = tempfile::tempdir().unwrap();
    let history = History::open(state.path()).unwrap();
    let first = history.record(&read(&history, None, &[]), "start", "ann").unwrap();
    assert_eq!((first.number, first.new, first.hash.len()), (1, true, 64));
    let again = history.record(&read(&history, None, &[]), "start", "bob").unwrap();
    assert_eq!((again.number, again.new), (1, false));
    let next = history.record(&read(&history, None, &[(LIMIT, "2")]), "reload", "bob").unwrap();
    assert_eq!((next.number, next.new), (2, true));
    let back = history.record(&read(&history, None, &[]), "rollback to 1", "ann").unwrap();
    assert_eq!((back.number, &back.hash), (3, &first.hash));

    let all = History::open(state.path()).unwrap().list().unwrap();
    let told: Vec<_> = all.iter().map(|v| (v.origin.as_str(), v.who.as_str())).collect();
    assert_eq!(told, [("start", "ann"), ("reload", "bob"), ("rollback to 1", "ann")]);
    let [change] = &all[1].changed[..] else { panic!("{:?}", all[1].changed) };
    assert!(change.starts_with(LIMIT) && change.ends_with("-> 2"), "{change}");
    let changes = difference(&all[1].kept.values, &all[0].kept.values);
    assert_eq!(changes.len(), 1);
    assert_eq!(history.find(&next.hash[..8]).unwrap().number, 2);
    assert_eq!(history.find(&first.hash[..8]).unwrap().number, 3, "the last of equal content");
    assert_eq!(history.find("2").unwrap().number, 2);
    assert!(history.find("99").unwrap_err().contains("no such version"));
}

#[test]
fn a_secret_changes_the_version_and_stands_in_no_file_of_it() {
    let state = tempfile::tempdir().unwrap();
    let history = History::open(state.path()).unwrap();
    let key = "exchanges.okx.api_key";
    let one = read(&history, None, &[(key, "Planted1")]);
    let two = read(&history, None, &[(key, "Planted2")]);
    assert_ne!(one.hash(), two.hash());
    assert!(one.values[key].starts_with("secret ") && one.values[key] != two.values[key]);
    history.record(&one, "start", "ann").unwrap();
    history.record(&two, "reload", "ann").unwrap();
    let other = tempfile::tempdir().unwrap();
    let other = History::open(other.path()).unwrap();
    assert_ne!(read(&other, None, &[(key, "Planted1")]).values[key], one.values[key]);
    for entry in fs::read_dir(state.path().join("config")).unwrap().flatten() {
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{entry:?}");
        let bytes = fs::read(entry.path()).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("Planted"), "{entry:?}");
    }
}

#[test]
fn a_version_is_put_back_file_by_file() {
    let state = tempfile::tempdir().unwrap();
    let history = History::open(state.path()).unwrap();
    let text = "exchanges:\n  okx:\n    api_key: ${K}\n";
    let mine = dir(&[("exchanges.yaml", text)]);
    history.record(&read(&history, Some(mine.path()), &[]), "start", "ann").unwrap();
    fs::write(mine.path().join("exchanges.yaml"), "exchanges: {okx: {timeout: 20000}}\n").unwrap();
    fs::write(mine.path().join("nodes.yaml"), "nodes: {layout: fused}\n").unwrap();
    history.record(&read(&history, Some(mine.path()), &[]), "reload", "ann").unwrap();
    let first = history.find("1").unwrap();
    assert!(!format!("{first:?}").contains("PlantedKey"));
    History::put_back(&first, mine.path()).unwrap();
    assert_eq!(fs::read_to_string(mine.path().join("exchanges.yaml")).unwrap(), text);
    assert!(mine.path().join("nodes.yaml.before-rollback").exists());
    assert_eq!(read(&history, Some(mine.path()), &[]).hash(), first.hash);
}

#[test]
fn files_with_a_secret_in_the_clear_are_not_kept_and_the_version_says_so() {
    let state = tempfile::tempdir().unwrap();
    let history = History::open(state.path()).unwrap();
    let mine = dir(&[("exchanges.yaml", "exchanges:\n  okx:\n    api_key: PlantedClear\n")]);
    history.record(&read(&history, Some(mine.path()), &[]), "start", "ann").unwrap();
    let version = history.find("1").unwrap();
    assert_eq!(version.kept.files, None);
    let why = History::put_back(&version, mine.path()).unwrap_err().to_string();
    assert!(why.contains("a secret in the clear") && !why.contains("Planted"), "{why}");
}

#[test]
fn what_a_mounted_file_holds_is_part_of_the_version_though_its_name_stays() {
    let state = tempfile::tempdir().unwrap();
    let history = History::open(state.path()).unwrap();
    let file = state.path().join("mounted");
    let (key, key_file) = ("exchanges.okx.secret_key", "exchanges.okx.secret_key_file");
    let path = file.display().to_string();
    let with = |text: &str| {
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        read(&history, None, &[(key_file, &path)])
    };
    let (one, two) = (with("Planted1"), with("Planted2"));
    let keys: Vec<String> =
        difference(&one.values, &two.values).into_iter().map(|change| change.key).collect();
    assert_eq!(keys, [key]);
    assert!(two.values[key].starts_with("secret "), "{}", two.values[key]);
    assert_eq!(with("Planted1\n").hash(), one.hash(), "blanks around it are no part of it");
}

#[test]
fn a_rollback_that_cannot_write_every_file_changes_none() {
    let state = tempfile::tempdir().unwrap();
    let history = History::open(state.path()).unwrap();
    let mine = dir(&[("exchanges.yaml", "exchanges: {okx: {timeout: 10000}}\n")]);
    fs::create_dir(mine.path().join("environments")).unwrap();
    let overlay = mine.path().join("environments/development.yaml");
    fs::write(&overlay, "system: {debug: true}\n").unwrap();
    history.record(&read(&history, Some(mine.path()), &[]), "start", "ann").unwrap();
    let now = "exchanges: {okx: {timeout: 20000}}\n";
    fs::write(mine.path().join("exchanges.yaml"), now).unwrap();
    fs::remove_file(&overlay).unwrap();
    fs::create_dir(&overlay).unwrap();
    let why = History::put_back(&history.find("1").unwrap(), mine.path()).unwrap_err().to_string();
    assert!(why.contains("development.yaml"), "{why}");
    assert_eq!(fs::read_to_string(mine.path().join("exchanges.yaml")).unwrap(), now);
    let left = fs::read_dir(mine.path()).unwrap().count();
    assert_eq!(left, 2, "no drafts are left");
}

#[test]
fn a_file_that_is_put_back_keeps_its_mode_and_a_link_stays_one() {
    let state = tempfile::tempdir().unwrap();
    let history = History::open(state.path()).unwrap();
    let text = "exchanges: {okx: {timeout: 10000}}\n";
    let (mine, elsewhere) = (dir(&[("exchanges.yaml", text)]), dir(&[("real.yaml", "")]));
    let (path, real) = (mine.path().join("exchanges.yaml"), elsewhere.path().join("real.yaml"));
    fs::rename(&path, &real).unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o600)).unwrap();
    symlink(&real, &path).unwrap();
    history.record(&read(&history, Some(mine.path()), &[]), "start", "ann").unwrap();
    let mended = "exchanges: {okx: {timeout: 20000}} # by hand, and never loaded\n";
    fs::write(&path, mended).unwrap();
    History::put_back(&history.find("1").unwrap(), mine.path()).unwrap();
    assert_eq!(fs::read_to_string(&real).unwrap(), text);
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o600);
    let aside = mine.path().join("exchanges.yaml.before-rollback");
    assert_eq!(fs::read_to_string(&aside).unwrap(), mended, "no version has it");
    assert_eq!(fs::metadata(&aside).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn digits_that_more_than_one_content_begins_with_name_no_version_however_often_one_came_back() {
    let state = tempfile::tempdir().unwrap();
    let history = History::open(state.path()).unwrap();
    for (number, hash) in [(1, "abcd1"), (2, "abcd1"), (3, "abcd2")] {
        let kept = Kept { values: std::collections::BTreeMap::new(), files: None };
        let text = |text: &str| text.to_owned();
        let version = Version {
            number,
            hash: text(hash),
            time: text("2026-11-21T00:00:00Z"),
            origin: text("reload"),
            who: text("ann"),
            changed: Vec::new(),
            kept,
        };
        let path = state.path().join(format!("config/{number:08}.json"));
        fs::write(path, serde_json::to_vec(&version).unwrap()).unwrap();
    }
    let why = history.find("abcd").unwrap_err();
    assert_eq!(why, "abcd: more than one version begins so");
    assert_eq!(history.find("abcd1").unwrap().number, 2, "the last of equal content");
}

#[test]
fn a_digest_stays_what_it_was_so_that_histories_stay_good() {
    let salt = Salt(core::array::from_fn(|at| u8::try_from(at).unwrap()));
    assert_eq!(digest(&salt, "Planted"), "secret 7e0df7691d53433c");
}

#[test]
fn a_rollback_that_ends_halfway_says_what_changed_and_where_the_former_text_is() {
    let state = tempfile::tempdir().unwrap();
    let history = History::open(state.path()).unwrap();
    let mine = dir(&[("exchanges.yaml", "exchanges: {okx: {timeout: 10000}}\n")]);
    history.record(&read(&history, Some(mine.path()), &[]), "start", "ann").unwrap();
    let now = "exchanges: {okx: {timeout: 20000}}\n";
    fs::write(mine.path().join("exchanges.yaml"), now).unwrap();
    fs::write(mine.path().join("nodes.yaml"), "nodes: {layout: fused}\n").unwrap();
    // What the version did without cannot be put aside.
    fs::create_dir(mine.path().join("nodes.yaml.before-rollback")).unwrap();
    let why = History::put_back(&history.find("1").unwrap(), mine.path()).unwrap_err();
    let exchanges = mine.path().join("exchanges.yaml");
    let NotBack::Partly { path, done, .. } = &why else { panic!("{why:?}") };
    assert_eq!((path, done), (&mine.path().join("nodes.yaml"), &vec![exchanges.clone()]));
    let told = why.to_string();
    let changed = format!("changed already: {}; what was there", exchanges.display());
    assert!(told.contains(&changed), "{told}");
    assert_eq!(fs::read_to_string(exchanges.with_extension("yaml.before-rollback")).unwrap(), now);
}
