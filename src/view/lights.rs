//! Sun, ambient light and background.

use super::building::Extent;
use super::{BuildingCamera, Quality};
use crate::look::{Theme, ViewSettings};
use bevy::light::{CascadeShadowConfigBuilder, DirectionalLightShadowMap};
use bevy::prelude::*;

pub(super) struct LightsPlugin;

impl Plugin for LightsPlugin {
    fn build(&self, app: &mut App) {
        app.insert_resource(DirectionalLightShadowMap { size: 2048 })
            .add_systems(Startup, sun)
            .add_systems(Update, (theme, reach.run_if(resource_changed::<Extent>)));
    }
}

#[derive(Component)]
struct Sun;

fn sun(mut commands: Commands, quality: Res<Quality>) {
    commands.spawn((
        Sun,
        DirectionalLight {
            illuminance: 5_200.0,
            shadow_maps_enabled: *quality == Quality::High,
            color: Color::srgb(1.0, 0.97, 0.92),
            ..default()
        },
        Transform::from_xyz(-0.55, 1.0, 0.75).looking_at(Vec3::ZERO, Vec3::Y),
    ));
}

/// Extends the shadows to the size of the building.
fn reach(mut commands: Commands, extent: Res<Extent>, sun: Query<Entity, With<Sun>>) {
    let size = (extent.max - extent.min).length().max(10.0);
    for sun in &sun {
        let cascades = CascadeShadowConfigBuilder {
            num_cascades: 1,
            maximum_distance: size * 4.0,
            minimum_distance: 0.1,
            ..default()
        };
        commands.entity(sun).insert(cascades.build());
    }
}

fn theme(
    settings: Res<ViewSettings>,
    mut suns: Query<&mut DirectionalLight, With<Sun>>,
    mut clear: ResMut<ClearColor>,
    mut ambient: ResMut<GlobalAmbientLight>,
    cameras: Query<Ref<BuildingCamera>>,
) {
    if !settings.is_changed() && !cameras.iter().any(|camera| camera.is_added()) {
        return;
    }
    let dark = settings.theme == Theme::Dark;
    clear.0 = if dark { Color::srgb_u8(0x14, 0x17, 0x1C) } else { Color::srgb_u8(0xF4, 0xF5, 0xF7) };
    suns.iter_mut().for_each(|mut sun| sun.illuminance = if dark { 5_200.0 } else { 4_000.0 });
    ambient.color = Color::srgb(0.93, 0.96, 1.0);
    ambient.brightness = if dark { 700.0 } else { 620.0 };
}
