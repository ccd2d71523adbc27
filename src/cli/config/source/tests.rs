use super::told_of_copy;
use config::source::SourceFault;
use std::path::Path;

#[test]
fn who_has_no_place_for_the_copy_is_told_which_option_gives_one() {
    let copy = || SourceFault::Copy("state/source: Read-only file system".to_owned());
    let told = told_of_copy(copy(), None);
    assert!(told.starts_with("--source: ") && told.contains("--state DIR"), "{told}");
    assert!(!told_of_copy(copy(), Some(Path::new("here"))).contains("--state"));
    let away = SourceFault::Away("consul://h/p: refused".to_owned());
    assert!(!told_of_copy(away, None).contains("--state"));
}
