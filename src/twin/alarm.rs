//! The raised alarms of the timeline on the screen, as components of the affected twins.

use super::{Twin, TwinEntities};
use crate::timeline::{OpenScene, Timeline, ViewCursor};
use bevy::prelude::*;
use cupola_scene::document::AlarmSeverity;
use cupola_twin::TwinIx;
use std::collections::BTreeMap;

/// The most severe raised alarm of a twin on the timeline on the screen.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
#[component(storage = "SparseSet")]
pub struct AlarmMark(pub AlarmSeverity);

/// The set that updates the alarm marks. Systems that read the marks run after it.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AlarmMarkSystems;

pub(super) struct AlarmMarkPlugin;

impl Plugin for AlarmMarkPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(PostUpdate, mark.in_set(AlarmMarkSystems));
    }
}

/// The state of the timeline that the marks show.
#[derive(Default, PartialEq)]
struct Marked {
    timeline: Option<Entity>,
    revision: u64,
}

fn mark(
    mut commands: Commands,
    scene: Option<Res<OpenScene>>,
    cursor: Option<Res<ViewCursor>>,
    timelines: Query<&Timeline>,
    entities: Res<TwinEntities>,
    marks: Query<(Entity, &Twin, &AlarmMark)>,
    mut marked: Local<Marked>,
) {
    let (Some(scene), Some(cursor)) = (scene, cursor) else { return };
    let Ok(timeline) = timelines.get(cursor.timeline) else { return };
    let timeline = cursor.view(timeline);
    let now = Marked { timeline: Some(cursor.timeline), revision: timeline.revision() };
    if *marked == now && !cursor.is_changed() && !scene.is_changed() {
        return;
    }
    *marked = now;
    let mut worst: BTreeMap<TwinIx, AlarmSeverity> = BTreeMap::new();
    for (number, twin) in timeline.alarms().raised.keys() {
        let severity = timeline.scene().alarms[*number].severity;
        let known = worst.entry(*twin).or_insert(severity);
        *known = severity.max(*known);
    }
    for (entity, twin, mark) in &marks {
        match worst.get(&twin.0) {
            Some(severity) if *severity == mark.0 => {
                worst.remove(&twin.0);
            }
            Some(_) => {}
            None => {
                commands.entity(entity).remove::<AlarmMark>();
            }
        }
    }
    for (twin, severity) in worst {
        if let Some(entity) = entities.get(twin) {
            commands.entity(entity).insert(AlarmMark(severity));
        }
    }
}
