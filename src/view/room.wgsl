// The floor of a room in its data's colour. One material for all rooms: the mesh's tag says which colour.
#import bevy_pbr::{forward_io::VertexOutput, mesh_functions::get_tag}

struct Room {
    // Linear colour; alpha: how much of it there is (a fade between two ticks).
    color: vec4<f32>,
    // x: 0 value, 1 stale, 2 missing, 3 no data wanted; y: 0 plain, 1 hovered, 2 selected.
    mark: vec4<f32>,
}

@group(#{MATERIAL_BIND_GROUP}) @binding(0) var<storage, read> rooms: array<Room>;
// The neutral floor, the ink of hatching, and the accent.
@group(#{MATERIAL_BIND_GROUP}) @binding(1) var<uniform> neutral: vec4<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(2) var<uniform> ink: vec4<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(3) var<uniform> accent: vec4<f32>;

@fragment
fn fragment(in: VertexOutput) -> @location(0) vec4<f32> {
    let room = rooms[get_tag(in.instance_index)];
    var color = room.color.rgb;
    let along = (in.world_position.x + in.world_position.z) * 2.0;
    if room.mark.x == 1.0 {
        // Stale: grey lines across the last known colour.
        color = mix(mix(color, neutral.rgb, 0.35), ink.rgb, 0.55 * step(0.62, fract(along)));
    } else if room.mark.x == 2.0 {
        // Missing: empty, with wide, faint dots.
        let cell = fract(in.world_position.xz * 1.5) - vec2<f32>(0.5);
        color = mix(neutral.rgb, ink.rgb, 0.35 * step(length(cell), 0.1));
    } else if room.mark.x == 3.0 {
        color = neutral.rgb;
    }
    if room.mark.y == 1.0 {
        color = mix(color, vec3<f32>(1.0), 0.14);
    } else if room.mark.y == 2.0 {
        color = mix(color, accent.rgb, 0.10);
    }
    return vec4<f32>(color, 1.0);
}
