//! Checks of two-element rooms and of the plant.

use super::check::{Checker, values};
use super::{
    Amount, BehindPart, EmissionsDoc, HeatKind, HeatSource, Plant, RoomConditioning, RoomFacade, TariffDoc,
    TwoElementRoom,
};
use crate::two_element::TwoElement;

impl Checker<'_> {
    pub(super) fn rooms(&mut self) {
        let study = self.study;
        self.at("two_element_rooms", |checker| {
            for (at, room) in study.two_element_rooms.iter().enumerate() {
                checker.at(at, |checker| {
                    let is_taken = study.zones.iter().any(|zone| zone.id == room.id)
                        || study.two_element_rooms[..at].iter().any(|other| other.id == room.id);
                    if is_taken {
                        let message = format!("several zones or rooms have the id `{}`", room.id);
                        checker
                            .at("id", |checker| checker.error("duplicate-id", message, "give one of them another id"));
                    }
                    checker.room(room);
                });
            }
        });
    }

    fn room(&mut self, room: &TwoElementRoom) {
        let before = self.findings.len();
        self.at("outer", |checker| {
            checker.range("r1_k_w", Some(room.outer.r1_k_w), 1e-9, 1e3, "K/W");
            checker.range("c1_j_k", Some(room.outer.c1_j_k), 1.0, 1e12, "J/K");
            checker.range("rest_k_w", Some(room.outer.rest_k_w), 1e-9, 1e6, "K/W");
            checker.range("convection_w_m2k", Some(room.outer.convection_w_m2k), 0.01, 100.0, "W/(m² K)");
        });
        self.at("inner", |checker| {
            checker.range("area_m2", Some(room.inner.area_m2), 0.01, 1e6, "m²");
            checker.range("r1_k_w", Some(room.inner.r1_k_w), 1e-9, 1e3, "K/W");
            checker.range("c1_j_k", Some(room.inner.c1_j_k), 1.0, 1e12, "J/K");
            checker.range("convection_w_m2k", Some(room.inner.convection_w_m2k), 0.01, 100.0, "W/(m² K)");
        });
        self.range("radiation_w_m2k", Some(room.radiation_w_m2k), 0.0, 100.0, "W/(m² K)");
        self.range("solar_convective_fraction", Some(room.solar_convective_fraction), 0.0, 1.0, "");
        self.range("air_j_k", Some(room.air_j_k), 0.0, 1e12, "J/K");
        self.at("facades", |checker| {
            if room.facades.is_empty() {
                checker.error("no-facades", "the room has no façade", "add `facades: [(wall_m2: 10.5)]`");
            }
            for (at, facade) in room.facades.iter().enumerate() {
                checker.at(at, |checker| checker.facade(facade));
            }
        });
        self.at("behind", |checker| {
            for (at, part) in room.behind.iter().enumerate() {
                checker.at(at, |checker| checker.part(part));
            }
        });
        self.at("gains", |checker| {
            for (at, gain) in room.gains.iter().enumerate() {
                checker.at(at, |checker| {
                    checker.gain(gain);
                    if gain.power_w_m2.is_some() {
                        checker.error("wrong-gain", "the room has no floor area", "use `power_w`");
                    }
                });
            }
        });
        self.at("ventilation", |checker| {
            for (at, flow) in room.ventilation.iter().enumerate() {
                checker.at(at, |checker| {
                    checker.airflow(flow);
                    if flow.ach.is_some() {
                        checker.error("wrong-airflow", "the room has no volume", "use `flow_m3_h`");
                    }
                    let is_more = flow.above_zone_c.is_some()
                        || flow.above_outdoors_k.is_some()
                        || flow.heat_recovery.is_some()
                        || flow.fan_w_per_m3_s.is_some();
                    if is_more {
                        let message = "air flows of two-element rooms have only flow, schedule and supply temperature";
                        checker.error("wrong-airflow", message, "remove the other fields, or use a zone");
                    }
                });
            }
        });
        for (field, conditioning) in [("heating", &room.heating), ("cooling", &room.cooling)] {
            if let Some(conditioning) = conditioning {
                self.at(field, |checker| checker.room_conditioning(conditioning));
            }
        }
        if let (Some(heating), Some(cooling)) = (&room.heating, &room.cooling)
            && let (Amount::Number(warm), Amount::Number(cold)) = (&heating.setpoint_c, &cooling.setpoint_c)
            && warm > cold
        {
            self.at("cooling", |checker| checker.crossed(*warm, *cold));
        }
        if self.findings.len() == before
            && let Err(error) = TwoElement::new(crate::run::two_element_room(room))
        {
            self.error("wrong-room", error.to_string(), "");
        }
    }

    fn facade(&mut self, facade: &RoomFacade) {
        self.range("wall_m2", Some(facade.wall_m2), 0.0, 1e6, "m²");
        self.range("window_m2", Some(facade.window_m2), 0.0, 1e6, "m²");
        self.range("sun_m2", Some(facade.sun_m2), 0.0, 1e6, "m²");
        if let Some(sun) = &facade.sun_w_m2 {
            self.amount("sun_w_m2", sun, 0.0, 1_400.0, "W/m²");
            if facade.sun_m2 == 0.0 {
                self.warning("missing-value", "`sun_w_m2` has no effect without an area", "add `sun_m2`");
            }
        }
        if facade.blind_above_w_m2.is_some() != facade.blind_factor.is_some() {
            self.error("missing-value", "set `blind_above_w_m2` and `blind_factor` together", "set both or neither");
        }
        self.range("blind_factor", facade.blind_factor, 0.0, 1.0, "");
    }

    fn part(&mut self, part: &BehindPart) {
        self.range("weight", Some(part.weight), 0.0, 1e9, "");
        self.range("solar_absorptance", Some(part.solar_absorptance), 0.0, 1.0, "");
        let amounts = [
            ("temperature_c", &part.temperature_c, (-60.0, 80.0), "°C"),
            ("sun_w_m2", &part.sun_w_m2, (0.0, 1_400.0), "W/m²"),
            ("sky_c", &part.sky_c, (-100.0, 80.0), "°C"),
            ("sky_share", &part.sky_share, (0.0, 1.0), ""),
        ];
        for (field, amount, (least, most), unit) in amounts {
            if let Some(amount) = amount {
                self.amount(field, amount, least, most, unit);
            }
        }
    }

    fn room_conditioning(&mut self, conditioning: &RoomConditioning) {
        self.setpoint(&conditioning.setpoint_c);
        self.share("available", conditioning.available.as_ref());
        self.range("max_w", conditioning.max_w, 0.0, 1e9, "W");
        let RoomConditioning { radiant_fraction, inner_fraction, outer_fraction, .. } = *conditioning;
        let fractions = [
            ("radiant_fraction", radiant_fraction),
            ("inner_fraction", inner_fraction),
            ("outer_fraction", outer_fraction),
        ];
        for (field, fraction) in fractions {
            self.range(field, Some(fraction), 0.0, 1.0, "");
        }
        if radiant_fraction + inner_fraction + outer_fraction > 1.0 + 1e-9 {
            self.error("out-of-range", "the fractions add up to more than 1", "the rest goes to the air");
        }
    }

    pub(super) fn plant(&mut self, plant: &Plant) {
        let (least_w, most_w) = Plant::CAPACITY_W;
        self.range("distribution_loss", Some(plant.distribution_loss), 0.0, 0.9, "");
        self.range("pump_share", plant.pump_share, 0.0, 1.0, "");
        if let Some(heating) = &plant.heating {
            self.at("heating", |checker| {
                checker.range("capacity_w", heating.capacity_w, least_w, most_w, "W");
                checker.efficiency(heating);
                checker.tiny_capacity(heating.capacity_w);
                checker.range("supply_c", heating.supply_c, 15.0, 150.0, "°C");
            });
        }
        if let Some(cooling) = &plant.cooling {
            self.at("cooling", |checker| {
                checker.range("capacity_w", cooling.capacity_w, least_w, most_w, "W");
                checker.range("cop", cooling.cop, 0.5, 30.0, "");
                checker.tiny_capacity(cooling.capacity_w);
                checker.range("supply_c", cooling.supply_c, 2.0, 20.0, "°C");
            });
        }
        self.at("photovoltaics", |checker| {
            for (at, field) in plant.photovoltaics.iter().enumerate() {
                checker.at(at, |checker| {
                    checker.range("rated_w", Some(field.rated_w), 0.0, 1e10, "W");
                    checker.range("azimuth_deg", Some(field.azimuth_deg), -360.0, 360.0, "°");
                    checker.range("tilt_deg", Some(field.tilt_deg), 0.0, 180.0, "°");
                    checker.range("losses", field.losses, 0.0, 1.0, "");
                });
            }
        });
        if let Some(battery) = &plant.battery {
            self.at("battery", |checker| {
                checker.range("capacity_kwh", Some(battery.capacity_kwh), 0.0, 1e7, "kWh");
                checker.range("power_w", battery.power_w, 0.0, 1e10, "W");
            });
        }
        self.at("tariff", |checker| {
            let TariffDoc { electricity_kwh, gas_kwh, heat_kwh, cold_kwh, feed_in_kwh, .. } = &plant.tariff;
            checker.amount("electricity_kwh", electricity_kwh, -1e3, 1e6, "per kWh");
            checker.amount("feed_in_kwh", feed_in_kwh, -1e3, 1e6, "per kWh");
            let help = "prices are per kWh in the currency, not in cents or per MWh";
            checker.odd_number("electricity_kwh", checker.highest(electricity_kwh), 5.0, "per kWh", help);
            checker.odd_number("feed_in_kwh", checker.highest(feed_in_kwh), 5.0, "per kWh", help);
            for (field, price) in [("gas_kwh", gas_kwh), ("heat_kwh", heat_kwh), ("cold_kwh", cold_kwh)] {
                checker.range(field, Some(*price), -1e3, 1e6, "per kWh");
                checker.odd_number(field, *price, 5.0, "per kWh", help);
            }
        });
        self.at("emissions", |checker| {
            let EmissionsDoc { electricity_kg_kwh, gas_kg_kwh, heat_kg_kwh, cold_kg_kwh } = &plant.emissions;
            checker.amount("electricity_kg_kwh", electricity_kg_kwh, -1e3, 1e6, "kg/kWh");
            let help = "factors are in kg per kWh: 300 g are 0.3";
            checker.odd_number("electricity_kg_kwh", checker.highest(electricity_kg_kwh), 3.0, "kg/kWh", help);
            let others = [("gas_kg_kwh", gas_kg_kwh), ("heat_kg_kwh", heat_kg_kwh), ("cold_kg_kwh", cold_kg_kwh)];
            for (field, factor) in others {
                checker.range(field, Some(*factor), -1e3, 1e6, "kg/kWh");
                checker.odd_number(field, *factor, 3.0, "kg/kWh", help);
            }
        });
    }

    /// Checks the efficiency of a boiler, or the COP of a heat pump.
    fn efficiency(&mut self, heating: &HeatSource) {
        let is_boiler = matches!(heating.kind, HeatKind::GasBoiler | HeatKind::CondensingBoiler | HeatKind::Electric);
        let Some(efficiency) = heating.efficiency.filter(|efficiency| is_boiler && *efficiency > 1.0) else {
            return self.range("efficiency", heating.efficiency, 0.1, 20.0, "");
        };
        let message = format!("`efficiency` is {efficiency}");
        let help = match heating.kind {
            HeatKind::Electric => "an electric heater has at most 1".to_string(),
            _ if efficiency <= 1.12 => {
                format!("it is of the higher heating value: divide by 1.11 for gas, so write {:.2}", efficiency / 1.11)
            }
            _ if efficiency > 10.0 => format!("write a fraction: {}", efficiency / 100.0),
            _ => "a boiler has at most 1 of the higher heating value; a heat pump has `kind: heat_pump`".into(),
        };
        self.at("efficiency", |checker| checker.error("out-of-range", message, help));
    }

    /// Warns of a capacity that is probably in kW.
    fn tiny_capacity(&mut self, capacity_w: Option<f64>) {
        let floor_m2: f64 = self.study.zones.iter().map(|zone| zone.floor_area_m2).sum();
        if let Some(capacity_w) = capacity_w.filter(|capacity_w| *capacity_w < 2.0 * floor_m2) {
            let message = format!("the capacity is {capacity_w} W for {floor_m2} m² of floor");
            let help = format!("if it is in kW, write {}", capacity_w * 1_000.0);
            self.at("capacity_w", |checker| checker.warning("unit-slip", message, help));
        }
    }

    /// Warns of a number that is probably in another unit.
    fn odd_number(&mut self, field: &str, number: f64, most: f64, unit: &str, help: &str) {
        if number > most {
            self.at(field, |checker| checker.warning("unit-slip", format!("`{field}` is {number} {unit}"), help));
        }
    }

    /// Returns the highest value of an amount.
    fn highest(&self, amount: &Amount) -> f64 {
        match amount {
            Amount::Number(number) => *number,
            Amount::Schedule(name) => {
                self.study.schedules.get(name).map(values).unwrap_or_default().into_iter().fold(0.0, f64::max)
            }
        }
    }
}
