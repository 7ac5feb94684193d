// The colour of a room's floor. All rooms share one material, and the tag of a mesh is the index of its colour.
#import bevy_pbr::{forward_io::VertexOutput, mesh_functions::get_tag}

struct Room {
    // The linear colour. Alpha is not used.
    color: vec4<f32>,
    // x is the kind of value: 0 good, 1 stale, 2 missing, 3 no data. y is the emphasis: 0 none, 1 hovered, 2 selected.
    mark: vec4<f32>,
}

@group(#{MATERIAL_BIND_GROUP}) @binding(0) var<storage, read> rooms: array<Room>;
// The colours of floors without data, of hatching, and of the selection.
@group(#{MATERIAL_BIND_GROUP}) @binding(1) var<uniform> neutral: vec4<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(2) var<uniform> ink: vec4<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(3) var<uniform> accent: vec4<f32>;

@fragment
fn fragment(in: VertexOutput) -> @location(0) vec4<f32> {
    let room = rooms[get_tag(in.instance_index)];
    var color = room.color.rgb;
    let along = (in.world_position.x + in.world_position.z) * 2.0;
    if room.mark.x == 1.0 {
        // A stale value has lines across its last colour.
        color = mix(mix(color, neutral.rgb, 0.35), ink.rgb, 0.55 * step(0.62, fract(along)));
    } else if room.mark.x == 2.0 {
        // A missing value has the neutral colour with faint dots.
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
