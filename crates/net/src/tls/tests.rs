use std::path::Path;

use super::Tls;
use crate::NetError;

#[test]
fn without_a_file_the_public_authorities_are_trusted() {
    assert!(Tls::new(None).is_ok());
}

#[test]
fn a_missing_file_is_named() {
    let error = Tls::new(Some(Path::new("/nowhere/ca.pem"))).unwrap_err();
    assert!(matches!(error, NetError::CaRead { .. }), "{error}");
    assert!(error.to_string().contains("/nowhere/ca.pem"));
}

#[test]
fn a_file_without_a_certificate_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    for text in ["", "garbage", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        std::fs::write(&path, text).unwrap();
        let error = Tls::new(Some(&path)).unwrap_err();
        assert!(matches!(error, NetError::CaContent { .. }), "{error}");
    }
}
