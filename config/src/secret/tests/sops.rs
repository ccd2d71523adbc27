//! Files of SOPS.

use super::{flat, opened, published};
use crate::secret::Keys;

/// Written by sops itself; see `testdata/SOURCES.md`.
const THEIRS: &str = include_str!("../../../testdata/sops/sops-3.8.1.yaml");

#[test]
fn a_file_that_sops_wrote_opens_to_what_was_put_in() {
    let tree = opened(THEIRS, &published).unwrap();
    let expected = [
        ("secret", "this is a secret"),
        ("string", "string"),
        ("int", "7"),
        ("float", "3.14"),
        ("boolean", "True"),
        ("complex.value", "this is a secret"),
        ("complex.array", "one"),
        ("complex.array", "two"),
        ("complex.array", "three"),
    ];
    let got = flat(&tree);
    let got: Vec<_> = got.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(got, expected);
}

#[test]
fn every_change_to_a_file_of_sops_is_refused() {
    let line = |key: &str| THEIRS.lines().find(|l| l.trim_start().starts_with(key)).unwrap();
    let second = "    - ENC[AES256_GCM,data:SBYe";
    let second = THEIRS.lines().find(|l| l.starts_with(second)).unwrap();
    let first = THEIRS.lines().find(|l| l.starts_with("    - ENC[AES256_GCM,data:dDBg")).unwrap();
    let changes = [
        ("a value is gone", THEIRS.replace(&format!("{}\n", line("string")), ""), "MAC"),
        ("a value is added", format!("more_unencrypted: 1\n{THEIRS}"), "MAC"),
        ("a value is emptied", THEIRS.replace(line("int"), "int: \"\""), "MAC"),
        ("a list has another order", swap(THEIRS, first, second), "MAC"),
        ("a key has another name", THEIRS.replace("\nstring:", "\nstrong:"), "changed, moved"),
        (
            "two values are swapped",
            THEIRS.replace(line("secret"), &line("string").replace("string", "secret")),
            "changed, moved",
        ),
        (
            "a value is in the clear",
            THEIRS.replace(line("int"), "int: 8"),
            "should be ENC[AES256_GCM",
        ),
        ("the time is another", THEIRS.replace("2024-03-25T22", "2024-03-25T23"), "changed, moved"),
        (
            "the mac is gone",
            THEIRS.replace(&format!("{}\n", line("mac:")), ""),
            "sops.mac: missing",
        ),
    ];
    for (what, text, why) in changes {
        assert_ne!(text, THEIRS, "{what}");
        let told = opened(&text, &published).expect_err(what).join("\n");
        assert!(told.contains(why), "{what}: {told}");
        assert!(!told.contains("this is a secret"), "{what}: {told}");
    }
}

#[test]
fn a_file_for_others_and_a_file_of_other_key_services_are_refused_by_name() {
    let other = Keys::generate().to_text().to_string();
    let told = opened(THEIRS, &|n| (n == "SOPS_AGE_KEY").then(|| other.clone())).unwrap_err();
    assert_eq!(told, ["f.yaml:13:3: sops.age: encrypted for other age keys than the 1 found here"]);
    let kms = "a: 1\nsops:\n  kms: [{arn: x}]\n  lastmodified: x\n  mac: x\n";
    let told = opened(kms, &published).unwrap_err();
    assert_eq!(told, ["f.yaml:3:3: sops.age: no age recipient but kms; only age is read"]);
    let shamir = THEIRS.replace("  pgp: []", "  key_groups: [{age: []}]");
    let told = opened(&shamir, &published).unwrap_err().join("");
    assert!(told.contains("sops.key_groups: key groups (Shamir) are not taken"), "{told}");
}

fn swap(text: &str, a: &str, b: &str) -> String {
    text.replace(a, "\u{0}").replace(b, a).replace('\u{0}', b)
}
