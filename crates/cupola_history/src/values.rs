//! The past of properties by name: recorded ones are read, and computed ones are computed from recorded inputs.

use crate::buckets::{Bucket, buckets};
use crate::change::{Change, Series, SeriesIx, TextIx};
use crate::error::HistoryError;
use crate::past::Past;
use crate::reader::History;
use crate::record::HistoryRecord;
use crate::rollup::{RollupLevel, merge, whole_span};
use crate::store::{DAY_US, Day, day_of};
use cupola_run::PastRecord;
use cupola_twin::value::{Sample, decode, time_text};
use cupola_twin::zone::TimeZone;
use cupola_twin::{Kind, Quality, Slot, State, Topology, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The source of the past of a property.
#[derive(Clone, Debug)]
pub enum PropertySource {
    /// Its recorded series. A property whose kind or unit has changed has several.
    Recorded(Vec<SeriesIx>),
    /// The scene's formula, with recorded inputs.
    Computed(Slot),
}

/// The changes of a property while it had one kind and unit.
#[derive(Clone, Debug)]
pub struct SeriesPast {
    /// The property, with its kind and unit.
    pub series: Series,
    /// The changes in the order of their times. The first one may be before the span that was asked for.
    pub changes: Vec<Change>,
    /// The topology whose texts the lanes of a computed property name.
    texts: Option<Arc<Topology>>,
}

impl Series {
    /// Returns the name of the property: `TWIN.PROPERTY`.
    pub fn name(&self) -> String {
        format!("{}.{}", self.key.twin, self.key.property)
    }

    /// Returns whether the values are numbers or booleans, of which a mean can be computed.
    pub fn is_numeric(&self) -> bool {
        matches!(self.kind, Kind::Number | Kind::Integer | Kind::Bool)
    }
}

impl SeriesPast {
    /// Returns the spans in which the values hold: for a computed property, those of imported inputs as well.
    pub fn sessions<'r>(&self, record: &'r HistoryRecord) -> &'r [(i64, i64)] {
        if self.texts.is_some() { record.sessions() } else { record.recorded() }
    }

    /// Returns the value of a change as JSON, or null without one.
    pub fn value(&self, history: &History, change: &Change) -> serde_json::Value {
        use serde_json::{Value as Json, json};
        if change.quality == Quality::Missing || change.lane.is_nan() {
            return Json::Null;
        }
        let text = || match &self.texts {
            None => history.text(TextIx(change.lane as u32)),
            Some(topology) => match decode(change.lane, self.series.kind, &topology.texts) {
                Some(Value::Text(text)) => text,
                Some(other) => serde_json::to_string(&other).unwrap_or_default(),
                None => String::new(),
            },
        };
        match self.series.kind {
            Kind::Number => json!(change.lane),
            Kind::Integer => json!(change.lane as i64),
            Kind::Bool => json!(change.lane != 0.0),
            Kind::Text => json!(text()),
            Kind::Time => json!(time_text((change.lane * 1e6).round() as i64)),
            Kind::Json => serde_json::from_str(&text()).unwrap_or(Json::Null),
        }
    }
}

/// The buckets of a property while it had one kind and unit, with its series.
pub type SeriesBuckets = (Series, Vec<Bucket>);

/// A part of a span, in whole days but at its ends.
enum SpanPart {
    /// Days that are rolled up.
    Rolled(Vec<Day>),
    /// A span whose changes are read.
    Raw((i64, i64)),
}

/// Returns the parts of a span. A value may hold over days on which nothing changed.
fn parts((from_us, to_us): (i64, i64), rolled: &BTreeSet<Day>) -> Vec<SpanPart> {
    let mut parts: Vec<SpanPart> = Vec::new();
    for day in day_of(from_us)..=day_of(to_us.saturating_sub(1)) {
        if rolled.contains(&day) {
            match parts.last_mut() {
                Some(SpanPart::Rolled(days)) => days.push(day),
                _ => parts.push(SpanPart::Rolled(vec![day])),
            }
            continue;
        }
        let (begin_us, end_us) = (day.saturating_mul(DAY_US).max(from_us), (day + 1).saturating_mul(DAY_US).min(to_us));
        match parts.last_mut() {
            Some(SpanPart::Raw((_, known_us))) => *known_us = end_us,
            _ => parts.push(SpanPart::Raw((begin_us, end_us))),
        }
    }
    parts
}

impl HistoryRecord {
    /// Returns the sources of all properties that have a past, by name. A property that the scene computes now is computed,
    /// although it may have been recorded before.
    pub fn sources(&self, topology: Option<&Topology>) -> BTreeMap<String, PropertySource> {
        let mut found: BTreeMap<String, PropertySource> = BTreeMap::new();
        for (ix, series) in self.history().series().into_iter().filter(|(_, series)| !series.is_condition()) {
            match found.entry(series.name()).or_insert_with(|| PropertySource::Recorded(Vec::new())) {
                PropertySource::Recorded(all) => all.push(ix),
                PropertySource::Computed(_) => {}
            }
        }
        if let Some(topology) = topology {
            let slots = topology.twins().flat_map(|twin| topology.properties(twin));
            let computed = slots.filter(|slot| topology.column(slot.column).formula.is_some());
            found.extend(computed.map(|slot| (topology.name(slot), PropertySource::Computed(slot))));
        }
        found
    }

    /// Reads the past of properties in a span of source times. The work ends early, with a part of the values, when
    /// `is_stopped` becomes true.
    ///
    /// # Errors
    /// The history can't be read.
    pub fn read(
        &self,
        topology: Option<&Arc<Topology>>,
        sources: &BTreeMap<String, PropertySource>,
        span_us: (i64, i64),
        is_stopped: &AtomicBool,
    ) -> Result<BTreeMap<String, Vec<SeriesPast>>, HistoryError> {
        let mut found: BTreeMap<String, Vec<SeriesPast>> = BTreeMap::new();
        let mut computed = Vec::new();
        for (name, source) in sources {
            match source {
                PropertySource::Recorded(all) => {
                    let own = found.entry(name.clone()).or_default();
                    for ix in all {
                        let changes = self.history().changes(*ix, span_us)?;
                        if let Some(series) = self.history().series_of(*ix).filter(|_| !changes.is_empty()) {
                            own.push(SeriesPast { series, changes, texts: None });
                        }
                    }
                }
                PropertySource::Computed(slot) => computed.push((name.clone(), *slot)),
            }
        }
        if let Some(topology) = topology.filter(|_| !computed.is_empty()) {
            found.extend(self.compute(topology, computed, span_us, is_stopped)?);
        }
        Ok(found)
    }

    /// Returns the buckets of a property in a span, with its series. Days that are rolled up are not read change by change,
    /// if the buckets can be put together from roll-ups.
    ///
    /// # Errors
    /// The history can't be read.
    pub fn buckets(
        &self,
        topology: Option<&Arc<Topology>>,
        source: &PropertySource,
        span_us: (i64, i64),
        every_us: i64,
        zone: &TimeZone,
        is_stopped: &AtomicBool,
    ) -> Result<Vec<SeriesBuckets>, HistoryError> {
        let sources = BTreeMap::from([(String::new(), source.clone())]);
        let found = self.all_buckets(topology, &sources, span_us, every_us, zone, is_stopped)?;
        Ok(found.into_values().next().unwrap_or_default())
    }

    /// Returns the buckets of properties by name, as [`buckets`](Self::buckets) does. The past of all computed properties is
    /// played once.
    ///
    /// # Errors
    /// The history can't be read.
    pub fn all_buckets(
        &self,
        topology: Option<&Arc<Topology>>,
        sources: &BTreeMap<String, PropertySource>,
        span_us: (i64, i64),
        every_us: i64,
        zone: &TimeZone,
        is_stopped: &AtomicBool,
    ) -> Result<BTreeMap<String, Vec<SeriesBuckets>>, HistoryError> {
        let mut found: BTreeMap<String, Vec<SeriesBuckets>> =
            sources.keys().map(|name| (name.clone(), Vec::new())).collect();
        let levels_of = |source: &PropertySource| match source {
            PropertySource::Recorded(_) => &RollupLevel::ALL[..],
            // A computed property without a number, such as the condition of a query, has no roll-ups.
            PropertySource::Computed(_) if self.series_of_source(topology, source).is_empty() => &[],
            PropertySource::Computed(_) => &[RollupLevel::Quarter],
        };
        for levels in [&RollupLevel::ALL[..], &[RollupLevel::Quarter], &[]] {
            let own = sources.iter().filter(|(_, source)| levels_of(source) == levels);
            let sources: BTreeMap<String, PropertySource> =
                own.map(|(name, source)| (name.clone(), source.clone())).collect();
            let level = RollupLevel::for_buckets(every_us, span_us, zone).filter(|level| levels.contains(level));
            let own = match level {
                None => self.raw_buckets(topology, &sources, span_us, every_us, zone, is_stopped)?,
                Some(level) => {
                    let mut short = self.short_buckets(topology, &sources, span_us, level, is_stopped)?;
                    for (_, buckets) in short.values_mut().flatten() {
                        *buckets = merge(buckets, span_us, every_us, zone);
                    }
                    short
                }
            };
            found.extend(own);
        }
        Ok(found)
    }

    /// Returns the series in which a property is recorded or rolled up.
    fn series_of_source(&self, topology: Option<&Arc<Topology>>, source: &PropertySource) -> Vec<SeriesIx> {
        match source {
            PropertySource::Recorded(all) => all.clone(),
            PropertySource::Computed(slot) => {
                let series = topology.map(|topology| Series::of(topology, *slot));
                series.and_then(|series| self.history().series_ix(&series)).into_iter().collect()
            }
        }
    }

    /// Returns buckets that are put together from changes.
    fn raw_buckets(
        &self,
        topology: Option<&Arc<Topology>>,
        sources: &BTreeMap<String, PropertySource>,
        span_us: (i64, i64),
        every_us: i64,
        zone: &TimeZone,
        is_stopped: &AtomicBool,
    ) -> Result<BTreeMap<String, Vec<SeriesBuckets>>, HistoryError> {
        let of = |past: SeriesPast| {
            let found = buckets(&past.changes, past.sessions(self), span_us, every_us, zone);
            (past.series, found)
        };
        let read = self.read(topology, sources, span_us, is_stopped)?;
        let numeric = |past: &SeriesPast| past.series.is_numeric();
        Ok(read.into_iter().map(|(name, all)| (name, all.into_iter().filter(numeric).map(of).collect())).collect())
    }

    /// Returns the buckets of a level: from roll-ups, and from changes on the other days.
    fn short_buckets(
        &self,
        topology: Option<&Arc<Topology>>,
        sources: &BTreeMap<String, PropertySource>,
        span_us: (i64, i64),
        level: RollupLevel,
        is_stopped: &AtomicBool,
    ) -> Result<BTreeMap<String, Vec<SeriesBuckets>>, HistoryError> {
        let mut found: BTreeMap<String, Vec<SeriesBuckets>> = BTreeMap::new();
        if sources.is_empty() {
            return Ok(found);
        }
        let whole_us = whole_span(span_us, level.length_us());
        let end = |span_us: (i64, i64)| (span_us.0 < span_us.1).then_some(SpanPart::Raw(span_us));
        let within = parts(whole_us, &self.history().rolled_days()?);
        let first = end((span_us.0, whole_us.0)).into_iter();
        for part in first.chain(within).chain(end((whole_us.1, span_us.1))) {
            let read = match part {
                SpanPart::Raw(part_us) => {
                    self.raw_buckets(topology, sources, part_us, level.length_us(), &TimeZone::UTC, is_stopped)?
                }
                SpanPart::Rolled(days) => {
                    let mut read: BTreeMap<String, Vec<SeriesBuckets>> = BTreeMap::new();
                    for (name, source) in sources {
                        for ix in self.series_of_source(topology, source) {
                            let rows = self.history().rolled(&days, level, Some(ix))?.into_iter();
                            let within = |bucket: &Bucket| (whole_us.0..whole_us.1).contains(&bucket.from_us);
                            let buckets = rows.map(|(_, bucket)| bucket).filter(within).collect();
                            let series = self.history().series_of(ix);
                            read.entry(name.clone()).or_default().extend(series.map(|series| (series, buckets)));
                        }
                    }
                    read
                }
            };
            for (name, parts) in read {
                let own = found.entry(name).or_default();
                for (series, buckets) in parts {
                    match own.iter_mut().find(|(known, _)| *known == series) {
                        Some((_, known)) => known.extend(buckets),
                        None => own.push((series, buckets)),
                    }
                }
            }
        }
        Ok(found)
    }

    fn compute(
        &self,
        topology: &Arc<Topology>,
        computed: Vec<(String, Slot)>,
        (from_us, to_us): (i64, i64),
        is_stopped: &AtomicBool,
    ) -> Result<BTreeMap<String, Vec<SeriesPast>>, HistoryError> {
        let mut all: Vec<(String, Slot, SeriesPast)> = computed
            .into_iter()
            .map(|(name, slot)| {
                let (series, texts) = (Series::of(topology, slot), Some(topology.clone()));
                (name, slot, SeriesPast { series, changes: Vec::new(), texts })
            })
            .collect();
        // Nothing is known before the first recording.
        let from_us = from_us.max(self.span_us().0);
        let begins = self.begin_of(from_us) == from_us;
        let mut take = |now_us: i64, state: &State, is_first: bool| {
            for (_, slot, past) in &mut all {
                if is_first || state.has_changed(*slot) {
                    let Sample { lane, quality, time_us } = state.get(*slot);
                    let (series, until_us, cause) = (SeriesIx(0), i64::MAX, TextIx::default());
                    // The first value is no change, but for that at the beginning of a recording.
                    let is_older = is_first && !begins;
                    // The age of some values is unknown.
                    let is_dated = (1..now_us).contains(&time_us);
                    let time_us = if !is_older {
                        now_us
                    } else if is_dated {
                        time_us
                    } else {
                        now_us - 1
                    };
                    let taken_us = now_us;
                    past.changes.push(Change { series, time_us, taken_us, until_us, quality, cause, lane });
                }
            }
            !is_stopped.load(Ordering::Relaxed)
        };
        let mut past = Past::at(self, topology, from_us)?;
        take(from_us, past.state(), true);
        past.play(to_us.min(self.span_us().1).max(from_us), |now_us, state| take(now_us, state, false))?;
        Ok(all.into_iter().map(|(name, _, past)| (name, vec![past])).collect())
    }
}
