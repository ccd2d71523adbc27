use super::*;

/// A place whose source is played by the test.
fn place() -> (Place, Sender<PathBuf>, Receiver<bool>) {
    let (fetch, fetched) = channel();
    let (loaded, verdicts) = channel();
    let place = Place::new(Some("good".into()), Some(Follower { fetched, loaded }));
    (place, fetch, verdicts)
}

fn folder(name: &str) -> Found {
    Found::Folder(Some(name.into()))
}

#[test]
fn a_refused_copy_stays_refused_until_the_source_holds_another() {
    let (mut place, fetch, verdicts) = place();
    assert_eq!(place.next(Cause::Time), folder("good"));
    place.read(None);
    fetch.send("bad".into()).unwrap();
    assert_eq!(place.next(Cause::Source), folder("bad"));
    place.read(Some(vec!["a fault".to_owned()]));
    assert_eq!(verdicts.try_recv(), Ok(false));
    for cause in [Cause::Time, Cause::Request, Cause::Signal, Cause::Files] {
        assert_eq!(place.next(cause), Found::Faulty(vec!["a fault".to_owned()]), "{cause}");
    }
    fetch.send("mended".into()).unwrap();
    assert_eq!(place.next(Cause::Source), folder("mended"));
    place.read(None);
    assert_eq!(verdicts.try_recv(), Ok(true));
    assert_eq!(place.next(Cause::Time), folder("mended"));
    place.read(None);
    assert!(verdicts.try_recv().is_err(), "it was told once");
}

#[test]
fn a_copy_that_another_look_has_taken_is_not_told_a_second_time() {
    let (mut place, fetch, _verdicts) = place();
    fetch.send("copy".into()).unwrap();
    assert_eq!(place.next(Cause::Time), folder("copy"));
    place.read(Some(vec!["a fault".to_owned()]));
    assert_eq!(place.next(Cause::Source), Found::Seen);
}

#[test]
fn a_folder_is_read_for_every_reason() {
    let mut place = Place::new(Some("here".into()), None);
    for cause in [Cause::Time, Cause::Source, Cause::Files] {
        assert_eq!(place.next(cause), folder("here"));
        place.read(Some(vec!["a fault".to_owned()]));
    }
}
