#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use super::*;
use crate::{Plan, build, to_glb};

fn nothing(_: &str) -> Result<Vec<u8>, String> {
    Err("there are no files here".to_owned())
}

fn read(bytes: &[u8]) -> Result<(Building, Vec<Issue>), ReadError> {
    from_gltf(bytes, &mut nothing)
}

fn small() -> Building {
    let plan = Plan::from_ron(
        r#"(name: "Hut", storeys: [(
            id: "L0", name: "Ground", elevation_m: 0, height_m: 3,
            rooms: [(id: "r", name: "Room", kind: office, polygon: [(0, 0), (4, 0), (4, 5), (0, 5)])],
            openings: [(kind: window, at: (2, 0), width_m: 1.5, sill_m: 0.9, head_m: 2.2)],
        )], equipment: [(id: "vav", kind: vav, storey: "L0", at: (2, 2, 2))], roof: true)"#,
    )
    .unwrap();
    build(&plan)
}

/// Returns a file with a triangle: the JSON that follows `"asset"`, and 36 bytes of positions.
fn gltf(rest: &str) -> Vec<u8> {
    let data = "data:application/octet-stream;base64,\
                AAAAAAAAAAAAAAAAAACAPwAAAAAAAAAAAAAAAAAAgD8AAAAA";
    format!(r#"{{"asset":{{"version":"2.0"}},"buffers":[{{"byteLength":36,"uri":"{data}"}}],{rest}}}"#).into_bytes()
}

const TRIANGLE: &str = r#""scenes":[{"nodes":[0]}],"nodes":[{"mesh":0,"scale":[-2,2,2]}],
    "meshes":[{"primitives":[{"attributes":{"POSITION":0}}]}],
    "accessors":[{"bufferView":0,"componentType":5126,"count":3,"type":"VEC3"}],
    "bufferViews":[{"buffer":0,"byteLength":36}]"#;

#[test]
fn a_building_survives_writing_and_reading() {
    let before = small();
    let bytes = to_glb(&before);
    assert_eq!(bytes, to_glb(&before));
    assert_eq!(bytes.len() % 4, 0);
    let (after, issues) = read(&bytes).unwrap();
    assert!(issues.is_empty(), "{issues:?}");
    assert_eq!(after.name, before.name);
    assert_eq!(after.nodes.len(), before.nodes.len());
    for (a, b) in after.nodes.iter().zip(&before.nodes) {
        assert_eq!((&a.name, a.role, a.parent, a.storey), (&b.name, b.role, b.parent, b.storey));
        assert_eq!(a.extras, b.extras);
        assert_eq!(a.bounds(), b.bounds(), "{}", a.name);
        assert_eq!(a.parts.len(), b.parts.len());
        for (p, q) in a.parts.iter().zip(&b.parts) {
            assert_eq!(p.positions, q.positions);
            assert_eq!(p.indices, q.indices);
            assert_eq!(p.color, q.color);
        }
    }
    // The validation of the `gltf` crate reports nothing either.
    gltf::Gltf::from_slice(&bytes).unwrap();
    assert!(read(&to_glb(&Building::default())).unwrap().0.nodes.is_empty());
}

#[test]
fn a_mirrored_triangle_without_normals_faces_its_winding() {
    let (building, _) = read(&gltf(TRIANGLE)).unwrap();
    let part = &building.nodes[0].parts[0];
    assert_eq!(part.bounds(), Some(([-2.0, 0.0, 0.0], [0.0, 2.0, 0.0])));
    assert_eq!(part.normals, [[0.0_f32, 0.0, 1.0]; 3]);
}

/// Each case is a replacement in a valid file, and words that the error must contain.
#[test]
fn malformed_files_are_told_apart() {
    let cases = [
        (r#""count":3"#, r#""count":4"#, "accessor 0 has 4 elements"),
        (r#""count":3"#, r#""count":18446744073709551615"#, "accessor 0 has"),
        (r#""bufferView":0,"#, "", ""),
        (
            r#""bufferView":0,"componentType":5126,"count":3"#,
            r#""componentType":5126,"count":4000000000"#,
            "no buffer view",
        ),
        (r#""bufferView":0,"#, r#""bufferView":7,"#, "buffer view 7"),
        (r#""byteLength":36}]"#, r#""byteLength":37}]"#, "beyond the end"),
        (r#""byteLength":36}]"#, r#""byteLength":36,"byteOffset":18446744073709551615}]"#, "beyond the end"),
        (r#""byteLength":36}]"#, r#""byteLength":36,"byteStride":4}]"#, "stride"),
        (r#""type":"VEC3""#, r#""type":"VEC2""#, "not a Vec3"),
        (r#""componentType":5126"#, r#""componentType":1"#, "unknown component"),
        (r#""POSITION":0"#, r#""POSITION":9"#, "accessor 9"),
        (r#""mesh":0"#, r#""mesh":3"#, "mesh 3"),
        (r#""nodes":[0]"#, r#""nodes":[5]"#, "node 5"),
        (r#""mesh":0"#, r#""mesh":0,"children":[0]"#, "its own ancestor"),
        (r#""scenes""#, r#""extensionsRequired":["KHR_draco_mesh_compression"],"scenes""#, "KHR_draco"),
    ];
    for (from, to, words) in cases {
        assert!(TRIANGLE.contains(from), "{from}");
        let bytes = gltf(&TRIANGLE.replacen(from, to, 1));
        match read(&bytes) {
            Err(error) => assert!(error.to_string().contains(words), "{to}: {error}"),
            Ok(_) => assert!(words.is_empty(), "{to} was read"),
        }
    }
    for (bytes, words) in [
        (&b""[..], "empty"),
        (&b"solid cube"[..], "neither"),
        (&b"glTF"[..], "ends after"),
        (&b"{"[..], "JSON"),
        (&br#"{"asset":{"version":"1.0"}}"#[..], "version"),
    ] {
        let error = read(bytes).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn parts_that_are_not_read_are_issues() {
    for (from, to) in [
        (r#""POSITION":0}"#, r#""POSITION":0},"indices":1"#),
        (r#""POSITION":0}"#, r#""POSITION":0},"mode":1"#),
        (r#"[-2,2,2]"#, r#"[3e38,3e38,3e38],"translation":[3e38,3e38,3e38]"#),
    ] {
        // With the positions read as bytes, the indices are out of range.
        let text = TRIANGLE.replacen(from, to, 1);
        let text = text.replacen(
            r#""type":"VEC3"}]"#,
            r#""type":"VEC3"},{"bufferView":0,"componentType":5121,"count":36,"type":"SCALAR"}]"#,
            1,
        );
        let (building, issues) = read(&gltf(&text)).unwrap();
        assert_eq!(issues.len(), 1, "{to}");
        assert!(building.nodes[0].parts.is_empty());
    }
}

/// Each case is a change of a valid file that common exporters make.
#[test]
fn deviations_that_change_nothing_are_read() {
    let plain = read(&gltf(TRIANGLE)).unwrap();
    for (from, to) in [
        (r#""count":3"#, r#""count":3.0"#),
        (r#""mesh":0,"#, r#""mesh":0.0,"#),
        (r#""scenes":[{"nodes":[0]}]"#, r#""scene":0,"scenes":[{"nodes":[0.0]}]"#),
        (
            r#""scenes":["#,
            r#""animations":[{"channels":[{"sampler":0,"target":{"path":"pointer"}}],"samplers":[]}],"scenes":["#,
        ),
    ] {
        assert!(TRIANGLE.contains(from), "{from}");
        let (building, issues) =
            read(&gltf(&TRIANGLE.replacen(from, to, 1))).unwrap_or_else(|error| panic!("{to}: {error}"));
        assert_eq!((&building, &issues), (&plain.0, &plain.1), "{to}");
    }
    let with_mark = [b"\xef\xbb\xbf".as_slice(), &gltf(TRIANGLE)].concat();
    assert_eq!(read(&with_mark).unwrap(), plain);
    let (empty, _) = read(&gltf(&TRIANGLE.replace(r#""scenes":[{"nodes":[0]}]"#, r#""scenes":[{}]"#))).unwrap();
    assert!(empty.nodes.is_empty());
    let old = br#"{"asset":{"version":"1.0"},"scene":"main","nodes":{"n":{}},"meshes":{}}"#;
    assert!(read(old).unwrap_err().to_string().contains("version \"1.0\""));
}

#[test]
fn optional_extensions_are_read_or_reported() {
    // The positions of the triangle, (0, 0, 0), (1, 0, 0) and (0, 1, 0), are the translations too.
    let instances = |attributes: &str| {
        let extension =
            format!(r#""mesh":0,"extensions":{{"EXT_mesh_gpu_instancing":{{"attributes":{{{attributes}}}}}}},"#);
        let text = TRIANGLE.replacen(r#""mesh":0,"#, &extension, 1);
        read(&gltf(&format!(r#""extensionsUsed":["EXT_mesh_gpu_instancing"],{text}"#)))
    };
    let (building, issues) = instances(r#""TRANSLATION":0"#).unwrap();
    assert!(issues.is_empty(), "{issues:?}");
    let bounds: Vec<_> = building.nodes[0].parts.iter().map(|part| part.bounds().unwrap()).collect();
    assert_eq!(
        bounds,
        [
            ([-2.0, 0.0, 0.0], [0.0, 2.0, 0.0]),
            ([-4.0, 0.0, 0.0], [-2.0, 2.0, 0.0]),
            ([-2.0, 2.0, 0.0], [0.0, 4.0, 0.0])
        ]
    );
    assert!(instances(r#""TRANSLATION":4"#).is_err());
    assert!(instances(r#""ROTATION":0"#).is_err());
    let hidden = r#""mesh":0,"extensions":{"KHR_node_visibility":{"visible":false}},"#;
    let text = TRIANGLE.replacen(r#""mesh":0,"#, hidden, 1);
    let (building, _) = read(&gltf(&format!(r#""extensionsUsed":["KHR_node_visibility"],{text}"#))).unwrap();
    assert!(building.nodes[0].parts.is_empty());
    for (name, count) in
        [("KHR_materials_clearcoat", 0), ("KHR_draco_mesh_compression", 0), ("CESIUM_primitive_outline", 1)]
    {
        let (building, issues) = read(&gltf(&format!(r#""extensionsUsed":["{name}"],{TRIANGLE}"#))).unwrap();
        assert_eq!((building.nodes[0].parts.len(), issues.len()), (1, count), "{name}");
    }
}

#[test]
fn map_coordinates_are_moved_before_they_lose_digits() {
    let bounds = |translation: &str| {
        let text = TRIANGLE.replacen(r#""scale":[-2,2,2]"#, &format!(r#""translation":{translation}"#), 1);
        let text = text.replacen(r#""type":"VEC3""#, r#""type":"VEC3","min":[0,0,0],"max":[1,1,0]"#, 1);
        read(&gltf(&text)).unwrap().0.nodes[0].parts[0].bounds().unwrap()
    };
    // In single precision, 5,900,000.75 has a step of half a metre.
    assert_eq!(bounds("[500000.25, 35, -5900000.5]"), ([0.25, 35.0, -0.5], [1.25, 36.0, -0.5]));
    assert_eq!(bounds("[9000, 35, 9000]"), ([9000.0, 35.0, 9000.0], [9001.0, 36.0, 9000.0]));
}

#[test]
fn a_deep_hierarchy_is_refused() {
    let nodes: Vec<String> =
        (0..100).map(|k| format!(r#"{{"children":[{}]}}"#, k + 1)).chain(["{}".to_owned()]).collect();
    let text = format!(r#""scenes":[{{"nodes":[0]}}],"nodes":[{}]"#, nodes.join(","));
    assert!(read(&gltf(&text)).unwrap_err().message.contains("levels"));
}

#[test]
fn every_truncation_is_an_error() {
    let bytes = to_glb(&small());
    // The header and the start of the JSON are tested completely, the rest in steps, because each length
    // takes time.
    for length in (0..bytes.len().min(4096)).chain((4096..bytes.len()).step_by(97)) {
        assert!(read(&bytes[..length]).is_err(), "{length}");
    }
}

#[test]
fn flipped_bytes_never_panic() {
    let good = [to_glb(&small()), gltf(TRIANGLE)];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    for round in 0..2000 {
        let mut bytes = good[round % 2].clone();
        for _ in 0..=random(6) {
            let at = random(bytes.len());
            bytes[at] = match random(3) {
                0 => random(256) as u8,
                1 => b'0' + random(10) as u8,
                _ => bytes[at] ^ (1 << random(8)),
            };
        }
        let _ = read(&bytes);
    }
}

#[test]
fn the_duplex_has_its_rooms() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/duplex/duplex.glb");
    let Ok(bytes) = std::fs::read(path) else {
        return;
    };
    let (building, issues) = read(&bytes).unwrap();
    assert!(issues.iter().all(|i| i.code != "primitive-ignored"), "{issues:?}");
    let rooms: Vec<usize> = (0..building.nodes.len()).filter(|&i| building.nodes[i].role == Role::Room).collect();
    assert_eq!(rooms.len(), 21);
    for &i in &rooms {
        let room = &building.nodes[i];
        assert!(room.storey.is_some(), "{}", room.name);
        let area: f32 = room.parts.iter().map(Part::floor_area_m2).sum();
        assert!(area > 1.0, "{} {area}", room.name);
    }
    let paths: Vec<String> = rooms.iter().map(|&i| building.path(i)).collect();
    assert!(paths.iter().any(|p| p.ends_with("Level 1/A102 Living Room")), "{paths:?}");
}
