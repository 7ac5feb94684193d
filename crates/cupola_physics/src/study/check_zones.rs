//! Checks of zones: envelope and use.

use super::check::{Checker, values};
use super::{
    Airflow, Amount, Conditioning, Fin, Gain, InsideConvection, Outside, OutsideConvection, People, Program, Shading,
    Surface, Window, Zone,
};
use crate::epw_dates::Weekday;
use crate::sun::Plane;
use crate::thermal::window_area;

/// Fraction of its area by which an envelope may fail to close, because areas are rounded and thicknesses
/// left out.
const OPEN: f64 = 0.05;
/// Set-point from which a value is implausible, in °C, and set-point from which a value means "never".
const ODD_C: f64 = 45.0;
const FAR_C: f64 = 90.0;

impl Checker<'_> {
    pub(super) fn zones(&mut self) {
        let study = self.study;
        self.at("convection", |checker| {
            checker.at("inside", |checker| checker.inside_convection(&study.convection.inside));
            checker.at("outside", |checker| checker.outside_convection(&study.convection.outside));
        });
        self.at("zones", |checker| {
            for (at, zone) in study.zones.iter().enumerate() {
                checker.at(at, |checker| {
                    if study.zones[..at].iter().any(|other| other.id == zone.id) {
                        let message = format!("several zones have the id `{}`", zone.id);
                        checker
                            .at("id", |checker| checker.error("duplicate-id", message, "give one of them another id"));
                    }
                    checker.zone(zone);
                });
            }
        });
    }

    fn zone(&mut self, zone: &Zone) {
        self.range("floor_area_m2", Some(zone.floor_area_m2), 0.1, 1e6, "m²");
        self.range("volume_m3", Some(zone.volume_m3), 0.1, 1e7, "m³");
        let height = zone.volume_m3 / zone.floor_area_m2;
        if !(1.5..=50.0).contains(&height) {
            let message = format!("volume over floor area is {height:.2} m, an unusual height of a room");
            self.at("volume_m3", |checker| checker.warning("odd-height", message, "check both values"));
        }
        self.range("floor_height_m", zone.floor_height_m, -100.0, 1_000.0, "m");
        self.range("capacity_multiplier", zone.capacity_multiplier, 0.1, 1_000.0, "");
        self.at("surfaces", |checker| {
            for (at, surface) in zone.surfaces.iter().enumerate() {
                checker.at(at, |checker| {
                    if zone.surfaces[..at].iter().any(|other| other.id == surface.id) {
                        let message = format!("several surfaces of the zone have the id `{}`", surface.id);
                        checker
                            .at("id", |checker| checker.error("duplicate-id", message, "give one of them another id"));
                    }
                    checker.surface(zone, surface);
                });
            }
            checker.envelope(zone);
            checker.partitions(zone);
        });
        let shares: f64 = zone.surfaces.iter().filter_map(|surface| surface.solar_fraction).sum();
        if shares > 1.0 + 1e-6 {
            let message = format!("the surfaces' solar fractions add up to {shares}");
            self.at("surfaces", |checker| checker.error("out-of-range", message, "the sum must be at most 1"));
        }
        for (field, flows) in [("infiltration", &zone.infiltration), ("ventilation", &zone.ventilation)] {
            self.at(field, |checker| {
                for (at, flow) in flows.iter().enumerate() {
                    checker.at(at, |checker| checker.airflow(flow));
                }
            });
        }
        self.at("gains", |checker| {
            for (at, gain) in zone.gains.iter().enumerate() {
                checker.at(at, |checker| checker.gain(gain));
            }
        });
        if let Some(people) = &zone.people {
            self.at("people", |checker| checker.people(people));
        }
        for (field, conditioning) in [("heating", &zone.heating), ("cooling", &zone.cooling)] {
            if let Some(conditioning) = conditioning {
                self.at(field, |checker| checker.conditioning(conditioning));
            }
        }
        if let (Some(heating), Some(cooling)) = (&zone.heating, &zone.cooling)
            && let (Amount::Number(warm), Amount::Number(cold)) = (&heating.setpoint_c, &cooling.setpoint_c)
            && warm > cold
        {
            self.at("cooling", |checker| checker.crossed(*warm, *cold));
        }
        self.crossed_schedules(zone);
    }

    /// Warns of schedules whose set-point for heating is above the one for cooling at some times.
    fn crossed_schedules(&mut self, zone: &Zone) {
        let (Some(heating), Some(cooling)) = (&zone.heating, &zone.cooling) else { return };
        let (warm, cold) = (&heating.setpoint_c, &cooling.setpoint_c);
        let is_scheduled = matches!(warm, Amount::Schedule(_)) || matches!(cold, Amount::Schedule(_));
        let are_known = [warm, cold].into_iter().all(|amount| match amount {
            Amount::Number(_) => true,
            Amount::Schedule(name) => self.study.schedules.contains_key(name),
        });
        // Faulty schedules were reported.
        if !is_scheduled || !are_known || self.findings.iter().any(|finding| finding.is_error) {
            return;
        }
        let mut program = Program::new(self.study, Weekday::Monday, false);
        let (warm, cold) = (program.value(warm), program.value(cold));
        let mut crossed = Vec::new();
        for (day, half_hour) in (0..365).flat_map(|day| (0..48).map(move |half_hour| (day, half_hour))) {
            program.go_to(day, f64::from(half_hour) / 2.0 + 0.25);
            if program.at(warm) > program.at(cold) {
                crossed.push((program.at(warm), program.at(cold)));
            }
        }
        let Some((warm_c, cold_c)) = crossed.first() else { return };
        let message = format!(
            "the set-point for heating is above the one for cooling in {} hours of the year, first with {warm_c} and \
             {cold_c} °C",
            crossed.len() as f64 / 2.0
        );
        let help = "heating then keeps the set-point for cooling, and the hours count as unmet";
        self.at("cooling", |checker| checker.warning("crossed-setpoints", message, help));
    }

    pub(super) fn crossed(&mut self, heating_c: f64, cooling_c: f64) {
        let message = format!("the set-points are {heating_c} °C for heating and {cooling_c} °C for cooling");
        let help = "the set-point for cooling must not be below the one for heating";
        self.error("crossed-setpoints", message, help);
    }

    /// Warns of a partition that both of its zones list. A surface to another zone belongs to both of them.
    fn partitions(&mut self, zone: &Zone) {
        for (at, own) in zone.surfaces.iter().enumerate() {
            let Outside::Zone(id) = &own.outside else { continue };
            let others = self.study.zones.iter().take_while(|other| other.id != zone.id);
            let Some(other) = others.into_iter().find(|other| other.id == *id) else { continue };
            let is_same = |there: &&Surface| {
                matches!(&there.outside, Outside::Zone(back) if *back == zone.id)
                    && there.construction == own.construction
                    && (there.area_m2 - own.area_m2).abs() <= 0.01 * own.area_m2
            };
            if let Some(there) = other.surfaces.iter().find(is_same) {
                let message = format!(
                    "`{}` and `{}` of zone `{id}` are alike; each of them is a wall between the two zones",
                    own.id, there.id
                );
                let help =
                    "a surface with `outside: zone(…)` belongs to both zones: if they are one wall, list it once";
                self.at(at, |checker| checker.warning("partition-twice", message, help));
            }
        }
    }

    /// Checks that the area-weighted normals of a closed envelope add up to zero (Gauss).
    fn envelope(&mut self, zone: &Zone) {
        if zone.is_open {
            return;
        }
        let (mut sum, mut total, mut adiabatic) = ([0.0; 3], 0.0, 0.0);
        let mut add = |surface: &Surface, sign: f64| {
            let plane = Plane::new(surface.azimuth_deg, surface.tilt_deg);
            let area = surface.area_m2.max(0.0);
            total += area;
            if surface.outside == Outside::Adiabatic {
                // An adiabatic surface can be a partition within the zone, or stand for the rest of the
                // building.
                adiabatic += area;
            } else {
                sum.iter_mut().zip(plane.normal).for_each(|(sum, normal)| *sum += sign * area * normal);
            }
        };
        zone.surfaces.iter().for_each(|surface| add(surface, 1.0));
        let others = self.study.zones.iter().flat_map(|other| &other.surfaces);
        let is_shared = |surface: &&Surface| matches!(&surface.outside, Outside::Zone(id) if *id == zone.id);
        others.filter(is_shared).for_each(|surface| add(surface, -1.0));
        let missing = sum.iter().map(|part| part * part).sum::<f64>().sqrt();
        if missing > OPEN * total + adiabatic || total == 0.0 {
            let (azimuth, tilt) = (
                (-sum[0]).atan2(-sum[1]).to_degrees().rem_euclid(360.0),
                (-sum[2] / missing.max(1e-9)).clamp(-1.0, 1.0).acos().to_degrees(),
            );
            let message = format!("the envelope of `{}` is open: about {missing:.1} m² are missing", zone.id);
            let help = format!(
                "add a surface of {missing:.1} m² (azimuth {azimuth:.0}°, tilt {tilt:.0}°), or set `is_open: true`"
            );
            self.error("open-envelope", message, help);
        }
    }

    fn surface(&mut self, zone: &Zone, surface: &Surface) {
        let study = self.study;
        self.at("construction", |checker| checker.known("construction", &surface.construction, &study.constructions));
        self.range("area_m2", Some(surface.area_m2), 0.001, 1e6, "m²");
        self.range("tilt_deg", Some(surface.tilt_deg), 0.0, 180.0, "°");
        self.range("azimuth_deg", Some(surface.azimuth_deg), -360.0, 360.0, "°");
        self.range("height_m", surface.height_m, 0.0, 1_000.0, "m");
        self.range("solar_fraction", surface.solar_fraction, 0.0, 1.0, "");
        if let Some(convection) = &surface.inside_convection {
            self.at("inside_convection", |checker| checker.inside_convection(convection));
        }
        if let Some(convection) = &surface.outside_convection {
            self.at("outside_convection", |checker| checker.outside_convection(convection));
        }
        if let Some(shading) = &surface.shading {
            self.at("shading", |checker| checker.shading(shading));
        }
        self.at("outside", |checker| match &surface.outside {
            Outside::Ground(amount) | Outside::Air(amount) => checker.amount("temperature", amount, -60.0, 80.0, "°C"),
            Outside::Zone(id) if *id == zone.id => {
                checker.error("unknown-zone", "the surface adjoins its own zone", "write `adiabatic` for a partition");
            }
            Outside::Zone(id) if !study.zones.iter().any(|other| other.id == *id) => {
                checker.unknown_zone(id);
            }
            _ => {}
        });
        let mut glazed = 0.0;
        self.at("windows", |checker| {
            for (at, window) in surface.windows.iter().enumerate() {
                let is_taken = |other: &Window| !other.id.is_empty() && other.id == window.id;
                if surface.windows[..at].iter().any(is_taken) {
                    let message = format!("several windows of the surface have the id `{}`", window.id);
                    checker.at(at, |checker| checker.error("duplicate-id", message, "give one of them another id"));
                }
                checker.at(at, |checker| checker.window(window));
                glazed += window_area(window);
            }
            if !surface.windows.is_empty() && surface.outside != Outside::Outdoors {
                checker.error("wrong-window", "only surfaces to the outdoors can have windows", "remove the window");
            }
        });
        if glazed > surface.area_m2 * (1.0 + 1e-9) {
            let message = format!("the windows have {glazed:.2} m², but the surface has only {} m²", surface.area_m2);
            let help = "`area_m2` of a surface includes its windows";
            self.at("area_m2", |checker| checker.error("windows-too-large", message, help));
        }
    }

    fn window(&mut self, window: &Window) {
        self.at("glazing", |checker| checker.known("glazing", &window.glazing, &checker.study.glazings));
        self.range("area_m2", window.area_m2, 0.001, 1e5, "m²");
        if window.area_m2.is_none() && window.shading.is_none() {
            self.error("missing-value", "the window has no area", "add `area_m2`");
        }
        self.range("count", window.count.map(f64::from), 1.0, 1e6, "");
        self.range("frame_fraction", window.frame_fraction, 0.0, 0.9, "");
        self.range("frame_u_w_m2k", window.frame_u_w_m2k, 0.1, 20.0, "W/(m² K)");
        if window.frame_fraction.is_some_and(|share| share > 0.0) && window.frame_u_w_m2k.is_none() {
            let help = "add it: 1.2 to 2 for wood and plastics, 3 to 7 for metal";
            self.error("missing-value", "a frame needs `frame_u_w_m2k`", help);
        }
        if let Some(convection) = &window.inside_convection {
            self.at("inside_convection", |checker| checker.inside_convection(convection));
        }
        if let Some(convection) = &window.outside_convection {
            self.at("outside_convection", |checker| checker.outside_convection(convection));
        }
        if let Some(amount) = &window.blind_factor {
            self.amount("blind_factor", amount, 0.0, 1.0, "");
        }
        if let Some(shading) = &window.shading {
            self.at("shading", |checker| checker.shading(shading));
        }
    }

    fn shading(&mut self, shading: &Shading) {
        self.range("width_m", Some(shading.width_m), 0.01, 1_000.0, "m");
        self.range("height_m", Some(shading.height_m), 0.01, 1_000.0, "m");
        if let Some(overhang) = &shading.overhang {
            self.at("overhang", |checker| {
                checker.range("depth_m", Some(overhang.depth_m), 0.0, 1_000.0, "m");
                checker.range("gap_m", Some(overhang.gap_m), 0.0, 1_000.0, "m");
            });
        }
        let fin = |checker: &mut Self, fin: &Fin| {
            checker.range("depth_m", Some(fin.depth_m), 0.0, 1_000.0, "m");
            checker.range("gap_m", Some(fin.gap_m), 0.0, 1_000.0, "m");
        };
        for (field, side) in [("left", &shading.left), ("right", &shading.right)] {
            if let Some(side) = side {
                self.at(field, |checker| fin(checker, side));
            }
        }
    }

    fn inside_convection(&mut self, convection: &InsideConvection) {
        if let InsideConvection::Fixed(coefficient) = convection {
            self.range("fixed", Some(*coefficient), 0.01, 100.0, "W/(m² K)");
        }
    }

    fn outside_convection(&mut self, convection: &OutsideConvection) {
        if let OutsideConvection::Fixed(coefficient) = convection {
            self.range("fixed", Some(*coefficient), 0.01, 500.0, "W/(m² K)");
        }
    }

    pub(super) fn airflow(&mut self, flow: &Airflow) {
        match (&flow.ach, &flow.flow_m3_h) {
            (Some(ach), None) => self.amount("ach", ach, 0.0, 500.0, "1/h"),
            (None, Some(flow)) => self.amount("flow_m3_h", flow, 0.0, 1e8, "m³/h"),
            _ => self.error("wrong-airflow", "an air flow needs either `ach` or `flow_m3_h`", "set one of them"),
        }
        self.share("schedule", flow.schedule.as_ref());
        self.range("heat_recovery", flow.heat_recovery, 0.0, 1.0, "");
        self.range("fan_w_per_m3_s", flow.fan_w_per_m3_s, 0.0, 20_000.0, "W/(m³/s)");
        if let Some(supply) = &flow.supply_c {
            self.amount("supply_c", supply, -60.0, 80.0, "°C");
        }
    }

    pub(super) fn gain(&mut self, gain: &Gain) {
        match (&gain.power_w, &gain.power_w_m2) {
            (Some(power), None) => self.amount("power_w", power, -1e9, 1e9, "W"),
            (None, Some(power)) => self.amount("power_w_m2", power, -1e5, 1e5, "W/m²"),
            _ => self.error("wrong-gain", "a gain needs either `power_w` or `power_w_m2`", "set one of them"),
        }
        self.share("schedule", gain.schedule.as_ref());
        let fractions = [
            ("radiant_fraction", gain.radiant_fraction),
            ("latent_fraction", gain.latent_fraction),
            ("lost_fraction", gain.lost_fraction),
        ];
        for (field, fraction) in fractions {
            self.range(field, Some(fraction), 0.0, 1.0, "");
        }
        let sum: f64 = fractions.iter().map(|(_, fraction)| fraction).sum();
        if sum > 1.0 + 1e-9 {
            self.error("out-of-range", format!("the fractions of the gain add up to {sum}"), "the limit is 1");
        }
    }

    fn people(&mut self, people: &People) {
        self.range("count", Some(people.count), 0.0, 1e6, "");
        self.range("met", Some(people.met), 0.5, 10.0, "met");
        self.range("clo", Some(people.clo), 0.0, 5.0, "clo");
        self.range("radiant_fraction", Some(people.radiant_fraction), 0.0, 1.0, "");
        if let Some(infectious) = &people.infectious {
            self.at("infectious", |checker| {
                checker.range("quanta_h", Some(infectious.quanta_h), 0.0, 1e5, "1/h");
                checker.range("breathing_m3_h", Some(infectious.breathing_m3_h), 0.0, 10.0, "m³/h");
            });
        }
        self.share("schedule", people.schedule.as_ref());
    }

    /// Checks a set-point. Values of [`FAR_C`] or more mean that the set-point never acts.
    pub(super) fn setpoint(&mut self, setpoint_c: &Amount) {
        self.amount("setpoint_c", setpoint_c, -100.0, 200.0, "°C");
        let highest = match setpoint_c {
            Amount::Number(number) => *number,
            Amount::Schedule(name) => {
                let values = self.study.schedules.get(name).map(values).unwrap_or_default();
                values.into_iter().filter(|value| *value < FAR_C).fold(f64::NEG_INFINITY, f64::max)
            }
        };
        if (ODD_C..FAR_C).contains(&highest) {
            let message = format!("the set-point is {highest} °C");
            let help = format!("{highest} °F is {:.1} °C; from {FAR_C} °C on it never acts", (highest - 32.0) / 1.8);
            self.at("setpoint_c", |checker| checker.warning("odd-setpoint", message, help));
        }
    }

    fn conditioning(&mut self, conditioning: &Conditioning) {
        self.setpoint(&conditioning.setpoint_c);
        self.share("available", conditioning.available.as_ref());
        self.range("max_w", conditioning.max_w, 0.0, 1e9, "W");
        self.range("radiant_fraction", Some(conditioning.radiant_fraction), 0.0, 1.0, "");
    }
}
