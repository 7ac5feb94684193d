//! Positions of room labels on the screen. The panels draw the labels.

use super::BuildingCamera;
use super::building::{RoomFloor, Rooms};
use super::colors::{RoomValue, RoomValues, value_text};
use crate::look::{Legend, ViewSettings};
use crate::timeline::{OpenScene, Timeline, ViewCursor};
use crate::twin::display_name;
use bevy::mesh::MeshTag;
use bevy::prelude::*;

/// The smallest width of a labelled room on the screen, in pixels.
const MIN_WIDTH: f32 = 84.0;
/// The largest number of labels.
const MAX_LABELS: usize = 400;

pub(super) struct LabelsPlugin;

impl Plugin for LabelsPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(PostUpdate, place.after(TransformSystems::Propagate));
    }
}

fn place(
    scene: Option<Res<OpenScene>>,
    cursor: Option<Res<ViewCursor>>,
    settings: Res<ViewSettings>,
    rooms: Res<Rooms>,
    values: Res<RoomValues>,
    timelines: Query<&Timeline>,
    cameras: Query<(&Camera, &GlobalTransform), With<BuildingCamera>>,
    floors: Query<(&RoomFloor, &MeshTag, &InheritedVisibility, &GlobalTransform), Without<BuildingCamera>>,
    mut legend: ResMut<Legend>,
) {
    let mut labels = Vec::new();
    if let (true, Some(scene), Some(cursor), Some((camera, transform))) =
        (settings.labels, scene, cursor, cameras.iter().next())
        && let Ok(timeline) = timelines.get(cursor.timeline)
    {
        let state = cursor.view(timeline).state();
        let mut near: Vec<_> = floors
            .iter()
            .filter(|(_, _, visible, _)| visible.get())
            .filter_map(|(floor, tag, _, place)| {
                let centre = place.transform_point(floor.centre);
                let at = camera.world_to_viewport(transform, centre).ok()?;
                let beside = camera.world_to_viewport(transform, centre + *transform.right() * floor.width_m).ok()?;
                if at.distance(beside) < MIN_WIDTH {
                    return None;
                }
                let distance = centre.distance(transform.translation());
                Some((distance, tag.0 as usize, floor.twin?, at))
            })
            .collect();
        // Rooms without a value leave the place to others.
        let is_missing = |tag: usize| !matches!(values.0.get(tag), Some(RoomValue::Known(..)));
        near.sort_by(|a, b| is_missing(a.1).cmp(&is_missing(b.1)).then(a.0.total_cmp(&b.0)).then(a.1.cmp(&b.1)));
        for (_, tag, twin, at) in near.into_iter().take(MAX_LABELS) {
            let Some(value) = values.0.get(tag).filter(|_| tag < rooms.0.len()) else { continue };
            let value = value_text(*value, &legend);
            let name = display_name(&scene.0, state, twin);
            let text = if value.is_empty() { name } else { format!("{name}  {value}") };
            labels.push((twin, at.to_array(), text));
        }
    }
    if legend.labels != labels {
        legend.labels = labels;
    }
}
