//! Mappings: rules that turn a topic and a field of the payload into a property.

use super::address::address;
use super::command::{CommandMappings, command_mappings};
use super::{Inbox, Reading};
use cupola_scene::document::MappingDoc;
use cupola_scene::{Scene, Step};
use cupola_twin::diagnostic::has_errors;
use cupola_twin::model::{Primitive, Schema, SchemaIx};
use cupola_twin::unit::{self, conversion};
use cupola_twin::value::EXACT_INTEGER;
use cupola_twin::zone::{self, TimeZone};
use cupola_twin::{Diagnostic, Kind, Slot, Topology, TwinIx, Value};
use cupola_wire::{Captures, Payload, PayloadError, Scalar, Template, TimeRule, TopicPattern, check_pointer};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Largest number of topics whose routes are kept. The routes of further topics are computed at every message.
const MAX_ROUTES: usize = 1 << 20;
/// Largest number of twins of a mapping that are compared with other mappings.
const MAX_COMPARED: usize = 1_000;
/// Number of bytes at the beginning of a payload that are kept for display.
const SHOWN_BYTES: usize = 120;

/// A mapping that was checked.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// The pattern of the topics.
    pub pattern: TopicPattern,
    /// The template of the twin's id.
    pub twin: Template,
    /// The template of the property's name.
    pub property: Template,
    /// The JSON pointer to a list of items, and the pointers to further captures in each item.
    pub items: Option<(String, BTreeMap<String, String>)>,
    /// The JSON pointer to the value. With `None`, the payload is the value.
    pub pointer: Option<String>,
    /// The source time.
    pub time: TimeRule,
    unit: Option<&'static unit::Unit>,
    stale_after_us: Option<i64>,
}

impl Mapping {
    /// Returns factor and offset of the conversion from the unit of a property to the unit of the device.
    pub fn sends(&self, property: Option<&'static unit::Unit>) -> (f64, f64) {
        match (property, self.unit) {
            (Some(from), Some(to)) => conversion(from, to).unwrap_or((1.0, 0.0)),
            _ => (1.0, 0.0),
        }
    }
}

/// The mappings of a feed.
#[derive(Clone, Debug)]
pub struct Mappings {
    /// The address of the broker.
    pub url: String,
    /// The mappings, in the order of the scene.
    pub list: Vec<Mapping>,
    /// The command mappings.
    pub commands: CommandMappings,
    topology: Arc<Topology>,
    /// The number of this version of the scene's mappings. All feeds of a scene share it. Every edit changes it.
    generation: u64,
}

/// The generation of the next mappings.
static NEXT_GENERATION: AtomicU64 = AtomicU64::new(1);

impl Mappings {
    /// Checks the feeds of a scene. Returns the mappings of each feed, and diagnostics.
    pub fn new(scene: &Scene) -> (Vec<Self>, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let places = &scene.places;
        let mut ids = BTreeSet::new();
        let mut feeds = Vec::new();
        // The feeds of a scene share an inbox, so they share a generation.
        let generation = NEXT_GENERATION.fetch_add(1, Ordering::Relaxed);
        for (number, feed) in scene.document.feeds.iter().enumerate() {
            let at = |field| places.of(&["feeds".into(), number.into(), Step::Field(field)]);
            if !ids.insert(&feed.id) {
                let message = format!("feed `{}` is defined twice", feed.id);
                diagnostics.push(Diagnostic::error("duplicate-feed", message).at(at("id")));
            }
            if let Err(why) = address(&feed.url) {
                let wrong = Diagnostic::error("wrong-url", why.to_string()).at(at("url"));
                diagnostics.push(wrong.help("write mqtt://HOST:PORT"));
            }
            let zone = feed.time_zone.as_ref().and_then(|name| {
                let zone = zone::find(name);
                if zone.is_none() {
                    diagnostics.push(cupola_scene::unknown_zone(name).at(at("time_zone")));
                }
                zone
            });
            let mut list = Vec::new();
            for (at, doc) in feed.mappings.iter().enumerate() {
                let report = |field: &'static str, offset: usize, diagnostic: Diagnostic| {
                    let steps = ["feeds".into(), number.into(), "mappings".into(), at.into(), Step::Field(field)];
                    let mut place = places.of(&steps);
                    place.column += offset as u32;
                    diagnostic.at(place)
                };
                match mapping(doc, zone.as_ref(), &scene.topology, &report) {
                    Ok((mapping, mut warnings)) => {
                        diagnostics.append(&mut warnings);
                        list.push(mapping);
                    }
                    Err(mut errors) => diagnostics.append(&mut errors),
                }
            }
            let commands = command_mappings(scene, number, &mut diagnostics);
            feeds.push(Self { url: feed.url.clone(), list, commands, topology: scene.topology.clone(), generation });
        }
        diagnostics.extend(several_sources(scene, &feeds));
        (feeds, diagnostics)
    }

    /// Returns the subscriptions that the mappings and command mappings need, each once.
    pub fn filters(&self) -> Vec<String> {
        let mut filters: Vec<String> =
            self.list.iter().map(|mapping| mapping.pattern.filter()).chain(self.commands.filters()).collect();
        filters.sort();
        filters.dedup();
        filters
    }
}

/// Warns of properties that get values from several topics.
fn several_sources(scene: &Scene, feeds: &[Mappings]) -> Option<Diagnostic> {
    let topology = &scene.topology;
    let mut known: HashMap<Slot, &TopicPattern> = HashMap::new();
    for mapping in feeds.iter().flat_map(|feed| &feed.list) {
        let twins = topology.twins().filter_map(|ix| Some((ix, mapping.twin.capture(topology.twin_id(ix))?)));
        for (ix, captures) in twins.take(MAX_COMPARED) {
            let Some(name) = mapping.property.fill(&captures) else { break };
            for (slot, _) in targets(topology, ix, &name) {
                let other = *known.entry(slot).or_insert(&mapping.pattern);
                if other.filter() != mapping.pattern.filter() {
                    let (name, one, two) = (topology.name(slot), other.filter(), mapping.pattern.filter());
                    let message = format!("`{name}` gets values from the topics {one} and {two}");
                    let help = "the newer value counts: map a source time in both, or leave one of them out";
                    let place = scene.places.of(&["feeds".into()]);
                    return Some(Diagnostic::warning("several-sources", message).help(help).at(place));
                }
            }
        }
    }
    None
}

fn mapping(
    doc: &MappingDoc,
    zone: Option<&TimeZone>,
    topology: &Topology,
    report: &dyn Fn(&'static str, usize, Diagnostic) -> Diagnostic,
) -> Result<(Mapping, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut found = Vec::new();
    let pattern_error = |field, text: &str, code, error: cupola_wire::PatternError| {
        let mut diagnostic = Diagnostic::error(code, error.message);
        diagnostic.help = error.help;
        report(field, text.get(..error.at).map_or(0, |before| before.chars().count()), diagnostic)
    };
    let pattern = TopicPattern::parse(&doc.topic)
        .map_err(|error| found.push(pattern_error("topic", &doc.topic, "topic-pattern", error)))
        .ok();
    let twin = Template::parse(&doc.twin)
        .map_err(|error| found.push(pattern_error("twin", &doc.twin, "template", error)))
        .ok();
    let property = Template::parse(&doc.property)
        .map_err(|error| found.push(pattern_error("property", &doc.property, "template", error)))
        .ok();
    for (field, pointer) in [("value", &doc.value), ("time", &doc.time), ("items", &doc.items)] {
        if let Some(Err(error)) = pointer.as_deref().map(check_pointer) {
            found.push(report(
                field,
                0,
                Diagnostic::error("json-pointer", error.to_string()).help("write it like /data/value"),
            ));
        }
    }
    let stale_after_us = doc.stale_after.as_deref().and_then(|text| {
        let duration = cupola_wire::parse_duration(text);
        if duration.is_none() {
            let wrong = Diagnostic::error("wrong-duration", format!("`{text}` is not a duration"));
            found.push(report("stale_after", 0, wrong.help("write it like 90s, 15m or 2h")));
        }
        duration
    });
    let unit = doc.unit.as_deref().and_then(|name| {
        let unit = unit::find(name);
        if unit.is_none() {
            let unknown = Diagnostic::error("unknown-unit", format!("`{name}` is not a unit"));
            found.push(report("unit", 0, unknown.did_you_mean(name, unit::names(None))));
        }
        unit
    });
    for pointer in doc.captures.values() {
        if let Err(error) = check_pointer(pointer) {
            found.push(report("captures", 0, Diagnostic::error("json-pointer", error.to_string())));
        }
    }
    if doc.items.is_none() && !doc.captures.is_empty() {
        let message = "`captures` are read from the items of a list, and the mapping has no `items`";
        let help = "add `items: \"/values\"`, the JSON pointer to the list";
        found.push(report("captures", 0, Diagnostic::error("unknown-capture", message).help(help)));
    }
    let (Some(pattern), Some(twin), Some(property)) = (pattern, twin, property) else { return Err(found) };
    let mut names = pattern.names();
    names.extend(doc.captures.keys().map(String::as_str));
    names.extend(doc.items.is_some().then_some("key"));
    for (field, template) in [("twin", &twin), ("property", &property)] {
        for name in template.names() {
            if !names.contains(&name) {
                let message = format!("the topic captures no `{{{name}}}`");
                let unknown = Diagnostic::error("unknown-capture", message);
                found.push(report(field, 0, unknown.did_you_mean(name, names.iter().copied())));
            }
        }
    }
    check_targets(topology, &twin, &property, unit, stale_after_us, &mut found, report);
    if has_errors(&found) {
        return Err(found);
    }
    let time = TimeRule { pointer: doc.time.clone(), zone: zone.cloned() };
    let items = doc.items.clone().map(|items| (items, doc.captures.clone()));
    let mapping = Mapping { pattern, twin, property, items, pointer: doc.value.clone(), time, unit, stale_after_us };
    Ok((mapping, found))
}

/// Checks that the mapping matches a twin with the property, and that the units can be converted.
fn check_targets(
    topology: &Topology,
    twin: &Template,
    property: &Template,
    unit: Option<&'static unit::Unit>,
    fresh_for: Option<i64>,
    found: &mut Vec<Diagnostic>,
    report: &dyn Fn(&'static str, usize, Diagnostic) -> Diagnostic,
) {
    let meant: Vec<_> = topology.twins().filter_map(|ix| Some((ix, twin.capture(topology.twin_id(ix))?))).collect();
    if meant.is_empty() {
        let unknown = Diagnostic::error("unknown-twin", format!("no twin is called like `{}`", twin.as_str()));
        let ids = topology.twins().map(|ix| topology.twin_id(ix)).collect::<Vec<_>>();
        found.push(report("twin", 0, unknown.did_you_mean(twin.as_str(), ids)));
        return;
    }
    let (mut any, mut computed, mut unconverted) = (false, None, None);
    let beats = fresh_for.is_none();
    for (ix, captures) in &meant {
        // The name of the property depends on the topic and not on the twin's id, so it is known only when a message
        // arrives.
        let Some(name) = property.fill(captures) else { return };
        let Some((slot, _)) = targets(topology, *ix, &name).into_iter().next() else { continue };
        let column = topology.column(slot.column);
        any = true;
        if column.formula.is_some() {
            computed = computed.or(Some(name.clone()));
        }
        if let (Some(from), Some(to)) = (unit, column.unit)
            && conversion(from, to).is_none()
        {
            let message = format!("`{name}` is in {}, which can't be made of {}", to.name, from.name);
            let names: Vec<_> = unit::names(Some(to.dimension)).take(4).collect();
            let wrong = Diagnostic::error("wrong-unit", message).help(format!("use one of {}", names.join(", ")));
            found.push(report("unit", 0, wrong));
            return;
        }
        if unit.is_some() && column.unit.is_none() && column.kind.is_numeric() {
            unconverted = Some(name);
        }
    }
    if let (Some(name), Some(unit)) = (unconverted, unit) {
        let message = format!("`{name}` has no unit, so its values stay in {}", unit.name);
        let help = "give the property a unit in its model, or leave `unit` out";
        found.push(report("unit", 0, Diagnostic::warning("unit-not-converted", message).help(help)));
    }
    if let (Some(name), true) = (computed, beats) {
        let message = format!("`{name}` is computed, and will not be any more once a message has come");
        let help = "say how long a message counts, with `stale_after`; then the formula does again";
        found.push(report("property", 0, Diagnostic::warning("measured-forever", message).help(help)));
    }
    if !any && property.names().is_empty() {
        let message = format!("none of the {} twins meant has a property `{}`", meant.len(), property.as_str());
        let tables: BTreeSet<_> = meant.iter().map(|(ix, _)| topology.locate(*ix).0).collect();
        let names = tables.into_iter().flat_map(|table| topology.property_names(topology.table(table)));
        let unknown = Diagnostic::error("unknown-property", message);
        found.push(report("property", 0, unknown.did_you_mean(property.as_str(), names)));
    }
}

/// The route of a value from a topic to a property.
#[derive(Clone, Debug)]
struct Route {
    slot: Slot,
    twin: Arc<str>,
    property: Arc<str>,
    mapping: usize,
    /// The JSON pointer to the value: that of the mapping, extended for a field of an object.
    pointer: Option<Arc<str>>,
    kind: Kind,
    /// The schema to check values against, if the kind alone does not decide which values are valid.
    schema: Option<SchemaIx>,
    scale: f64,
    offset: f64,
}

/// A message of a broker.
#[derive(Clone, Copy, Debug)]
pub struct ReceivedMessage<'m> {
    /// The topic.
    pub topic: &'m str,
    /// The payload.
    pub payload: &'m [u8],
    /// The time of arrival, in microseconds since the Unix epoch.
    pub arrived_us: i64,
    /// Whether the broker had kept the message for new subscribers, so that it may be of any age.
    pub is_retained: bool,
}

/// Turns messages into readings. The router keeps the routes of each topic.
pub struct Router {
    current: Arc<CurrentMappings>,
    /// The mappings that the routes belong to.
    mappings: Arc<Mappings>,
    /// The numbers of the mappings of items.
    of_items: Vec<usize>,
    routes: HashMap<String, (Arc<str>, Arc<[Route]>)>,
    /// The address of the feed's broker in the scene.
    broker: Arc<str>,
}

/// The mappings of a feed, which an edit of the scene may replace while messages arrive.
#[derive(Debug)]
pub struct CurrentMappings(Mutex<Arc<Mappings>>);

impl CurrentMappings {
    /// Creates the shared holder of a feed's mappings.
    pub fn new(mappings: Arc<Mappings>) -> Arc<Self> {
        Arc::new(Self(Mutex::new(mappings)))
    }

    /// Replaces the mappings. The next message uses the new ones.
    pub fn replace(&self, mappings: Arc<Mappings>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = mappings;
    }

    /// Returns the address of the feed's broker in the scene.
    pub fn broker(&self) -> Arc<str> {
        self.get().url.as_str().into()
    }

    fn get(&self) -> Arc<Mappings> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Mappings {
    /// Returns the numbers of the mappings of items.
    fn of_items(&self) -> Vec<usize> {
        let numbered = self.list.iter().enumerate();
        numbered.filter(|(_, mapping)| mapping.items.is_some()).map(|(number, _)| number).collect()
    }
}

impl Router {
    /// Creates a router for mappings that may be replaced.
    pub fn new(current: Arc<CurrentMappings>) -> Self {
        let mappings = current.get();
        let broker = current.broker();
        Self { current, of_items: mappings.of_items(), mappings, routes: HashMap::new(), broker }
    }

    /// Reads a message, and adds its answer, its readings and the reasons for rejections to the inbox.
    pub fn message(&mut self, message: ReceivedMessage<'_>, inbox: &Inbox) {
        let ReceivedMessage { topic, payload, arrived_us: now_us, is_retained } = message;
        let mappings = self.current.get();
        if !Arc::ptr_eq(&mappings, &self.mappings) {
            self.routes.clear();
            self.of_items = mappings.of_items();
            self.mappings = mappings;
        }
        let is_answer = self.mappings.commands.is_answer(topic);
        if is_answer {
            inbox.answer(topic, payload, now_us);
        }
        let matched = |number: &usize| Some((*number, self.mappings.list[*number].pattern.matches(topic)?));
        let of_items: Vec<(usize, Captures)> = self.of_items.iter().filter_map(matched).collect();
        let (topic, routes) = match self.routes.get(topic) {
            Some(known) => known.clone(),
            None => {
                let routes = find(&self.mappings, topic);
                if routes.is_empty() && is_answer {
                    return;
                }
                if routes.is_empty() && of_items.is_empty() {
                    inbox.unknown(topic);
                }
                let entry: (Arc<str>, Arc<[Route]>) = (topic.into(), routes.into());
                // Topics without a route are not kept, because a publisher could fill the memory with them.
                if !entry.1.is_empty() && self.routes.len() < MAX_ROUTES {
                    self.routes.insert(topic.to_string(), entry.clone());
                }
                entry
            }
        };
        let generation = self.mappings.generation;
        let broker = self.broker.clone();
        let shown: Arc<str> = String::from_utf8_lossy(&payload[..payload.len().min(SHOWN_BYTES)]).into();
        let reading = |route: &Route, value: Option<Value>, source_us: Option<i64>, stale_after_us: Option<i64>| {
            let reading = Reading {
                twin: route.twin.clone(),
                property: route.property.clone(),
                value,
                time_us: source_us.unwrap_or(now_us),
                arrived_us: now_us,
                has_source_time: source_us.is_some(),
                is_retained,
                broker: broker.clone(),
                topic: topic.clone(),
                payload: shown.clone(),
                stale_after_us,
            };
            (route.slot, reading)
        };
        let parsed = match Payload::parse(payload) {
            Ok(parsed) => parsed,
            Err(error) => {
                inbox.reject(format!("{topic}: {error}"));
                inbox.put(now_us, generation, std::iter::empty());
                return;
            }
        };
        let take = |parsed: &Payload<'_>, route: &Route| -> Option<(Slot, Reading)> {
            let mapping = &self.mappings.list[route.mapping];
            // A value whose time is wrong may be of any time, so it is not taken.
            let source_us = match mapping.time.source_time(parsed).map_err(|error| error.to_string()) {
                Ok(Some(source_us)) if !is_plausible(source_us, now_us) => {
                    let shown = cupola_wire::format_rfc3339(source_us);
                    inbox.reject(format!("{topic}: the time {shown} can't be that of a measurement"));
                    return None;
                }
                Ok(source_us) => source_us,
                Err(why) => {
                    inbox.reject(format!("{topic}: {why}"));
                    return None;
                }
            };
            let value = match value(&self.mappings.topology, parsed, route, &mapping.time) {
                Ok(Some(value)) => {
                    if let Some(sent) = fraction(parsed, route) {
                        inbox.round(format!(
                            "{topic}: {sent} was rounded, because `{}` is a whole number",
                            route.property
                        ));
                    }
                    Some(value)
                }
                // A message may be a partial update, which leaves out unchanged values.
                Ok(None) => return None,
                Err(Unusable { why, is_broken }) => {
                    inbox.reject(format!("{topic}: {why}"));
                    if !is_broken {
                        return None;
                    }
                    None
                }
            };
            Some(reading(route, value, source_us, mapping.stale_after_us))
        };
        let mut readings: Vec<(Slot, Reading)> = routes.iter().filter_map(|route| take(&parsed, route)).collect();
        for (number, of_topic) in &of_items {
            let mapping = &self.mappings.list[*number];
            match items_of(mapping, of_topic, &parsed) {
                Ok(items) => {
                    for (captures, item) in items {
                        let found = routes_of(&self.mappings.topology, *number, mapping, &captures);
                        if found.is_empty() {
                            inbox.unknown(&format!("{topic} {}", shown_captures(mapping, &captures)));
                        }
                        readings.extend(found.iter().filter_map(|route| take(&item, route)));
                    }
                }
                Err(why) => inbox.reject(format!("{topic}: {why}")),
            }
        }
        inbox.put(now_us, generation, readings.into_iter());
    }
}

/// Returns whether a source time can be that of a measurement, both in microseconds since the Unix epoch. A device that
/// doesn't know the time counts from 1970, and a clock is rarely a day ahead.
fn is_plausible(source_us: i64, now_us: i64) -> bool {
    const YEAR_2000_US: i64 = 946_684_800_000_000;
    const DAY_US: i64 = 86_400_000_000;
    (YEAR_2000_US..=now_us.saturating_add(DAY_US)).contains(&source_us)
}

/// A value that can't be used.
struct Unusable {
    why: String,
    /// Whether the value means that the sensor is broken.
    is_broken: bool,
}

impl From<String> for Unusable {
    fn from(why: String) -> Self {
        Self { why, is_broken: false }
    }
}

/// Returns the value of a property in a message, or `None` if the message leaves it out.
fn value(topology: &Topology, parsed: &Payload<'_>, route: &Route, time: &TimeRule) -> Result<Option<Value>, Unusable> {
    let unusable = |error: PayloadError| match error {
        PayloadError::Absent => Ok(None),
        error => {
            let is_broken = matches!(error, PayloadError::NotFinite { .. });
            Err(Unusable { why: error.to_string(), is_broken })
        }
    };
    let value = if route.kind == Kind::Json {
        match parsed.structure(route.pointer.as_deref()) {
            Ok(serde_json::Value::Null) => return Ok(None),
            Ok(json) => serde_json::from_value::<Value>(json).map_err(|_| "it holds a null".to_string())?,
            Err(error) => return unusable(error),
        }
    } else {
        let pointer = route.pointer.as_deref();
        let found = if route.kind == Kind::Text { parsed.text(pointer) } else { parsed.scalar(pointer) };
        let scalar = match found {
            Ok(Scalar::Null) => return Ok(None),
            Ok(Scalar::Text(text)) if route.kind != Kind::Text && is_no_value(&text) => {
                return Err(Unusable { why: format!("`{text}` means that there is no value"), is_broken: true });
            }
            Ok(scalar) => scalar,
            Err(error) => return unusable(error),
        };
        value_of(&scalar, route, time).ok_or_else(|| unfit(&scalar, route))?
    };
    if let Some(schema) = route.schema {
        topology.models.schemas().check(schema, &value).map_err(|found| found.to_string())?;
    }
    Ok(Some(value))
}

/// Returns the number that a message gives a property of whole numbers, in the unit of the property, if it is none.
fn fraction(parsed: &Payload<'_>, route: &Route) -> Option<f64> {
    if route.kind != Kind::Integer {
        return None;
    }
    let sent = parsed.scalar(route.pointer.as_deref()).ok()?.as_number()?;
    let number = converted(sent, route);
    (number.fract() != 0.0).then_some(number)
}

/// Returns whether a text in the place of a number or a boolean means that the device has no value. These are the words
/// of common gateways and home automation programs.
fn is_no_value(text: &str) -> bool {
    const WORDS: [&str; 10] =
        ["unavailable", "unknown", "undefined", "none", "null", "n/a", "na", "nil", "invalid", "error"];
    let text = text.trim();
    WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
        || text.parse::<f64>().is_ok_and(|number| !number.is_finite())
}

/// Returns a number in the unit of the property.
fn converted(number: f64, route: &Route) -> f64 {
    if (route.scale, route.offset) == (1.0, 0.0) { number } else { unit::converted(number, route.scale, route.offset) }
}

/// Returns a scalar as a device sent it, for a message.
fn shown(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Null => "nothing".into(),
        Scalar::Bool(flag) => format!("`{flag}`"),
        Scalar::Number(number) => format!("`{number}`"),
        Scalar::Text(text) => {
            let is_comma = text.contains(',') && text.replacen(',', ".", 1).trim().parse::<f64>().is_ok();
            let hint = if is_comma { " (a decimal comma)" } else { "" };
            let short: String = text.chars().take(40).collect();
            format!("`{short}`{hint}")
        }
    }
}

/// Returns the reason why a scalar is no value of a property.
fn unfit(scalar: &Scalar, route: &Route) -> String {
    let number = scalar.as_number().filter(|_| route.kind == Kind::Integer).map(|number| converted(number, route));
    if number.is_some_and(|number| number.abs() >= EXACT_INTEGER) {
        // The next integer has the same double, so nobody knows which one was sent.
        return format!("{} is outside ±2^53, the range of exact integers", shown(scalar));
    }
    format!("{} is not {}", shown(scalar), route.kind.with_article())
}

/// Returns the value of a scalar that a device sent, in the unit of the property.
fn value_of(scalar: &Scalar, route: &Route, time: &TimeRule) -> Option<Value> {
    let scaled = || scalar.as_number().map(|number| converted(number, route));
    Some(match route.kind {
        Kind::Number => Value::Number(scaled()?),
        Kind::Integer => Value::Integer(scaled().filter(|number| number.abs() < EXACT_INTEGER)?.round() as i64),
        Kind::Bool => Value::Bool(match scalar {
            Scalar::Bool(flag) => *flag,
            Scalar::Number(number) => *number != 0.0,
            Scalar::Text(text) => match text.to_ascii_lowercase().as_str() {
                "on" | "true" | "yes" | "open" | "1" => true,
                "off" | "false" | "no" | "closed" | "0" => false,
                _ => return None,
            },
            Scalar::Null => return None,
        }),
        Kind::Text => Value::Text(match scalar {
            Scalar::Text(text) => text.to_string(),
            Scalar::Number(number) => number.to_string(),
            Scalar::Bool(flag) => flag.to_string(),
            Scalar::Null => return None,
        }),
        Kind::Time => Value::Text(cupola_twin::value::time_text(time.time(scalar)?)),
        Kind::Json => return None,
    })
}

/// Returns the routes of a topic. Mappings of items have none, because their twins depend on the message.
fn find(mappings: &Mappings, topic: &str) -> Vec<Route> {
    let mut routes = Vec::new();
    for (number, mapping) in mappings.list.iter().enumerate().filter(|(_, mapping)| mapping.items.is_none()) {
        let Some(captures) = mapping.pattern.matches(topic) else { continue };
        routes.extend(routes_of(&mappings.topology, number, mapping, &captures));
    }
    routes
}

/// Returns the items of a message for a mapping of items, with the captures of the topic and their own. An item without
/// one of the captures is left out.
fn items_of<'p>(
    mapping: &Mapping,
    of_topic: &Captures,
    parsed: &Payload<'p>,
) -> Result<Vec<(Captures, Payload<'p>)>, PayloadError> {
    let Some((pointer, names)) = &mapping.items else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    'items: for (key, item) in parsed.items(pointer)? {
        let mut captures = of_topic.clone();
        if let Some(key) = key {
            captures.insert("key", key);
        }
        for (name, pointer) in names {
            let Ok(Scalar::Text(text)) = item.text(Some(pointer)).map(as_text) else { continue 'items };
            captures.insert(name, text);
        }
        found.push((captures, item));
    }
    Ok(found)
}

/// Returns a number as its text, because devices have numbers as ids, too.
fn as_text(scalar: Scalar) -> Scalar {
    match scalar {
        Scalar::Number(number) => Scalar::Text(number.to_string()),
        other => other,
    }
}

/// Returns the twin that a mapping means, for a message about one that does not exist.
fn shown_captures(mapping: &Mapping, captures: &Captures) -> String {
    mapping.twin.fill(captures).unwrap_or_default()
}

/// Returns the routes of a mapping for its captures.
fn routes_of(topology: &Topology, number: usize, mapping: &Mapping, captures: &Captures) -> Vec<Route> {
    let mut routes = Vec::new();
    let twin = mapping.twin.fill(captures).and_then(|twin| topology.twin(&twin));
    let (Some(twin), Some(property)) = (twin, mapping.property.fill(captures)) else { return routes };
    for (slot, below) in targets(topology, twin, &property) {
        let column = topology.column(slot.column);
        if column.hidden {
            continue;
        }
        let Some((scale, offset)) = unit::conversion_between(mapping.unit, column.unit) else { continue };
        let pointer = match (&mapping.pointer, below.as_str()) {
            (None, "") => None,
            (pointer, below) => Some(format!("{}{below}", pointer.as_deref().unwrap_or_default()).into()),
        };
        let schema = column.schema.filter(|schema| needs_check(topology, *schema));
        let (twin, property) = (topology.twin_id(twin).into(), column.name.clone());
        let kind = column.kind;
        routes.push(Route { slot, twin, property, mapping: number, pointer, kind, schema, scale, offset });
    }
    routes
}

/// Returns the slots that the values of a property go to: its own column, or the columns of an object's fields, each
/// with the JSON pointer from the object to the field.
fn targets(topology: &Topology, twin: TwinIx, property: &str) -> Vec<(Slot, String)> {
    if let Some(slot) = topology.slot(twin, property) {
        return vec![(slot, String::new())];
    }
    let model = topology.models.get(topology.model_of(twin));
    let fields = model.properties.iter().filter_map(|column| {
        let rest = column.name.strip_prefix(property)?.strip_prefix('.')?;
        Some((topology.slot(twin, &column.name)?, format!("/{}", rest.replace('.', "/"))))
    });
    fields.collect()
}

/// Returns whether a schema excludes some values of the right kind.
fn needs_check(topology: &Topology, schema: SchemaIx) -> bool {
    match topology.models.schemas().get(schema) {
        Schema::Primitive(primitive) => {
            !matches!(primitive, Primitive::Boolean | Primitive::Double | Primitive::String)
        }
        _ => true,
    }
}
