#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use super::*;
use crate::mesh::face_normal;

/// Returns a plan with two rooms, a corridor with a T junction, a window, a door, and an outline without a
/// courtyard.
fn plan() -> Plan {
    Plan::from_ron(
        r#"(
        name: "House",
        storeys: [(
            id: "L0", name: "Ground", elevation_m: 0.0, height_m: 3.3,
            rooms: [
                (id: "a", kind: office, polygon: [(0, 2), (4, 2), (4, 7), (0, 7)]),
                (id: "b", kind: meeting, polygon: [(4, 2), (10, 2), (10, 7), (4, 7)]),
                (id: "c", kind: corridor, polygon: [(0, 0), (10, 0), (10, 2), (0, 2)]),
            ],
            openings: [
                (kind: window, at: (2, 7), width_m: 2.0, sill_m: 0.9, head_m: 2.3),
                (kind: door, at: (3, 2), width_m: 0.9),
                (kind: gap, at: (9, 2), width_m: 1.2),
            ],
            stairs: [(at: (8, 1), size: (3, 1), direction: east)],
        )],
        equipment: [
            (id: "ahu", kind: ahu, storey: "L0", at: (5, 4, 3.3)),
            (id: "vav", kind: vav, storey: "L0", at: (2, 4, 2.6)),
            (id: "fan", kind: fan, storey: "L0", at: (2, 5, 0)),
            (id: "meter", kind: meter, storey: "L0", at: (1, 1, 1.2)),
            (id: "soap", kind: dispenser, storey: "L0", at: (1, 1.5, 1.2)),
            (id: "duct", kind: duct, storey: "L0", path: [(5, 4, 3.4), (2, 4, 2.7), (2, 6, 2.7), (2, 6, 2.7)]),
        ],
        roof: true,
    )"#,
    )
    .unwrap()
}

fn every_kind() -> Plan {
    let words = [
        "office", "meeting", "open", "kitchen", "toilet", "ward", "patient", "nurse", "store", "lobby", "plant",
        "other",
    ];
    let rooms: Vec<String> = words
        .iter()
        .enumerate()
        .map(|(k, word)| {
            let x = 10 * k;
            format!("(id: \"{word}\", kind: {word}, polygon: [({x}, 0), ({}, 0), ({}, 7), ({x}, 8)])", x + 10, x + 10)
        })
        .collect();
    Plan::from_ron(&format!("(storeys: [(id: \"L\", elevation_m: 1, height_m: 3.4, rooms: [{}])])", rooms.join(",")))
        .unwrap()
}

fn node<'a>(building: &'a Building, name: &str) -> &'a Node {
    building.nodes.iter().find(|n| n.name == name).unwrap()
}

fn assert_sound(building: &Building) {
    for (i, node) in building.nodes.iter().enumerate() {
        assert!(node.parent.is_none_or(|p| p < i), "{}", node.name);
        for part in &node.parts {
            assert_eq!(part.positions.len(), part.normals.len());
            assert!(!part.indices.is_empty() && part.indices.len() % 3 == 0);
            assert!(part.positions.iter().flatten().all(|v| v.is_finite()));
            for n in &part.normals {
                let length = n.iter().map(|v| v * v).sum::<f32>().sqrt();
                assert!((length - 1.0).abs() < 1e-4, "{} {n:?}", node.name);
            }
            for t in part.indices.chunks_exact(3) {
                let corners = [t[0], t[1], t[2]].map(|k| part.positions[k as usize]);
                let Some(face) = face_normal(corners) else {
                    continue;
                };
                let said = part.normals[t[0] as usize];
                let along: f32 = (0..3).map(|k| face[k] * said[k]).sum();
                assert!(along > 0.9, "{}: {corners:?} {said:?}", node.name);
            }
        }
    }
}

/// Returns the number of triangles of a node that the segment from `a` to `b` crosses.
fn hits(node: &Node, a: [f32; 3], b: [f32; 3]) -> usize {
    let sub = |p: [f32; 3], q: [f32; 3]| [p[0] - q[0], p[1] - q[1], p[2] - q[2]];
    let cross =
        |p: [f32; 3], q: [f32; 3]| [p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]];
    let volume = |p, q, r, s| {
        let n = cross(sub(q, p), sub(r, p));
        let d = sub(s, p);
        n[0] * d[0] + n[1] * d[1] + n[2] * d[2]
    };
    node.parts
        .iter()
        .flat_map(Part::triangles)
        .filter(|&[p, q, r]| {
            volume(p, q, r, a) * volume(p, q, r, b) < 0.0 && {
                let s = [volume(a, b, p, q), volume(a, b, q, r), volume(a, b, r, p)];
                s.iter().all(|v| *v > 0.0) || s.iter().all(|v| *v < 0.0)
            }
        })
        .count()
}

#[test]
fn a_building_is_sound() {
    for plan in [plan(), every_kind(), Plan::default()] {
        assert_sound(&build(&plan));
    }
}

#[test]
fn a_floor_is_the_polygon_less_the_walls() {
    let building = build(&plan());
    // Half the exterior wall is 0.15 m, half the interior wall 0.06 m.
    let a = node(&building, "a").parts[0].floor_area_m2();
    assert!((a - (4.0 - 0.15 - 0.06) * (5.0 - 0.15 - 0.06)).abs() < 1e-3, "{a}");
    let c = node(&building, "c").parts[0].floor_area_m2();
    assert!((c - (10.0 - 0.3) * (2.0 - 0.15 - 0.06)).abs() < 1e-3, "{c}");
    let extras = &node(&building, "a").extras["cupola"];
    assert_eq!(extras["area_m2"], 20.0);
    assert_eq!(extras["height_m"], 3.0);
    assert_eq!(extras["kind"], "office");
}

#[test]
fn a_window_is_seen_through_and_a_wall_is_not() {
    let building = build(&plan());
    let (walls, glass) = (node(&building, "L0 wall"), node(&building, "L0 glass"));
    let look = |x: f32, y: f32| ([x, y, -8.0], [x + 0.013, y + 0.017, -6.0]);
    let (a, b) = look(2.0, 1.6);
    assert_eq!(hits(walls, a, b), 0);
    assert_eq!(hits(glass, a, b), 2, "both sides of the pane");
    let (a, b) = look(2.02, 0.4);
    assert_eq!(hits(walls, a, b), 2, "outer and inner face under the sill");
    assert_eq!(hits(glass, a, b), 0);
    let (a, b) = look(2.02, 2.6);
    assert_eq!(hits(walls, a, b), 2, "over the head");
    // A gap is open, and the wall next to it is closed.
    assert_eq!(hits(walls, [9.01, 1.0, -1.5], [9.02, 1.01, -2.5]), 0);
    assert_eq!(hits(walls, [7.01, 1.0, -1.5], [7.02, 1.01, -2.5]), 2);
    assert!(!node(&building, "L0 door").parts.is_empty());
}

#[test]
fn the_facade_stands_where_the_thickness_says() {
    let building = build(&plan());
    let (low, high) = node(&building, "L0 wall").bounds().unwrap();
    for (is, should) in
        [(low[0], -0.15), (high[0], 10.15), (low[2], -7.15), (high[2], 0.15), (low[1], 0.0), (high[1], 3.0)]
    {
        assert!((is - should).abs() < 1e-3, "{is} {should}");
    }
    let (low, high) = node(&building, "L0 slab").bounds().unwrap();
    assert!((low[1] + 0.3).abs() < 1e-4 && high[1].abs() < 1e-4);
    assert!(node(&building, "L0 roof").bounds().unwrap().1[1] > 3.5);
    assert!(building.nodes.iter().any(|node| node.role == Role::Ground && node.storey.is_none()));
}

#[test]
fn furniture_stays_inside() {
    let plan = every_kind();
    let building = build(&plan);
    let furniture = node(&building, "L furniture");
    assert!(furniture.parts.len() > 3);
    for p in furniture.parts.iter().flat_map(|p| &p.positions) {
        let (x, y) = (f64::from(p[0]), -f64::from(p[2]));
        let within = y > 0.1 && x > 0.1 && x < 119.9 && y < 8.0 - (x % 10.0) * 0.1 - 0.05;
        assert!(within, "{p:?}");
    }
}

#[test]
fn a_smaller_floor_leaves_a_terrace_with_a_roof() {
    let mut plan = plan();
    let mut upper = plan.storeys[0].clone();
    upper.id = "L1".into();
    upper.elevation_m = 3.3;
    upper.rooms = vec![upper.rooms.remove(0)];
    upper.rooms[0].id = "up".into();
    upper.openings.clear();
    upper.stairs.clear();
    plan.storeys.push(upper);
    let building = build(&plan);
    assert_sound(&building);
    assert!(building.nodes.iter().any(|n| n.name == "L0 roof"));
    assert!(building.nodes.iter().any(|n| n.name == "L1 roof"));
    plan.storeys.remove(1);
    let mut same = plan.storeys[0].clone();
    same.id = "L1".into();
    same.elevation_m = 3.3;
    plan.storeys.push(same);
    assert!(!build(&plan).nodes.iter().any(|n| n.name == "L0 roof"));
}

#[test]
fn odd_plans_are_built_as_far_as_they_go() {
    let texts = [
        // Degenerate shapes: a needle, a room thinner than its walls, a bow tie, and values that are not
        // finite.
        "(0, 0), (10, 0.2), (0, 0.4)",
        "(0, 0), (0.1, 0), (0.1, 5), (0, 5)",
        "(0, 0), (4, 5), (4, 0), (0, 5)",
        "(0, 0), (4, NaN), (4, 0)",
        "(0, 0), (inf, 4), (4, 0)",
        "",
    ];
    for polygon in texts {
        let text = format!(
            "(storeys: [(id: \"L\", elevation_m: 0, height_m: 3, rooms: [(id: \"r\", kind: office, \
             polygon: [{polygon}])], openings: [(kind: door, at: (0, 0), width_m: 9)])], roof: true)"
        );
        assert_sound(&build(&Plan::from_ron(&text).unwrap()));
    }
}

#[test]
fn rooms_round_a_courtyard_leave_it_open() {
    let text = "(storeys: [(id: \"L\", elevation_m: 0, height_m: 3, rooms: [
        (id: \"s\", polygon: [(0, 0), (9, 0), (9, 3), (0, 3)]),
        (id: \"n\", polygon: [(0, 6), (9, 6), (9, 9), (0, 9)]),
        (id: \"w\", polygon: [(0, 3), (3, 3), (3, 6), (0, 6)]),
        (id: \"e\", polygon: [(6, 3), (9, 3), (9, 6), (6, 6)]),
    ])])";
    let building = build(&Plan::from_ron(text).unwrap());
    assert_sound(&building);
    let slab = node(&building, "L slab");
    assert_eq!(hits(slab, [4.51, 1.0, -4.52], [4.52, -1.0, -4.53]), 0);
    assert_eq!(hits(slab, [1.51, 1.0, -4.52], [1.52, -1.0, -4.53]), 2);
}

#[test]
fn a_plan_out_of_nothing_is_a_good_plan() {
    for counts in [vec![1], vec![2], vec![3], vec![7, 7, 2], vec![60, 60], vec![300], vec![1, 12]] {
        let storeys: Vec<AutoStorey> = counts
            .iter()
            .enumerate()
            .map(|(s, &count)| AutoStorey {
                id: format!("L{s}"),
                name: String::new(),
                rooms: (0..count)
                    .map(|r| AutoRoom {
                        id: format!("{s}.{r}"),
                        name: if r % 5 == 4 { "Meeting" } else { "Office" }.to_owned(),
                        area_m2: [12.0, 20.0, 35.0, 0.0][r % 4],
                        height_m: 2.8,
                    })
                    .collect(),
            })
            .collect();
        let plan = auto_plan(&storeys);
        let issues = plan.check();
        assert!(issues.is_empty(), "{counts:?} {issues:?}");
        assert_eq!(plan, auto_plan(&storeys));
        for (storey, out) in storeys.iter().zip(&plan.storeys) {
            for room in &storey.rooms {
                assert!(out.rooms.iter().any(|r| r.id == room.id), "{}", room.id);
            }
        }
        let building = build(&plan);
        assert_sound(&building);
        let (low, high) = node(&building, "L0 slab").bounds().unwrap();
        let (long, across) = (high[0] - low[0], high[2] - low[2]);
        assert!(long < 5.0 * across && across < 5.0 * long, "{counts:?} {long} {across}");
    }
}
