//! A history as the record that a replay plays.

use crate::change::{Change, LogEntry, LogKind, Series, SeriesIx, TextIx};
use crate::error::HistoryError;
use crate::import::IMPORT_CAUSE;
use crate::live::INITIAL;
use crate::past::Past;
use crate::place::HistoryPlace;
use crate::reader::History;
use crate::store::DAY_US;
use cupola_run::alarm::NamedAlarm;
use cupola_run::{ConditionChange, PastChange, PastMoment, PastRecord, PastState, PastValue, RaisedAlarm};
use cupola_scene::Scene;
use cupola_twin::state::ConditionSlot;
use cupola_twin::{Kind, Slot, Topology, Value};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

/// The greatest number of entries of the log that are kept in memory. An alarm that was raised before them seems to have
/// been raised at the moment that is shown.
const MAX_EVENTS: usize = 200_000;

/// The greatest number of causes of values that are kept in memory.
const MAX_CAUSES: usize = 4_096;

/// The first span in which the nearest change is searched, in microseconds.
const FIRST_SEARCH_US: i64 = 10_000_000;

/// What a step through the past goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PastStep {
    /// The nearest change of a property.
    Change,
    /// The nearest alarm, command, edit, or begin or end of a recording.
    Event,
}

/// The place of a series in a topology.
#[derive(Clone, Copy, Debug)]
enum SeriesPlace {
    Property(Slot),
    Condition(ConditionSlot),
}

/// The places of a history's series in one topology. A series has none if the scene no longer has the property with the
/// same kind and unit, or the call.
type Places = Arc<Vec<Option<SeriesPlace>>>;

/// A history up to the moment at which it was opened, with its sessions and the newest entries of its log.
#[derive(Debug)]
pub struct HistoryRecord {
    history: History,
    /// The spans in which somebody recorded or of which a past was imported.
    sessions: Vec<(i64, i64)>,
    /// The spans in which somebody recorded.
    recorded: Vec<(i64, i64)>,
    events: Vec<LogEntry>,
    /// The number of the text [`INITIAL`] in the history.
    initial: Option<TextIx>,
    /// The causes of values that were asked for, by name and source time.
    causes: Mutex<HashMap<(String, i64), Option<String>>>,
    /// The places in the topology that was last asked for.
    places: Mutex<Option<(Arc<Topology>, Places)>>,
}

impl HistoryRecord {
    /// Opens the history in a folder or a database. Returns `None` if nothing was recorded into it.
    ///
    /// # Errors
    /// There is no history, a newer program has written it, or it can't be read.
    pub fn open(place: impl Into<HistoryPlace>) -> Result<Option<Self>, HistoryError> {
        let history = History::open(place)?;
        let recorded = history.sessions()?;
        let sessions = union(recorded.iter().copied().chain(history.imported()?));
        if sessions.is_empty() {
            return Ok(None);
        }
        let events = history.newest_log(MAX_EVENTS)?;
        let initial = history.text_ix(INITIAL);
        Ok(Some(Self {
            history,
            sessions,
            recorded,
            events,
            initial,
            causes: Mutex::default(),
            places: Mutex::default(),
        }))
    }

    /// Returns the history.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Returns the entries of the log in order: alarms, commands, edits, connections, and the ends of recordings.
    pub fn events(&self) -> &[LogEntry] {
        &self.events
    }

    /// Returns the first and the last moment, in microseconds since the Unix epoch.
    pub fn span_us(&self) -> (i64, i64) {
        (self.sessions[0].0, self.sessions[self.sessions.len() - 1].1)
    }

    /// Returns the spans of time in which somebody recorded.
    pub fn recorded(&self) -> &[(i64, i64)] {
        &self.recorded
    }

    /// Reads the cause of a value with a source time.
    fn read_cause(&self, series: &Series, time_us: i64) -> Option<String> {
        let ix = self.history.series_ix(series)?;
        let found = self.history.changes(ix, (time_us, time_us)).ok()?;
        let cause = self.history.text(found.iter().rev().find(|change| change.time_us == time_us)?.cause);
        match cause.as_str() {
            "" | INITIAL => None,
            imported if imported.starts_with(IMPORT_CAUSE) => Some(cause),
            _ => Some(format!("recorded from {cause}")),
        }
    }

    /// Returns the places of all series in a topology.
    fn places(&self, topology: &Arc<Topology>) -> Places {
        let mut known = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, places)) = &*known
            && Arc::ptr_eq(of, topology)
        {
            return places.clone();
        }
        let slots = topology.twins().flat_map(|twin| topology.properties(twin));
        let properties = slots.map(|slot| (Series::of(topology, slot), SeriesPlace::Property(slot)));
        let conditions = topology.condition_calls().into_iter().flat_map(|call| {
            let rows = 0..topology.table(topology.memories()[call as usize].table).rows;
            rows.map(move |row| ConditionSlot { call, row })
        });
        let conditions = conditions.map(|slot| (Series::of_condition(topology, slot), SeriesPlace::Condition(slot)));
        let by_series: HashMap<Series, SeriesPlace> = properties.chain(conditions).collect();
        let places = self.history.series().into_iter().map(|(_, series)| by_series.get(&series).copied());
        let places: Places = Arc::new(places.collect());
        *known = Some((topology.clone(), places.clone()));
        places
    }

    /// Returns a change of a property as a replay takes it.
    fn past_change(&self, topology: &Topology, slot: Slot, change: &Change) -> PastChange {
        let text = || self.history.text(TextIx(change.lane as u32));
        let value = match topology.column(slot.column).kind {
            _ if change.lane.is_nan() => PastValue::Lane(f64::NAN),
            Kind::Text => PastValue::Value(Value::Text(text())),
            Kind::Json => {
                let text = text();
                PastValue::Value(serde_json::from_str(&text).unwrap_or(Value::Text(text)))
            }
            Kind::Number | Kind::Integer | Kind::Bool | Kind::Time => PastValue::Lane(change.lane),
        };
        // The age of a value of the scene's file is unknown.
        let is_initial = self.initial.is_some_and(|initial| change.cause == initial);
        let time_us = if is_initial { 0 } else { change.time_us };
        PastChange { slot, value, quality: change.quality, time_us, until_us: change.until_us }
    }

    /// Returns the last change of every property at a moment, in microseconds since the Unix epoch.
    ///
    /// # Errors
    /// The history can't be read.
    pub(crate) fn values_at(&self, topology: &Arc<Topology>, moment_us: i64) -> Result<PastMoment, HistoryError> {
        let places = self.places(topology);
        let mut moment = PastMoment { time_us: moment_us, ..PastMoment::default() };
        for change in self.history.state_at(moment_us)? {
            match places.get(change.series.0 as usize).copied().flatten() {
                Some(SeriesPlace::Property(slot)) => moment.changes.push(self.past_change(topology, slot, &change)),
                Some(SeriesPlace::Condition(slot)) if !change.lane.is_nan() => {
                    moment.conditions.push(ConditionChange { slot, lane: change.lane });
                }
                Some(SeriesPlace::Condition(_)) | None => {}
            }
        }
        Ok(moment)
    }

    /// Returns the recorded moments after the first moment of a span up to the last one, in order.
    ///
    /// # Errors
    /// The history can't be read.
    pub(crate) fn moments_of(
        &self,
        topology: &Arc<Topology>,
        (from_us, to_us): (i64, i64),
    ) -> Result<Vec<PastMoment>, HistoryError> {
        let places = self.places(topology);
        let span_us = (from_us.saturating_add(1), to_us);
        let mut moments: BTreeMap<i64, PastMoment> = BTreeMap::new();
        let mut moment = None::<PastMoment>;
        for change in self.history.taken(span_us)? {
            if let Some(done) = moment.take_if(|moment| moment.time_us != change.taken_us) {
                moments.insert(done.time_us, done);
            }
            let time_us = change.taken_us;
            let moment = moment.get_or_insert_with(|| PastMoment { time_us, ..PastMoment::default() });
            // Conditions are computed again.
            if let Some(SeriesPlace::Property(slot)) = places.get(change.series.0 as usize).copied().flatten() {
                moment.changes.push(self.past_change(topology, slot, &change));
            }
        }
        moments.extend(moment.map(|done| (done.time_us, done)));
        for entry in self.history.log(span_us)? {
            let is_moment = matches!(
                entry.kind,
                // Time alone may raise or clear an alarm, so its moment is one of the record.
                LogKind::Raised | LogKind::Cleared | LogKind::Acknowledged | LogKind::Begun | LogKind::Observed
            );
            if !is_moment {
                continue;
            }
            let time_us = entry.time_us;
            let moment = moments.entry(time_us).or_insert(PastMoment { time_us, ..PastMoment::default() });
            moment.begins |= entry.kind == LogKind::Begun;
            if entry.kind == LogKind::Observed {
                let detail: Option<serde_json::Value> = serde_json::from_str(&entry.detail).ok();
                moment.observed_us = detail.and_then(|detail| detail.get("observed_us")?.as_i64());
            }
            if entry.kind == LogKind::Acknowledged {
                moment.acknowledged.push((entry.subject.as_str().into(), entry.twin.as_str().into()));
            }
        }
        Ok(moments.into_values().collect())
    }

    /// Returns the nearest moment before or after another one at which something happened, if there is one. With a twin, a
    /// change is one of the twin's properties.
    ///
    /// # Errors
    /// The history can't be read.
    pub fn near(
        &self,
        step: PastStep,
        twin: Option<&str>,
        from_us: i64,
        is_next: bool,
    ) -> Result<Option<i64>, HistoryError> {
        if step == PastStep::Event {
            let times = self.events.iter().filter(|entry| entry.kind != LogKind::Dropped).map(|entry| entry.time_us);
            return Ok(if is_next {
                times.filter(|time_us| *time_us > from_us).min()
            } else {
                times.filter(|time_us| *time_us < from_us).max()
            });
        }
        let is_of = |series: &Series| twin.is_none_or(|twin| &*series.key.twin == twin) && !series.is_condition();
        let all = self.history.series();
        let wanted: HashSet<SeriesIx> = all.iter().filter(|(_, series)| is_of(series)).map(|(ix, _)| *ix).collect();
        // The span that is searched grows, because most changes are near. All changes of a long span would need much memory.
        let longest_us = if twin.is_some() { DAY_US * 32 } else { DAY_US / 4 };
        let (mut edge_us, mut length_us) = (from_us, FIRST_SEARCH_US);
        while let Some(next_us) = self.recorded_from(edge_us, is_next) {
            edge_us = next_us;
            let far_us = if is_next { edge_us.saturating_add(length_us) } else { edge_us.saturating_sub(length_us) };
            let span_us = if is_next { (edge_us + 1, far_us) } else { (far_us, edge_us - 1) };
            let mut found = Vec::new();
            if twin.is_some() {
                // A device may deliver a reading late.
                let source_us = (span_us.0.saturating_sub(DAY_US), span_us.1.saturating_add(DAY_US));
                for ix in all.iter().map(|(ix, _)| *ix).filter(|ix| wanted.contains(ix)) {
                    found.extend(self.history.changes(ix, source_us)?.iter().map(|change| change.taken_us));
                }
            } else {
                let changes = self.history.taken(span_us)?;
                found.extend(
                    changes.iter().filter(|change| wanted.contains(&change.series)).map(|change| change.taken_us),
                );
            }
            let found = found.into_iter().filter(|time_us| (span_us.0..=span_us.1).contains(time_us));
            if let Some(time_us) = if is_next { found.min() } else { found.max() } {
                return Ok(Some(time_us));
            }
            (edge_us, length_us) = (far_us, length_us.saturating_mul(8).min(longest_us));
        }
        Ok(None)
    }

    /// Returns a moment, or the nearest end of a session in a direction if nobody recorded then.
    fn recorded_from(&self, moment_us: i64, is_next: bool) -> Option<i64> {
        if is_next {
            let session = self.sessions.iter().find(|(_, to_us)| *to_us > moment_us)?;
            return Some(moment_us.max(session.0 - 1));
        }
        let session = self.sessions.iter().rfind(|(from_us, _)| *from_us < moment_us)?;
        Some(moment_us.min(session.1 + 1))
    }

    /// Returns the beginning of the recording of a moment, or of the imported past of a moment, or of the last one before it.
    pub(crate) fn begin_of(&self, moment_us: i64) -> i64 {
        let of = |spans: &[(i64, i64)]| {
            let after = spans.partition_point(|(from_us, _)| *from_us <= moment_us);
            after.checked_sub(1).map(|at| spans[at])
        };
        let recorded = of(&self.recorded).filter(|(_, to_us)| *to_us >= moment_us);
        recorded.or_else(|| of(&self.sessions)).map_or(moment_us, |(from_us, _)| from_us)
    }

    /// Returns the alarms that were raised at a moment, and the number of those that were raised up to it.
    fn alarms_at(&self, moment_us: i64) -> (Vec<NamedAlarm>, u64) {
        let begun_us = self.begin_of(moment_us);
        let end = self.events.partition_point(|entry| entry.time_us <= moment_us);
        let mut raised: BTreeMap<(&str, &str), RaisedAlarm> = BTreeMap::new();
        let mut total = 0;
        for entry in &self.events[..end] {
            total += u64::from(entry.kind == LogKind::Raised);
            // A recording begins with the alarms that are raised at its beginning.
            if entry.time_us < begun_us {
                continue;
            }
            let key = (&*entry.subject, &*entry.twin);
            match entry.kind {
                LogKind::Raised => {
                    let since_us = entry.time_us;
                    raised.insert(key, RaisedAlarm { since_us, acknowledged: false, is_stale: false });
                }
                LogKind::Cleared => drop(raised.remove(&key)),
                LogKind::Acknowledged => {
                    raised.entry(key).and_modify(|raised| raised.acknowledged = true);
                }
                _ => {}
            }
        }
        let named =
            |((alarm, twin), raised): ((&str, &str), _)| NamedAlarm { alarm: alarm.into(), twin: twin.into(), raised };
        (raised.into_iter().map(named).collect(), total)
    }
}

/// Returns spans in order, without overlaps.
fn union(spans: impl Iterator<Item = (i64, i64)>) -> Vec<(i64, i64)> {
    let mut all: Vec<(i64, i64)> = spans.collect();
    all.sort_unstable();
    let mut union: Vec<(i64, i64)> = Vec::new();
    for (from_us, to_us) in all {
        match union.last_mut() {
            // Programs that follow each other at once stay apart, because functions begin anew.
            Some(last) if from_us < last.1 || to_us <= last.1 => last.1 = last.1.max(to_us),
            _ => union.push((from_us, to_us)),
        }
    }
    union
}

impl PastRecord for HistoryRecord {
    fn sessions(&self) -> &[(i64, i64)] {
        &self.sessions
    }

    fn restore(&self, scene: &Scene, moment_us: i64) -> Result<PastState, String> {
        let past = Past::at(self, &scene.topology, moment_us).map_err(|error| error.to_string())?;
        let (raised, total) = self.alarms_at(moment_us);
        Ok(PastState { moment_us, state: past.into_state(), raised, total })
    }

    fn cause(&self, topology: &Topology, slot: Slot, time_us: i64) -> Option<String> {
        // Panels ask for the same value in every frame.
        let mut known = self.causes.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() > MAX_CAUSES {
            known.clear();
        }
        let name = topology.name(slot);
        known.entry((name, time_us)).or_insert_with(|| self.read_cause(&Series::of(topology, slot), time_us)).clone()
    }

    fn moments(&self, topology: &Arc<Topology>, span_us: (i64, i64)) -> Result<Vec<PastMoment>, String> {
        self.moments_of(topology, span_us).map_err(|error| error.to_string())
    }
}
