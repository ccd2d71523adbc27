//! Single values.

use super::{flat, key_file, opened};
use crate::secret::keys::Keys;
use crate::secret::sealed::{is_sealed, open, seal};
use crate::tests::dir;
use crate::{load_with, plan::ExchangeName};

#[test]
fn a_value_sealed_here_opens_here_and_only_with_the_right_key() {
    let keys = Keys::generate();
    for plain in ["", "k3y", "two\nlines", "ключ", &"x".repeat(70_000)] {
        let text = seal(plain, &keys.recipients()).unwrap();
        assert!(is_sealed(&text) && !text.contains('\n'));
        assert_eq!(open(&text, &keys).unwrap().as_str(), plain);
        let why = open(&text, &Keys::generate()).unwrap_err().to_string();
        assert_eq!(why, "encrypted for other age keys than the 1 found here");
    }
}

#[test]
fn a_damaged_value_is_refused_and_never_half_read() {
    let keys = Keys::generate();
    let text = seal("the whole value", &keys.recipients()).unwrap();
    let cut = &text[..text.len() - 1];
    assert!(open(cut, &keys).unwrap_err().to_string().contains("closing bracket"));
    let flipped = text.replacen(&text[40..41], if &text[40..41] == "A" { "B" } else { "A" }, 1);
    assert!(open(&flipped, &keys).is_err());
    let short = format!("{}]", &text[..text.len() - 9]);
    assert!(open(&short, &keys).is_err());
}

#[test]
fn armoured_values_are_taken_with_and_without_a_prefix() {
    // Written by `age 1.1.1` of Debian for the published key.
    let armour = include_str!("../../../testdata/sops/age-1.1.1.txt");
    let block = armour.replace('\n', "\n    ");
    for text in [format!("a: |\n    {block}"), format!("a: |\n    age:{block}")] {
        let tree = opened(&text, &super::published).unwrap();
        assert_eq!(flat(&tree), [("a".to_owned(), "planted by age".to_owned())]);
    }
}

#[test]
fn an_encrypted_key_of_an_exchange_loads_and_is_shown_nowhere() {
    let keys = Keys::generate();
    let (_key, path) = key_file(&keys, 0o600);
    let seal = |plain| seal(plain, &keys.recipients()).unwrap();
    let text = format!(
        "exchanges:\n  okx:\n    api_key: {}\n    secret_key: {}\n",
        seal("PlantedKey"),
        seal("Planted${NOT_A_VARIABLE}")
    );
    let mine = dir(&[("exchanges.yaml", &text)]);
    let variable =
        |name: &str| (name == "FUNDING_ARB_AGE_KEY_FILE").then(|| path.display().to_string());
    let config = load_with(Some(mine.path()), &[], &variable).unwrap();
    let okx = config.exchanges.iter().find(|e| e.name == ExchangeName::Okx).unwrap();
    assert_eq!(okx.api_key.expose(), "PlantedKey");
    assert_eq!(okx.secret_key.expose(), "Planted${NOT_A_VARIABLE}");
    assert_eq!(config.warnings, Vec::new(), "encrypted is not in the clear");
    assert!(!format!("{config:?}").contains("Planted"));
}

#[test]
fn an_encrypted_value_in_a_wrong_place_is_a_fault_that_does_not_show_it() {
    let keys = Keys::generate();
    let (_key, path) = key_file(&keys, 0o600);
    let hush = seal("PlantedXw7", &keys.recipients()).unwrap();
    let text =
        format!("nodes:\n  layout: {hush}\napi: {hush}\nexchanges:\n  okx:\n    symbols: {hush}\n");
    let mine = dir(&[("main.yaml", &text)]);
    let variable =
        |name: &str| (name == "FUNDING_ARB_AGE_KEY_FILE").then(|| path.display().to_string());
    let faults = load_with(Some(mine.path()), &[], &variable).unwrap_err();
    let told = format!("{faults} {faults:?}");
    assert!(told.contains("an encrypted value is not allowed"), "{told}");
    assert!(!told.contains("Planted"), "{told}");
}

#[test]
fn without_a_key_the_fault_says_where_one_is_looked_for() {
    let hush = seal("x", &Keys::generate().recipients()).unwrap();
    let told = opened(&format!("a: 1\nb: [{hush:?}]\n"), &|_| None).unwrap_err();
    assert_eq!(
        told,
        [
            "f.yaml:2:5: b[0]: encrypted, and there is no age key to open it with; set FUNDING_ARB_AGE_KEY_FILE or SOPS_AGE_KEY_FILE"
        ]
    );
}
