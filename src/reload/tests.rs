use super::*;

#[test]
fn who_ends_a_reloader_does_not_wait_for_a_thread_that_waits() {
    let (release, held) = channel::<()>();
    let (_tell, told) = channel();
    let (ended, end) = channel();
    let bell = Bell::new().unwrap();
    let thread = thread::spawn(move || {
        let _ = held.recv();
        ended.send(()).unwrap();
    });
    let reloader = Reloader { bell: bell.clone(), thread: Some(thread), told };
    reloader.stop();
    assert!(bell.is_stopped());
    let (done, dropped) = channel();
    thread::spawn(move || {
        drop(reloader);
        done.send(()).unwrap();
    });
    dropped.recv_timeout(Duration::from_secs(60)).expect("it did not wait");
    assert!(end.try_recv().is_err(), "the thread is where it was");
    drop(release);
    end.recv_timeout(Duration::from_secs(60)).expect("and ends when it can");
}

#[test]
fn a_look_in_time_tells_what_has_changed_and_nothing_else() {
    let fault = || vec!["a fault".to_owned()];
    let (unchanged, refused) = (Look::of(Adoption::Unchanged), Look::refused(fault()));
    let adopted = Look::of(Adoption::Adopted);
    let cases: &[(Cause, &Look, Vec<String>, bool)] = &[
        (Cause::Time, &unchanged, vec![], false),
        (Cause::Time, &unchanged, fault(), true),
        (Cause::Time, &refused, vec![], true),
        (Cause::Time, &refused, fault(), false),
        (Cause::Time, &adopted, vec![], true),
        (Cause::Request, &unchanged, vec![], true),
        (Cause::Source, &refused, fault(), true),
    ];
    for (cause, look, before, told) in cases {
        let name = look.adoption.name();
        assert_eq!(is_news(*cause, look, before), *told, "{cause} {name} after {before:?}");
    }
}
