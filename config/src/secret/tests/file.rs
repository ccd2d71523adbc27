//! The commands on files.

use super::published;
use crate::secret::Keys;
use crate::secret::file::{What, decrypt, edit, encrypt, rotate};
use crate::secret::sops::Rules;
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

const PLAIN: &str = "exchanges:\n  okx:\n    api_key: Planted1 # mine\n    passphrase: Planted2\n";

#[test]
fn a_file_goes_through_every_command_and_keeps_its_mode() {
    let keys = Keys::find(&published).unwrap();
    for what in [What::Values(vec![]), What::Whole(Rules::default())] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("exchanges.yaml");
        fs::write(&path, PLAIN).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        encrypt(&path, &what, &keys.recipients()).unwrap();
        let sealed = fs::read_to_string(&path).unwrap();
        assert!(!sealed.contains("Planted"));
        assert!(decrypt(&path, &keys).unwrap().contains("Planted1"));

        let change = OsStr::new("sed -i s/Planted1/Changed1/");
        assert!(edit(&path, &keys, &keys.recipients(), change, dir.path()).unwrap());
        assert!(decrypt(&path, &keys).unwrap().contains("Changed1"));
        let before = fs::read_to_string(&path).unwrap();
        assert!(!edit(&path, &keys, &keys.recipients(), OsStr::new("true"), dir.path()).unwrap());
        for bad in ["false", "sed -i s/okx:/[/"] {
            edit(&path, &keys, &keys.recipients(), OsStr::new(bad), dir.path()).unwrap_err();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), before);

        let new = Keys::generate();
        rotate(&path, &keys, Some(&new.recipients()), || unreachable!()).unwrap();
        assert!(decrypt(&path, &new).unwrap().contains("Planted2"));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        let left: Vec<_> = fs::read_dir(dir.path()).unwrap().flatten().collect();
        assert_eq!(left.len(), 1, "nothing plain is left: {left:?}");
    }
}

#[test]
fn what_somebody_else_wrote_while_the_editor_was_open_is_not_written_over() {
    let keys = Keys::find(&published).unwrap();
    let (dir, copies) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (path, script) = (dir.path().join("exchanges.yaml"), dir.path().join("editor"));
    fs::write(&path, PLAIN).unwrap();
    let both =
        format!("sed -i s/Planted1/Theirs/ {}\nsed -i s/Planted1/Mine/ $1\n", path.display());
    fs::write(&script, both).unwrap();
    let editor = format!("sh {}", script.display());
    let done = edit(&path, &keys, &keys.recipients(), OsStr::new(&editor), copies.path());
    assert!(fs::read_to_string(&path).unwrap().contains("Theirs"));
    let why = done.unwrap_err();
    let kept: Vec<_> = fs::read_dir(copies.path()).unwrap().flatten().collect();
    let [kept] = &kept[..] else { panic!("the work of minutes is kept: {kept:?}") };
    assert!(why.contains(&kept.path().display().to_string()), "{why}");
    assert!(fs::read_to_string(kept.path()).unwrap().contains("Mine"));
    assert_eq!(kept.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_command_reads_no_device() {
    let keys = Keys::find(&published).unwrap();
    let why = decrypt(Path::new("/dev/null"), &keys).unwrap_err();
    assert_eq!(why, "/dev/null: no plain file");
}
