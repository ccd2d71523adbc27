use super::{Credentials, CredentialsError, Hidden, Secret};
use crate::sign::HmacKey;

const PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
    -----END PRIVATE KEY-----\n";

#[test]
fn the_kind_of_a_secret_is_told_by_its_text() {
    let hmac = Credentials::new("k", "s3cret", None).unwrap();
    assert!(matches!(hmac.secret, Secret::Hmac(_)));
    assert!(hmac.hmac().is_some());
    let ed = Credentials::new("k", PEM, None).unwrap();
    assert!(matches!(ed.secret, Secret::Ed25519(_)));
    assert!(ed.hmac().is_none());
}

#[test]
fn white_space_around_a_key_from_a_file_is_no_part_of_it() {
    let a = Credentials::new(" key\n", "secret\r\n", Some("pass phrase\n")).unwrap();
    assert_eq!(a.key.expose(), "key");
    assert_eq!(a.passphrase.as_ref().map(Hidden::expose), Some("pass phrase"));
    let signed = a.hmac().map(|key| key.sign(b"x"));
    assert_eq!(signed, Some(HmacKey::new(b"secret").sign(b"x")));
}

#[test]
fn a_key_that_cannot_work_is_refused_with_its_reason() {
    let of = |key, secret, pass| Credentials::new(key, secret, pass).map(|_| ());
    assert_eq!(of("", "s", None), Err(CredentialsError::Empty));
    assert_eq!(of("k", " \n", None), Err(CredentialsError::Empty));
    assert_eq!(of("k y", "s", None), Err(CredentialsError::Unprintable));
    assert_eq!(of("k", "s\"", None), Err(CredentialsError::Unprintable));
    assert_eq!(of("k", "s", Some("a\nb")), Err(CredentialsError::Unprintable));
    let rsa = "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----";
    assert_eq!(of("k", rsa, None), Err(CredentialsError::Pem));
    assert_eq!(of("k", &PEM[..60], None), Err(CredentialsError::Pem));
}

#[test]
fn nothing_of_a_key_is_ever_printed() {
    let planted = "Zq9PlantedSecretXw7";
    let all = Credentials::new(planted, planted, Some(planted)).unwrap();
    let text = format!("{all:?} {:?} {:?}", all.hmac(), all.hmac().map(|key| key.prefix(b"x")));
    assert!(!text.contains("Planted"), "{text}");
    assert!(text.contains("[redacted]"), "{text}");
    let ed = Credentials::new("k", PEM, None).unwrap();
    let text = format!("{ed:?}");
    assert!(text.contains("Ed25519([redacted])"), "{text}");
    let error = Credentials::new(planted, "-----BEGIN x Zq9PlantedSecretXw7", None).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("Planted"));
}
