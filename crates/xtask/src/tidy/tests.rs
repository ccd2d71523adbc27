use super::*;

fn source(path: &str, text: &str) -> Source {
    Source { path: path.to_owned(), text: text.to_owned() }
}

#[test]
fn this_repository_is_tidy() {
    assert_eq!(run(&crate::repository()), Ok(()));
}

#[test]
fn unfinished_words_and_sleeps_are_found_with_their_line() {
    let text = "fn a() {\n    // TODO later\n    thread::sleep(x);\n}\n";
    assert_eq!(words(&source("src/a.rs", text)).len(), 1, "a cold thread may wait");
    let file = source("src/a/tests.rs", text);
    let faults = words(&file);
    assert_eq!(faults.len(), 2);
    assert!(faults[0].starts_with("src/a/tests.rs:2: TODO"), "{faults:?}");
    assert!(faults[1].starts_with("src/a/tests.rs:3: thread::sleep("), "{faults:?}");
}

#[test]
fn a_float_in_the_books_is_found_but_not_in_a_comment_or_a_test() {
    assert_eq!(floats(&source("feeds/src/book.rs", "let x: f64 = 1.0; // f64")).len(), 1);
    assert_eq!(floats(&source("feeds/src/book.rs", "// never f64")), Vec::<String>::new());
    assert_eq!(floats(&source("feeds/src/book/tests.rs", "let x: f64;")), Vec::<String>::new());
    assert_eq!(floats(&source("crates/sidecar/src/x.rs", "let x: f64;")), Vec::<String>::new());
}

#[test]
fn a_hot_loop_must_say_its_bound() {
    assert_eq!(loops(&source("gateway/src/a.rs", "    while x {\n")).len(), 1);
    assert_eq!(loops(&source("gateway/src/a.rs", "    while x { // bound: BURST\n")).len(), 0);
    assert_eq!(loops(&source("gateway/src/a.rs", "    // bound: BURST\n    loop {\n")).len(), 0);
}

#[test]
fn long_files_are_found() {
    let long = source("src/long.rs", &"x\n".repeat(LINES_MAX + 1));
    assert_eq!(sizes(&[long]).len(), 2);
}

#[test]
fn test_data_without_a_source_is_found() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("feeds/testdata/okx");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("books.json"), "{}").unwrap();
    assert_eq!(test_data(root.path()).unwrap().len(), 1);
    fs::write(root.path().join("feeds/testdata/SOURCES.md"), "okx/books.json: MIT").unwrap();
    assert_eq!(test_data(root.path()).unwrap(), Vec::<String>::new());
}
