//! Sources of heat and cold, with the zones and air handling units that they serve.

use super::{Binder, Path};
use crate::simulation::run::ControlInput;
use cupola_physics::central::{PlantSource, PlantSpec};
use cupola_physics::study::{ColdKind, ColdSource, HeatKind, HeatSource, Plant};
use cupola_scene::Step;
use cupola_scene::document::{PlantKind, Source};
use cupola_twin::unit::{self, conversion};
use cupola_twin::{Diagnostic, Kind, Slot, TwinIx};
use std::collections::BTreeMap;

/// Ranges of the efficiency, which is a ratio, and of the water temperature in °C.
const EFFICIENCY: (f64, f64) = (0.1, 20.0);
const WATER_C: (f64, f64) = (2.0, 150.0);

/// The twins that are sources, with specifications and switches in the order of the rows.
pub(super) struct Plants {
    pub twins: BTreeMap<TwinIx, usize>,
    pub specs: Vec<PlantSpec>,
    pub on: Vec<ControlInput>,
    /// The slot of each source's capacity, and the factor from the property's unit to W.
    pub capacities: Vec<Option<(Slot, f64)>>,
}

impl Binder<'_> {
    /// Returns boilers, heat pumps and chillers, with the zones and units that they serve.
    pub(super) fn plants(&mut self, zones: &BTreeMap<TwinIx, usize>, units: &BTreeMap<TwinIx, usize>) -> Plants {
        let mut plants = Plants { twins: BTreeMap::new(), specs: Vec::new(), on: Vec::new(), capacities: Vec::new() };
        for (at, entry) in self.doc.plants.iter().enumerate() {
            let path = |field| ["plants".into(), at.into(), Step::Field(field)];
            for twin in self.twins_of(&entry.model, &["plants".into(), at.into()]) {
                if plants.twins.contains_key(&twin) {
                    continue;
                }
                let slot = entry.on.as_ref().and_then(|on| self.property(twin, on, Kind::Bool, &path("on")));
                let capacity = entry.capacity_w.as_ref().map(|source| self.watts(twin, source, &path("capacity_w")));
                let (capacity_w, steer) = capacity.unwrap_or_default();
                let efficiency = entry
                    .efficiency
                    .as_ref()
                    .and_then(|source| self.number_in(twin, source, Some("unity"), &path("efficiency")));
                let mut within = |field, number: Option<f64>, (least, most): (f64, f64)| {
                    let number = number?;
                    if (least..=most).contains(&number) {
                        return Some(number);
                    }
                    let message = format!("`{field}` is from {least} to {most}, not {number}");
                    self.report(Diagnostic::error("out-of-range", message), &path(field));
                    None
                };
                let capacity_w = within("capacity_w", capacity_w, Plant::CAPACITY_W);
                let efficiency = within("efficiency", efficiency, EFFICIENCY);
                let water_c = within("water_c", entry.water_c, WATER_C);
                let makes = makes(entry.kind, capacity_w, efficiency, water_c);
                let mut spec = PlantSpec { makes, zones: Vec::new(), ahus: Vec::new() };
                for (number, way) in entry.serves.iter().enumerate() {
                    let [plants, at, serves] = path("serves");
                    for served in self.follow(twin, way, &[plants, at, serves, number.into()]) {
                        spec.zones.extend(zones.get(&served));
                        spec.ahus.extend(units.get(&served));
                    }
                }
                if matches!(spec.makes, PlantSource::Cold(_)) {
                    // Cold sources serve only air handling units, because radiators only heat.
                    spec.zones.clear();
                }
                if spec.zones.is_empty() && spec.ahus.is_empty() {
                    let id = self.topology.twin_id(twin);
                    let whom = match spec.makes {
                        PlantSource::Heat(_) => "no room and no air handling unit of the simulation",
                        PlantSource::Cold(_) => "no air handling unit of the simulation",
                    };
                    let message = format!("`{id}` serves {whom}");
                    let found = Diagnostic::warning("serves-nothing", message);
                    self.report(found.help("write the path from it to them, like feeds"), &path("serves"));
                }
                plants.twins.insert(twin, plants.specs.len());
                plants.specs.push(spec);
                plants.on.push(ControlInput::plain(slot, 1.0));
                plants.capacities.push(steer);
            }
        }
        plants
    }

    /// Returns a power, in W. If the source is a property, also returns its slot and the factor from its unit to W.
    fn watts(&mut self, twin: TwinIx, source: &Source, path: Path<'_>) -> (Option<f64>, Option<(Slot, f64)>) {
        let number = self.number(twin, source, path);
        let Source::Property(name) = source else { return (number, None) };
        let Some(slot) = self.topology.slot(twin, name) else { return (None, None) };
        let scale = match (self.topology.column(slot.column).unit, unit::find("watt")) {
            (Some(from), Some(to)) => conversion(from, to).map(|(scale, _)| scale),
            _ => Some(1.0),
        };
        let Some(scale) = scale else {
            let message = format!("`{name}` isn't in a unit of power");
            self.report(Diagnostic::error("wrong-unit", message).help("give it one, like kilowatt"), path);
            return (None, None);
        };
        (number.map(|number| number * scale), Some((slot, scale)))
    }
}

fn makes(kind: PlantKind, capacity_w: Option<f64>, efficiency: Option<f64>, supply_c: Option<f64>) -> PlantSource {
    let heat = |kind| PlantSource::Heat(HeatSource { kind, capacity_w, efficiency, supply_c });
    let cold = |kind| PlantSource::Cold(ColdSource { kind, capacity_w, cop: efficiency, supply_c });
    match kind {
        PlantKind::GasBoiler => heat(HeatKind::GasBoiler),
        PlantKind::CondensingBoiler => heat(HeatKind::CondensingBoiler),
        PlantKind::HeatPump => heat(HeatKind::HeatPump),
        PlantKind::ElectricBoiler => heat(HeatKind::Electric),
        PlantKind::DistrictHeat => heat(HeatKind::District),
        PlantKind::Chiller => cold(ColdKind::Chiller),
        PlantKind::DistrictCold => cold(ColdKind::District),
    }
}
