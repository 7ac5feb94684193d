//! Lines over the building: the outline of the selected twin, its relationships, and pins of rooms with alarms.

use super::building::{RoomFloor, Storeys};
use crate::look::{Theme, ViewSettings};
use crate::selection::Selection;
use crate::timeline::OpenScene;
use crate::twin::{AlarmMark, AlarmMarkSystems, Places, TwinEntities};
use bevy::prelude::*;
use cupola_building::{Node, feature_edges, merge};
use cupola_scene::document::AlarmSeverity;
use cupola_twin::TwinIx;

pub(super) struct MarksPlugin;

impl Plugin for MarksPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(Startup, configure)
            .add_systems(PostUpdate, (selected, alarms).after(AlarmMarkSystems).run_if(resource_exists::<OpenScene>));
    }
}

fn configure(mut store: ResMut<GizmoConfigStore>) {
    let (config, _) = store.config_mut::<DefaultGizmoConfigGroup>();
    config.line.width = 2.5;
    config.depth_bias = -0.02;
}

/// The lines of the selection, stored until it changes.
#[derive(Default)]
struct Lines {
    twin: Option<TwinIx>,
    edges: Vec<[[f32; 3]; 2]>,
    /// The lift of the storey, in m.
    lift: f32,
    links: Vec<(Vec3, Vec3)>,
}

/// Returns the edge lines of a node: the outline of a flat room, or the edges of a solid object.
fn outline(node: &Node) -> Vec<[[f32; 3]; 2]> {
    feature_edges(&merge(&node.parts), 30.0)
}

fn selected(
    mut gizmos: Gizmos,
    scene: Res<OpenScene>,
    selection: Selection,
    settings: Res<ViewSettings>,
    places: Places,
    storeys: Res<Storeys>,
    mut lines: Local<Lines>,
) {
    let Some(twin) = selection.selected() else { return };
    let building = &scene.0.building;
    if lines.twin != Some(twin) || storeys.is_changed() || scene.is_changed() {
        let own = places.get(twin);
        let edges = own.map(|node| outline(&building.nodes[node])).unwrap_or_default();
        let lift = own.map_or(0.0, |node| storeys.lift(building.nodes[node].storey));
        let here = own.and_then(|node| middle(&scene, &storeys, node));
        let links = here.map(|here| links(&scene, &places, &storeys, twin, here)).unwrap_or_default();
        *lines = Lines { twin: Some(twin), edges, lift, links };
    }
    let dark = settings.theme == Theme::Dark;
    let accent = if dark { Color::srgb_u8(0x4D, 0xA3, 0xFF) } else { Color::srgb_u8(0x1F, 0x6F, 0xEB) };
    let lift = Vec3::Y * (lines.lift + 0.03);
    for [a, b] in &lines.edges {
        gizmos.line(Vec3::from(*a) + lift, Vec3::from(*b) + lift, accent);
    }
    for (a, b) in &lines.links {
        gizmos.line(*a, *b, accent.with_alpha(0.6));
    }
}

fn middle(scene: &OpenScene, storeys: &Storeys, node: usize) -> Option<Vec3> {
    let node = &scene.0.building.nodes[node];
    let (min, max) = node.bounds()?;
    Some((Vec3::from(min) + Vec3::from(max)) / 2.0 + Vec3::Y * storeys.lift(node.storey))
}

/// Returns lines to the places of related twins, except storeys and groups.
fn links(scene: &OpenScene, places: &Places<'_, '_>, storeys: &Storeys, twin: TwinIx, here: Vec3) -> Vec<(Vec3, Vec3)> {
    let topology = &scene.0.topology;
    let mut out = Vec::new();
    for name in topology.relationship_names() {
        let both = [topology.related(twin, name, false), topology.related(twin, name, true)].concat();
        for other in both {
            let node = places.get(other).filter(|node| {
                let role = scene.0.building.nodes[*node].role;
                !matches!(role, cupola_building::Role::Storey | cupola_building::Role::Group)
            });
            if let Some(there) = node.and_then(|node| middle(scene, storeys, node))
                && there.distance(here) > 0.5
            {
                out.push((here, there));
            }
        }
    }
    out
}

fn alarms(
    mut gizmos: Gizmos,
    entities: Res<TwinEntities>,
    marks: Query<&AlarmMark>,
    floors: Query<(&RoomFloor, &InheritedVisibility, &GlobalTransform)>,
) {
    if marks.is_empty() {
        return;
    }
    for (floor, visible, place) in &floors {
        let entity = floor.twin.filter(|_| visible.get()).and_then(|twin| entities.get(twin));
        let worst = entity.and_then(|entity| marks.get(entity).ok()).map(|mark| mark.0);
        let color = match worst {
            Some(AlarmSeverity::Critical) => Color::srgb_u8(0xE5, 0x48, 0x4D),
            Some(AlarmSeverity::Warning) => Color::srgb_u8(0xE5, 0xA5, 0x0A),
            _ => continue,
        };
        // The pin differs by shape as well as by colour: a diamond for a critical alarm, a triangle for a warning.
        let foot = place.transform_point(floor.centre);
        let head = foot + Vec3::Y * 2.4;
        gizmos.line(foot, head, color);
        let size = 0.45;
        let ring: &[Vec3] = if worst == Some(AlarmSeverity::Critical) {
            &[Vec3::X, Vec3::Y, Vec3::NEG_X, Vec3::NEG_Y, Vec3::X]
        } else {
            &[Vec3::new(-1.0, -0.7, 0.0), Vec3::Y, Vec3::new(1.0, -0.7, 0.0), Vec3::new(-1.0, -0.7, 0.0)]
        };
        for turn in [0.0, std::f32::consts::FRAC_PI_2] {
            let rotation = Quat::from_rotation_y(turn);
            gizmos.linestrip(ring.iter().map(|point| head + rotation * (*point * size) + Vec3::Y * size), color);
        }
    }
}
