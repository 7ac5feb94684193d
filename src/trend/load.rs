//! The reading of trends on a thread.

use super::lines::{TrendData, TrendEvent, TrendLine, TrendSegment, bucket_us, gaps, of_buckets, recent, segments};
use super::{DAY_US, TrendSettings};
use crate::history::OpenHistory;
use crate::job::{Background, Jobs};
use crate::timeline::{OpenScene, SourceKind, Timeline, ViewCursor, WallClock};
use crate::twin::{display_name, setpoints_of};
use bevy::prelude::*;
use cupola_history::{HistoryPlace, HistoryRecord, LogKind, PropertySource, Series};
use cupola_run::PastRecord;
use cupola_scene::Scene;
use cupola_twin::zone::offset_s;
use cupola_twin::{Kind, Slot, State, Topology};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The shortest time between two readings of a span that reaches up to now.
const REFRESH: Duration = Duration::from_secs(2);

/// The span from which lines are read in buckets, so that roll-ups can be used, in microseconds.
const LONG_US: i64 = 2 * DAY_US;
/// The length of the shortest of these buckets, in microseconds.
const QUARTER_US: i64 = 900_000_000;

/// The parts of lines by the name of the property.
type Lines = BTreeMap<String, Vec<TrendSegment>>;

/// The trends: settings, and the lines that were read.
#[derive(Resource, Default)]
pub struct Trends {
    /// The settings.
    pub settings: TrendSettings,
    /// The span on the screen, in microseconds since the Unix epoch.
    view: (i64, i64),
    data: Option<Arc<TrendData>>,
    /// The request whose answer `data` is, and the time at which it came.
    answered: Option<(TrendRequest, Instant)>,
    error: Option<String>,
    loading: Option<Loading>,
}

impl Trends {
    /// Returns the lines that were read last.
    pub fn data(&self) -> Option<&TrendData> {
        self.data.as_deref()
    }

    /// Returns the reason why the history can't be read.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// Returns whether lines are being read.
    pub fn is_loading(&self) -> bool {
        self.loading.is_some()
    }

    /// Returns the span on the screen, in microseconds since the Unix epoch.
    pub fn view(&self) -> (i64, i64) {
        self.view
    }
}

/// The lines that are wanted.
#[derive(Clone, Debug, PartialEq)]
struct TrendRequest {
    names: Vec<String>,
    span_us: (i64, i64),
    /// The number of days before the span that is compared with.
    days_before: i64,
    place: Option<HistoryPlace>,
    opened: u64,
}

struct Loading {
    request: TrendRequest,
    is_stopped: Arc<AtomicBool>,
    background: Background<Result<TrendData, String>>,
}

/// Reads the lines that the settings ask for.
pub(super) fn load(
    mut trends: ResMut<Trends>,
    scene: Option<Res<OpenScene>>,
    cursor: Option<Res<ViewCursor>>,
    timelines: Query<&Timeline>,
    history: Option<Res<OpenHistory>>,
    wall: Res<WallClock>,
    jobs: Res<Jobs>,
) {
    let trends = trends.bypass_change_detection();
    receive(trends, &jobs);
    let (Some(scene), Some(cursor)) = (scene, cursor) else { return };
    let Ok(timeline) = timelines.get(cursor.timeline) else { return };
    if !trends.settings.is_open {
        return;
    }
    let scene = scene.0.clone();
    trends.settings.names.retain(|name| scene.topology.slot_named(name).is_ok());
    let is_live = timeline.source() == SourceKind::Live;
    let now_us = match timeline.source() {
        SourceKind::Live => wall.now_us(),
        // The end of the history stays in place while a replay plays.
        SourceKind::Replayed => timeline.replay_span_us().map_or(timeline.now_us(), |(_, end_us)| end_us),
        SourceKind::Simulated => timeline.now_us(),
    };
    trends.view = trends.settings.span.range(now_us, &scene.time_zone.zone);
    if timeline.source() == SourceKind::Simulated {
        let data = of_simulation(&scene, timeline, &trends.settings.names, trends.view);
        if trends.data.as_deref() != Some(&data) {
            trends.data = Some(Arc::new(data));
        }
        (trends.answered, trends.error) = (None, None);
        return;
    }
    let place = history.as_ref().and_then(|history| history.place.clone());
    let days_before = trends.settings.compare.days();
    let names = trends.settings.names.clone();
    let request = TrendRequest { names, span_us: margin(trends.view), days_before, place, opened: jobs.scenes_opened };
    if trends.answered.as_ref().is_some_and(|known| answers(known, &request, trends.view, is_live, now_us)) {
        return;
    }
    if let Some(loading) = &trends.loading {
        // A changed choice is read at once. A moved span waits for the one before.
        let asked = &loading.request;
        if (&asked.names, asked.days_before, asked.opened) != (&request.names, days_before, request.opened) {
            loading.is_stopped.store(true, Ordering::Relaxed);
        }
        return;
    }
    if request.names.is_empty() {
        (trends.data, trends.error) =
            (Some(Arc::new(TrendData { span_us: request.span_us, ..TrendData::default() })), None);
        trends.answered = Some((request, Instant::now()));
        return;
    }
    let recorder = history.and_then(|history| history.recorder.clone());
    let live_us = recorder.is_some().then_some(now_us).filter(|_| is_live);
    let state = timeline.state().clone();
    let is_stopped = Arc::new(AtomicBool::new(false));
    let (asked, stopped) = (request.clone(), is_stopped.clone());
    let work = move || {
        if let Some(recorder) = recorder {
            // Changes that can't be written yet are missing at the end of the lines. The recorder is not held any longer,
            // so that another scene can be opened.
            let _ = recorder.flush();
        }
        read(&scene, &state, &asked, live_us, &stopped)
    };
    match Background::start("trends", work) {
        Ok(background) => trends.loading = Some(Loading { request, is_stopped, background }),
        Err(error) => trends.error = Some(error.to_string()),
    }
    receive(trends, &jobs);
}

/// Takes the lines that a thread has read.
fn receive(trends: &mut Trends, jobs: &Jobs) {
    let Some(loading) = &mut trends.loading else { return };
    let Some(result) = loading.background.poll(jobs) else { return };
    let result = result.unwrap_or_else(|| Err("reading failed unexpectedly".into()));
    let Some(Loading { request, is_stopped, .. }) = trends.loading.take() else { return };
    if is_stopped.load(Ordering::Relaxed) {
        return;
    }
    match result {
        Ok(data) => (trends.data, trends.error) = (Some(Arc::new(data)), None),
        Err(why) => trends.error = Some(why),
    }
    trends.answered = Some((request, Instant::now()));
}

/// Returns the span that is read for a span on the screen, so that small moves need no reading.
fn margin((from_us, to_us): (i64, i64)) -> (i64, i64) {
    let more_us = (to_us - from_us) / 2;
    (from_us - more_us, to_us + more_us)
}

/// Returns whether lines that were read are good enough for a request.
fn answers(
    (known, at): &(TrendRequest, Instant),
    wanted: &TrendRequest,
    view: (i64, i64),
    is_live: bool,
    now_us: i64,
) -> bool {
    let same = TrendRequest { span_us: known.span_us, ..wanted.clone() } == *known;
    let covers = known.span_us.0 <= view.0 && known.span_us.1 >= view.1;
    let (known_us, wanted_us) = (known.span_us.1 - known.span_us.0, wanted.span_us.1 - wanted.span_us.0);
    let is_fine = known_us <= 2 * wanted_us;
    // Lines of many days change slowly and take long.
    let patience = if wanted_us > 3 * DAY_US { 10 * REFRESH } else { REFRESH };
    let is_over = !is_live || view.1 < now_us;
    let is_fresh = is_over || at.elapsed() < patience;
    same && covers && is_fine && is_fresh
}

/// Returns the symbol of the unit of a slot, and its name on the screen.
fn label(scene: &Scene, state: &State, slot: Slot) -> (String, String) {
    let column = scene.topology.column(slot.column);
    let unit = column.unit.map_or("", |unit| unit.symbol).to_string();
    let name = display_name(scene, state, scene.topology.twin_of(slot));
    (unit, format!("{name} · {}", column.display_name))
}

fn empty_line(scene: &Scene, state: &State, slot: Slot) -> TrendLine {
    let (unit, label) = label(scene, state, slot);
    let is_bool = scene.topology.column(slot.column).kind == Kind::Bool;
    let (segments, before, setpoints) = (Vec::new(), Vec::new(), Vec::new());
    TrendLine { name: scene.topology.name(slot), label, unit, is_bool, segments, before, setpoints }
}

/// Returns the lines of a simulated timeline, of which the recent values are in memory.
fn of_simulation(scene: &Scene, timeline: &Timeline, names: &[String], span_us: (i64, i64)) -> TrendData {
    let mut data = TrendData { span_us, ..TrendData::default() };
    let values = |slot| timeline.trail().of(slot).collect::<Vec<_>>();
    for slot in names.iter().filter_map(|name| scene.topology.slot_named(name).ok()) {
        let mut line = empty_line(scene, timeline.state(), slot);
        line.segments = recent(&values(slot), timeline.now_us());
        for setpoint in setpoints_of(&scene.topology, slot) {
            let name = scene.topology.column(setpoint.column).display_name.clone();
            line.setpoints.push((name.to_string(), recent(&values(setpoint), timeline.now_us())));
        }
        data.lines.push(line);
    }
    data
}

/// Reads the lines of a request.
fn read(
    scene: &Scene,
    state: &State,
    request: &TrendRequest,
    live_us: Option<i64>,
    is_stopped: &AtomicBool,
) -> Result<TrendData, String> {
    let place = request.place.as_ref().ok_or("nothing is recorded: the scene has no feed")?;
    let fail = |error: cupola_history::HistoryError| error.to_string();
    let record = HistoryRecord::open(place).map_err(fail)?.ok_or("nothing was recorded yet")?;
    let zone = &scene.time_zone.zone;
    let until_now = |sessions: &[(i64, i64)]| {
        let mut sessions = sessions.to_vec();
        if let (Some(last), Some(live_us)) = (sessions.last_mut(), live_us) {
            last.1 = last.1.max(live_us);
        }
        sessions
    };
    let topology = &scene.topology;
    let all = record.sources(Some(topology));
    let slots: Vec<Slot> = request.names.iter().filter_map(|name| topology.slot_named(name).ok()).collect();
    let mut wanted: BTreeMap<String, PropertySource> = BTreeMap::new();
    let mut data = TrendData { span_us: request.span_us, ..TrendData::default() };
    for slot in &slots {
        for slot in std::iter::once(*slot).chain(setpoints_of(topology, *slot)) {
            let name = topology.name(slot);
            wanted.extend(all.get(&name).map(|source| (name, source.clone())));
        }
    }
    let shift_us = request.days_before * DAY_US;
    let lines_of = |span_us: (i64, i64)| -> Result<Lines, String> {
        let mut lines = Lines::new();
        if span_us.1 - span_us.0 > LONG_US {
            let span_us = (
                span_us.0 - span_us.0.rem_euclid(QUARTER_US),
                span_us.1 + QUARTER_US - span_us.1.rem_euclid(QUARTER_US),
            );
            let every_us = bucket_us(span_us).max(QUARTER_US);
            for (name, source) in &wanted {
                let found =
                    record.buckets(Some(topology), source, span_us, every_us, zone, is_stopped).map_err(fail)?;
                let own = found.iter().filter(|(series, _)| is_present(topology, series));
                lines.insert(name.clone(), own.flat_map(|(_, buckets)| of_buckets(buckets)).collect());
            }
            return Ok(lines);
        }
        for (name, parts) in record.read(Some(topology), &wanted, span_us, is_stopped).map_err(fail)? {
            let own = parts.iter().filter(|past| is_present(topology, &past.series));
            lines.insert(
                name,
                own.flat_map(|past| segments(&past.changes, &until_now(past.sessions(&record)), span_us, zone))
                    .collect(),
            );
        }
        Ok(lines)
    };
    let found = lines_of(request.span_us)?;
    let before_us = (request.span_us.0 - shift_us, request.span_us.1 - shift_us);
    let mut before = if shift_us > 0 { lines_of(before_us)? } else { Lines::new() };
    for slot in &slots {
        let mut line = empty_line(scene, state, *slot);
        line.segments = found.get(&line.name).cloned().unwrap_or_default();
        if line.segments.is_empty() {
            let is_known = all.contains_key(&line.name);
            let why = if is_known { "it has no value in this span" } else { "it was never recorded" };
            data.missing.push((line.label.clone(), why.into()));
        }
        line.before = before.remove(&line.name).unwrap_or_default();
        // The same time of day is laid over itself, also where daylight saving begins or ends.
        for point in line.before.iter_mut().flat_map(|segment| &mut segment.points) {
            let then_us = (point[0] * 1e6) as i64;
            let difference_s = offset_s(zone, then_us) - offset_s(zone, then_us + shift_us);
            point[0] += shift_us as f64 / 1e6 + difference_s as f64;
        }
        for setpoint in setpoints_of(topology, *slot) {
            let label = topology.column(setpoint.column).display_name.to_string();
            line.setpoints.push((label, found.get(&topology.name(setpoint)).cloned().unwrap_or_default()));
        }
        data.lines.push(line);
    }
    data.gaps =
        gaps(&until_now(record.sessions()), (request.span_us.0, request.span_us.1.min(live_us.unwrap_or(i64::MAX))));
    let twins: Vec<&str> = slots.iter().map(|slot| topology.twin_id(topology.twin_of(*slot))).collect();
    let (from_us, to_us) = request.span_us;
    for entry in record.events().iter().filter(|entry| (from_us..=to_us).contains(&entry.time_us)) {
        if !twins.contains(&entry.twin.as_str()) {
            continue;
        }
        let text = match entry.kind {
            LogKind::Raised => {
                let alarm = scene.alarms.iter().find(|alarm| alarm.id == entry.subject);
                alarm.map_or_else(|| entry.subject.clone(), |alarm| alarm.message.clone())
            }
            LogKind::Command => entry.subject.clone(),
            _ => continue,
        };
        data.events.push(TrendEvent { time_us: entry.time_us, text, is_alarm: entry.kind == LogKind::Raised });
    }
    Ok(data)
}

/// Returns whether a series has the present kind and unit of its property. Values from before a change of the unit are of
/// another scale.
fn is_present(topology: &Topology, series: &Series) -> bool {
    topology.slot_named(&series.name()).is_ok_and(|slot| Series::of(topology, slot) == *series)
}
