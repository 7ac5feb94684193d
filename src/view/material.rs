//! The material of all rooms.

use bevy::asset::embedded_asset;
use bevy::pbr::Material;
use bevy::prelude::*;
use bevy::render::render_resource::{AsBindGroup, ShaderType};
use bevy::render::storage::ShaderBuffer;
use bevy::shader::ShaderRef;

/// The entry of a room in the storage buffer; see `room.wgsl`.
#[derive(Clone, Copy, Debug, Default, PartialEq, ShaderType)]
pub(super) struct RoomColor {
    /// The linear colour.
    pub color: Vec4,
    /// The kind of value in `x`, and the emphasis in `y`: 2 for selected, 1 for hovered.
    pub mark: Vec4,
}

/// A material that takes the colour of a room from a storage buffer, by mesh tag.
#[derive(Asset, TypePath, AsBindGroup, Clone)]
pub(super) struct RoomMaterial {
    #[storage(0, read_only)]
    pub rooms: Handle<ShaderBuffer>,
    #[uniform(1)]
    pub neutral: LinearRgba,
    #[uniform(2)]
    pub ink: LinearRgba,
    #[uniform(3)]
    pub accent: LinearRgba,
}

impl Material for RoomMaterial {
    fn fragment_shader() -> ShaderRef {
        "embedded://cupola/view/room.wgsl".into()
    }
}

/// The handles of the material of all rooms and of its storage buffer.
#[derive(Resource)]
pub(super) struct RoomPaint {
    pub material: Handle<RoomMaterial>,
    pub buffer: Handle<ShaderBuffer>,
}

pub(super) struct MaterialPlugin;

impl Plugin for MaterialPlugin {
    fn build(&self, app: &mut App) {
        embedded_asset!(app, "room.wgsl");
        app.add_plugins(bevy::pbr::MaterialPlugin::<RoomMaterial>::default()).add_systems(PreStartup, setup);
    }
}

fn setup(
    mut commands: Commands,
    mut buffers: ResMut<Assets<ShaderBuffer>>,
    mut materials: ResMut<Assets<RoomMaterial>>,
) {
    // An empty buffer can't be bound.
    let buffer = buffers.add(ShaderBuffer::from(vec![RoomColor::default()]));
    let material = materials.add(RoomMaterial {
        rooms: buffer.clone(),
        neutral: LinearRgba::WHITE,
        ink: LinearRgba::BLACK,
        accent: LinearRgba::BLUE,
    });
    commands.insert_resource(RoomPaint { material, buffer });
}
