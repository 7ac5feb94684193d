//! Air flow network of a study: pressures and flows of each step, and the heat and tracers that the flows
//! transport.

use crate::air::{DENSITY_KG_PER_M3, HEAT_CAPACITY_J_PER_KG_K};
use crate::airflow::{End, Flow, Link, Network, Outdoors, Zone};
use crate::airflow_element::{
    CRACK_EXPONENT, Element, OPENING_DISCHARGE, ORIFICE_DISCHARGE, density_kg_m3, wind_coefficient_low_rise,
};
use crate::contaminant;
use crate::study::{AirElement, AirLink, AirNetwork, Program, Study, Value};
use crate::thermal::{Ambient, Draught, local_wind};

/// Opening factor below which a link counts as shut.
const SHUT: f64 = 1e-6;
/// Flow coefficient of a shut link, in m³/s at 1 Pa. It is negligible, but keeps the pressures determined.
const HAIR_M3_S: f64 = 1e-9;

/// Air flow network with its current state.
#[derive(Clone, Debug)]
pub(crate) struct AirRun {
    network: Network,
    ways: Vec<PreparedLink>,
    /// Ratio of the wind speed at the building to that at the weather station.
    wind: f64,
    pressures_pa: Vec<f64>,
    /// Zone air temperatures of the previous step, in °C.
    before_c: Vec<f64>,
    /// Flow of each link.
    flows: Vec<Flow>,
    /// Heat transport between zones.
    pub draughts: Vec<Draught>,
    /// Volume flows between zones.
    pub mixing: Vec<contaminant::Flow>,
    /// Flow from outdoors into each zone.
    pub outdoor: Vec<OutdoorAir>,
}

/// Flow from outdoors into a zone.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OutdoorAir {
    pub flow_m3_s: f64,
    /// Heat capacity flow through cracks, and through other links, in W/K.
    pub cracks_w_k: f64,
    pub openings_w_k: f64,
    pub fans_w: f64,
}

/// Flow through a link during a step, as a volume of room air (1.204 kg/m³).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinkStep<'r> {
    /// Id of the link.
    pub id: &'r str,
    /// Flow from the first to the second end, in m³/h.
    pub forward_m3_h: f64,
    /// Flow from the second to the first end, in m³/h.
    pub backward_m3_h: f64,
}

/// Link of the study, prepared for the run.
#[derive(Clone, Debug)]
struct PreparedLink {
    id: String,
    open: Option<Value>,
    wind: Wind,
    full: Full,
    is_crack: bool,
}

#[derive(Clone, Copy, Debug)]
enum Wind {
    Same(f64),
    Wall { azimuth_deg: f64, side_ratio: f64 },
}

/// Element of a link that is fully open.
#[derive(Clone, Debug)]
enum Full {
    Passive(Element),
    Fan {
        flow_m3_h: Value,
        w_per_m3_s: f64,
    },
    /// Pressure rises, in Pa, and volume flows, in m³/s.
    Curve(Vec<(f64, f64)>),
}

impl AirRun {
    pub fn new(study: &Study, air: &AirNetwork, program: &Program) -> Self {
        let place = |end: &Option<String>| match end {
            Some(id) => study.zones.iter().position(|zone| zone.id == *id).map_or(End::Outdoors, End::Zone),
            None => End::Outdoors,
        };
        let links = air.links.iter().map(|link| Link {
            from: place(&link.from),
            to: place(&link.to),
            height_m: link.height_m,
            wind_coefficient: 0.0,
            element: Element::Flow(0.0),
        });
        let zone = |zone: &crate::study::Zone| Zone {
            temperature_c: study.start.temperature_c,
            humidity_kg_kg: 0.0,
            height_m: zone.floor_height_m.unwrap_or(0.0),
            volume_m3: zone.volume_m3,
        };
        let wind_height_m = air.wind_height_m.unwrap_or(AirNetwork::WIND_HEIGHT_M);
        Self {
            network: Network { zones: study.zones.iter().map(zone).collect(), links: links.collect() },
            ways: air.links.iter().map(|link| PreparedLink::new(link, program)).collect(),
            wind: local_wind(study.site.terrain, wind_height_m),
            pressures_pa: Vec::new(),
            before_c: vec![study.start.temperature_c; study.zones.len()],
            flows: vec![Flow::default(); air.links.len()],
            draughts: Vec::new(),
            mixing: Vec::new(),
            outdoor: vec![OutdoorAir::default(); study.zones.len()],
        }
    }

    /// Returns the flows through the links, in the study's order.
    pub fn links(&self) -> impl Iterator<Item = LinkStep<'_>> {
        let per_kg = 3_600.0 / DENSITY_KG_PER_M3;
        self.ways.iter().zip(&self.flows).map(move |(way, flow)| LinkStep {
            id: &way.id,
            forward_m3_h: flow.forward_kg_s * per_kg,
            backward_m3_h: flow.backward_kg_s * per_kg,
        })
    }

    /// Solves the flows at these zone temperatures, in °C, and humidity ratios, in kg/kg.
    ///
    /// The mean temperature of the last two steps is used. With the last temperature alone, the flow through
    /// a large opening would alternate between full draught and none in every step.
    pub fn flow(
        &mut self,
        program: &Program,
        ambient: &Ambient,
        air_c: &[f64],
        humidity: &[f64],
        outdoor_humidity: f64,
    ) {
        for (((zone, now_c), before_c), humidity) in
            self.network.zones.iter_mut().zip(air_c).zip(&mut self.before_c).zip(humidity)
        {
            zone.temperature_c = (0.5 * (now_c + *before_c)).clamp(-100.0, 500.0);
            zone.humidity_kg_kg = humidity.clamp(0.0, 1.0);
            *before_c = *now_c;
        }
        let outdoors = Outdoors {
            temperature_c: ambient.dry_bulb_c,
            humidity_kg_kg: outdoor_humidity,
            wind_m_s: self.wind * ambient.wind_m_s,
        };
        let density = |zones: &[Zone], end: End| match end {
            End::Zone(at) => density_kg_m3(zones[at].temperature_c, zones[at].humidity_kg_kg),
            End::Outdoors => density_kg_m3(outdoors.temperature_c, outdoors.humidity_kg_kg),
        };
        self.outdoor.fill(OutdoorAir::default());
        let [east, north] = ambient.wind_from;
        let wind_from_deg = east.atan2(north).to_degrees();
        for (way, link) in self.ways.iter().zip(&mut self.network.links) {
            let share = way.open.map_or(1.0, |open| program.at(open)).clamp(0.0, 1.0);
            link.wind_coefficient = match way.wind {
                Wind::Same(coefficient) => coefficient,
                Wind::Wall { azimuth_deg, side_ratio } => {
                    wind_coefficient_low_rise(wind_from_deg - azimuth_deg, side_ratio)
                }
            };
            let from_kg_m3 = density(&self.network.zones, link.from);
            link.element = way.full.opened(share, program, from_kg_m3);
            // The electric power of a fan counts to the zone that it blows into, or else to the zone that it
            // blows from. It does not heat the zones.
            if let (Full::Fan { flow_m3_h, w_per_m3_s }, End::Zone(zone), _)
            | (Full::Fan { flow_m3_h, w_per_m3_s }, End::Outdoors, End::Zone(zone)) = (&way.full, link.to, link.from)
            {
                self.outdoor[zone].fans_w += w_per_m3_s * share * program.at(*flow_m3_h) / 3_600.0;
            }
        }
        if let Ok(solution) = self.network.solve(&outdoors, &self.pressures_pa) {
            (self.pressures_pa, self.flows) = (solution.pressures_pa, solution.flows);
        }
        self.draughts.clear();
        self.mixing.clear();
        for ((way, link), flow) in self.ways.iter().zip(&self.network.links).zip(&self.flows) {
            for (from, to, kg_s) in [(link.from, link.to, flow.forward_kg_s), (link.to, link.from, flow.backward_kg_s)]
            {
                let End::Zone(to) = to else { continue };
                let (w_k, flow_m3_s) = (HEAT_CAPACITY_J_PER_KG_K * kg_s, kg_s / density(&self.network.zones, from));
                if kg_s <= 0.0 {
                    continue;
                }
                match from {
                    End::Zone(from) => {
                        self.draughts.push(Draught { from, to, w_k });
                        self.mixing.push(contaminant::Flow {
                            from: Some(from),
                            to: Some(to),
                            flow_m3_s,
                            filtered: 0.0,
                        });
                    }
                    End::Outdoors => {
                        let outdoor = &mut self.outdoor[to];
                        outdoor.flow_m3_s += flow_m3_s;
                        *(if way.is_crack { &mut outdoor.cracks_w_k } else { &mut outdoor.openings_w_k }) += w_k;
                    }
                }
            }
        }
    }
}

impl PreparedLink {
    fn new(link: &AirLink, program: &Program) -> Self {
        let full = match &link.element {
            AirElement::Crack { flow_50_m3_h, exponent } => {
                Full::Passive(Element::from_test(flow_50_m3_h / 3_600.0, exponent.unwrap_or(CRACK_EXPONENT)))
            }
            AirElement::Orifice { area_m2, discharge } => {
                Full::Passive(Element::Orifice { area_m2: *area_m2, discharge: discharge.unwrap_or(ORIFICE_DISCHARGE) })
            }
            AirElement::Opening { width_m, height_m, discharge } => Full::Passive(Element::Opening {
                width_m: *width_m,
                height_m: *height_m,
                discharge: discharge.unwrap_or(OPENING_DISCHARGE),
            }),
            AirElement::Fan { flow_m3_h, w_per_m3_s } => {
                Full::Fan { flow_m3_h: program.value(flow_m3_h), w_per_m3_s: w_per_m3_s.unwrap_or(0.0) }
            }
            AirElement::FanCurve(points) => {
                Full::Curve(points.iter().map(|(rise, flow)| (*rise, flow / 3_600.0)).collect())
            }
        };
        let wind = match link.azimuth_deg {
            Some(azimuth_deg) => Wind::Wall { azimuth_deg, side_ratio: link.side_ratio.unwrap_or(1.0) },
            None => Wind::Same(link.wind_coefficient.unwrap_or(0.0)),
        };
        Self {
            id: link.id.clone(),
            open: link.open.as_ref().map(|name| program.schedule(name)),
            wind,
            full,
            is_crack: matches!(link.element, AirElement::Crack { .. }),
        }
    }
}

impl Full {
    /// Returns the element with the fraction `share` open. For fans it is the mass flow of air of this
    /// density.
    fn opened(&self, share: f64, program: &Program, kg_m3: f64) -> Element {
        match self {
            Self::Fan { flow_m3_h, .. } => Element::Flow(kg_m3 * share * program.at(*flow_m3_h) / 3_600.0),
            _ if share < SHUT => Element::Crack { coefficient_m3_s: HAIR_M3_S, exponent: CRACK_EXPONENT },
            Self::Passive(Element::Crack { coefficient_m3_s, exponent }) => {
                Element::Crack { coefficient_m3_s: share * coefficient_m3_s, exponent: *exponent }
            }
            Self::Passive(Element::Orifice { area_m2, discharge }) => {
                Element::Orifice { area_m2: share * area_m2, discharge: *discharge }
            }
            Self::Passive(Element::Opening { width_m, height_m, discharge }) => {
                Element::Opening { width_m: share * width_m, height_m: *height_m, discharge: *discharge }
            }
            Self::Passive(other) => other.clone(),
            Self::Curve(points) => {
                Element::Fan(points.iter().map(|(rise, flow)| (*rise, kg_m3 * share * flow)).collect())
            }
        }
    }
}
