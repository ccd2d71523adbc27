use super::*;

fn effective(value: &str) -> Effective {
    let values = [("system.mode".to_owned(), value.to_owned())].into();
    Effective { values, files: None }
}

#[test]
fn a_version_that_was_not_adopted_is_not_what_the_next_start_takes_for_known() {
    let state = tempfile::tempdir().unwrap();
    let history = History::open(state.path()).unwrap();
    let in_force = record(&history, effective("sim"), "start").unwrap();
    let refused = record(&history, effective("live"), "reload (files)").unwrap();
    take_back(&history, &in_force, refused.number).unwrap();
    let last = history.list().unwrap().pop().unwrap();
    assert_eq!((last.number, last.hash.as_str()), (3, in_force.hash.as_str()));
    assert_eq!(last.origin, "version 2 was not adopted");
    assert!(record(&history, effective("live"), "start").unwrap().new);
}
