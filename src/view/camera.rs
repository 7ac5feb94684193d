//! The camera, which orbits, pans, zooms to the pointer and flies around a focus point.

use super::BuildingCamera;
use super::building::{BuildingSystems, Extent, Storeys};
use crate::look::ViewSettings;
use crate::screen::{CentralArea, PointerTaken};
use crate::selection::FocusRequest;
use crate::timeline::OpenScene;
use crate::twin::Places;
use bevy::camera::Viewport;
use bevy::input::mouse::{AccumulatedMouseMotion, AccumulatedMouseScroll, MouseScrollUnit};
use bevy::prelude::*;
use bevy::window::PrimaryWindow;
use cupola_scene::Scene;
use cupola_twin::TwinIx;
use std::path::PathBuf;

/// The duration of a flight, in s.
const FLIGHT_S: f32 = 0.4;
/// The rotation per pixel of mouse movement, in rad.
const TURN: f32 = 0.006;
/// The largest margin around the twin at the end of a flight, in m.
const AROUND_M: f32 = 5.0;
/// The share of the distance by which one notch of the wheel changes it.
const ZOOM: f32 = 0.14;
/// The vertical field of view, in rad.
pub const FIELD: f32 = 0.55;
const PITCH: (f32, f32) = (0.08, 1.54);

/// The position and direction of the camera.
#[derive(Component, Clone, Copy, Debug, PartialEq)]
pub struct Orbit {
    /// The focus point.
    pub focus: Vec3,
    /// The angle around the vertical axis, in rad.
    pub yaw: f32,
    /// The angle above the horizon, in rad.
    pub pitch: f32,
    /// The distance from the focus point, in m.
    pub distance: f32,
}

impl Default for Orbit {
    fn default() -> Self {
        Self { focus: Vec3::ZERO, yaw: -0.62, pitch: 0.62, distance: 60.0 }
    }
}

impl Orbit {
    /// Returns the position and orientation of the camera.
    pub fn transform(&self) -> Transform {
        let direction =
            Vec3::new(self.pitch.cos() * self.yaw.sin(), self.pitch.sin(), self.pitch.cos() * self.yaw.cos());
        Transform::from_translation(self.focus + direction * self.distance).looking_at(self.focus, Vec3::Y)
    }

    /// Returns a view with the same angles that shows a box completely and in the centre. `aspect` is the width of the
    /// picture over its height.
    fn framing(&self, min: Vec3, max: Vec3, aspect: f32) -> Self {
        /// The share of the picture that the box may fill.
        const FILL: f32 = 0.9;
        let mut orbit = Self { focus: (min + max) / 2.0, distance: (max - min).length().max(2.0) * 2.0, ..*self };
        let vertical = (FIELD / 2.0).tan();
        let tangent = Vec2::new(vertical * aspect.max(0.1), vertical);
        // In perspective the centre of the box is not the centre of its picture, so focus and distance are found by
        // iteration.
        for _ in 0..12 {
            let camera = orbit.transform();
            let (mut low, mut high) = (Vec2::INFINITY, Vec2::NEG_INFINITY);
            for corner in 0..8 {
                let pick = |bit: u32, low: f32, high: f32| if corner >> bit & 1 == 0 { low } else { high };
                let at =
                    Vec3::new(pick(0, min.x, max.x), pick(1, min.y, max.y), pick(2, min.z, max.z)) - camera.translation;
                let depth = at.dot(*camera.forward()).max(0.1);
                let seen = Vec2::new(at.dot(*camera.right()), at.dot(*camera.up())) / depth / tangent;
                low = low.min(seen);
                high = high.max(seen);
            }
            let middle = (low + high) / 2.0 * tangent * orbit.distance;
            orbit.focus += *camera.right() * middle.x + *camera.up() * middle.y;
            orbit.distance *= ((high - low) / 2.0).max_element() / FILL;
        }
        orbit
    }

    fn towards(&self, other: &Self, share: f32) -> Self {
        let turn =
            (other.yaw - self.yaw + std::f32::consts::PI).rem_euclid(std::f32::consts::TAU) - std::f32::consts::PI;
        Self {
            focus: self.focus.lerp(other.focus, share),
            yaw: self.yaw + turn * share,
            pitch: self.pitch + (other.pitch - self.pitch) * share,
            distance: self.distance + (other.distance - self.distance) * share,
        }
    }
}

/// A flight in progress.
#[derive(Component)]
struct Flight {
    from: Orbit,
    to: Orbit,
    passed_s: f32,
}

pub(super) struct CameraPlugin;

impl Plugin for CameraPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(Update, (viewport, home, steer, request, fly, place).chain().after(BuildingSystems));
    }
}

/// Sets the viewport of the camera to the area that the panels leave free.
fn viewport(
    area: Res<CentralArea>,
    windows: Query<&Window, With<PrimaryWindow>>,
    mut cameras: Query<&mut Camera, With<BuildingCamera>>,
) {
    for mut camera in &mut cameras {
        let Some(target) = camera.physical_target_size() else { continue };
        let scale = windows.iter().next().map_or(1.0, Window::scale_factor);
        let min = (Vec2::from(area.min) * scale).as_uvec2().min(target);
        let max = (Vec2::from(area.max) * scale).as_uvec2().min(target);
        let wanted = (max.x > min.x + 16 && max.y > min.y + 16).then(|| Viewport {
            physical_position: min,
            physical_size: max - min,
            ..default()
        });
        let same = match (&camera.viewport, &wanted) {
            (Some(old), Some(new)) => {
                old.physical_position == new.physical_position && old.physical_size == new.physical_size
            }
            (None, None) => true,
            _ => false,
        };
        if !same {
            camera.viewport = wanted;
        }
    }
}

fn aspect(camera: &Camera) -> f32 {
    camera.logical_viewport_size().map_or(1.6, |size| size.x / size.y.max(1.0))
}

/// The state for which the camera was last framed: the scene, whether its storeys stand apart, and whether the size of
/// the viewport and the central area are known.
#[derive(Default, PartialEq)]
struct Framed {
    scene: PathBuf,
    apart: bool,
    sized: bool,
    known: bool,
}

/// Frames the whole building when a scene opens, and when the storeys move apart or together.
fn home(
    mut commands: Commands,
    scene: Option<Res<OpenScene>>,
    (extent, storeys): (Res<Extent>, Res<Storeys>),
    (settings, request): (Res<ViewSettings>, Option<Res<FocusRequest>>),
    area: Res<CentralArea>,
    mut cameras: Query<(Entity, &Camera, &mut Orbit), With<BuildingCamera>>,
    mut framed: Local<Framed>,
) {
    let Some(scene) = scene else { return };
    let now = Framed {
        scene: scene.0.path.clone(),
        apart: settings.explode && settings.storey.is_none() && !settings.see_through,
        sized: cameras.iter().any(|(_, camera, _)| camera.logical_viewport_size().is_some()),
        known: area.max[0] > 0.0,
    };
    if now == *framed {
        return;
    }
    let only_moved = (&now.scene, now.sized, now.known) == (&framed.scene, framed.sized, framed.known);
    *framed = now;
    if only_moved && request.is_some() {
        // The storeys moved because of a focus request, which moves the camera itself.
        return;
    }
    for (entity, camera, mut orbit) in &mut cameras {
        let base = if only_moved { *orbit } else { Orbit::default() };
        let to = base.framing(extent.min, extent.max + Vec3::Y * storeys.top_lift(), aspect(camera));
        if only_moved && !settings.reduced_motion {
            commands.entity(entity).insert(Flight { from: *orbit, to, passed_s: 0.0 });
        } else {
            *orbit = to;
            commands.entity(entity).remove::<Flight>();
        }
    }
}

/// Handles the mouse: the left button orbits, the right or middle button pans, and the wheel zooms towards the pointer.
fn steer(
    mut commands: Commands,
    taken: Res<PointerTaken>,
    buttons: Option<Res<ButtonInput<MouseButton>>>,
    motion: Option<Res<AccumulatedMouseMotion>>,
    scroll: Option<Res<AccumulatedMouseScroll>>,
    windows: Query<&Window, With<PrimaryWindow>>,
    mut cameras: Query<(Entity, &Camera, &GlobalTransform, &mut Orbit), With<BuildingCamera>>,
    extent: Res<Extent>,
    mut dragging: Local<bool>,
) {
    let (Some(buttons), Some(motion), Some(scroll)) = (buttons, motion, scroll) else { return };
    let any = [MouseButton::Left, MouseButton::Right, MouseButton::Middle];
    let pointer = windows.iter().next().and_then(Window::cursor_position);
    let inside = cameras.iter().any(|(_, camera, ..)| {
        camera.logical_viewport_rect().zip(pointer).is_some_and(|(rect, pointer)| rect.contains(pointer))
    });
    if buttons.any_just_pressed(any) {
        *dragging = !taken.0 && inside;
    }
    if !buttons.any_pressed(any) {
        *dragging = false;
    }
    for (entity, camera, transform, mut orbit) in &mut cameras {
        let before = *orbit;
        let mut next = before;
        if *dragging && motion.delta != Vec2::ZERO {
            if buttons.pressed(MouseButton::Left) {
                next.yaw -= motion.delta.x * TURN;
                next.pitch = (next.pitch + motion.delta.y * TURN).clamp(PITCH.0, PITCH.1);
            } else {
                let height = camera.logical_viewport_size().map_or(600.0, |size| size.y);
                let per_pixel = 2.0 * (FIELD / 2.0).tan() * next.distance / height;
                next.focus -= *transform.right() * motion.delta.x * per_pixel;
                next.focus += *transform.up() * motion.delta.y * per_pixel;
            }
        }
        if scroll.delta.y != 0.0 && !taken.0 && inside {
            let notches = match scroll.unit {
                MouseScrollUnit::Line => scroll.delta.y,
                MouseScrollUnit::Pixel => scroll.delta.y / 40.0,
            };
            let factor = (1.0 - ZOOM).powf(notches);
            let size = (extent.max - extent.min).length().max(10.0);
            let distance = (next.distance * factor).clamp(1.0, size * 8.0);
            let factor = distance / next.distance;
            if let Some(under) = under_pointer(camera, transform, &windows, next.focus) {
                next.focus = under + (next.focus - under) * factor;
            }
            next.distance = distance;
        }
        if next != before {
            *orbit = next;
            commands.entity(entity).remove::<Flight>();
        }
    }
}

/// Returns the point under the pointer, on the plane through the focus that faces the camera.
fn under_pointer(
    camera: &Camera,
    transform: &GlobalTransform,
    windows: &Query<&Window, With<PrimaryWindow>>,
    focus: Vec3,
) -> Option<Vec3> {
    let pointer = windows.iter().next()?.cursor_position()?;
    let ray = camera.viewport_to_world(transform, pointer).ok()?;
    let distance = ray.intersect_plane(focus, InfinitePlane3d::new(transform.back()))?;
    Some(ray.get_point(distance))
}

/// Starts the flight for a focus request.
fn request(
    mut commands: Commands,
    request: Option<Res<FocusRequest>>,
    scene: Option<Res<OpenScene>>,
    places: Places,
    (extent, storeys): (Res<Extent>, Res<Storeys>),
    settings: Res<ViewSettings>,
    mut cameras: Query<(Entity, &Camera, &mut Orbit), With<BuildingCamera>>,
) {
    let (Some(request), Some(scene)) = (request, scene) else { return };
    commands.remove_resource::<FocusRequest>();
    let bounds = request.0.and_then(|twin| bounds_of(&scene.0, &places, &storeys, twin));
    // A twin without a place, such as the building, is shown as the whole building.
    let one = bounds.is_some();
    let (min, max) = bounds.unwrap_or((extent.min, extent.max + Vec3::Y * storeys.top_lift()));
    // A margin shows the surroundings of the twin.
    let grow = if one { Vec3::splat(((max - min).max_element() * 0.7).min(AROUND_M)) } else { Vec3::ZERO };
    for (entity, camera, mut orbit) in &mut cameras {
        let base = if one { *orbit } else { Orbit::default() };
        let to = base.framing(min - grow, max + grow, aspect(camera));
        if settings.reduced_motion {
            *orbit = to;
        } else {
            commands.entity(entity).insert(Flight { from: *orbit, to, passed_s: 0.0 });
        }
    }
}

/// Returns the bounds of the nodes that show a twin: its own nodes, or else the nodes of the related twins to which its
/// relationships lead, or else the node of its place.
fn bounds_of(scene: &Scene, places: &Places<'_, '_>, storeys: &Storeys, twin: TwinIx) -> Option<(Vec3, Vec3)> {
    let nodes = &scene.building.nodes;
    let topology = &scene.topology;
    let inside = topology.relationship_names().into_iter().flat_map(|name| topology.related(twin, name, false));
    let around = [vec![twin], inside.collect()];
    let shown = around.iter().map(|twins| -> Vec<usize> {
        let is_one = |node: &usize| scene.bindings[*node].is_some_and(|bound| twins.contains(&bound));
        (0..nodes.len()).filter(is_one).collect()
    });
    let place = places.get(twin);
    shown.chain([place.into_iter().collect()]).find_map(|shown| {
        let boxes = nodes.iter().enumerate().filter(|(number, node)| {
            // A storey includes the nodes on it.
            shown.contains(number) || node.storey.is_some_and(|storey| shown.contains(&storey))
        });
        let lifted = boxes.filter_map(|(_, node)| {
            let (low, high) = node.bounds()?;
            let lift = Vec3::Y * storeys.lift(node.storey);
            Some((Vec3::from(low) + lift, Vec3::from(high) + lift))
        });
        lifted.reduce(|(min, max), (low, high)| (min.min(low), max.max(high)))
    })
}

fn fly(mut commands: Commands, time: Res<Time>, mut cameras: Query<(Entity, &mut Orbit, &mut Flight)>) {
    for (entity, mut orbit, mut flight) in &mut cameras {
        flight.passed_s += time.delta_secs();
        let share = (flight.passed_s / FLIGHT_S).clamp(0.0, 1.0);
        let eased = share * share * (3.0 - 2.0 * share);
        *orbit = flight.from.towards(&flight.to, eased);
        if share >= 1.0 {
            commands.entity(entity).remove::<Flight>();
        }
    }
}

fn place(mut cameras: Query<(&Orbit, &mut Transform), Changed<Orbit>>) {
    for (orbit, mut transform) in &mut cameras {
        *transform = orbit.transform();
    }
}
