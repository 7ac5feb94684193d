//! Makes a simulation out of a scene's conditions, checking every name on the way.

use super::run::{Show, Shown, Simulation, Steer};
use crate::scene::document::{DispenserKind, Profile, Quantity, SimulationDoc, Source};
use crate::scene::{Places, Scene, Step};
use cupola_physics::building::BuildingModel;
use cupola_physics::hygiene::{self, DispenserSpec, HygieneModel, RoomSpec};
use cupola_physics::occupancy::DayProfile;
use cupola_physics::random::stream_of;
use cupola_physics::weather::DailyWeather;
use cupola_physics::zone::{AhuSpec, TerminalSpec, ZoneSpec};
use cupola_twin::diagnostic::has_errors;
use cupola_twin::expr::{Cell, Segment, evaluate, parse};
use cupola_twin::query::TwinContext;
use cupola_twin::unit::{self, conversion};
use cupola_twin::{Diagnostic, Kind, Slot, State, Topology, TwinIx};
use std::collections::BTreeMap;

/// Share of a terminal's greatest flow that it never goes below while people are there.
const MIN_FLOW: f64 = 0.3;
/// A dispenser is refilled some time after it falls below this, %.
const REFILL_BELOW_PCT: f64 = 15.0;
/// How long maintenance takes to come, s.
const REFILL_DELAY_S: f64 = 4.0 * 3600.0;

impl Simulation {
    /// The simulation of a scene; `None` if it has none or it can't be made, with the reasons.
    pub fn new(scene: &Scene) -> (Option<Self>, Vec<Diagnostic>) {
        let Some(doc) = &scene.document.simulation else { return (None, Vec::new()) };
        let text = std::fs::read_to_string(&scene.path).unwrap_or_default();
        let state = State::new(scene.topology.clone());
        let mut binder = Binder {
            topology: &scene.topology,
            state: &state,
            places: Places::new(scene.path.to_string_lossy().into(), &text),
            doc,
            diagnostics: Vec::new(),
        };
        let simulation = binder.simulation();
        (simulation, binder.diagnostics)
    }
}

struct Binder<'s> {
    topology: &'s Topology,
    state: &'s State,
    places: Places<'s>,
    doc: &'s SimulationDoc,
    diagnostics: Vec<Diagnostic>,
}

/// Where a name in the simulation's part of the document stands.
type Path<'p> = &'p [Step<'p>];

impl Binder<'_> {
    fn report(&mut self, diagnostic: Diagnostic, path: Path<'_>) {
        let steps: Vec<Step<'_>> = std::iter::once(Step::Field("simulation")).chain(path.iter().copied()).collect();
        let place = self.places.of(&steps);
        let diagnostic = diagnostic.at(place);
        if !self.diagnostics.contains(&diagnostic) {
            self.diagnostics.push(diagnostic);
        }
    }

    fn simulation(&mut self) -> Option<Simulation> {
        let doc = self.doc;
        let start_us = cupola_wire::parse_rfc3339(&doc.start);
        if start_us.is_none() {
            let wrong = Diagnostic::error("wrong-time", format!("`{}` is not an RFC 3339 time", doc.start));
            self.report(wrong.help("write it like 2026-01-12T07:00:00Z"), &["start".into()]);
        }
        let step_us = cupola_wire::parse_duration(&doc.step).filter(|step_us| *step_us > 0);
        if step_us.is_none() {
            let wrong = Diagnostic::error("wrong-duration", format!("`{}` is not a duration above zero", doc.step));
            self.report(wrong.help("write it like 1m or 30s"), &["step".into()]);
        }
        let units = self.air_handlers();
        let (zones, mut specs) = self.zones();
        let terminals = self.terminals(&zones, &units, &mut specs);
        let (dispensers, hygiene_row, hygiene) = self.hygiene(&zones);
        let found = Found { zones: &zones, units: &units, dispensers: &dispensers };
        let shows = self.shows(&found, &hygiene_row);
        let ahus = vec![AhuSpec { always_on: self.is_always_on(), ..AhuSpec::default() }; units.len()];
        let profiles = vec![DayProfile::office(), DayProfile::meeting(), DayProfile::ward(), DayProfile::always(0.0)];
        let weather = DailyWeather {
            mean_c: doc.weather.mean_c,
            swing_k: doc.weather.swing_k,
            day_to_day_k: doc.weather.day_to_day_k,
            relative_humidity: doc.weather.relative_humidity_pct / 100.0,
            solar_peak_w_m2: doc.weather.solar_peak_w_m2,
            ..DailyWeather::default()
        };
        let ahu_on = self.steer(
            units.keys(),
            |doc, model| {
                doc.air_handlers
                    .iter()
                    .position(|entry| entry.model == *model)
                    .map(|at| ("air_handlers", at, doc.air_handlers[at].on.clone()))
            },
            1.0,
        );
        let model = match BuildingModel::new(specs, ahus, profiles.clone(), weather, doc.seed) {
            Ok(model) => model,
            Err(error) => {
                self.report(Diagnostic::error("simulation", error.to_string()), &[]);
                return None;
            }
        };
        let hygiene = match hygiene.map(|rooms| HygieneModel::new(rooms, profiles, doc.seed)) {
            None => None,
            Some(Ok(model)) => {
                let state = model.initial_state();
                Some((model, state))
            }
            Some(Err(error)) => {
                self.report(Diagnostic::error("simulation", error.to_string()), &["dispensers".into()]);
                None
            }
        };
        if has_errors(&self.diagnostics) {
            return None;
        }
        let steer_of =
            |spec: &ZoneSpec, twin: TwinIx, source: fn(&crate::scene::document::ZoneDoc) -> &Source, otherwise: f64| {
                let _ = spec;
                let slot = doc.zones.iter().find_map(|zone| match source(zone) {
                    Source::Property(name) if self.is_of(twin, &zone.model) => self.topology.slot(twin, name),
                    _ => None,
                });
                Steer { slot, otherwise }
            };
        let by_row: BTreeMap<usize, TwinIx> = zones.iter().map(|(twin, row)| (*row, *twin)).collect();
        let per_zone = |source: fn(&crate::scene::document::ZoneDoc) -> &Source, otherwise: fn(&ZoneSpec) -> f64| {
            let zones = by_row.iter().map(|(row, twin)| {
                let spec = &model.zones()[*row];
                steer_of(spec, *twin, source, otherwise(spec))
            });
            zones.collect::<Vec<_>>()
        };
        Some(Simulation {
            start_us: start_us?,
            step_us: step_us?,
            utc_offset_s: (doc.utc_offset_hours * 3600.0) as i64,
            seed: doc.seed,
            physical: model.initial_state(),
            controls: model.controls(),
            outputs: Default::default(),
            hygiene,
            hygiene_row,
            zone_energy_j: vec![0.0; zones.len()],
            unit_energy_j: vec![0.0; units.len()],
            ahu_on,
            terminal_on: terminals,
            heating_c: per_zone(|zone| &zone.heating_setpoint, |spec| spec.heating_setpoint_c),
            cooling_c: per_zone(|zone| &zone.cooling_setpoint, |spec| spec.cooling_setpoint_c),
            shows,
            model,
        })
    }

    /// Where people are day and night, so is the air.
    fn is_always_on(&self) -> bool {
        self.doc.zones.iter().any(|zone| zone.profile == Profile::Ward)
    }

    fn is_of(&self, twin: TwinIx, model: &str) -> bool {
        let models = &self.topology.models;
        models.resolve(model).is_ok_and(|wanted| models.is_a(self.topology.model_of(twin), wanted))
    }

    fn twins_of(&mut self, model: &str, path: Path<'_>) -> Vec<TwinIx> {
        match self.topology.models.resolve(model) {
            Ok(model) => {
                let tables = self.topology.tables_of(model);
                tables.flat_map(|table| self.topology.twins_of(table)).map(TwinIx).collect()
            }
            Err(found) => {
                let mut at = path.to_vec();
                at.push("model".into());
                self.report(found, &at);
                Vec::new()
            }
        }
    }

    /// The slot of a property that every twin of a model must have, of a kind.
    fn property(&mut self, twin: TwinIx, name: &str, kind: Kind, path: Path<'_>) -> Option<Slot> {
        let Some(slot) = self.topology.slot(twin, name) else {
            let table = self.topology.table(self.topology.locate(twin).0);
            let model = self.topology.models.get(table.model);
            let unknown = Diagnostic::error("unknown-property", format!("`{}` has no property `{name}`", model.id));
            self.report(unknown.did_you_mean(name, self.topology.property_names(table)), path);
            return None;
        };
        let found = self.topology.column(slot.column).kind;
        if found != kind && !(found.is_numeric() && kind.is_numeric()) {
            let message = format!("`{name}` is a {}, a {} is needed here", found.word(), kind.word());
            self.report(Diagnostic::error("wrong-type", message), path);
            return None;
        }
        Some(slot)
    }

    /// The number of a source for a twin.
    fn number(&mut self, twin: TwinIx, source: &Source, path: Path<'_>) -> Option<f64> {
        match source {
            Source::Constant(number) => Some(*number),
            Source::Property(name) => {
                let slot = self.property(twin, name, Kind::Number, path)?;
                let lane = self.state.get(slot).usable();
                if lane.is_nan() && self.topology.column(slot.column).formula.is_none() {
                    let message = format!("`{}` has no value for the simulation", self.topology.name(slot));
                    self.report(Diagnostic::warning("no-value", message).help("give it one in `properties`"), path);
                }
                (!lane.is_nan()).then_some(lane)
            }
        }
    }

    /// The twins at the end of a path.
    fn follow(&mut self, twin: TwinIx, path: &str, at: Path<'_>) -> Vec<TwinIx> {
        let segments = match cupola_twin::expr::Parser::new(&format!("{path})")).and_then(|mut parser| parser.path()) {
            Ok(path) => path.segments,
            Err(error) => {
                self.report(Diagnostic::error("syntax", error.message), at);
                return Vec::new();
            }
        };
        let unknown: Option<&Segment> =
            segments.iter().find(|segment| !self.topology.knows_relationship(&segment.name));
        if let Some(segment) = unknown {
            let message = format!("no relationship is called `{}`", segment.name);
            let found = Diagnostic::error("unknown-relationship", message);
            let found = found.did_you_mean(&segment.name, self.topology.relationship_names());
            self.report(found, at);
            return Vec::new();
        }
        self.topology.walk(twin, &segments)
    }

    fn air_handlers(&mut self) -> BTreeMap<TwinIx, usize> {
        let mut units = BTreeMap::new();
        for (at, entry) in self.doc.air_handlers.iter().enumerate() {
            for twin in self.twins_of(&entry.model, &["air_handlers".into(), at.into()]) {
                self.property(twin, &entry.on, Kind::Bool, &["air_handlers".into(), at.into(), "on".into()]);
                let row = units.len();
                units.entry(twin).or_insert(row);
            }
        }
        units
    }

    fn steer<'t>(
        &self,
        twins: impl Iterator<Item = &'t TwinIx>,
        find: impl Fn(&SimulationDoc, &String) -> Option<(&'static str, usize, String)>,
        otherwise: f64,
    ) -> Vec<Steer> {
        let mut steers = Vec::new();
        for twin in twins {
            let entry = self.doc.air_handlers.iter().find(|entry| self.is_of(*twin, &entry.model));
            let property = entry.and_then(|entry| find(self.doc, &entry.model)).map(|(.., property)| property);
            let slot = property.and_then(|property| self.topology.slot(*twin, &property));
            steers.push(Steer { slot, otherwise });
        }
        steers
    }

    fn zones(&mut self) -> (BTreeMap<TwinIx, usize>, Vec<ZoneSpec>) {
        let mut zones = BTreeMap::new();
        let mut specs = Vec::new();
        for (at, entry) in self.doc.zones.iter().enumerate() {
            let path = |field| ["zones".into(), at.into(), Step::Field(field)];
            let filter = match entry.filter.as_deref().map(parse) {
                Some(Err(error)) => {
                    self.report(Diagnostic::error(error.code, error.to_string()), &path("filter"));
                    continue;
                }
                Some(Ok(filter)) => Some(filter),
                None => None,
            };
            for twin in self.twins_of(&entry.model, &["zones".into(), at.into()]) {
                let kept = filter.as_ref().map(|filter| evaluate(filter, &TwinContext { state: self.state, twin }));
                match kept {
                    Some(Err(error)) => {
                        self.report(Diagnostic::error(error.code, error.to_string()), &path("filter"));
                        break;
                    }
                    Some(Ok(cell)) if cell != Cell::Bool(true) => continue,
                    _ => {}
                }
                if zones.contains_key(&twin) {
                    continue;
                }
                let (Some(area), Some(height)) =
                    (self.number(twin, &entry.area, &path("area")), self.number(twin, &entry.height, &path("height")))
                else {
                    continue;
                };
                let exterior = self.number(twin, &entry.exterior, &path("exterior")).unwrap_or(0.25);
                let mut spec = ZoneSpec::from_area(area, height, exterior);
                spec.stream = stream_of(self.topology.twin_id(twin));
                spec.people_capacity =
                    self.number(twin, &entry.people, &path("people")).unwrap_or(spec.people_capacity);
                spec.profile = match entry.profile {
                    Profile::Office => 0,
                    Profile::Meeting => 1,
                    Profile::Ward => 2,
                    Profile::Empty => 3,
                };
                let heating = self.number(twin, &entry.heating_setpoint, &path("heating_setpoint"));
                let cooling = self.number(twin, &entry.cooling_setpoint, &path("cooling_setpoint"));
                spec.heating_setpoint_c = heating.unwrap_or(spec.heating_setpoint_c);
                spec.cooling_setpoint_c = cooling.unwrap_or(spec.cooling_setpoint_c);
                zones.insert(twin, specs.len());
                specs.push(spec);
            }
        }
        (zones, specs)
    }

    /// Puts terminals into the zones; gives what switches each zone's terminal.
    fn terminals(
        &mut self,
        zones: &BTreeMap<TwinIx, usize>,
        units: &BTreeMap<TwinIx, usize>,
        specs: &mut [ZoneSpec],
    ) -> Vec<Steer> {
        let mut steers = vec![Steer { slot: None, otherwise: 1.0 }; specs.len()];
        for (at, entry) in self.doc.terminals.iter().enumerate() {
            let path = |field| ["terminals".into(), at.into(), Step::Field(field)];
            for twin in self.twins_of(&entry.model, &["terminals".into(), at.into()]) {
                let on = self.property(twin, &entry.on, Kind::Bool, &path("on"));
                let flow = self.number(twin, &entry.max_flow_l_s, &path("max_flow_l_s"));
                let unit = self.follow(twin, &entry.air_handler, &path("air_handler"));
                let rows: Vec<usize> = self
                    .follow(twin, &entry.zone, &path("zone"))
                    .iter()
                    .filter_map(|zone| zones.get(zone).copied())
                    .collect();
                let unit = unit.iter().find_map(|unit| units.get(unit));
                let (Some(unit), Some(flow)) = (unit, flow) else {
                    let message = format!("`{}` has no air handling unit, so no air", self.topology.twin_id(twin));
                    self.report(Diagnostic::warning("no-air-handler", message), &path("air_handler"));
                    continue;
                };
                for row in &rows {
                    let max_flow_m3_s = flow / 1000.0 / rows.len() as f64;
                    specs[*row].terminal = Some(TerminalSpec { ahu: *unit, max_flow_m3_s, min_fraction: MIN_FLOW });
                    steers[*row] = Steer { slot: on, otherwise: 1.0 };
                }
            }
        }
        steers
    }

    /// The dispensers' numbers, each zone's row in the hygiene model, and that model's rooms.
    fn hygiene(
        &mut self,
        zones: &BTreeMap<TwinIx, usize>,
    ) -> (BTreeMap<TwinIx, usize>, Vec<Option<usize>>, Option<Vec<RoomSpec>>) {
        let mut row_of = vec![None; zones.len()];
        let mut dispensers_in: BTreeMap<TwinIx, Vec<(TwinIx, DispenserSpec)>> = BTreeMap::new();
        for (at, entry) in self.doc.dispensers.iter().enumerate() {
            for twin in self.twins_of(&entry.model, &["dispensers".into(), at.into()]) {
                let path = ["dispensers".into(), at.into(), Step::Field("zone")];
                let room = self.follow(twin, &entry.zone, &path).into_iter().find(|room| zones.contains_key(room));
                let Some(room) = room else {
                    let message = format!("`{}` is in no room of the simulation", self.topology.twin_id(twin));
                    self.report(Diagnostic::warning("no-zone", message), &path);
                    continue;
                };
                let kind = match entry.kind {
                    DispenserKind::Sanitiser => hygiene::DispenserKind::Sanitiser,
                    DispenserKind::Soap => hygiene::DispenserKind::Soap,
                    DispenserKind::Towel => hygiene::DispenserKind::Towel,
                };
                let spec = DispenserSpec {
                    kind,
                    portion_pct: entry.portion_pct,
                    refill_below_pct: REFILL_BELOW_PCT,
                    refill_delay_s: REFILL_DELAY_S,
                };
                dispensers_in.entry(room).or_default().push((twin, spec));
            }
        }
        let mut rooms = Vec::new();
        let mut numbers = BTreeMap::new();
        for (at, entry) in self.doc.zones.iter().enumerate() {
            let Some(visits) = &entry.visits_per_hour else { continue };
            for (twin, row) in zones {
                if !self.is_of(*twin, &entry.model) || row_of[*row].is_some() {
                    continue;
                }
                let path = |field| ["zones".into(), at.into(), Step::Field(field)];
                let visits = self.number(*twin, visits, &path("visits_per_hour")).unwrap_or(0.0);
                let compliance =
                    entry.compliance.as_ref().and_then(|source| self.number(*twin, source, &path("compliance")));
                let mut dispensers = Vec::new();
                for (twin, spec) in dispensers_in.remove(twin).unwrap_or_default() {
                    numbers.insert(twin, numbers.len());
                    dispensers.push(spec);
                }
                row_of[*row] = Some(rooms.len());
                rooms.push(RoomSpec {
                    stream: stream_of(self.topology.twin_id(*twin)),
                    visits_per_hour: visits,
                    profile: 2,
                    compliance: compliance.unwrap_or(0.7),
                    dispensers,
                });
            }
        }
        let rooms = if rooms.is_empty() { None } else { Some(rooms) };
        (numbers, row_of, rooms)
    }

    fn shows(&mut self, found: &Found<'_>, hygiene_row: &[Option<usize>]) -> Vec<Show> {
        let mut shows = Vec::new();
        for (at, entry) in self.doc.shows.iter().enumerate() {
            let path = |field| ["shows".into(), at.into(), Step::Field(field)];
            let mut any = false;
            let twins = self.twins_of(&entry.model, &["shows".into(), at.into()]);
            let none_there = twins.is_empty();
            for twin in twins {
                let kind = if entry.quantity == Quantity::Occupied { Kind::Bool } else { Kind::Number };
                let Some(slot) = self.property(twin, &entry.property, kind, &path("property")) else { continue };
                let column = self.topology.column(slot.column);
                if column.formula.is_some() {
                    let message = format!("`{}` is computed, so the simulation can't fill it", entry.property);
                    self.report(Diagnostic::error("computed-twice", message), &path("property"));
                    continue;
                }
                let (scale, offset) = match (natural_unit(entry.quantity).and_then(unit::find), column.unit) {
                    (Some(from), Some(to)) => match conversion(from, to) {
                        Some(conversion) => conversion,
                        None => {
                            let message = format!(
                                "`{}` is in {}, which {} is not measured in",
                                entry.property,
                                to.name,
                                word(entry.quantity)
                            );
                            self.report(Diagnostic::error("wrong-unit", message), &path("property"));
                            continue;
                        }
                    },
                    _ => (1.0, 0.0),
                };
                let of = match &entry.at {
                    Some(way) => self.follow(twin, way, &path("at")),
                    None => vec![twin],
                };
                let Some(of) = found.shown(entry.quantity, &of, hygiene_row) else { continue };
                any = true;
                let stream = stream_of(&self.topology.name(slot));
                shows.push(Show { slot, quantity: entry.quantity, of, noise: entry.noise, scale, offset, stream });
            }
            if !any && !none_there && !has_errors(&self.diagnostics) {
                let message = format!("no `{}` leads to anything that has {}", entry.model, word(entry.quantity));
                self.report(
                    Diagnostic::warning("shows-nothing", message).help("check `at`"),
                    &["shows".into(), at.into()],
                );
            }
        }
        shows
    }
}

/// What the simulation knows, by twin.
struct Found<'f> {
    zones: &'f BTreeMap<TwinIx, usize>,
    units: &'f BTreeMap<TwinIx, usize>,
    dispensers: &'f BTreeMap<TwinIx, usize>,
}

impl Found<'_> {
    fn shown(&self, quantity: Quantity, twins: &[TwinIx], hygiene_row: &[Option<usize>]) -> Option<Shown> {
        let rows = |known: &BTreeMap<TwinIx, usize>| -> Vec<usize> {
            twins.iter().filter_map(|twin| known.get(twin).copied()).collect()
        };
        let some = |rows: Vec<usize>| if rows.is_empty() { None } else { Some(rows) };
        match quantity {
            Quantity::OutdoorTemperature => Some(Shown::Outdoors),
            Quantity::SupplyTemperature => some(rows(self.units)).map(Shown::AirHandlers),
            Quantity::Dispenses | Quantity::Fill => some(rows(self.dispensers)).map(Shown::Dispensers),
            Quantity::Entries | Quantity::Exits => {
                let mut zones = rows(self.zones);
                zones.retain(|zone| hygiene_row[*zone].is_some());
                some(zones).map(Shown::Zones)
            }
            Quantity::AirFlow
            | Quantity::ElectricPower
            | Quantity::ElectricEnergy
            | Quantity::HeatingPower
            | Quantity::CoolingPower => {
                some(rows(self.zones)).map(Shown::Zones).or_else(|| some(rows(self.units)).map(Shown::AirHandlers))
            }
            _ => some(rows(self.zones)).map(Shown::Zones),
        }
    }
}

fn natural_unit(quantity: Quantity) -> Option<&'static str> {
    Some(match quantity {
        Quantity::Temperature | Quantity::SupplyTemperature | Quantity::OutdoorTemperature => "degreeCelsius",
        Quantity::RelativeHumidity | Quantity::Damper | Quantity::Fill => "percent",
        Quantity::Co2 => "partsPerMillion",
        Quantity::Sound => "decibel",
        Quantity::AirFlow => "litrePerSecond",
        Quantity::HeatingPower | Quantity::CoolingPower | Quantity::ElectricPower => "watt",
        Quantity::ElectricEnergy => "kilowattHour",
        _ => return None,
    })
}

fn word(quantity: Quantity) -> String {
    format!("{quantity:?}").to_lowercase()
}
