//! Files as they should not be: each is refused in words, quickly, and without reading more than it must.

use super::{load, told};
use crate::Inputs;
use crate::layer::SHIPPED;
use rustix::fs::{CWD, Mode, mkfifoat};
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

/// What is told of a `main.yaml` that holds these bytes.
fn of_bytes(bytes: &[u8]) -> Vec<String> {
    of(|path| fs::write(path, bytes).expect("a file"))
}

/// What is told of a `main.yaml` that is made somehow.
fn of(make: impl FnOnce(&Path)) -> Vec<String> {
    let dir = tempfile::tempdir().expect("a directory");
    make(&dir.path().join("main.yaml"));
    let Err(faults) = load(Some(dir.path()), &[]) else { return Vec::new() };
    let path = dir.path().display().to_string();
    super::lines(&faults).into_iter().map(|line| line.replace(&path, "DIR")).collect()
}

/// What it is, the bytes, and what is said of them.
const REFUSED: &[(&str, &[u8], &str)] = &[
    (
        "cut off in a text",
        b"system:\n  name: \"funding-ra",
        "DIR/main.yaml:2:9: system.name: not YAML: unclosed quote",
    ),
    (
        "cut off in a list",
        b"api:\n  rest:\n    cors_origins: [\"*\", ",
        "DIR/main.yaml:3:19: api.rest.cors_origins: not YAML: unclosed bracket '['",
    ),
    (
        "cut off in a key",
        b"logging:\n  level: INFO\n  outp",
        "DIR/main.yaml:3:3: logging: not YAML: a key without the : behind it",
    ),
    ("binary", b"\x7fELF\x02\x01\x01\x00\x00", "DIR/main.yaml:1:8: no text: a zero byte"),
    (
        "Latin-1",
        b"system: {name: caf\xe9}\n",
        "DIR/main.yaml:1:19: a byte that is no UTF-8; save the file as UTF-8",
    ),
    ("UTF-16", b"\xff\xfes\x00y\x00", "DIR/main.yaml: UTF-16 text; save it as UTF-8"),
    (
        "control characters",
        b"system: {name: a\x07b}\n",
        "DIR/main.yaml:1:16: system.name: not YAML: unexpected character: `\\u{7}'",
    ),
    (
        "a tab before a key",
        b"system:\n\tname: x\n",
        "DIR/main.yaml:2:2: system: not YAML: a tab in the indentation; use blanks",
    ),
    (
        "a key given twice",
        b"system:\n  name: a\n  debug: true\n  name: b\n",
        "DIR/main.yaml:4:3: system.name: given twice; first on line 2",
    ),
    (
        "a section given twice",
        b"system: {debug: true}\nlogging: {}\nsystem: {debug: false}\n",
        "DIR/main.yaml:3:1: system: given twice; first on line 1",
    ),
    (
        "an anchor",
        b"system: &all {name: x}\n",
        "DIR/main.yaml:1:14: system: anchors, aliases and merge keys (&, *, <<) are not taken; write it out",
    ),
    (
        "an alias of nothing",
        b"system: *all\n",
        "DIR/main.yaml:1:9: system: not YAML: an alias (*) of nothing; aliases are not taken anyhow",
    ),
    (
        "a merge key",
        b"system:\n  <<: {name: x}\n",
        "DIR/main.yaml:2:3: system: anchors, aliases and merge keys (&, *, <<) are not taken; write it out",
    ),
    (
        "an include",
        b"system: !include other.yaml\n",
        "DIR/main.yaml:1:18: system: tags (!) are not taken; write the plain value",
    ),
    (
        "two documents",
        b"system: {}\n---\nlogging: {}\n",
        "DIR/main.yaml:2:1: a second document; a configuration file holds one",
    ),
    (
        "a list",
        b"- system\n",
        "DIR/main.yaml:1:1: a list is not allowed; allowed: sections such as system:",
    ),
    (
        "JSON cut off",
        b"{\"system\": {\"name\": \"x\"",
        "DIR/main.yaml:1:12: not YAML: unclosed bracket '{'",
    ),
];

#[test]
fn bytes_that_are_no_configuration_are_refused_each_in_its_words() {
    let long_key = format!("{}: 1\n", "k".repeat(2_000));
    let long = "DIR/main.yaml:1:2001: not YAML: a : where no key can stand; a text with : in it needs quotes";
    let cases = REFUSED.iter().copied().chain([("a key without end", long_key.as_bytes(), long)]);
    let other = |(what, bytes, expected): (&str, &[u8], &str)| {
        let told = of_bytes(bytes);
        (told != [expected]).then(|| format!("{what}: {told:?}"))
    };
    assert_eq!(cases.filter_map(other).collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn windows_line_ends_a_byte_order_mark_and_tabs_behind_values_are_no_fault() {
    for text in [
        "\u{feff}system:\r\n  debug: true\r\n",
        "system:\n  debug:\ttrue\t# yes\n",
        "\n\n\n",
        "# x",
    ] {
        assert_eq!(of_bytes(text.as_bytes()), Vec::<String>::new(), "{text:?}");
    }
}

#[test]
fn nesting_size_and_number_of_values_have_bounds() {
    let deep = format!("a: {}{}\n", "{b: ".repeat(5_000), "}".repeat(5_000));
    let blocks: String = (0..200).map(|depth| format!("{}k:\n", " ".repeat(depth))).collect();
    let many: String = (0..30_000).map(|number| format!("k{number}: 1\n")).collect();
    let items = format!("a: [{}]\n", "1,".repeat(30_000));
    for (text, expected) in [
        (
            deep,
            "DIR/main.yaml:1:68: a.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b: nested deeper than 16 levels",
        ),
        (
            blocks,
            "DIR/main.yaml:17:17: k.k.k.k.k.k.k.k.k.k.k.k.k.k.k.k: nested deeper than 16 levels",
        ),
        (many, "DIR/main.yaml:20000:9: k19999: more than 20000 values"),
        (items, "DIR/main.yaml:1:40001: a[19998]: more than 20000 values"),
    ] {
        assert_eq!(of_bytes(text.as_bytes()).first().map(String::as_str), Some(expected));
    }
    let huge =
        of(|path| File::create(path).and_then(|file| file.set_len(100 << 20)).expect("a file"));
    assert_eq!(huge, ["DIR/main.yaml: 104857600 bytes; at most 1048576 are read"]);
}

#[test]
fn a_bomb_of_aliases_costs_no_more_than_its_bytes() {
    let mut bomb = "l0: &l0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..40 {
        let below = format!("*l{}", level - 1);
        bomb.push_str(&format!("l{level}: &l{level} [{}]\n", vec![below; 9].join(", ")));
    }
    let told = of_bytes(bomb.as_bytes());
    assert_eq!(told.iter().filter(|line| line.contains("anchors, aliases")).count(), 40 + 39 * 9);
}

#[test]
fn files_that_are_none_or_that_anybody_could_change_are_refused() {
    let text = "system: {debug: true}\n";
    let with_mode = |mode: u32| {
        of(|path| {
            fs::write(path, text).expect("a file");
            fs::set_permissions(path, Permissions::from_mode(mode)).expect("a mode");
        })
    };
    assert_eq!(with_mode(0o644), Vec::<String>::new());
    assert_eq!(with_mode(0o000), ["DIR/main.yaml: nobody may read it (mode 0000)"]);
    assert_eq!(with_mode(0o666), ["DIR/main.yaml: everybody may write it (mode 0666); chmod o-w"]);
    assert_eq!(
        of(|path| fs::create_dir(path).expect("a directory")),
        ["DIR/main.yaml: no plain file"]
    );
    assert_eq!(
        of(|path| symlink("/dev/zero", path).expect("a link")),
        ["DIR/main.yaml: no plain file"]
    );
    // A pipe nobody writes to: who opens it to read waits.
    let pipe = |path: &Path| mkfifoat(CWD, path, Mode::RUSR).expect("a pipe");
    assert_eq!(of(pipe), ["DIR/main.yaml: no plain file"]);
    let dir = tempfile::tempdir().expect("a directory");
    pipe(&dir.path().join("key"));
    let why = crate::secret::read_private(&dir.path().join("key")).expect_err("a pipe");
    assert_eq!(why, "no plain file");
    let open = of(|path| {
        let dir = path.parent().expect("a directory");
        fs::set_permissions(dir, Permissions::from_mode(0o777)).expect("a mode");
    });
    assert_eq!(open, ["DIR: everybody may write it (mode 0777); chmod o-w"]);
}

#[test]
fn links_that_lead_in_circles_or_nowhere_are_refused_and_those_of_kubernetes_are_followed() {
    let circle = of(|path| {
        let other = path.with_file_name("other");
        symlink(path, &other).expect("a link");
        symlink(&other, path).expect("a link");
    });
    assert_eq!(
        circle,
        ["DIR/main.yaml: cannot be read: Too many levels of symbolic links (os error 40)"]
    );
    assert_eq!(
        of(|path| symlink("nowhere", path).expect("a link")),
        ["DIR/main.yaml: cannot be read: No such file or directory (os error 2)"]
    );
    let folder = of(|path| {
        let folder = path.with_file_name("environments");
        symlink(&folder, &folder).expect("a link");
    });
    assert_eq!(
        folder[0],
        "DIR/environments: the directory cannot be read: Too many levels of symbolic links (os error 40)"
    );
    let mounted = of(|path| {
        let dir = path.parent().expect("a directory");
        fs::create_dir(dir.join("..2026_11_21")).expect("a directory");
        fs::write(dir.join("..2026_11_21/main.yaml"), "system: {debug: true}\n").expect("a file");
        symlink("..2026_11_21", dir.join("..data")).expect("a link");
        symlink("..data/main.yaml", path).expect("a link");
    });
    assert_eq!(mounted, Vec::<String>::new());
}

#[test]
fn a_shipped_file_cut_anywhere_is_read_or_refused_with_its_place() {
    for (_, text) in SHIPPED {
        for end in (0..text.len()).step_by(211).filter(|end| text.is_char_boundary(*end)) {
            let told = of_bytes(&text.as_bytes()[..end]);
            assert!(told.iter().all(|line| line.starts_with("DIR/main.yaml:")), "{told:?}");
        }
    }
}

#[test]
fn a_value_in_a_fault_is_short_and_moves_no_cursor() {
    let told =
        told(&[("main.yaml", &format!("system: {{mode: \"\\e[2J{}\"}}\n", "x".repeat(500)))]);
    assert_eq!(
        told,
        [format!(
            "DIR/main.yaml:1:16: system.mode: \"\\u{{1b}}[2J{}...\" is not allowed; allowed: one of sim, paper, live",
            "x".repeat(76)
        )]
    );
}

#[test]
fn a_key_in_a_fault_moves_no_cursor_and_turns_no_letters() {
    assert_eq!(
        told(&[("main.yaml", "\"sys\\e[2J\\ntem\": 1\n\"log\\u202Eging\": 1\n")]),
        [
            "DIR/main.yaml:1:1: sys\\u{1b}[2J\\ntem: unknown key; known here: system, paper, logging, exchanges, strategies, risk_management, nodes, api, monitoring, database, redis, messaging",
            "DIR/main.yaml:2:1: log\\u{202e}ging: unknown key; did you mean logging?",
        ]
    );
}

#[test]
fn a_folder_whose_name_looks_like_an_address_is_a_folder() {
    let folder = tempfile::tempdir().expect("a directory");
    let dir = folder.path().join("a:/b");
    fs::create_dir_all(&dir).expect("a directory");
    fs::write(dir.join("nodes.yaml"), "nodes: {layout: fuzed}\n").expect("a file");
    let dir = folder.path().join("a://b");
    let inputs = Inputs { dir: Some(&dir), settings: &[], overrides: &[], variable: &|_| None };
    let json = crate::report::to_json(&crate::inspect(&inputs));
    assert_eq!(json["faults"][0]["source"], "file", "{json}");
}
