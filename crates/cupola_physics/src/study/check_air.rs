//! Checks of an air flow network.

use super::check::Checker;
use super::{AirElement, AirLink, AirNetwork};

impl Checker<'_> {
    pub(super) fn air(&mut self, air: &AirNetwork) {
        self.range("wind_height_m", air.wind_height_m, 0.5, 1_000.0, "m");
        self.at("links", |checker| {
            for (at, link) in air.links.iter().enumerate() {
                checker.at(at, |checker| {
                    if air.links[..at].iter().any(|other| other.id == link.id) {
                        let message = format!("several links have the id `{}`", link.id);
                        checker
                            .at("id", |checker| checker.error("duplicate-id", message, "give one of them another id"));
                    }
                    checker.link(air, link);
                });
            }
        });
    }

    fn link(&mut self, air: &AirNetwork, link: &AirLink) {
        for (field, end) in [("from", &link.from), ("to", &link.to)] {
            let Some(zone) = end else { continue };
            if !self.study.zones.iter().any(|known| known.id == *zone) {
                self.at(field, |checker| checker.unknown_zone(zone));
            }
        }
        if link.from == link.to {
            let message = match &link.from {
                Some(zone) => format!("the link connects zone `{zone}` to itself"),
                None => "the link has neither `from` nor `to`, so both ends are outdoors".into(),
            };
            self.error("wrong-link", message, "set `from` and `to` to different zones; a missing end is outdoors");
        }
        let is_outdoors = link.from.is_none() || link.to.is_none();
        for (field, is_given) in [
            ("azimuth_deg", link.azimuth_deg.is_some()),
            ("side_ratio", link.side_ratio.is_some()),
            ("wind_coefficient", link.wind_coefficient.is_some()),
        ] {
            if is_given && !is_outdoors {
                let message = format!("`{field}` has no effect on a link between two zones");
                self.at(field, |checker| checker.warning("unused", message, "remove it"));
            }
        }
        if link.azimuth_deg.is_some() && link.wind_coefficient.is_some() {
            self.error(
                "wrong-link",
                "`azimuth_deg` and `wind_coefficient` both define the wind pressure",
                "remove one of them",
            );
        }
        self.range("height_m", Some(link.height_m), -100.0, 1_000.0, "m");
        self.range("azimuth_deg", link.azimuth_deg, -360.0, 360.0, "°");
        self.range("side_ratio", link.side_ratio, 0.1, 10.0, "");
        self.range("wind_coefficient", link.wind_coefficient, -10.0, 10.0, "");
        if let Some(name) = &link.open {
            self.amount("open", &super::Amount::Schedule(name.clone()), 0.0, 1.0, "");
        }
        self.at("element", |checker| checker.element(&link.element));
        if let AirElement::Fan { .. } = link.element {
            for zone in [&link.from, &link.to].into_iter().flatten() {
                if !has_way_out(air, zone) {
                    let message =
                        format!("the fan needs another path from `{zone}` to the outdoors that is always open");
                    let help = "add a crack or an opening without `open`, or describe the fan by a `fan_curve`";
                    self.error("no-way-out", message, help);
                }
            }
        }
    }

    fn element(&mut self, element: &AirElement) {
        let discharge = |checker: &mut Self, share: Option<f64>| checker.range("discharge", share, 0.01, 1.0, "");
        match element {
            AirElement::Crack { flow_50_m3_h, exponent } => {
                self.range("flow_50_m3_h", Some(*flow_50_m3_h), 1e-6, 1e7, "m³/h");
                self.range("exponent", *exponent, 0.5, 1.0, "");
            }
            AirElement::Orifice { area_m2, discharge: share } => {
                self.range("area_m2", Some(*area_m2), 1e-7, 1e4, "m²");
                discharge(self, *share);
            }
            AirElement::Opening { width_m, height_m, discharge: share } => {
                self.range("width_m", Some(*width_m), 1e-3, 1e3, "m");
                self.range("height_m", Some(*height_m), 1e-3, 1e3, "m");
                discharge(self, *share);
            }
            AirElement::Fan { flow_m3_h, w_per_m3_s } => {
                self.amount("flow_m3_h", flow_m3_h, 0.0, 1e7, "m³/h");
                self.range("w_per_m3_s", *w_per_m3_s, 0.0, 20_000.0, "W/(m³/s)");
            }
            AirElement::FanCurve(points) => {
                let bends = points.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 > pair[1].1);
                let is_sane = points.iter().all(|(rise, flow)| rise.abs() < 1e5 && flow.abs() < 1e7);
                if points.len() < 2 || !bends || !is_sane {
                    let help = "write pairs of Pa and m³/h: `fan_curve([(0, 500), (80, 300), (120, 0)])`";
                    self.error("wrong-fan", "the pressures of a fan curve must rise, and its flows must fall", help);
                }
            }
        }
    }
}

/// Returns whether a zone is connected to the outdoors by links that are always open and whose flow depends on
/// the pressure.
fn has_way_out(air: &AirNetwork, zone: &str) -> bool {
    let always = |link: &&AirLink| link.open.is_none() && !matches!(link.element, AirElement::Fan { .. });
    let mut reached = vec![zone];
    let mut at = 0;
    while let Some(here) = reached.get(at).copied() {
        at += 1;
        for link in air.links.iter().filter(always) {
            for (end, other) in [(&link.from, &link.to), (&link.to, &link.from)] {
                if end.as_deref() != Some(here) {
                    continue;
                }
                match other.as_deref() {
                    None => return true,
                    Some(other) if !reached.contains(&other) => reached.push(other),
                    Some(_) => {}
                }
            }
        }
    }
    false
}
