use super::*;

/// Public vectors: OKX's from the open-source clients nautilus_trader and go-okx, the hexadecimal
/// one from RFC 4231 (test case 2).
#[test]
fn signatures_equal_the_published_vectors() {
    let cases = [
        (
            "chNOOS4KvNXR_Xq4k4c9qsfoKWvnDecLATCRlcBwyKDYnWgO",
            "2020-12-08T09:08:57.715ZGET/api/v5/account/balance",
            "PJ61e1nb2F2Qd7D8SPiaIcx2gjdELc+o0ygzre9z33k=",
        ),
        (
            "mysecret",
            "2020-12-08T09:08:57.715ZGET/api/v5/account/balance?ccy=BTC",
            "OkAjRTXqfIRKxx7SRjIowU96vZPkf4n9X2G+8yduCf4=",
        ),
        (
            "mysecret",
            "2020-12-08T09:08:57.715ZGET/api/v5/asset/balances?ccy=BTC%2CETH",
            "X0DlecIuUzySCCaM1Aw8LKisQY3037G/8BTQbJp7XcM=",
        ),
    ];
    for (secret, payload, wanted) in cases {
        assert_eq!(base64(secret, payload), wanted, "{payload}");
    }
    let wanted = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert_eq!(hex("Jefe", "what do ya want for nothing?"), wanted);
}

#[test]
fn dates_become_milliseconds() {
    let cases = [
        ("1970-01-01T00:00:00.000Z", Some(0)),
        ("2020-12-08T09:08:57.715Z", Some(1_607_418_537_715)),
        ("2024-02-29T23:59:59.9Z", Some(1_709_251_199_900)),
        ("2000-03-01T00:00:00Z", Some(951_868_800_000)),
        ("2020-12-08 09:08:57.715Z", None),
        ("2020-12-08T09:08:57.715", None),
        ("2020-13-08T09:08:57.715Z", None),
        ("2020-12-08T09:08:57.x15Z", None),
        ("1607418537715", None),
        ("", None),
    ];
    for (text, wanted) in cases {
        assert_eq!(parse_iso(text), wanted, "{text}");
    }
}
