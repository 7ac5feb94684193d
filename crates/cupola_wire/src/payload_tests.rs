//! Tests of values from payloads, and of payloads that are rejected.

use proptest::prelude::*;

use super::{MAX_PAYLOAD_BYTES, Payload, PayloadError, Scalar, check_pointer, fast_number};

fn whole(bytes: &[u8]) -> Result<Scalar, PayloadError> {
    Payload::parse(bytes)?.scalar(None)
}

fn at(text: &str, pointer: &str) -> Result<Scalar, PayloadError> {
    Payload::parse(text.as_bytes())?.scalar(Some(pointer))
}

fn text(value: &str) -> Scalar {
    Scalar::Text(value.to_owned())
}

#[test]
fn reads_whole_payloads() {
    let cases: &[(&[u8], Scalar)] = &[
        (b"21.5", Scalar::Number(21.5)),
        (b" 21.5 \r\n", Scalar::Number(21.5)),
        (b"21.5\0", Scalar::Number(21.5)),
        (b"-3", Scalar::Number(-3.0)),
        (b"+3e2", Scalar::Number(300.0)),
        (b"007", Scalar::Number(7.0)),
        (b"true", Scalar::Bool(true)),
        (b" null ", Scalar::Null),
        (b"", Scalar::Null),
        (b" \n", Scalar::Null),
        (b"ON", text("ON")),
        (b"\"ON\"", text("ON")),
        (b"\"a\\n\"", text("a\n")),
        (b"\"unclosed", text("\"unclosed")),
        (b"21,5", text("21,5")),
        (b"21.5 C", text("21.5 C")),
        (b"e", text("e")),
        (b"[INFO] started", text("[INFO] started")),
        ("22 °C".as_bytes(), text("22 °C")),
    ];
    for (bytes, expected) in cases {
        assert_eq!(whole(bytes).as_ref(), Ok(expected), "{bytes:?}");
    }
}

#[test]
fn never_gives_a_number_that_is_none() {
    for raw in ["NaN", "nan", "inf", "-inf", "Infinity", "1e999", " NaN\n", "-1e999"] {
        assert!(matches!(whole(raw.as_bytes()), Err(PayloadError::NotFinite { .. })), "{raw}");
    }
    let long = "9".repeat(400);
    assert!(matches!(whole(long.as_bytes()), Err(PayloadError::NotFinite { .. })));
    for raw in ["NaN", "nan", "-NaN", "Infinity", "-inf", "1e999", "-1e999"] {
        // The other values of the message are read.
        let document = format!(r#"{{"t": {raw}, "list": [1, {raw}], "co2": 1900, "note": "NaN \" {{"}}"#);
        for pointer in ["/t", "/list/1"] {
            assert!(matches!(at(&document, pointer), Err(PayloadError::NotFinite { .. })), "{document}");
        }
        assert_eq!(at(&document, "/co2"), Ok(Scalar::Number(1900.0)));
        assert_eq!(at(&document, "/note"), Ok(text("NaN \" {")));
    }
    assert!(matches!(at(r#"{"t":NaN"#, "/t"), Err(PayloadError::NotJson { .. })));
    assert_eq!(text("NaN").as_number(), None);
    assert_eq!(text(" 4.5").as_number(), Some(4.5));
    assert_eq!(Scalar::Number(f64::NAN).as_number(), None);
}

#[test]
fn texts_are_as_they_were_sent() {
    let sent = |document: &str, pointer: Option<&str>| {
        Payload::parse(document.as_bytes()).and_then(|found| found.text(pointer))
    };
    for raw in ["12e4", "12345678901234567890", "+49301234", "007", "1.50", "NaN", "1e999", "ON"] {
        assert_eq!(sent(&format!(" {raw}\n"), None), Ok(text(raw)));
        assert_eq!(sent(&format!(r#"{{"id": "{raw}"}}"#), Some("/id")), Ok(text(raw)));
    }
    assert_eq!(sent(r#"{"id": 9007199254740993}"#, Some("/id")), Ok(text("9007199254740993")));
    assert_eq!(sent(r#"{"id": 12}"#, Some("/id")), Ok(Scalar::Number(12.0)));
}

#[test]
fn refuses_what_it_cannot_read() {
    assert_eq!(whole(b"ab\xff"), Err(PayloadError::NotUtf8 { at: 2 }));
    let bytes = vec![b'x'; MAX_PAYLOAD_BYTES + 1];
    assert_eq!(whole(&bytes), Err(PayloadError::TooLarge { bytes: MAX_PAYLOAD_BYTES + 1 }));
    assert!(whole(&bytes[1..]).is_ok());
}

#[test]
fn follows_pointers() {
    // The document of RFC 6901 §5, and a document as devices send it.
    let rfc = r#"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"m~n":8," ":7,"k\"l":6}"#;
    let nested = r#"{"ENERGY":{"Power":[12,3.5]},"on":false,"gone":null,"twice":1,"twice":2}"#;
    let cases: &[(&str, &str, Result<Scalar, PayloadError>)] = &[
        (rfc, "/foo/0", Ok(text("bar"))),
        (rfc, "/foo/1", Ok(text("baz"))),
        (rfc, "/", Ok(Scalar::Number(0.0))),
        (rfc, "/a~1b", Ok(Scalar::Number(1.0))),
        (rfc, "/m~0n", Ok(Scalar::Number(8.0))),
        (rfc, "/k\"l", Ok(Scalar::Number(6.0))),
        (rfc, "/ ", Ok(Scalar::Number(7.0))),
        (rfc, "/foo", Err(PayloadError::NotScalar)),
        (rfc, "", Err(PayloadError::NotScalar)),
        (rfc, "/foo/2", Err(PayloadError::Absent)),
        (rfc, "/foo/01", Err(PayloadError::Absent)),
        (rfc, "/foo/-", Err(PayloadError::Absent)),
        (rfc, "/foo/", Err(PayloadError::Absent)),
        (rfc, "/bar", Err(PayloadError::Absent)),
        (rfc, "/foo/0/x", Err(PayloadError::Absent)),
        (nested, "/ENERGY/Power/1", Ok(Scalar::Number(3.5))),
        (nested, "/on", Ok(Scalar::Bool(false))),
        (nested, "/gone", Ok(Scalar::Null)),
        (nested, "/twice", Ok(Scalar::Number(2.0))),
        ("21.5", "/t", Err(PayloadError::Absent)),
        ("", "/t", Err(PayloadError::Absent)),
        ("21.5", "", Ok(Scalar::Number(21.5))),
        ("offline", "/t", Err(PayloadError::NotJson { message: "it is plain text".to_owned() })),
    ];
    for (document, pointer, expected) in cases {
        assert_eq!(&at(document, pointer), expected, "{pointer} in {document}");
    }
}

#[test]
fn broken_json_says_where() {
    let Err(PayloadError::NotJson { message }) = at(r#"{"t": 21"#, "/t") else {
        panic!("a truncated object has no fields");
    };
    assert!(message.contains("line 1"), "{message}");
}

#[test]
fn refuses_wrong_pointers() {
    for (pointer, place) in [("t", 0), ("t/x", 0), ("/a~", 2), ("/a~2", 2), ("/~0~x", 3)] {
        assert!(matches!(check_pointer(pointer), Err(PayloadError::BadPointer { at, .. }) if at == place), "{pointer}");
    }
    for pointer in ["", "/", "/a/b/0", "/~0~1"] {
        assert_eq!(check_pointer(pointer), Ok(()), "{pointer}");
    }
}

#[test]
fn deep_nesting_is_harmless() {
    let deep = "[".repeat(100_000);
    assert_eq!(whole(deep.as_bytes()), Ok(text(&deep)));
    assert!(matches!(at(&deep, "/0"), Err(PayloadError::NotJson { .. })));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(Scalar::Number(number)) = whole(&bytes) {
            prop_assert!(number.is_finite());
        }
    }

    #[test]
    fn numbers_come_back(number in proptest::num::f64::NORMAL) {
        prop_assert_eq!(whole(number.to_string().as_bytes()), Ok(Scalar::Number(number)));
        prop_assert_eq!(fast_number(format!("{number:e}").as_bytes()), Some(number));
    }

    #[test]
    fn fields_come_back(key in "\\PC{0,8}", value in "\\PC{0,12}", number in -1e9..1e9f64) {
        let document = serde_json::json!({ (key.clone()): value.clone(), "n": [number] }).to_string();
        let pointer = format!("/{}", key.replace('~', "~0").replace('/', "~1"));
        if key != "n" {
            prop_assert_eq!(at(&document, &pointer), Ok(Scalar::Text(value)));
        }
        let Ok(Scalar::Number(read)) = at(&document, "/n/0") else {
            return Err(TestCaseError::fail("the number is gone"));
        };
        prop_assert!((read - number).abs() <= 1e-6);
    }
}
