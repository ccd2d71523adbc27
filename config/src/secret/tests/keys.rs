//! Where keys come from and who may read them.

use super::{key_file, published};
use crate::secret::keys::{Keys, Recipients};
use crate::secret::private::private;
use crate::secret::{SecretFault, sealed};
use std::fs;

#[test]
fn a_key_file_that_others_can_read_is_refused_with_its_mode() {
    for mode in [0o644, 0o640, 0o604, 0o602, 0o620] {
        let (_dir, path) = key_file(&Keys::generate(), mode);
        let why = Keys::file("FUNDING_ARB_AGE_KEY_FILE", &path).unwrap_err().to_string();
        assert!(
            why.contains(&format!("its mode {mode:04o} lets others read or write it")),
            "{why}"
        );
    }
    for mode in [0o600, 0o400] {
        let (_dir, path) = key_file(&Keys::generate(), mode);
        Keys::file("FUNDING_ARB_AGE_KEY_FILE", &path).unwrap();
    }
}

#[test]
fn a_mount_of_kubernetes_for_a_process_that_is_not_root_is_private_enough() {
    assert!(private(0o100_440, 0, Some(1000)));
    assert!(!private(0o100_440, 0, Some(0)), "root does not need the group");
    assert!(!private(0o100_440, 1000, Some(1000)));
    assert!(!private(0o100_444, 0, Some(1000)));
    assert!(!private(0o100_460, 0, Some(1000)));
}

#[test]
fn every_named_place_of_keys_is_used_and_a_broken_one_is_told_without_its_text() {
    let (mine, theirs) = (Keys::generate(), Keys::generate());
    let (_a, mine_path) = key_file(&mine, 0o600);
    let (_b, theirs_path) = key_file(&theirs, 0o600);
    let variable = |name: &str| match name {
        "FUNDING_ARB_AGE_KEY_FILE" => Some(mine_path.display().to_string()),
        "SOPS_AGE_KEY_FILE" => Some(theirs_path.display().to_string()),
        _ => published(name),
    };
    let all = Keys::find(&variable).unwrap();
    assert_eq!(format!("{all:?}"), "3 age keys");
    for one in [mine.recipients(), theirs.recipients()] {
        let text = sealed::seal("x", &one).unwrap();
        assert_eq!(sealed::open(&text, &all).unwrap().as_str(), "x");
    }
    fs::write(&mine_path, "# fine\nAGE-SECRET-KEY-1QPLANTEDSLIP\n").unwrap();
    let why = Keys::find(&variable).unwrap_err().to_string();
    assert!(why.contains("FUNDING_ARB_AGE_KEY_FILE: "), "{why}");
    assert!(why.contains("line 2 is no AGE-SECRET-KEY-1"), "{why}");
    assert!(!why.contains("PLANTED"), "{why}");
    assert_eq!(Keys::find(&|_| None).unwrap_err(), SecretFault::NoKey);
}

#[test]
fn sops_own_place_is_looked_into_when_it_is_there() {
    let (dir, path) = key_file(&Keys::generate(), 0o600);
    let usual = dir.path().join(".config/sops/age");
    fs::create_dir_all(&usual).unwrap();
    fs::rename(path, usual.join("keys.txt")).unwrap();
    let home = dir.path().display().to_string();
    let keys = Keys::find(&|name| (name == "HOME").then(|| home.clone())).unwrap();
    assert_eq!(format!("{keys:?}"), "1 age keys");
}

#[test]
fn recipients_come_from_a_variable_or_from_the_keys_themselves() {
    let keys = Keys::generate();
    let [name] = &keys.recipients().names()[..] else { panic!("one") };
    let two = format!("{name}, age1je6kjhzuhdjy3fqptpttxjh5k8q46vygzlgtpuq3030c947pc5tqz9dqvr");
    let found = Recipients::find(&|n| (n == "SOPS_AGE_RECIPIENTS").then(|| two.clone())).unwrap();
    assert_eq!(found.names().len(), 2);
    let own = Recipients::find(&published).unwrap();
    assert_eq!(own.names(), ["age1je6kjhzuhdjy3fqptpttxjh5k8q46vygzlgtpuq3030c947pc5tqz9dqvr"]);
    assert_eq!(Recipients::find(&|_| None).unwrap_err(), SecretFault::NoRecipient);
    let why = Recipients::parse(["AGE-SECRET-KEY-1QQPLANTED"]).unwrap_err().to_string();
    assert!(why.contains("private key") && !why.contains("PLANTED"), "{why}");
}
