//! The conversion of the `simulation` section of a scene to a simulation, with a check of every name.

mod commands;
mod plants;
mod rooms;
mod shows;

use super::assume::SceneAssumptions;
use super::run::{ControlInput, Simulation};
use cupola_physics::building::{BuildingModel, Controls};
use cupola_physics::hygiene::HygieneModel;
use cupola_physics::occupancy::DayProfile;
use cupola_physics::random::stream_of;
use cupola_physics::zone::{AhuSpec, TerminalSpec, ZoneSpec};
use cupola_scene::document::{Profile, SimulationDoc, Source, ZoneDoc};
use cupola_scene::{Places, Scene, Step};
use cupola_twin::diagnostic::has_errors;
use cupola_twin::expr::{Cell, Segment, evaluate, parse};
use cupola_twin::query::TwinContext;
use cupola_twin::{Diagnostic, Kind, Slot, State, Topology, TwinIx, unit, zone};
use shows::BoundTwins;
use std::collections::BTreeMap;

/// Longest step, in microseconds.
const DAY_US: i64 = 86_400_000_000;
/// Smallest flow of a terminal while people are in the room, as a share of its largest flow.
const MIN_FLOW: f64 = 0.3;
/// The unit of the temperatures of the physics.
const CELSIUS: &str = "degreeCelsius";
/// Fill level of a dispenser, in %, below which maintenance is called.
const REFILL_BELOW_PCT: f64 = 15.0;
/// Time from the call until maintenance refills a dispenser, in seconds.
const REFILL_DELAY_S: f64 = 4.0 * 3600.0;

impl Simulation {
    /// Returns the simulation of a scene with diagnostics. The simulation is `None` if the scene has none or it has
    /// errors.
    pub fn new(scene: &Scene) -> (Option<Self>, Vec<Diagnostic>) {
        let Some(doc) = &scene.document.simulation else { return (None, Vec::new()) };
        let state = State::new(scene.topology.clone());
        let (topology, places) = (&*scene.topology, &scene.places);
        let mut binder = Binder { scene, topology, state: &state, places, doc, diagnostics: Vec::new() };
        let simulation = binder.simulation();
        (simulation, binder.diagnostics)
    }
}

struct Binder<'s> {
    scene: &'s Scene,
    topology: &'s Topology,
    state: &'s State,
    places: &'s Places,
    doc: &'s SimulationDoc,
    diagnostics: Vec<Diagnostic>,
}

/// The path of a name in the `simulation` section of the document.
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
        let start_us = self.start_us();
        if zone::is_skipped(&self.doc.start, &self.topology.zone) {
            let message = format!("daylight saving skips {} in the building's zone", self.doc.start);
            let help = "it counts as an hour later; name another time, or one with a difference to UTC";
            self.report(Diagnostic::warning("skipped-time", message).help(help), &["start".into()]);
        }
        if start_us.is_none() {
            let wrong = Diagnostic::error("wrong-time", format!("`{}` is not a time", doc.start));
            let help = "write it like 2026-01-12T07:00:00Z, or 2026-01-12T08:00 in local time";
            self.report(wrong.help(help), &["start".into()]);
        }
        let step_us = cupola_wire::parse_duration(&doc.step).filter(|step_us| (1_000..=DAY_US).contains(step_us));
        if step_us.is_none() {
            let message = format!("`{}` is not a duration from a millisecond to a day", doc.step);
            let wrong = Diagnostic::error("wrong-duration", message);
            self.report(wrong.help("write it like 1m or 30s"), &["step".into()]);
        }
        let (units, ahus, ahu_on, supply_c) = self.air_handlers();
        let (zones, mut specs, exterior) = self.zones();
        self.enclose(&zones, &exterior, &mut specs);
        let terminals = self.terminals(&zones, &units, &mut specs);
        let (dispensers, hygiene_row, hygiene) = self.hygiene(&zones);
        let plants = self.plants(&zones, &units);
        let found = BoundTwins { zones: &zones, units: &units, plants: &plants, dispensers: &dispensers };
        let shows = self.shows(&found, &hygiene_row);
        let handlers = self.commands();
        let profiles = vec![DayProfile::office(), DayProfile::meeting(), DayProfile::ward(), DayProfile::always(0.0)];
        self.assumed(&zones, &mut specs);
        let said = SceneAssumptions::of(&specs, doc.weather.warmer_k);
        let weather = self.weather();
        let model = BuildingModel::new(specs, ahus, profiles.clone(), weather, doc.seed);
        let plant_count = plants.specs.len();
        let model = match model.and_then(|model| model.with_plants(plants.specs)) {
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
        let mut twins: Vec<(usize, TwinIx)> = zones.iter().map(|(twin, row)| (*row, *twin)).collect();
        twins.sort_unstable();
        let per_zone = |source: fn(&ZoneDoc) -> &Source, otherwise: fn(&ZoneSpec) -> f64| {
            let steer = |(row, twin): &(usize, TwinIx)| {
                let slot = self.zone_property(*twin, source);
                // A property whose unit doesn't fit was reported with the zone.
                let change = slot.and_then(|slot| self.change_to(slot, Some(CELSIUS))).unwrap_or((1.0, 0.0));
                ControlInput { slot, change, otherwise: otherwise(&model.zones()[*row]) }
            };
            twins.iter().map(steer).collect::<Vec<_>>()
        };
        Some(Simulation {
            start_us: start_us?,
            step_us: step_us?,
            zone: self.topology.zone.clone(),
            seed: doc.seed,
            physical: model.initial_state(),
            controls: Controls { outdoor_offset_k: said.warmer_k, ..model.controls() },
            said,
            outputs: Default::default(),
            hygiene,
            hygiene_row,
            zone_energy_j: vec![0.0; zones.len()],
            unit_energy_j: vec![0.0; units.len()],
            plant_energy_j: vec![(0.0, 0.0); plant_count],
            ahu_on,
            supply_c,
            plant_on: plants.on,
            plant_capacities: plants.capacities,
            terminal_on: terminals,
            heating_c: per_zone(|zone| &zone.heating_setpoint, |spec| spec.heating_setpoint_c),
            cooling_c: per_zone(|zone| &zone.cooling_setpoint, |spec| spec.cooling_setpoint_c),
            shows,
            handlers,
            model,
            zone_of: zones,
            unit_of: units,
            plant_of: plants.twins,
            dispenser_of: dispensers,
        })
    }

    /// Returns the building's standard time minus UTC at the start, in hours.
    fn standard_h(&self) -> f64 {
        zone::standard_offset_s(&self.topology.zone, self.start_us().unwrap_or(0)) as f64 / 3600.0
    }

    /// Returns the start of the simulation. A time without a zone is local.
    fn start_us(&self) -> Option<i64> {
        let start = &self.doc.start;
        cupola_wire::parse_rfc3339(start).or_else(|| zone::time_of_local(start, &self.topology.zone))
    }

    /// Returns whether the air handling units run day and night, because a zone is a ward where people always are.
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

    /// Returns the slot of a property of a twin. Reports a property that is missing or of another kind.
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

    /// Returns the conversion of a property to a unit: scale and offset; `None` if the unit doesn't fit. A property
    /// without a unit needs none.
    fn change_to(&self, slot: Slot, unit: Option<&str>) -> Option<(f64, f64)> {
        unit::conversion_between(self.topology.column(slot.column).unit, unit.and_then(unit::find))
    }

    /// Returns the number that a source gives for a twin, or `None` if it is a property without a usable value.
    fn number(&mut self, twin: TwinIx, source: &Source, path: Path<'_>) -> Option<f64> {
        self.number_in(twin, source, None, path)
    }

    /// Returns the number that a source gives for a twin, in a unit. Reports a property whose unit doesn't fit.
    fn number_in(&mut self, twin: TwinIx, source: &Source, unit: Option<&str>, path: Path<'_>) -> Option<f64> {
        match source {
            Source::Constant(number) => Some(*number),
            Source::Property(name) => {
                let slot = self.property(twin, name, Kind::Number, path)?;
                let Some((scale, offset)) = self.change_to(slot, unit) else {
                    let (own, wanted) = (self.topology.column(slot.column).unit, unit.unwrap_or_default());
                    let message =
                        format!("`{name}` is in {}, but {wanted} is needed", own.map_or("no unit", |unit| unit.name));
                    self.report(Diagnostic::error("wrong-unit", message), path);
                    return None;
                };
                let lane = self.state.get(slot).usable();
                if lane.is_nan() && self.topology.column(slot.column).formula.is_none() {
                    let message = format!("`{}` has no value for the simulation", self.topology.name(slot));
                    self.report(Diagnostic::warning("no-value", message).help("give it one in `properties`"), path);
                }
                (!lane.is_nan()).then_some(lane * scale + offset)
            }
        }
    }

    /// Returns the twins at the end of a path.
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

    /// Returns the air handling units in the order of their rows: the row of each twin, the specifications, the
    /// switches and the supply air set-points.
    fn air_handlers(&mut self) -> (BTreeMap<TwinIx, usize>, Vec<AhuSpec>, Vec<ControlInput>, Vec<ControlInput>) {
        let (mut units, mut specs, mut on, mut supply_c) = (BTreeMap::new(), Vec::new(), Vec::new(), Vec::new());
        let always_on = self.is_always_on();
        for (at, entry) in self.doc.air_handlers.iter().enumerate() {
            let path = |field| ["air_handlers".into(), at.into(), Step::Field(field)];
            for twin in self.twins_of(&entry.model, &["air_handlers".into(), at.into()]) {
                if units.contains_key(&twin) {
                    continue;
                }
                let slot = self.property(twin, &entry.on, Kind::Bool, &path("on"));
                let mut spec = AhuSpec { always_on, ..AhuSpec::default() };
                let mut setpoint = None;
                if let Some(property) = &entry.supply_setpoint {
                    let source = Source::Property(property.clone());
                    let number = self.number_in(twin, &source, Some(CELSIUS), &path("supply_setpoint"));
                    spec.supply_c = number.unwrap_or(spec.supply_c);
                    setpoint = self.topology.slot(twin, property);
                }
                units.insert(twin, specs.len());
                on.push(ControlInput::plain(slot, 1.0));
                let change = setpoint.and_then(|slot| self.change_to(slot, Some(CELSIUS))).unwrap_or((1.0, 0.0));
                supply_c.push(ControlInput { slot: setpoint, change, otherwise: spec.supply_c });
                specs.push(spec);
            }
        }
        (units, specs, on, supply_c)
    }

    /// Returns the slot of the property that a source names for a zone's twin, or `None` if the source is a constant.
    fn zone_property(&self, twin: TwinIx, source: fn(&ZoneDoc) -> &Source) -> Option<Slot> {
        self.doc.zones.iter().find_map(|zone| match source(zone) {
            Source::Property(name) if self.is_of(twin, &zone.model) => self.topology.slot(twin, name),
            _ => None,
        })
    }

    /// Returns the row of each zone's twin, the specifications so far, and the share of the walls that the scene
    /// declares as façade.
    fn zones(&mut self) -> (BTreeMap<TwinIx, usize>, Vec<ZoneSpec>, Vec<Option<f64>>) {
        let mut zones = BTreeMap::new();
        let mut specs = Vec::new();
        let mut shares = Vec::new();
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
                let area = self.number_in(twin, &entry.area, Some("squareMetre"), &path("area"));
                let height = self.number_in(twin, &entry.height, Some("metre"), &path("height"));
                let (Some(area), Some(height)) = (area, height) else {
                    continue;
                };
                let exterior = entry
                    .exterior
                    .as_ref()
                    .and_then(|source| self.number_in(twin, source, Some("unity"), &path("exterior")));
                let mut spec = ZoneSpec::from_area(area, height, exterior.unwrap_or(rooms::USUAL_EXTERIOR));
                spec.set = self.construction(entry.construction.as_ref(), &path("construction"));
                spec.stream = stream_of(self.topology.twin_id(twin));
                spec.people_capacity =
                    self.number(twin, &entry.people, &path("people")).unwrap_or(spec.people_capacity);
                spec.profile = match entry.profile {
                    Profile::Office => 0,
                    Profile::Meeting => 1,
                    Profile::Ward => 2,
                    Profile::Empty => 3,
                };
                let heating = self.number_in(twin, &entry.heating_setpoint, Some(CELSIUS), &path("heating_setpoint"));
                let cooling = self.number_in(twin, &entry.cooling_setpoint, Some(CELSIUS), &path("cooling_setpoint"));
                spec.heating_setpoint_c = heating.unwrap_or(spec.heating_setpoint_c);
                spec.cooling_setpoint_c = cooling.unwrap_or(spec.cooling_setpoint_c);
                if spec.heating_setpoint_c > spec.cooling_setpoint_c {
                    let message = format!(
                        "the set-points of `{}` are {} °C for heating and {} °C for cooling",
                        self.topology.twin_id(twin),
                        spec.heating_setpoint_c,
                        spec.cooling_setpoint_c
                    );
                    let crossed = Diagnostic::warning("crossed-setpoints", message);
                    let help = "heating keeps the one for cooling";
                    self.report(crossed.help(help), &path("cooling_setpoint"));
                }
                zones.insert(twin, specs.len());
                specs.push(spec);
                shares.push(exterior);
            }
        }
        (zones, specs, shares)
    }

    /// Adds the terminals to the zones. Returns the switch of each zone's terminal.
    fn terminals(
        &mut self,
        zones: &BTreeMap<TwinIx, usize>,
        units: &BTreeMap<TwinIx, usize>,
        specs: &mut [ZoneSpec],
    ) -> Vec<ControlInput> {
        let mut steers = vec![ControlInput::plain(None, 1.0); specs.len()];
        for (at, entry) in self.doc.terminals.iter().enumerate() {
            let path = |field| ["terminals".into(), at.into(), Step::Field(field)];
            for twin in self.twins_of(&entry.model, &["terminals".into(), at.into()]) {
                let on = self.property(twin, &entry.on, Kind::Bool, &path("on"));
                let flow = self.number_in(twin, &entry.max_flow_l_s, Some("litrePerSecond"), &path("max_flow_l_s"));
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
                    steers[*row] = ControlInput::plain(on, 1.0);
                }
            }
        }
        steers
    }
}
