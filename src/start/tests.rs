use super::*;

#[test]
fn a_journal_belongs_to_the_kind_of_account_that_began_it() {
    let dir = tempfile::tempdir().unwrap();
    let (paper, real) = (dir.path().join("paper"), dir.path().join("real"));
    ours(&paper, true).unwrap();
    ours(&paper, true).unwrap();
    let why = ours(&paper, false).unwrap_err().to_string();
    assert!(why.contains("was kept in mode paper"), "{why}");

    ours(&real, false).unwrap();
    assert!(!real.exists(), "nothing is left where nothing is to be said");
    fs::create_dir(&real).unwrap();
    fs::write(real.join("00000001.seg"), "").unwrap();
    ours(&real, false).unwrap();
    let why = ours(&real, true).unwrap_err().to_string();
    assert!(why.contains("was not kept in mode paper"), "{why}");
}

#[test]
fn an_empty_folder_is_anybodys() {
    let dir = tempfile::tempdir().unwrap();
    ours(dir.path(), false).unwrap();
    ours(dir.path(), true).unwrap();
    assert!(ours(dir.path(), false).is_err());
}
