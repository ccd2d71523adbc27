use super::*;
use std::fs;
use std::os::unix::fs::symlink;

fn told(dir: &Path, change: impl FnOnce()) -> Option<Cause> {
    let bell = Bell::new().unwrap();
    let mut watch = Watch::new(Some(dir.to_owned()), Vec::new(), bell);
    assert!(!watch.became_blind());
    change();
    watch.next()
}

#[test]
fn whatever_gives_the_folder_other_files_is_heard() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("risk.yaml");
    let draft = dir.path().join(".risk.yaml.swp");
    assert_eq!(told(dir.path(), || fs::write(&file, "a: 1\n").unwrap()), Some(Cause::Files));
    assert_eq!(told(dir.path(), || fs::write(&file, "a: 2\n").unwrap()), Some(Cause::Files));
    // As editors do: beside it, then over it.
    let saved = || {
        fs::write(&draft, "a: 3\n").unwrap();
        fs::rename(&draft, &file).unwrap();
    };
    assert_eq!(told(dir.path(), saved), Some(Cause::Files));
    assert_eq!(told(dir.path(), || fs::remove_file(&file).unwrap()), Some(Cause::Files));
    let overlays = dir.path().join("environments");
    assert_eq!(told(dir.path(), || fs::create_dir(&overlays).unwrap()), Some(Cause::Files));
    let overlay = overlays.join("production.yaml");
    assert_eq!(told(dir.path(), || fs::write(&overlay, "a: 4\n").unwrap()), Some(Cause::Files));
}

#[test]
fn a_folder_that_is_a_link_is_heard_being_turned() {
    let dir = tempfile::tempdir().unwrap();
    let current = dir.path().join("current");
    for name in ["one", "two"] {
        fs::create_dir(dir.path().join(name)).unwrap();
    }
    symlink("one", &current).unwrap();
    let turned = || {
        symlink("two", dir.path().join("next")).unwrap();
        fs::rename(dir.path().join("next"), &current).unwrap();
    };
    assert_eq!(told(&current, turned), Some(Cause::Files));
    // What it leads to now is listened to.
    let inside = || fs::write(dir.path().join("two/risk.yaml"), "a: 1\n").unwrap();
    assert_eq!(told(&current, inside), Some(Cause::Files));
}

#[test]
fn many_who_ask_are_one_and_the_end_comes_before_all_of_them() {
    let bell = Bell::new().unwrap();
    let mut watch = Watch::new(None, Vec::new(), bell.clone());
    for _ in 0..1_000 {
        bell.ask(Cause::Request);
    }
    bell.ask(Cause::Signal);
    assert_eq!(watch.next(), Some(Cause::Signal));
    assert_eq!(bell.take(), None, "all of them were answered by one look");
    bell.ask(Cause::Request);
    bell.stop();
    assert_eq!(watch.next(), None);
}

#[test]
fn a_change_between_two_waits_is_not_missed() {
    let dir = tempfile::tempdir().unwrap();
    let bell = Bell::new().unwrap();
    let mut watch = Watch::new(Some(dir.path().to_owned()), Vec::new(), bell.clone());
    bell.ask(Cause::Request);
    assert_eq!(watch.next(), Some(Cause::Request));
    // While the files are being read.
    fs::write(dir.path().join("risk.yaml"), "a: 1\n").unwrap();
    assert_eq!(watch.next(), Some(Cause::Files));
}

#[test]
fn a_mounted_file_that_is_turned_or_written_is_heard_once_it_is_named() {
    let (dir, mounted) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let bell = Bell::new().unwrap();
    let mut watch = Watch::new(Some(dir.path().to_owned()), Vec::new(), bell);
    // As the kubelet mounts a Secret.
    for (name, text) in [("..one", "a"), ("..two", "b")] {
        fs::create_dir(mounted.path().join(name)).unwrap();
        fs::write(mounted.path().join(name).join("key"), text).unwrap();
    }
    symlink("..one", mounted.path().join("..data")).unwrap();
    symlink("..data/key", mounted.path().join("key")).unwrap();
    watch.also(&[mounted.path().join("key")]);
    assert_eq!(watch.next(), Some(Cause::Time), "it may have changed since it was read");
    symlink("..two", mounted.path().join("..next")).unwrap();
    fs::rename(mounted.path().join("..next"), mounted.path().join("..data")).unwrap();
    assert_eq!(watch.next(), Some(Cause::Files));
    fs::write(mounted.path().join("..two/key"), "c").unwrap();
    assert_eq!(watch.next(), Some(Cause::Files));
}

#[test]
fn that_it_is_time_to_look_takes_no_other_reasons_place() {
    let bell = Bell::new().unwrap();
    let mut watch = Watch::new(None, Vec::new(), bell.clone());
    bell.ask(Cause::Time);
    bell.ask(Cause::Request);
    bell.ask(Cause::Time);
    assert_eq!(watch.next(), Some(Cause::Request));
}

#[test]
fn a_folder_that_cannot_be_watched_any_more_is_told_once_each_time() {
    let dir = tempfile::tempdir().unwrap();
    let here = dir.path().join("here");
    let bell = Bell::new().unwrap();
    let mut watch = Watch::new(Some(here.clone()), Vec::new(), bell.clone());
    assert!(watch.became_blind(), "there is none");
    assert!(!watch.became_blind(), "that was said");
    let look = |watch: &mut Watch| {
        bell.ask(Cause::Signal);
        assert_eq!(watch.next(), Some(Cause::Signal));
        watch.became_blind()
    };
    fs::create_dir(&here).unwrap();
    assert!(!look(&mut watch));
    fs::remove_dir(&here).unwrap();
    assert!(look(&mut watch));
    assert!(!look(&mut watch));
}
