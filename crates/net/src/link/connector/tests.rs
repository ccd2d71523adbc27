use super::Path;

#[test]
fn a_path_travels_whole_or_not_at_all() {
    let long = format!("/{}", "x".repeat(Path::MAX - 1));
    assert_eq!(Path::new(&long).unwrap().text(), Some(long.as_str()));
    assert_eq!(Path::new("/ws/€").unwrap().text(), Some("/ws/€"));
    assert!(Path::new(&format!("{long}x")).is_none());
    // Not a request target; the dial fails.
    assert_eq!(Path::new("ws").unwrap().text(), None);
    assert_eq!(Path::new("").unwrap().text(), None);
}
