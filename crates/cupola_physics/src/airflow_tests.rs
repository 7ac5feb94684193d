use proptest::prelude::*;

use super::*;
use crate::airflow_element::{
    OPENING_DISCHARGE, ORIFICE_DISCHARGE, Terrain, wind_coefficient_low_rise, wind_speed_m_s,
};

fn zone(temperature_c: f64, height_m: f64) -> Zone {
    Zone { temperature_c, humidity_kg_kg: 0.0, height_m, volume_m3: 60.0 }
}

fn calm(temperature_c: f64) -> Outdoors {
    Outdoors { temperature_c, humidity_kg_kg: 0.0, wind_m_s: 0.0 }
}

fn orifice(area_m2: f64, discharge: f64) -> Element {
    Element::Orifice { area_m2, discharge }
}

fn link(from: End, to: End, height_m: f64, element: Element) -> Link {
    Link { from, to, height_m, wind_coefficient: 0.0, element }
}

#[test]
fn one_way_flow_as_contam() {
    // Two zones at 20 °C, 10 Pa apart: Buildings/IBPSA OneWayFlow, column ORI (0.01 m², Cd 0.6) of the CONTAM results.
    for (pa, expected) in [(1.0, 0.009_31), (5.0, 0.020_8), (10.0, 0.029_4), (25.0, 0.046_6), (50.0, 0.065_8)] {
        let flow = orifice(0.01, ORIFICE_DISCHARGE).pass(pa, 1.204_1, 1.204_1).forward;
        assert!((flow / expected - 1.0).abs() < 0.003, "{pa}: {flow}");
        let back = orifice(0.01, ORIFICE_DISCHARGE).pass(-pa, 1.204_1, 1.204_1).backward;
        assert_eq!(flow, back);
    }
}

#[test]
fn three_rooms_as_contam() {
    // Wetter 2006 (Modelica conference, pp. 431–440): west 25 °C and east 20 °C below, top 20 °C above, outdoors 10 °C.
    // A door between west and east; orifices of 100 cm² (Cd 0.65) west–top and east–top in the ceiling, east–outdoors
    // at floor and ceiling.
    let crack = || orifice(0.01, 0.65);
    let door = Element::Opening { width_m: 1.0, height_m: 2.2, discharge: OPENING_DISCHARGE };
    let (west, east, top) = (End::Zone(0), End::Zone(1), End::Zone(2));
    let network = Network {
        zones: vec![zone(25.0, 0.0), zone(20.0, 0.0), zone(20.0, 3.0)],
        links: vec![
            link(west, east, 0.0, door),
            link(west, top, 3.0, crack()),
            link(top, east, 3.0, crack()),
            link(east, End::Outdoors, 0.0, crack()),
            link(east, End::Outdoors, 3.0, crack()),
        ],
    };
    let solution = network.solve(&calm(10.0), &[]).unwrap();
    assert!(solution.converged && solution.steps < 20, "{solution:?}");
    // CONTAM's two figures (0.4103 and 0.4146 kg/s) are the two directions of flow through the one door.
    let door = solution.flows[0];
    assert!((door.forward_kg_s / 0.410_3 - 1.0).abs() < 0.001, "{door:?}");
    assert!((door.backward_kg_s / 0.414_6 - 1.0).abs() < 0.001, "{door:?}");
}

/// Returns the net inflow of each zone, computed from the flows alone.
fn surplus(network: &Network, solution: &Solution) -> Vec<f64> {
    let mut surplus = vec![0.0; network.zones.len()];
    for (link, flow) in network.links.iter().zip(&solution.flows) {
        if let End::Zone(zone) = link.from {
            surplus[zone] -= flow.net_kg_s();
        }
        if let End::Zone(zone) = link.to {
            surplus[zone] += flow.net_kg_s();
        }
    }
    surplus
}

#[test]
fn stack_by_hand() {
    // One room of 20 °C, 0 °C outdoors, equal holes 3 m apart: the neutral plane is half way, Δp = 1.5 m g Δρ
    // at each hole.
    let network = Network {
        zones: vec![zone(20.0, 0.0)],
        links: vec![
            link(End::Outdoors, End::Zone(0), 0.0, orifice(0.02, 0.6)),
            link(End::Zone(0), End::Outdoors, 3.0, orifice(0.02, 0.6)),
        ],
    };
    let solution = network.solve(&calm(0.0), &[]).unwrap();
    let (cold, warm) = (density_kg_m3(0.0, 0.0), density_kg_m3(20.0, 0.0));
    assert!((warm - 1.204).abs() < 0.001);
    // Both holes pass the same mass flow, so Δp is proportional to 1/ρ.
    let total_pa = 3.0 * GRAVITY_M_S2 * (cold - warm);
    let expected = 0.012 * (2.0 * total_pa / (1.0 / cold + 1.0 / warm)).sqrt();
    assert!(solution.converged && (solution.flows[0].forward_kg_s / expected - 1.0).abs() < 1e-5, "{solution:?}");
}

#[test]
fn wind_through_a_room() {
    let network = Network {
        zones: vec![zone(20.0, 0.0)],
        links: vec![
            Link { wind_coefficient: 0.6, ..link(End::Outdoors, End::Zone(0), 1.0, orifice(0.1, 0.6)) },
            Link { wind_coefficient: -0.3, ..link(End::Zone(0), End::Outdoors, 1.0, orifice(0.1, 0.6)) },
        ],
    };
    let solution = network.solve(&Outdoors { wind_m_s: 4.0, ..calm(20.0) }, &[]).unwrap();
    let density = density_kg_m3(20.0, 0.0);
    let half_pa = 0.5 * 0.9 * 0.5 * density * 16.0;
    let expected = 0.06 * (2.0 * density * half_pa).sqrt();
    assert!((solution.flows[0].forward_kg_s / expected - 1.0).abs() < 1e-5, "{solution:?}");
}

#[test]
fn doors_are_even_handed() {
    let door = || Element::Opening { width_m: 0.9, height_m: 2.0, discharge: OPENING_DISCHARGE };
    let network = |first_c: f64, second_c: f64| Network {
        zones: vec![zone(first_c, 0.0), zone(second_c, 0.0)],
        links: vec![
            link(End::Zone(0), End::Zone(1), 0.0, door()),
            link(End::Zone(0), End::Outdoors, 1.0, orifice(0.01, 0.6)),
            link(End::Zone(1), End::Outdoors, 1.0, orifice(0.01, 0.6)),
        ],
    };
    let there = network(22.0, 18.0).solve(&calm(20.0), &[]).unwrap();
    let back = network(18.0, 22.0).solve(&calm(20.0), &[]).unwrap();
    assert!((there.flows[0].forward_kg_s - back.flows[0].backward_kg_s).abs() < 1e-9);
    assert!(there.flows[0].forward_kg_s > 0.1);
    // A net pressure makes the flow one-way. No pressure difference gives no flow.
    let pushed = door().pass(2.0, 1.2, 1.21);
    assert!(pushed.backward == 0.0 && pushed.forward > 2.0);
    let still = door().pass(0.0, 1.2, 1.2);
    assert!(still.forward == 0.0 && still.backward == 0.0 && still.slope.is_finite());
    // The closed integral agrees with a sum over many thin slices.
    let (difference_pa, first, second) = (0.05, 1.19, 1.21);
    let slices = 20_000;
    let mut sums = (0.0, 0.0);
    for slice in 0..slices {
        let height_m = 2.0 * (f64::from(slice) + 0.5) / f64::from(slices);
        let pa = difference_pa + GRAVITY_M_S2 * (second - first) * height_m;
        let flow = OPENING_DISCHARGE * 0.9 * 2.0 / f64::from(slices);
        if pa > 0.0 {
            sums.0 += flow * (2.0 * first * pa).sqrt();
        } else {
            sums.1 += flow * (-2.0 * second * pa).sqrt();
        }
    }
    let found = door().pass(difference_pa, first, second);
    assert!((found.forward - sums.0).abs() < 1e-5 && (found.backward - sums.1).abs() < 1e-5, "{found:?} {sums:?}");
    let crossing = door().pass(-0.2, first, second);
    assert!(crossing.forward > 0.0 && crossing.backward > 0.0);
}

#[test]
fn fans() {
    let fan = Element::Fan(vec![(0.0, 0.5), (100.0, 0.3), (200.0, 0.0)]);
    assert!((fan.pass(-100.0, 1.2, 1.2).forward - 0.3).abs() < 1e-12);
    assert!((fan.pass(-50.0, 1.2, 1.2).forward - 0.4).abs() < 1e-12);
    assert!((fan.pass(-250.0, 1.2, 1.2).backward - 0.15).abs() < 1e-12);
    let mut network = Network {
        zones: vec![zone(20.0, 0.0), zone(20.0, 0.0)],
        links: vec![
            link(End::Outdoors, End::Zone(0), 0.0, fan),
            link(End::Zone(0), End::Zone(1), 0.0, orifice(0.02, 0.6)),
            link(End::Zone(1), End::Outdoors, 0.0, Element::from_test(0.2, 0.65)),
        ],
    };
    let solution = network.solve(&calm(20.0), &[]).unwrap();
    assert!(solution.converged && solution.flows.iter().all(|flow| flow.forward_kg_s > 0.05), "{solution:?}");
    // Supply equal to exhaust has a solution in a closed room. A lone supply fan has none.
    network.links = vec![
        link(End::Outdoors, End::Zone(0), 0.0, Element::Flow(0.1)),
        link(End::Zone(0), End::Outdoors, 0.0, Element::Flow(0.1)),
    ];
    assert!(network.solve(&calm(20.0), &[]).unwrap().converged);
    network.links.pop();
    let stuck = network.solve(&calm(20.0), &[]).unwrap();
    assert!(!stuck.converged && (stuck.imbalance_kg_s - 0.1).abs() < 1e-9);
}

#[test]
fn refuses_what_makes_no_sense() {
    let network = Network { zones: vec![zone(f64::NAN, 0.0)], links: Vec::new() };
    assert_eq!(network.solve(&calm(20.0), &[]), Err(NetworkError::Zone(0)));
    let network = Network {
        zones: vec![zone(20.0, 0.0)],
        links: vec![link(End::Zone(0), End::Zone(7), 0.0, orifice(0.01, 0.6))],
    };
    assert_eq!(network.solve(&calm(20.0), &[]), Err(NetworkError::Link(0)));
    assert_eq!(Network::default().solve(&calm(f64::INFINITY), &[]), Err(NetworkError::Outdoors));
    assert!(Network::default().solve(&calm(20.0), &[]).unwrap().converged);
    assert!(!Element::Fan(vec![(0.0, 1.0), (10.0, 2.0)]).valid());
}

#[test]
fn wind_tables() {
    assert!((wind_speed_m_s(5.0, 10.0, Terrain::Open) - 5.0).abs() < 1e-9);
    assert!(wind_speed_m_s(5.0, 10.0, Terrain::City) < 3.0);
    // Swami and Chandra: 0.6 upwind, about −0.3 to −0.4 downwind, lower at the sides.
    let coefficient = |angle| wind_coefficient_low_rise(angle, 1.0);
    assert!((coefficient(0.0) - 0.6).abs() < 0.01, "{}", coefficient(0.0));
    assert!(coefficient(90.0) < -0.3 && coefficient(180.0) < 0.0);
    assert!((coefficient(-45.0) - coefficient(45.0)).abs() < 1e-12);
}

/// Builds a network from drawn numbers: a chain of zones, links across the chain, and one certain link to the
/// outdoors.
fn drawn(temperatures: &[f64], links: &[(usize, usize, f64, f64, u8)]) -> Network {
    let count = temperatures.len();
    let zones: Vec<Zone> =
        temperatures.iter().enumerate().map(|(place, c)| zone(*c, 3.0 * (place / 3) as f64)).collect();
    let mut network = Network { zones, links: Vec::new() };
    for place in 0..count {
        let to = if place == 0 { End::Outdoors } else { End::Zone(place - 1) };
        let height_m = 3.0 * (place / 3) as f64;
        network.links.push(link(End::Zone(place), to, height_m, Element::from_test(0.05, 0.6)));
    }
    for (from, to, height_m, size, kind) in links {
        let element = match kind {
            0 => Element::Crack { coefficient_m3_s: *size, exponent: 0.5 + size.min(0.5) },
            1 => orifice(*size, 0.6),
            2 => Element::Opening { width_m: *size, height_m: 2.0, discharge: OPENING_DISCHARGE },
            3 => Element::Flow(*size - 0.5),
            _ => Element::Fan(vec![(0.0, *size), (100.0, 0.5 * size), (300.0, -0.1)]),
        };
        let to = if *to % (count + 1) == count { End::Outdoors } else { End::Zone(to % (count + 1)) };
        let wind_coefficient = size - 0.5;
        network.links.push(Link { from: End::Zone(from % count), to, height_m: *height_m, wind_coefficient, element });
    }
    network
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn mass_is_conserved(
        temperatures in proptest::collection::vec(-10.0..35.0f64, 1..12),
        links in proptest::collection::vec((0..50usize, 0..50usize, 0.0..12.0f64, 0.001..1.0f64, 0..5u8), 0..30),
        outdoor_c in -20.0..40.0f64,
        wind_m_s in 0.0..20.0f64,
    ) {
        let network = drawn(&temperatures, &links);
        let outdoors = Outdoors { wind_m_s, ..calm(outdoor_c) };
        let solution = network.solve(&outdoors, &[]).unwrap();
        prop_assert!(solution.converged, "{:?}", solution);
        let passed: f64 = solution.flows.iter().map(|flow| flow.forward_kg_s + flow.backward_kg_s).sum();
        for surplus in surplus(&network, &solution) {
            prop_assert!(surplus.abs() < 1e-7 * passed + 1e-9);
        }
        // A second solve gives the same solution, and a solve that starts from the solution takes no Newton
        // step.
        prop_assert_eq!(&network.solve(&outdoors, &[]).unwrap(), &solution);
        prop_assert_eq!(network.solve(&outdoors, &solution.pressures_pa).unwrap().steps, 0);
    }

    #[test]
    fn slopes_are_those_of_the_flow(
        pa in -20.0..20.0f64, first in 1.0..1.4f64, second in 1.0..1.4f64, kind in 0..4u8,
    ) {
        let element = match kind {
            0 => Element::Crack { coefficient_m3_s: 0.01, exponent: 0.65 },
            1 => orifice(0.1, 0.6),
            2 => Element::Opening { width_m: 1.0, height_m: 2.0, discharge: 0.78 },
            _ => Element::Fan(vec![(-5.0, 2.0), (7.0, 1.0)]),
        };
        prop_assume!(pa.abs() > 0.01);
        let net = |pa| { let passing = element.pass(pa, first, second); passing.forward - passing.backward };
        let slope = (net(pa + 1e-6) - net(pa - 1e-6)) / 2e-6;
        let found = element.pass(pa, first, second).slope;
        prop_assert!((slope - found).abs() < 1e-3 * found + 1e-6, "{} {}", slope, found);
        prop_assert!(found >= 0.0);
    }
}
