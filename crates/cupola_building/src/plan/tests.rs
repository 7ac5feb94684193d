#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use super::*;

const GOOD: &str = r#"(
  version: 1,
  name: "Two rooms",
  storeys: [(
    id: "L0", name: "Ground", elevation_m: 0.0, height_m: 3.3,
    rooms: [
      (id: "a", name: "Office", kind: office, polygon: [(0, 0), (4, 0), (4, 5), (0, 5)]),
      (id: "b", kind: meeting, polygon: [(4, 0), (9, 0), (9, 5), (4, 5)], furniture: false),
    ],
    openings: [
      (kind: door, at: (4, 1), width_m: 0.9),
      (kind: window, at: (2, 0), width_m: 1.5, sill_m: 0.9, head_m: 2.2),
    ],
    stairs: [(at: (8, 3), size: (1, 3), direction: north)],
  )],
  equipment: [
    (id: "ahu", kind: ahu, storey: "L0", at: (2, 2, 0)),
    (id: "d1", kind: duct, storey: "L0", size: (0.4, 0.0, 0.3), path: [(2, 2, 2.6), (6, 2, 2.6)]),
  ],
  roof: true,
)"#;

#[test]
fn a_plan_survives_writing_and_reading() {
    let plan = Plan::from_ron(GOOD).unwrap();
    assert!(plan.check().is_empty(), "{:?}", plan.check());
    assert_eq!(plan.walls, Walls::default());
    assert!((plan.storeys[0].rooms[0].area_m2() - 20.0).abs() < 1e-9);
    assert_eq!(Plan::from_ron(&plan.to_ron()).unwrap(), plan);
    assert_eq!(Plan::from_ron("()").unwrap(), Plan::default());
}

#[test]
fn a_text_that_is_no_plan_says_where() {
    let error = Plan::from_ron("(\n  nmae: \"x\",\n)").unwrap_err();
    assert_eq!(error.line, 2, "{error}");
    assert!(error.message.contains("nmae"), "{error}");
    let error = Plan::from_ron("(\n  version: 7,\n)").unwrap_err();
    assert_eq!((error.line, error.column), (2, 3), "{error}");
    assert!(Plan::from_ron("").is_err());
    assert!(Plan::from_ron(&"(".repeat(10_000)).is_err());
}

/// Each case is a replacement in the valid plan, and the path and code of the resulting issue.
#[test]
fn bad_plans_are_told_apart() {
    let cases = [
        (r#"id: "b""#, r#"id: "a""#, "storeys[0].rooms[1].id", "duplicate-id"),
        (r#"id: "d1""#, r#"id: "L0""#, "equipment[1].id", "duplicate-id"),
        (r#"id: "b""#, r#"id: " ""#, "storeys[0].rooms[1].id", "empty-id"),
        ("(0, 0), (4, 0), (4, 5), (0, 5)", "(0, 0), (4, 0)", "storeys[0].rooms[0].polygon", "too-few-points"),
        (
            "(0, 0), (4, 0), (4, 5), (0, 5)",
            "(0, 0), (4, 5), (4, 0), (0, 5)",
            "storeys[0].rooms[0].polygon",
            "self-intersection",
        ),
        ("(0, 0), (4, 0), (4, 5), (0, 5)", "(0, 0), (4, 0), (2, 0)", "storeys[0].rooms[0].polygon", "no-area"),
        (
            "(0, 0), (4, 0), (4, 5), (0, 5)",
            "(0, 0), (4, 0), (4, NaN), (0, 5)",
            "storeys[0].rooms[0].polygon",
            "bad-number",
        ),
        (
            "(0, 0), (4, 0), (4, 5), (0, 5)",
            "(0, 0), (4.1, 0), (4.1, 5), (0, 5)",
            "storeys[0].rooms[1].polygon",
            "room-overlap",
        ),
        ("at: (2, 0)", "at: (2, 1)", "storeys[0].openings[1].at", "opening-off-wall"),
        ("width_m: 1.5", "width_m: 15", "storeys[0].openings[1].width_m", "opening-width"),
        ("sill_m: 0.9", "sill_m: 2.9", "storeys[0].openings[1].head_m", "opening-height"),
        ("height_m: 3.3", "height_m: 0.3", "storeys[0].height_m", "storey-height"),
        ("elevation_m: 0.0", "elevation_m: inf", "storeys[0].elevation_m", "bad-number"),
        (r#"storey: "L0", at"#, r#"storey: "L9", at"#, "equipment[0].storey", "unknown-storey"),
        ("(2, 2, 2.6), (6, 2, 2.6)", "", "equipment[1].path", "duct-path"),
        ("size: (1, 3)", "size: (0, 3)", "storeys[0].stairs[0].size", "stair-size"),
    ];
    for (from, to, path, code) in cases {
        assert!(GOOD.contains(from), "{from}");
        let issues = Plan::from_ron(&GOOD.replacen(from, to, 1)).unwrap().check();
        assert!(issues.iter().any(|i| i.path == path && i.code == code), "{from} -> {to}: {issues:?}");
    }
}

#[test]
fn rooms_that_only_touch_do_not_overlap() {
    let text = GOOD.replacen("(4, 0), (9, 0), (9, 5), (4, 5)", "(4, 5), (4, 0), (9, 2)", 1);
    assert!(!Plan::from_ron(&text).unwrap().check().iter().any(|i| i.code == "room-overlap"));
}

#[test]
fn too_many_rooms_is_one_issue() {
    let mut plan = Plan::from_ron(GOOD).unwrap();
    let room = plan.storeys[0].rooms[0].clone();
    plan.storeys[0].rooms = vec![room; 100_001];
    let issues = plan.check();
    assert_eq!(issues.len(), 1);
    assert_eq!(issues[0].code, "too-many");
}
