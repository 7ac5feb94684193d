//! Tests of matching topics, invalid patterns, and topics from captures.

use proptest::prelude::*;

use super::{TopicPattern, filter_matches};
use crate::Captures;

fn pattern(text: &str) -> TopicPattern {
    TopicPattern::parse(text).expect(text)
}

/// Returns `name=value` pairs, or `None` if the topic does not match.
fn shown(text: &str, topic: &str) -> Option<String> {
    let captures = pattern(text).matches(topic)?;
    let pairs: Vec<String> = captures.iter().map(|(name, value)| format!("{name}={value}")).collect();
    Some(pairs.join(" "))
}

#[test]
fn matches_what_mqtt_would_and_the_literal_parts() {
    let cases: &[(&str, &str, Option<&str>)] = &[
        ("a/b", "a/b", Some("")),
        ("a/b", "a/b/c", None),
        ("a/b", "a", None),
        ("a/b", "a/b/", None),
        ("/a", "/a", Some("")),
        ("office/{room}/temperature", "office/2.14/temperature", Some("room=2.14")),
        ("office/{room}/temperature", "office//temperature", None),
        ("office/{room}/temperature", "office/2.14/co2", None),
        ("{floor}/{room}", "2/14", Some("floor=2 room=14")),
        ("b/room-{n}/t", "b/room-12/t", Some("n=12")),
        ("b/room-{n}/t", "b/hall-12/t", None),
        ("b/room-{n}/t", "b/room-/t", None),
        ("b/{n}.raw", "b/x.raw", Some("n=x")),
        ("b/a{n}a", "b/a", None),
        ("b/a{n}a", "b/aa", None),
        ("b/a{n}a", "b/aaa", Some("n=a")),
        ("a/+/c", "a//c", Some("")),
        ("a/+/c", "a/b/c", Some("")),
        ("a/+", "a", None),
        ("sport/#", "sport", Some("")),
        ("sport/#", "sport/tennis/1", Some("")),
        ("sport/#", "sports", None),
        ("#", "a/b", Some("")),
        ("#", "$SYS/uptime", None),
        ("+/uptime", "$SYS/uptime", None),
        ("{x}/uptime", "$SYS/uptime", None),
        ("{all...}", "$SYS/uptime", None),
        ("$SYS/{x}", "$SYS/uptime", Some("x=uptime")),
        ("tele/{device}/{rest...}", "tele/plug/a/b", Some("device=plug rest=a/b")),
        ("tele/{rest...}", "tele", None),
        ("tele/{rest...}", "tele/", None),
        ("{größe}/x", "ä/x", Some("größe=ä")),
        ("#", "", None),
    ];
    for (text, topic, expected) in cases {
        assert_eq!(shown(text, topic).as_deref(), *expected, "{text} on {topic}");
    }
}

#[test]
fn filters_and_names() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("a/b", "a/b", &[]),
        ("office/{room}/t", "office/+/t", &["room"]),
        ("b/room-{n}/+/x", "b/+/+/x", &["n"]),
        ("a/#", "a/#", &[]),
        ("{a}/{b}/{rest...}", "+/+/#", &["a", "b", "rest"]),
    ];
    for (text, filter, names) in cases {
        assert_eq!(pattern(text).filter(), *filter, "{text}");
        assert_eq!(pattern(text).names(), *names, "{text}");
    }
}

#[test]
fn refuses_with_the_place() {
    let cases: &[(&str, usize, &str)] = &[
        ("", 0, "empty"),
        ("a/b+/c", 3, "level of its own"),
        ("a/{x}+", 5, "level of its own"),
        ("a/b#", 3, "level of its own"),
        ("a/#/c", 2, "not the last"),
        ("a/{x}/b/{x}", 8, "twice"),
        ("a/{x", 2, "not closed"),
        ("a/{x/y}", 2, "not closed"),
        ("a/{x{y}}", 2, "not closed"),
        ("a/x}", 3, "closes nothing"),
        ("a/{}", 2, "not a name"),
        ("a/{1x}", 2, "not a name"),
        ("a/{x}{y}", 5, "one capture"),
        ("a/{x}-{y}", 6, "one capture"),
        ("a/{rest...}/b", 2, "last level"),
        ("a/x{rest...}", 3, "last level"),
        ("a\0", 1, "NUL"),
        ("$share-{x}/a", 0, "never match"),
    ];
    for (text, at, message) in cases {
        let error = TopicPattern::parse(text).expect_err(text);
        assert_eq!(error.at, *at, "{text}: {error}");
        assert!(error.message.contains(message), "{text}: {error}");
    }
    assert!(TopicPattern::parse(&"a".repeat(65_535)).is_ok());
    assert!(TopicPattern::parse(&"a".repeat(65_536)).is_err());
}

#[test]
fn topics_need_every_capture() {
    let room = Captures::from_iter([("room", "2.14")]);
    assert_eq!(pattern("a/{room}/t").topic(&room).as_deref(), Some("a/2.14/t"));
    for text in ["a/{room}/{other}", "a/{room}/+", "a/{room}/#"] {
        assert_eq!(pattern(text).topic(&room), None, "{text}");
    }
    for value in ["", "a/b", "+", "a#", "\0"] {
        assert_eq!(pattern("a/{room}").topic(&Captures::from_iter([("room", value)])), None, "{value:?}");
    }
    let system = Captures::from_iter([("x", "$SYS")]);
    assert_eq!(pattern("{x}/uptime").topic(&system), None);
    let rest = Captures::from_iter([("rest", "a/b")]);
    assert_eq!(pattern("t/{rest...}").topic(&rest).as_deref(), Some("t/a/b"));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,40}") {
        match TopicPattern::parse(&text) {
            Ok(pattern) => prop_assert_eq!(pattern.as_str(), text.as_str()),
            Err(error) => prop_assert!(error.at <= text.len()),
        }
    }

    #[test]
    fn any_topic_is_matched_or_not(topic in "[a-z/${}é]{0,20}") {
        for text in ["a/{x}", "{x}/{y...}", "+/b{z}c/#", "#"] {
            let pattern = pattern(text);
            if let Some(captures) = pattern.matches(&topic)
                && let Some(again) = pattern.topic(&captures)
            {
                prop_assert_eq!(&again, &topic);
            }
        }
    }

    #[test]
    fn topic_and_match_are_inverse(room in "[^/+#$\0]{1,8}", rest in "[a-z]{1,4}(/[a-z]{0,4}){0,3}") {
        let captures = Captures::from_iter([("room", room), ("rest", rest)]);
        for text in ["b/{room}/{rest...}", "room-{room}-x/{rest...}", "{room}/{rest...}"] {
            let pattern = pattern(text);
            let topic = pattern.topic(&captures).expect("every capture is there");
            prop_assert_eq!(pattern.matches(&topic), Some(captures.clone()));
        }
    }
}

#[test]
fn filters_cover_topics_as_in_mqtt() {
    for (filter, topic, covers) in [
        ("a/+/t", "a/b/t", true),
        ("a/+/t", "a/b/c/t", false),
        ("a/#", "a/b/c", true),
        ("a/#", "a", true),
        ("a/+", "a", false),
        ("a/+", "a/", true),
        ("#", "$SYS/uptime", false),
        ("$SYS/#", "$SYS/uptime", true),
        ("a/b", "a/b", true),
        ("a/b", "a/B", false),
    ] {
        assert_eq!(filter_matches(filter, topic), covers, "{filter} {topic}");
    }
}
