//! Recent values of the selected twin from the history, for sparklines: those from before the program began, from before an
//! edit, and from before the moment that a replay shows.

use crate::history::OpenHistory;
use crate::job::{Background, Jobs};
use crate::timeline::{OpenScene, SourceKind, Timeline, ViewCursor};
use crate::twin::{Selected, Twin};
use bevy::prelude::*;
use cupola_history::{HistoryPlace, HistoryRecord, PropertySource, value_spans};
use cupola_twin::{Slot, Topology};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The span of recent values, in microseconds.
const SPAN_US: i64 = 3_600_000_000;
/// The distance of two moments between which a replay did not play, in microseconds.
const JUMP_US: i64 = 60_000_000;

/// The number of twins up to which the past of computed properties is computed.
const MOST_COMPUTED: u32 = 20_000;

/// The values that were read: the values of each property, and the topology of the slots.
struct Recalled {
    topology: Arc<Topology>,
    values: Vec<(Slot, Vec<(i64, f64)>)>,
}

/// The twin whose recent values were asked for last.
#[derive(Clone, PartialEq)]
struct Asked {
    timeline: Entity,
    twin: u32,
    opened: u64,
}

/// The reading of recent values.
#[derive(Default)]
pub(super) struct Recall {
    asked: Option<Asked>,
    /// The moment on the screen in the last frame, in microseconds since the Unix epoch.
    now_us: i64,
    /// The timeline for which a thread reads, with its moment in microseconds since the Unix epoch.
    reading: Option<(Entity, i64, Background<Result<Recalled, String>>)>,
}

/// Reads the recent values of the twin that a person has selected, on a thread.
pub(super) fn recall(
    mut recall: Local<Recall>,
    scene: Option<Res<OpenScene>>,
    cursor: Option<Res<ViewCursor>>,
    mut timelines: Query<&mut Timeline>,
    selected: Query<&Twin, With<Selected>>,
    history: Option<Res<OpenHistory>>,
    jobs: Res<Jobs>,
) {
    let recall = &mut *recall;
    receive(recall, &mut timelines, &jobs);
    let (Some(scene), Some(cursor), Some(twin)) = (scene, cursor, selected.iter().next()) else { return };
    let Ok(timeline) = timelines.get(cursor.timeline) else { return };
    let now_us = timeline.now_us();
    let has_jumped = (now_us - recall.now_us).abs() > JUMP_US;
    recall.now_us = now_us;
    let asked = Asked { timeline: cursor.timeline, twin: twin.0.0, opened: jobs.scenes_opened };
    let is_past = timeline.source() != SourceKind::Simulated;
    let is_known = recall.asked.as_ref() == Some(&asked) && !(has_jumped && timeline.source() == SourceKind::Replayed);
    let is_changed = scene.is_changed();
    if !is_past || (is_known && !is_changed) || recall.reading.is_some() {
        return;
    }
    let Some(place) = history.and_then(|history| history.place.clone()) else { return };
    let topology = scene.0.topology.clone();
    if twin.0.0 >= topology.twin_count() {
        return;
    }
    recall.asked = Some(asked);
    let twin = twin.0;
    let work = move || read(&place, topology, twin, (now_us - SPAN_US, now_us));
    if let Ok(background) = Background::start("recall", work) {
        recall.reading = Some((cursor.timeline, now_us, background));
        receive(recall, &mut timelines, &jobs);
    }
}

fn receive(recall: &mut Recall, timelines: &mut Query<&mut Timeline>, jobs: &Jobs) {
    let Some((entity, asked_us, background)) = &mut recall.reading else { return };
    let (entity, asked_us) = (*entity, *asked_us);
    let Some(result) = background.poll(jobs) else { return };
    recall.reading = None;
    let timeline = timelines.get_mut(entity);
    let is_present = timeline.as_ref().is_ok_and(|timeline| (timeline.now_us() - asked_us).abs() <= JUMP_US);
    // Without a history there are no earlier values. The trends and the replay tell the reason.
    match (result, timeline) {
        (Some(Ok(Recalled { topology, values })), Ok(mut timeline))
            if is_present && Arc::ptr_eq(timeline.topology(), &topology) =>
        {
            for (slot, values) in values {
                timeline.recall(slot, &values);
            }
        }
        // The replay has gone elsewhere, or the scene was changed.
        (Some(Ok(_)), Ok(_)) => recall.asked = None,
        _ => {}
    }
}

fn read(
    place: &HistoryPlace,
    topology: Arc<Topology>,
    twin: cupola_twin::TwinIx,
    span_us: (i64, i64),
) -> Result<Recalled, String> {
    let fail = |error: cupola_history::HistoryError| error.to_string();
    let record = HistoryRecord::open(place).map_err(fail)?.ok_or("nothing was recorded yet")?;
    let all = record.sources(Some(&topology));
    let is_numeric = |slot: &Slot| topology.column(slot.column).kind.is_numeric();
    // The past of computed properties costs the propagation of an hour.
    let is_cheap = topology.twin_count() <= MOST_COMPUTED;
    let is_wanted = |slot: &Slot| is_numeric(slot) && (is_cheap || topology.column(slot.column).formula.is_none());
    let slots: Vec<Slot> = topology.properties(twin).filter(is_wanted).collect();
    let wanted: BTreeMap<String, PropertySource> = slots
        .iter()
        .filter_map(|slot| {
            let name = topology.name(*slot);
            all.get(&name).map(|source| (name, source.clone()))
        })
        .collect();
    let found = record.read(Some(&topology), &wanted, span_us, &AtomicBool::new(false)).map_err(fail)?;
    let mut values = Vec::new();
    for slot in slots {
        let Some(past) = found.get(&topology.name(slot)).and_then(|parts| parts.last()) else { continue };
        let spans = value_spans(&past.changes, past.sessions(&record), span_us.1);
        let within = spans.iter().filter(|(_, end_us, _)| *end_us >= span_us.0);
        values.push((slot, within.map(|(from_us, _, value)| ((*from_us).max(span_us.0), *value)).collect()));
    }
    Ok(Recalled { topology, values })
}
