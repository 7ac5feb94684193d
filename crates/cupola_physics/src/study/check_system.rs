//! Checks of air handling units.

use super::check::Checker;
use super::{AirSystem, EconomiserDoc};

impl Checker<'_> {
    pub(super) fn air_system(&mut self, number: usize, system: &AirSystem) {
        let study = self.study;
        if study.air_systems[..number].iter().any(|other| other.id == system.id) {
            let message = format!("several air handling units have the id `{}`", system.id);
            self.at("id", |checker| checker.error("duplicate-id", message, "give one of them another id"));
        }
        self.share("available", system.available.as_ref());
        self.amount("supply_c", &system.supply_c, 5.0, 45.0, "°C");
        self.range("min_outdoor_share", Some(system.min_outdoor_share), 0.0, 1.0, "");
        match system.economiser {
            EconomiserDoc::DryBulb(limit_c) => self.range("economiser", Some(limit_c), -20.0, 40.0, "°C"),
            EconomiserDoc::EnthalpyKjKg(limit) => self.range("economiser", Some(limit), 0.0, 150.0, "kJ/kg"),
            _ => {}
        }
        self.range("recovery_sensible", Some(system.recovery_sensible), 0.0, 1.0, "");
        self.range("recovery_latent", Some(system.recovery_latent), 0.0, 1.0, "");
        self.range("fan_pressure_pa", system.fan_pressure_pa, 0.0, 5_000.0, "Pa");
        self.range("fan_efficiency", system.fan_efficiency, 0.05, 1.0, "");
        self.range("heating_coil_w", system.heating_coil_w, 0.0, 1e9, "W");
        self.range("cooling_coil_w", system.cooling_coil_w, 0.0, 1e9, "W");
        self.range("filter_efficiency", Some(system.filter_efficiency), 0.0, 1.0, "");
        self.range("coil_bypass", system.coil_bypass, 0.0, 0.95, "");
        if system.boxes.is_empty() {
            self.error("no-boxes", "the unit serves no zone", "add `boxes: [(zone: …, max_flow_m3_h: …)]`");
        }
        self.at("boxes", |checker| {
            for (at, own) in system.boxes.iter().enumerate() {
                checker.at(at, |checker| {
                    checker.box_zone(number, at, &own.zone);
                    checker.range("max_flow_m3_h", Some(own.max_flow_m3_h), 0.1, 1e7, "m³/h");
                    checker.range("min_flow_m3_h", own.min_flow_m3_h, 0.0, own.max_flow_m3_h, "m³/h");
                    checker.range("heating_flow_m3_h", own.heating_flow_m3_h, 0.0, own.max_flow_m3_h, "m³/h");
                    checker.range("reheat_w", own.reheat_w, 0.0, 1e8, "W");
                });
            }
        });
    }

    fn box_zone(&mut self, system: usize, at: usize, id: &str) {
        let study = self.study;
        let before = study.air_systems[..=system].iter().enumerate().flat_map(|(number, other)| {
            let end = if number == system { at } else { other.boxes.len() };
            &other.boxes[..end]
        });
        let is_taken = before.into_iter().any(|other| other.zone == id);
        self.at("zone", |checker| match study.zones.iter().find(|zone| zone.id == id) {
            None => checker.unknown_zone(id),
            Some(_) if is_taken => {
                let message = format!("zone `{id}` already has a box");
                checker.error("duplicate-id", message, "a zone can have only one box");
            }
            Some(zone) if zone.heating.is_none() && zone.cooling.is_none() => {
                let message = format!("the box has no set-point: `{id}` has neither `heating` nor `cooling`");
                checker.error("missing-setpoint", message, "add `cooling: (setpoint_c: 24)` to the zone");
            }
            Some(_) => {}
        });
    }

    /// Adds an error for a zone that does not exist.
    pub(super) fn unknown_zone(&mut self, id: &str) {
        self.error("unknown-zone", format!("there is no zone `{id}`"), "");
        let names = self.study.zones.iter().map(|zone| zone.id.clone()).collect();
        if let Some(finding) = self.findings.last_mut() {
            finding.instead_of = Some((id.into(), names));
        }
    }
}
