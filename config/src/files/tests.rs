use super::{is_mounted_read_only, is_open};

#[test]
fn a_folder_is_open_when_anybody_may_write_it_and_the_mount_lets_them() {
    #[rustfmt::skip]
    let cases = [
        // mode,     read-only, open
        (0o040_755,  false,     false),
        (0o040_775,  false,     false),
        (0o040_777,  false,     true),
        (0o040_702,  false,     true),
        // A Kubernetes volume: its own file system, or a projected one.
        (0o042_777,  false,     true),
        (0o040_777,  true,      false),
        (0o041_777,  false,     false),
    ];
    for (mode, read_only, open) in cases {
        assert_eq!(is_open(mode, || read_only), open, "{mode:o} read-only {read_only}");
    }
}

#[test]
fn how_it_is_mounted_is_asked_only_where_it_matters() {
    assert!(!is_open(0o040_755, || panic!("asked")));
}

#[test]
fn a_folder_of_tests_is_mounted_to_be_written() {
    let dir = tempfile::tempdir().expect("a folder");
    assert!(!is_mounted_read_only(dir.path()));
    assert!(!is_mounted_read_only("/no/such/folder".as_ref()));
}
