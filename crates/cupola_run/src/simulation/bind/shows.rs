//! Properties that show quantities of the simulation, and the rooms of the hygiene model.

use super::plants::Plants;
use super::{Binder, REFILL_BELOW_PCT, REFILL_DELAY_S};
use crate::simulation::run::{ShownProperty, ShownSource};
use cupola_physics::central::PlantSource;
use cupola_physics::hygiene::{self, DispenserSpec, RoomSpec};
use cupola_physics::random::stream_of;
use cupola_scene::Step;
use cupola_scene::document::{DispenserKind, Quantity};
use cupola_twin::diagnostic::has_errors;
use cupola_twin::unit::{self, conversion};
use cupola_twin::{Diagnostic, Kind, TwinIx};
use std::collections::BTreeMap;

/// The rows of the twins that the simulation knows.
pub(super) struct BoundTwins<'f> {
    pub zones: &'f BTreeMap<TwinIx, usize>,
    pub units: &'f BTreeMap<TwinIx, usize>,
    pub plants: &'f Plants,
    pub dispensers: &'f BTreeMap<TwinIx, usize>,
}

impl BoundTwins<'_> {
    fn shown(&self, quantity: Quantity, twins: &[TwinIx], hygiene_row: &[Option<usize>]) -> Option<ShownSource> {
        let rows = |known: &BTreeMap<TwinIx, usize>| -> Vec<usize> {
            twins.iter().filter_map(|twin| known.get(twin).copied()).collect()
        };
        let some = |rows: Vec<usize>| if rows.is_empty() { None } else { Some(rows) };
        match quantity {
            Quantity::OutdoorTemperature => Some(ShownSource::Outdoors),
            Quantity::SupplyTemperature => some(rows(self.units)).map(ShownSource::AirHandlers),
            Quantity::Dispenses | Quantity::Fill => some(rows(self.dispensers)).map(ShownSource::Dispensers),
            Quantity::Entries | Quantity::Exits => {
                let mut zones = rows(self.zones);
                zones.retain(|zone| hygiene_row[*zone].is_some());
                some(zones).map(ShownSource::Zones)
            }
            Quantity::AirFlow
            | Quantity::ElectricPower
            | Quantity::ElectricEnergy
            | Quantity::HeatingPower
            | Quantity::CoolingPower => {
                let units = || some(rows(self.units)).map(ShownSource::AirHandlers);
                some(rows(self.zones)).map(ShownSource::Zones).or_else(units).or_else(|| self.sources(quantity, twins))
            }
            Quantity::FuelPower | Quantity::FuelEnergy => self.sources(quantity, twins),
            _ => some(rows(self.zones)).map(ShownSource::Zones),
        }
    }
}

impl BoundTwins<'_> {
    /// Returns the sources of heat or cold that have a quantity.
    fn sources(&self, quantity: Quantity, twins: &[TwinIx]) -> Option<ShownSource> {
        let has = |row: &usize| match (quantity, &self.plants.specs[*row].makes) {
            (Quantity::AirFlow, _) => false,
            (Quantity::HeatingPower, makes) => matches!(makes, PlantSource::Heat(_)),
            (Quantity::CoolingPower, makes) => matches!(makes, PlantSource::Cold(_)),
            _ => true,
        };
        let rows: Vec<usize> =
            twins.iter().filter_map(|twin| self.plants.twins.get(twin).copied()).filter(has).collect();
        (!rows.is_empty()).then_some(ShownSource::Plants(rows))
    }
}

fn natural_unit(quantity: Quantity) -> Option<&'static str> {
    Some(match quantity {
        Quantity::Temperature | Quantity::SupplyTemperature | Quantity::OutdoorTemperature => "degreeCelsius",
        Quantity::RelativeHumidity | Quantity::Damper | Quantity::Fill => "percent",
        Quantity::Co2 => "partsPerMillion",
        Quantity::Sound => "decibel",
        Quantity::AirFlow => "litrePerSecond",
        Quantity::HeatingPower | Quantity::CoolingPower | Quantity::ElectricPower | Quantity::FuelPower => "watt",
        Quantity::ElectricEnergy | Quantity::FuelEnergy => "kilowattHour",
        _ => return None,
    })
}

fn word(quantity: Quantity) -> String {
    format!("{quantity:?}").to_lowercase()
}

impl Binder<'_> {
    /// Returns the number of each dispenser, the row of each zone in the hygiene model, and the rooms of that model.
    pub(super) fn hygiene(
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

    pub(super) fn shows(&mut self, found: &BoundTwins<'_>, hygiene_row: &[Option<usize>]) -> Vec<ShownProperty> {
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
                shows.push(ShownProperty {
                    slot,
                    quantity: entry.quantity,
                    of,
                    noise: entry.noise,
                    scale,
                    offset,
                    stream,
                });
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
