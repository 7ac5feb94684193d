//! Picking: the twin under the pointer, and the actions of clicks.

use super::BuildingCamera;
use super::building::{BuildingSystems, Equipment, RoomFloor};
use crate::action::ActionSender;
use crate::screen::PointerTaken;
use crate::selection::{Focus, Select, Selection};
use crate::timeline::OpenScene;
use crate::twin::{Hovered, TwinEntities};
use bevy::picking::mesh_picking::ray_cast::{MeshRayCast, MeshRayCastSettings, RayCastVisibility};
use bevy::prelude::*;
use bevy::window::PrimaryWindow;
use cupola_twin::TwinIx;

/// The largest movement of a click, in pixels. A longer movement is a drag.
const CLICK: f32 = 4.0;
/// The longest time between the two clicks of a double click, in s.
const DOUBLE_S: f32 = 0.35;

pub(super) struct PickingPlugin;

impl Plugin for PickingPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(Update, (hover, click).chain().after(BuildingSystems));
    }
}

fn hover(
    taken: Res<PointerTaken>,
    windows: Query<&Window, With<PrimaryWindow>>,
    cameras: Query<(&Camera, &GlobalTransform), With<BuildingCamera>>,
    buttons: Option<Res<ButtonInput<MouseButton>>>,
    targets: Query<(Option<&RoomFloor>, Option<&Equipment>), Or<(With<RoomFloor>, With<Equipment>)>>,
    mut caster: MeshRayCast,
    selection: Selection,
    hovered: Query<Entity, With<Hovered>>,
    entities: Res<TwinEntities>,
    mut commands: Commands,
) {
    let pointer = windows.iter().next().and_then(Window::cursor_position).filter(|_| !taken.0);
    let dragging = buttons.is_some_and(|buttons| buttons.any_pressed([MouseButton::Left, MouseButton::Right]));
    if dragging && pointer.is_some() {
        return;
    }
    let found = pointer.and_then(|pointer| {
        let (camera, transform) = cameras.iter().next()?;
        let rect = camera.logical_viewport_rect()?;
        if !rect.contains(pointer) {
            return None;
        }
        let ray = camera.viewport_to_world(transform, pointer).ok()?;
        let is_target = |entity: Entity| targets.contains(entity);
        let settings =
            MeshRayCastSettings::default().with_filter(&is_target).with_visibility(RayCastVisibility::Visible);
        let hit = caster.cast_ray(ray, &settings).first().map(|(entity, _)| *entity)?;
        let (floor, equipment) = targets.get(hit).ok()?;
        equipment.and_then(|equipment| equipment.twin).or(floor.and_then(|floor| floor.twin))
    });
    if selection.hovered() != found {
        hovered.iter().for_each(|entity| {
            commands.entity(entity).remove::<Hovered>();
        });
        if let Some(entity) = found.and_then(|twin| entities.get(twin)) {
            commands.entity(entity).insert(Hovered);
        }
    }
}

#[derive(Default)]
struct Press {
    at: Option<Vec2>,
    last: Option<(Option<TwinIx>, f32)>,
}

fn click(
    time: Res<Time<Real>>,
    taken: Res<PointerTaken>,
    windows: Query<&Window, With<PrimaryWindow>>,
    buttons: Option<Res<ButtonInput<MouseButton>>>,
    cameras: Query<&Camera, With<BuildingCamera>>,
    selection: Selection,
    scene: Option<Res<OpenScene>>,
    mut sender: ActionSender,
    mut press: Local<Press>,
) {
    let Some(buttons) = buttons else { return };
    let pointer = windows.iter().next().and_then(Window::cursor_position);
    if buttons.just_pressed(MouseButton::Left) {
        // `PointerTaken` is one frame old, so the viewport of the camera is checked too.
        let rect = cameras.iter().next().and_then(Camera::logical_viewport_rect);
        press.at = pointer.filter(|pointer| !taken.0 && rect.is_some_and(|rect| rect.contains(*pointer)));
    }
    if !buttons.just_released(MouseButton::Left) {
        return;
    }
    let Some((start, end)) = press.at.take().zip(pointer) else { return };
    if start.distance(end) > CLICK {
        return;
    }
    let now_s = time.elapsed_secs();
    let hovered = selection.hovered();
    let double = press.last.is_some_and(|(twin, at)| twin == hovered && now_s - at < DOUBLE_S);
    press.last = Some((hovered, now_s));
    let hovered = hovered.zip(scene).map(|(twin, scene)| scene.0.topology.twin_id(twin).to_string());
    if double {
        sender.send(Focus(hovered));
    } else {
        sender.send(Select(hovered));
    }
}
