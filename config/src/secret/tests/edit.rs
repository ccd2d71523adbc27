//! Encrypting and decrypting values of a text that otherwise stays.

use super::{flat, opened, published};
use crate::keys::{ANY, Kind};
use crate::secret::edit::{again, decrypt, encrypt, rotate};
use crate::secret::sops::{self, Rules};
use crate::secret::{Keys, SecretFault};

const PLAIN: &str = "\
# Mine.
exchanges:
  okx:   # here
    api_key: Planted1
    secret_key: |
      Planted
      2
    passphrase: 'Plan''ted'
    symbols: [\"BTC/USDT\", 'ETH/USDT']   # two
    enabled: true
    fees: {maker: 0.10, password: Planted4}
    label_unencrypted: 7
risk_management:
  global_limits:
    max_drawdown: 1e-1
  empty: \"\"
  none: ~
";

fn keys() -> Keys {
    Keys::find(&published).unwrap()
}

#[test]
fn secret_keys_of_a_file_are_encrypted_and_nothing_else_moves() {
    let keys = keys();
    let (text, done) = encrypt(PLAIN, &[], &keys.recipients()).unwrap();
    let four = ["api_key", "secret_key", "passphrase", "fees.password"];
    assert_eq!(done, four.map(|key| format!("exchanges.okx.{key}")));
    assert!(!text.contains("Planted"), "{text}");
    for line in ["# Mine.", "  okx:   # here", "    enabled: true", "  none: ~"] {
        assert!(text.lines().any(|l| l == line), "{line}: {text}");
    }
    assert_eq!(
        flat(&opened(&text, &published).unwrap()),
        flat(&opened(PLAIN, &published).unwrap())
    );
    let back = decrypt(&text, &keys).unwrap();
    assert_eq!(flat(&opened(&back, &|_| None).unwrap()), flat(&opened(PLAIN, &|_| None).unwrap()));
    let (same, none) = encrypt(&text, &[], &keys.recipients()).unwrap();
    assert_eq!((same, none), (text.clone(), vec![]));
    let key = ["exchanges.okx.api_key".to_owned()];
    let why = encrypt(&text, &key, &keys.recipients()).unwrap_err().to_string();
    assert_eq!(why, "exchanges.okx.api_key: encrypted already");
    let why = encrypt(PLAIN, &["a.b".to_owned()], &keys.recipients()).unwrap_err().to_string();
    assert_eq!(why, "a.b: no such value in the file");
}

#[test]
fn a_whole_file_in_the_format_of_sops_comes_back_as_it_was() {
    let keys = keys();
    for rules in [Rules::default(), Rules::only("^(api_key|secret_key|password)$").unwrap()] {
        let text = sops::write(PLAIN, rules.clone(), &keys.recipients()).unwrap();
        let all = matches!(rules, Rules::AllButSuffix(_));
        assert_eq!(text.contains("max_drawdown: 1e-1"), !all, "{text}");
        assert!(text.contains("label_unencrypted: 7") && !text.contains("Planted1"), "{text}");
        let mut expected = flat(&opened(PLAIN, &|_| None).unwrap());
        if all {
            // Numbers and flags come back in the one form the format has for them.
            for (key, value) in &mut expected {
                match key.as_str() {
                    "exchanges.okx.enabled" => "True".clone_into(value),
                    "exchanges.okx.fees.maker" | "risk_management.global_limits.max_drawdown" => {
                        "0.1".clone_into(value);
                    }
                    _ => {}
                }
            }
        }
        assert_eq!(flat(&opened(&text, &published).unwrap()), expected);
        let back = decrypt(&text, &keys).unwrap();
        assert!(back.starts_with("# Mine.\n") && !back.contains("sops:"), "{back:?}");
        assert_eq!(flat(&opened(&back, &|_| None).unwrap()), expected);
        let twice = sops::write(&text, Rules::default(), &keys.recipients()).unwrap_err();
        assert!(twice.to_string().contains("already"), "{twice}");
    }
}

#[test]
fn an_edit_encrypts_what_changed_and_leaves_the_rest_letter_by_letter() {
    let keys = keys();
    let single = encrypt(PLAIN, &[], &keys.recipients()).unwrap().0;
    let whole = sops::write(PLAIN, Rules::default(), &keys.recipients()).unwrap();
    for text in [single, whole] {
        let plain = decrypt(&text, &keys).unwrap();
        let changed = plain.replace("Planted1", "Other");
        let after = again(&text, &changed, &keys, &keys.recipients()).unwrap();
        let values = flat(&opened(&after, &published).unwrap());
        assert!(values.contains(&("exchanges.okx.api_key".to_owned(), "Other".to_owned())));
        let kept = |key: &str| text.lines().find(|l| l.trim_start().starts_with(key)).unwrap();
        assert!(after.contains(kept("passphrase:")) && !after.contains(kept("api_key:")));
        assert!(!after.contains("Planted") && !after.contains("Other"), "{after}");
    }
}

#[test]
fn after_a_rotation_the_new_key_opens_it_and_the_old_one_does_not() {
    let (old, new) = (keys(), Keys::generate());
    let single = encrypt(PLAIN, &[], &old.recipients()).unwrap().0;
    let whole = sops::write(PLAIN, Rules::default(), &old.recipients()).unwrap();
    for text in [single, whole] {
        let plain = decrypt(&text, &old).unwrap();
        let after = rotate(&text, &old, Some(&new.recipients()), || unreachable!()).unwrap();
        assert_eq!(decrypt(&after, &new).unwrap(), plain);
        let why = decrypt(&after, &old).unwrap_err().to_string();
        assert!(why.contains("encrypted for other age keys"), "{why}");
        let line = |text: &str| text.lines().find(|l| l.contains("api_key:")).unwrap().to_owned();
        assert_ne!(line(&text), line(&after));
    }
    let why = rotate(PLAIN, &old, Some(&new.recipients()), || unreachable!()).unwrap_err();
    assert_eq!(why, SecretFault::Form("nothing in it is encrypted".to_owned()));
}

#[test]
fn every_key_that_the_program_hides_is_encrypted() {
    let secrets: Vec<_> =
        crate::keys::Keys::all().list().iter().filter(|key| key.kind == Kind::Secret).collect();
    assert!(secrets.len() > 5, "{secrets:?}");
    for key in secrets {
        let mut text = "Planted\n".to_owned();
        for (depth, part) in key.path.iter().enumerate().rev() {
            let break_ = if depth + 1 == key.path.len() { " " } else { "\n" };
            let name = if *part == ANY { "mine" } else { part };
            text = format!("{}{name}:{break_}{text}", "  ".repeat(depth));
        }
        let (_, done) = encrypt(&text, &[], &keys().recipients()).unwrap();
        assert_eq!(done.len(), 1, "{text}");
    }
}

#[test]
fn a_whole_file_knows_for_whom_it_is_and_single_values_ask() {
    let (old, new) = (keys(), Keys::generate());
    let nobody = || Err(SecretFault::Form("nobody".to_owned()));
    let whole = sops::write(PLAIN, Rules::default(), &old.recipients()).unwrap();
    let after = rotate(&whole, &old, None, nobody).unwrap();
    assert!(after != whole && decrypt(&after, &old).unwrap().contains("Planted1"));
    let single = encrypt(PLAIN, &[], &old.recipients()).unwrap().0;
    assert_eq!(rotate(&single, &old, None, nobody).unwrap_err().to_string(), "nobody");
    let after = rotate(&single, &old, None, || Ok(new.recipients())).unwrap();
    assert!(decrypt(&after, &new).unwrap().contains("Planted1"));
}
