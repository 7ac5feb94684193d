//! The enclosure of rooms, and the weather.

use super::{Binder, Path};
use crate::simulation::{MAX_LEAKS_ACH, MAX_WARMER_K, study};
use cupola_building::{Enclosure, Role, enclosures};
use cupola_physics::envelope::{self, ConstructionSet, DEFAULT_SET, Facade, SETS};
use cupola_physics::sun::Site;
use cupola_physics::weather::{DailyWeather, Weather};
use cupola_physics::zone::ZoneSpec;
use cupola_scene::Step;
use cupola_twin::{Diagnostic, TwinIx};
use std::collections::BTreeMap;

/// Share of a room's walls that is façade, if neither the scene nor a 3D building gives it: one wall of four.
pub(super) const USUAL_EXTERIOR: f64 = 0.25;
/// Infiltration through leaks of inner walls and through the door, in air changes per hour (an assumption).
const INNER_LEAKS_ACH: f64 = 0.05;

impl Binder<'_> {
    /// Returns the construction set of a room: its own, else the building's, else the default one.
    pub(super) fn construction(&mut self, own: Option<&String>, path: Path<'_>) -> &'static ConstructionSet {
        let whole = [Step::Field("construction")];
        let (name, path) = match (own, &self.doc.construction) {
            (Some(own), _) => (own, path),
            (None, Some(building)) => (building, &whole[..]),
            (None, None) => return DEFAULT_SET,
        };
        envelope::set(name).unwrap_or_else(|| {
            let unknown = Diagnostic::error("unknown-construction", format!("there are no constructions `{name}`"));
            let known = SETS.iter().map(|set| set.name);
            let known_names = SETS.map(|set| set.name).join(", ");
            self.report(unknown.help(format!("there are {known_names}")).did_you_mean(name, known), path);
            DEFAULT_SET
        })
    }

    /// Sets façades, neighbours, roof and ground of zones, from the 3D building where it shows the room.
    pub(super) fn enclose(&self, zones: &BTreeMap<TwinIx, usize>, exterior: &[Option<f64>], specs: &mut [ZoneSpec]) {
        let building = &self.scene.building;
        let is_room = |(_, node): &(usize, &cupola_building::Node)| node.role == Role::Room;
        let (numbers, nodes): (Vec<usize>, Vec<_>) = building.nodes.iter().enumerate().filter(is_room).unzip();
        let twin_of = |at: usize| self.scene.bindings.get(*numbers.get(at)?).copied().flatten();
        let zone_of = |at: usize| zones.get(&twin_of(at)?).copied();
        let mut shown: Vec<Option<Enclosure>> = vec![None; specs.len()];
        for (at, enclosure) in enclosures(&nodes).into_iter().enumerate() {
            if let Some(row) = zone_of(at).filter(|_| enclosure.area_m2 > 0.0) {
                shown[row] = Some(enclosure);
            }
        }
        for (row, spec) in specs.iter_mut().enumerate() {
            let mut share = exterior[row].unwrap_or(USUAL_EXTERIOR).clamp(0.0, 1.0);
            if let Some(enclosure) = &shown[row] {
                let outdoors: f64 = enclosure.facades.iter().map(|(_, length_m)| length_m).sum();
                let inner: f64 = enclosure.neighbours.iter().map(|(_, length_m)| length_m).sum();
                let perimeter = (outdoors + inner).max(1e-6);
                // The scene's share decides the size of the façade, and the 3D building decides its directions.
                let scale = exterior[row].map_or(1.0, |said| said.clamp(0.0, 1.0) * perimeter / outdoors.max(1e-6));
                if outdoors > 0.0 {
                    let facade = |(azimuth_deg, length_m): &(f64, f64)| Facade {
                        azimuth_deg: *azimuth_deg,
                        length_m: scale * length_m,
                    };
                    spec.facades = enclosure.facades.iter().map(facade).collect();
                    share = scale * outdoors / perimeter;
                } else if exterior[row].is_none() {
                    spec.facades.clear();
                    share = 0.0;
                }
                let neighbour = |(at, length_m): &(usize, f64)| Some((zone_of(*at)?, *length_m));
                spec.neighbours = enclosure.neighbours.iter().filter_map(neighbour).collect();
                spec.roof_share = enclosure.roof_share;
                spec.ground_share = enclosure.ground_share;
            }
            spec.infiltration_ach = INNER_LEAKS_ACH + spec.set.infiltration_ach * share;
        }
    }

    /// Applies the scene's assumptions about single rooms and checks the assumption about the weather.
    pub(super) fn assumed(&mut self, zones: &BTreeMap<TwinIx, usize>, specs: &mut [ZoneSpec]) {
        for (id, assumed) in &self.doc.assumed {
            let path = |field| ["assumed".into(), id.as_str().into(), Step::Field(field)];
            let row = self.topology.twin(id).and_then(|twin| zones.get(&twin));
            let Some(spec) = row.and_then(|row| specs.get_mut(*row)) else {
                // This is a warning, because the twin may have been a room earlier and the rest of the scene is valid
                // without it.
                let message = format!("`{id}` is no room of the simulation, so nothing can be assumed of it");
                let found = Diagnostic::warning("unknown-room", message);
                let rooms = zones.keys().map(|twin| self.topology.twin_id(*twin));
                let found = found.did_you_mean(id, rooms);
                self.report(found, &path("construction")[..2]);
                continue;
            };
            if assumed.construction.is_some() {
                spec.set = self.construction(assumed.construction.as_ref(), &path("construction"));
            }
            match assumed.leaks_ach {
                Some(ach) if (0.0..=MAX_LEAKS_ACH).contains(&ach) => spec.infiltration_ach = ach,
                Some(ach) => {
                    let message = format!("from 0 to {MAX_LEAKS_ACH} air changes an hour pass, not {ach}");
                    self.report(Diagnostic::error("out-of-range", message), &path("leaks_ach"));
                }
                None => {}
            }
        }
        let warmer_k = self.doc.weather.warmer_k;
        if !(-MAX_WARMER_K..=MAX_WARMER_K).contains(&warmer_k) {
            let message = format!("outdoors can be {MAX_WARMER_K} K warmer or colder, not {warmer_k} K");
            self.report(Diagnostic::error("out-of-range", message), &["weather".into(), "warmer_k".into()]);
        }
    }

    /// Returns the weather from a file, or generated days with the scene's parameters.
    pub(super) fn weather(&mut self) -> Weather {
        let doc = &self.doc.weather;
        // A file that may not be read is reported with the scene.
        if let Some(path) = doc.file.as_ref().and_then(|file| self.scene.reach(file).ok()) {
            let (epw, found) = study::read(&path);
            for diagnostic in found {
                if diagnostic.place.is_some() {
                    self.diagnostics.push(diagnostic);
                } else {
                    self.report(diagnostic, &["weather".into(), "file".into()]);
                }
            }
            if let Some(epw) = epw {
                let (own_h, file_h) = (self.standard_h(), epw.location.site.time_zone_h);
                if own_h != file_h {
                    let message = format!(
                        "the weather file of {} has the standard time UTC{file_h:+} h, the building UTC{own_h:+} h; the \
                         file's hours are taken as the building's",
                        epw.location.city
                    );
                    let help = "name a weather file of the building's region, or its `time_zone`";
                    let wrong = Diagnostic::warning("weather-zone", message).help(help);
                    self.report(wrong, &["weather".into(), "file".into()]);
                }
                return Weather::File(Box::new(epw));
            }
        }
        let days = DailyWeather {
            mean_c: doc.mean_c,
            swing_k: doc.swing_k,
            day_to_day_k: doc.day_to_day_k,
            relative_humidity: doc.relative_humidity_pct / 100.0,
            solar_peak_w_m2: doc.solar_peak_w_m2,
            ..DailyWeather::default()
        };
        let time_zone_h = self.standard_h();
        let latitude_deg = self.doc.latitude_deg.clamp(-90.0, 90.0);
        // The longitude is the middle of the time zone.
        Weather::Daily(days, Site { latitude_deg, longitude_deg: 15.0 * time_zone_h, time_zone_h })
    }
}
