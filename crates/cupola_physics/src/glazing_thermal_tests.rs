use proptest::{num, prelude::*};

use super::*;
use crate::glazing::{GlazingSpec, Pane, PaneOptics};

fn pane(thickness_m: f64, emissivity_front: f64) -> Pane {
    // Clear float glass: transmittance 0.834 and reflectance 0.075 for 3 mm (Window's glass library, 102).
    let optics = PaneOptics::Normal { transmittance: 0.834, reflectance_front: 0.075, reflectance_back: 0.075 };
    Pane { thickness_m, conductivity_w_mk: 1.0, optics, emissivity_front, emissivity_back: 0.84 }
}

fn layered(panes: Vec<Pane>, gap_m: f64, gas: Gas) -> Glazing {
    let gaps = vec![Gap { thickness_m: gap_m, fill: GapFill::Gas(gas) }; panes.len() - 1];
    Glazing::new(&GlazingSpec::Layers { panes, gaps }).unwrap()
}

#[test]
fn gases_at_0_c() {
    // ISO 15099:2003, annex B: conductivity at 0 °C of air 0.0241, argon 0.0163, krypton 0.0087, xenon 0.0052 W/(m K).
    for (gas, expected, density) in [
        (Gas::Air, 0.024_1, 1.292),
        (Gas::Argon, 0.016_3, 1.782),
        (Gas::Krypton, 0.008_7, 3.739),
        (Gas::Xenon, 0.005_2, 5.858),
    ] {
        let properties = gas.properties(0.0, 101_325.0);
        assert!((properties.conductivity_w_mk - expected).abs() < 1e-4);
        assert!((properties.density_kg_m3 - density).abs() < 0.01);
    }
}

#[test]
fn single_and_double_clear_under_nfrc_conditions() {
    let placement = Placement::default();
    let single = layered(vec![pane(0.003, 0.84)], 0.012, Gas::Air);
    let (u, gain) = (single.u_value_nfrc_w_m2k(&placement), single.solar_heat_gain(&NFRC_SUMMER, &placement));
    assert!((5.7..5.95).contains(&u), "{u}");
    assert!((gain - 0.86).abs() < 0.01, "{gain}");
    let double = layered(vec![pane(0.003, 0.84); 2], 0.012, Gas::Air);
    let (u, gain) = (double.u_value_nfrc_w_m2k(&placement), double.solar_heat_gain(&NFRC_SUMMER, &placement));
    assert!((2.7..2.9).contains(&u), "{u}");
    assert!((gain - 0.76).abs() < 0.01, "{gain}");
}

#[test]
fn double_glazing_of_ashrae_140() {
    // ASHRAE 140-2004: surface coefficients 21.0 and 8.29, gap 6.297 W/(m² K): U 3.0 W/(m² K), solar heat
    // gain coefficient 0.787.
    let optics = PaneOptics::Glass { refractive_index: 1.526, extinction_per_m: 19.6 };
    let glass =
        Pane { thickness_m: 0.003_175, conductivity_w_mk: 1.06, optics, emissivity_front: 0.84, emissivity_back: 0.84 };
    let gaps = vec![Gap { thickness_m: 0.013, fill: GapFill::Conductance(6.297) }];
    let glazing = Glazing::new(&GlazingSpec::Layers { panes: vec![glass; 2], gaps }).unwrap();
    let films = Films::Fixed { outdoor_w_m2k: 21.0, indoor_w_m2k: 8.29 };
    let conditions = Conditions { films, ..NFRC_WINTER };
    let u = -glazing.balance(&conditions, &Placement::default()).to_room_w_m2 / 39.0;
    assert!((u - 3.0).abs() < 0.01, "{u}");
    let gain = glazing.solar_heat_gain(&conditions, &Placement::default());
    assert!((gain - 0.787).abs() < 0.004, "{gain}");
}

#[test]
fn usual_panes_after_en_673() {
    let single = layered(vec![pane(0.004, 0.837)], 0.01, Gas::Air);
    assert!((single.u_value_en673_w_m2k() - 5.75).abs() < 0.05);
    // Data sheets: 4-12-4 air 2.9; 4-16-4 air 2.7; 4-16-4 argon with an emissivity of 0.03 on the third
    // surface 1.1 W/(m² K).
    let bare = |gap| {
        layered(vec![Pane { emissivity_back: 0.837, ..pane(0.004, 0.837) }; 2], gap, Gas::Air).u_value_en673_w_m2k()
    };
    assert!((bare(0.012) - 2.86).abs() < 0.06, "{}", bare(0.012));
    assert!((bare(0.016) - 2.73).abs() < 0.06, "{}", bare(0.016));
    let coated = layered(vec![pane(0.004, 0.837), pane(0.004, 0.03)], 0.016, Gas::Argon).u_value_en673_w_m2k();
    assert!((coated - 1.13).abs() < 0.06, "{coated}");
}

#[test]
fn a_simple_glazing_has_about_its_figures() {
    for (u, gain) in [(5.8, 0.82), (2.8, 0.76), (1.8, 0.4), (1.0, 0.3)] {
        let glazing = Glazing::new(&GlazingSpec::Simple { u_value_w_m2k: u, solar_heat_gain: gain }).unwrap();
        let found = glazing.u_value_nfrc_w_m2k(&Placement::default());
        assert!((found / u - 1.0).abs() < 0.06, "{u}: {found}");
        let found = glazing.solar_heat_gain(&NFRC_SUMMER, &Placement::default());
        assert!((found - gain).abs() < 0.02, "{gain}: {found}");
    }
}

#[test]
fn gaps_convect_more_when_heated_from_below() {
    let gap = Gap { thickness_m: 0.016, fill: GapFill::Gas(Gas::Air) };
    let at = |tilt_deg, outer, inner| {
        gap.conductance_w_m2k(outer, inner, (0.84, 0.84), &Placement { tilt_deg, ..Placement::default() })
    };
    let roof_in_winter = at(0.0, 0.0, 15.0);
    let roof_in_summer = at(0.0, 30.0, 25.0);
    let wall = at(90.0, 0.0, 15.0);
    assert!(roof_in_winter > wall && roof_in_winter > roof_in_summer, "{roof_in_winter} {wall} {roof_in_summer}");
    // Still air: conductivity over thickness, plus radiation.
    let still = 0.026 / 0.016 + radiative_w_m2k(30.0, 25.0, 0.84, 0.84);
    assert!((roof_in_summer - still).abs() < 0.05, "{roof_in_summer} {still}");
    // Hollands: convection begins at Ra 1708. The Nusselt number is about 3.1 at 1e5.
    assert_eq!(gap_nusselt(1_700.0, 60.0, 0.0), 1.0);
    assert!(
        (gap_nusselt(1e5, 60.0, 0.0) - (1.0 + 1.44 * (1.0 - 0.017_08) + (1e5f64 / 5_830.0).cbrt() - 1.0)).abs() < 1e-9
    );
}

#[test]
fn thin_air_convects_less() {
    let gap = Gap { thickness_m: 0.02, fill: GapFill::Gas(Gas::Air) };
    let high = Placement { pressure_pa: 83_000.0, ..Placement::default() };
    let emissivities = (0.05, 0.84);
    assert!(
        gap.conductance_w_m2k(0.0, 20.0, emissivities, &high)
            < gap.conductance_w_m2k(0.0, 20.0, emissivities, &Placement::default())
    );
}

proptest! {
    #[test]
    fn nusselt_is_at_least_one_and_continuous(rayleigh in 0.0..1e6f64, aspect in 5.0..200.0f64, angle in 0.0..180.0f64) {
        let here = gap_nusselt(rayleigh, aspect, angle);
        prop_assert!(here >= 1.0 - 1e-9);
        if angle > 60.1 {
            prop_assert!((gap_nusselt(rayleigh, aspect, angle + 0.01) - here).abs() < 0.01 * here);
        }
    }

    #[test]
    fn odd_input_does_no_harm(a in num::f64::ANY, b in num::f64::ANY, c in num::f64::ANY) {
        let glazing = layered(vec![pane(0.003, 0.84); 3], 0.012, Gas::Krypton);
        let placement = Placement { tilt_deg: a, height_m: b, pressure_pa: c };
        let films = Films::Natural { outdoor_w_m2k: a };
        let _ = glazing.balance(&Conditions { outdoor_c: a, indoor_c: b, solar_w_m2: c, films }, &placement);
        let _ = glazing.gap_conductance_w_m2k(0, a, b, &placement);
        let _ = (glazing.solar_heat_gain(&NFRC_SUMMER, &placement), gap_nusselt(a, b, c));
    }
}
