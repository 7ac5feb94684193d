use proptest::prelude::*;

use super::*;

/// Returns the glass of ASHRAE 140-2004: index 1.526, extinction 0.0196/mm, 3.175 mm.
fn glass() -> Pane {
    Pane {
        thickness_m: 0.003_175,
        conductivity_w_mk: 1.06,
        optics: PaneOptics::Glass { refractive_index: 1.526, extinction_per_m: 19.6 },
        emissivity_front: 0.84,
        emissivity_back: 0.84,
    }
}

fn layered(panes: &[Pane]) -> Glazing {
    let gaps = vec![Gap { thickness_m: 0.012, fill: GapFill::Gas(Gas::Air) }; panes.len() - 1];
    Glazing::new(&GlazingSpec::Layers { panes: panes.to_vec(), gaps }).unwrap()
}

#[test]
fn clear_glass_as_in_ashrae_140() {
    // ASHRAE 140-2004: transmittance 0.86156 of one pane, 0.74745 of two.
    let single = layered(&[glass()]).optics;
    assert!((single.transmittance(1.0) - 0.861_56).abs() < 5e-4, "{}", single.transmittance(1.0));
    let double = layered(&[glass(), glass()]).optics;
    assert!((double.transmittance(1.0) - 0.747_45).abs() < 1.5e-3, "{}", double.transmittance(1.0));
    // Calculation by hand at 60°: sin 60° over 1.526, both polarisations.
    let inside = (1.0f64 - 0.75 / 1.526f64.powi(2)).sqrt();
    let passes = (-19.6 * 0.003_175 / inside).exp();
    let through = |r: f64| (1.0 - r).powi(2) * passes / (1.0 - (r * passes).powi(2));
    let s = ((0.5 - 1.526 * inside) / (0.5 + 1.526 * inside)).powi(2);
    let p = ((1.526 * 0.5 - inside) / (1.526 * 0.5 + inside)).powi(2);
    assert!((single.transmittance(0.5) - 0.5 * (through(s) + through(p))).abs() < 1e-6);
    // The diffuse transmittance is close to the transmittance at 60°.
    assert!((single.front.transmittance - single.transmittance(0.5)).abs() < 0.015, "{:?}", single.front);
    assert!((single.front.transmittance - single.back.transmittance).abs() < 1e-12);
}

#[test]
fn a_plate_is_found_from_its_normal_properties() {
    let made = layered(&[glass()]).optics;
    let (transmittance, reflectance) = (made.transmittance(1.0), made.reflectance(1.0));
    let optics = PaneOptics::Normal { transmittance, reflectance_front: reflectance, reflectance_back: reflectance };
    let found = layered(&[Pane { optics, ..glass() }]).optics;
    for cosine in [0.05, 0.2, 0.5, 0.8, 1.0] {
        assert!((made.transmittance(cosine) - found.transmittance(cosine)).abs() < 1e-6, "{cosine}");
        assert!((made.absorptance(0, cosine) - found.absorptance(0, cosine)).abs() < 1e-6, "{cosine}");
    }
}

#[test]
fn a_coated_pane_keeps_its_normal_properties() {
    let optics = PaneOptics::Normal { transmittance: 0.6, reflectance_front: 0.17, reflectance_back: 0.22 };
    let coated = layered(&[Pane { optics, emissivity_back: 0.05, ..glass() }]).optics;
    assert!((coated.transmittance(1.0) - 0.6).abs() < 1e-9 && (coated.reflectance(1.0) - 0.17).abs() < 1e-9);
    assert!(coated.transmittance(0.2) < 0.5 && coated.reflectance(0.05) > 0.6);
    assert_eq!(coated.transmittance(0.0), 0.0);
}

#[test]
fn a_simple_glazing_gives_back_its_figures() {
    // EnergyPlus Engineering Reference: SHGC is the transmittance plus the inward-flowing fraction of the
    // absorptance.
    for (u, gain) in [(5.8, 0.86), (2.7, 0.76), (1.6, 0.40), (3.9, 0.62), (1.2, 0.30), (0.2, 0.01), (7.0, 0.98)] {
        let spec = GlazingSpec::Simple { u_value_w_m2k: u, solar_heat_gain: gain };
        let glazing = Glazing::new(&spec).unwrap();
        let transmittance = glazing.optics.transmittance(1.0);
        assert!((0.0..=gain + 0.01).contains(&transmittance), "{u} {gain}: {transmittance}");
        let (t, r) = (glazing.optics.transmittance(0.5), glazing.optics.reflectance(0.5));
        assert!((0.0..=1.0).contains(&t) && (0.0..=1.0).contains(&r), "{u} {gain}");
    }
}

#[test]
fn tables_are_taken_over() {
    let double = layered(&[glass(), glass()]);
    let angles_deg: Vec<f64> = (0..=9).map(|step| 10.0 * f64::from(step)).collect();
    let cosines: Vec<f64> = angles_deg.iter().map(|angle| angle.to_radians().cos()).collect();
    let absorptance: Vec<Vec<f64>> =
        (0..2).map(|pane| cosines.iter().map(|cosine| double.optics.absorptance(pane, *cosine)).collect()).collect();
    let table = GlazingTable {
        transmittance: cosines.iter().map(|cosine| double.optics.transmittance(*cosine)).collect(),
        angles_deg,
        absorptance,
        back_transmittance: None,
        back_absorptance: None,
        panes: double.panes.clone(),
        gaps: double.gaps.clone(),
    };
    let again = Glazing::new(&GlazingSpec::Table(table.clone())).unwrap().optics;
    for cosine in [1.0, 0.9, 0.6, 0.3] {
        assert!((again.transmittance(cosine) - double.optics.transmittance(cosine)).abs() < 0.01, "{cosine}");
    }
    assert!((again.front.transmittance - double.optics.front.transmittance).abs() < 0.005);
    assert!((again.back.absorptance[0] - double.optics.back.absorptance[0]).abs() < 0.005);
    let broken = GlazingTable { transmittance: vec![0.9; 10], absorptance: vec![vec![0.1; 10]; 2], ..table };
    assert!(matches!(Glazing::new(&GlazingSpec::Table(broken)), Err(GlazingError::Energy { .. })));
}

#[test]
fn nonsense_is_refused() {
    let spec = |panes: Vec<Pane>, gaps: Vec<Gap>| Glazing::new(&GlazingSpec::Layers { panes, gaps });
    assert!(matches!(spec(vec![], vec![]), Err(GlazingError::Count { .. })));
    assert!(matches!(spec(vec![glass(), glass()], vec![]), Err(GlazingError::Count { .. })));
    let thin = Pane { thickness_m: 0.0, ..glass() };
    let error = spec(vec![thin], vec![]).unwrap_err();
    assert_eq!(error.to_string(), "the pane's thickness in m of number 1 is 0; it ranges from 0.00001 to 0.2");
    let bright = PaneOptics::Normal { transmittance: 0.9, reflectance_front: 0.2, reflectance_back: 0.1 };
    assert!(matches!(
        spec(vec![Pane { optics: bright, ..glass() }], vec![]),
        Err(GlazingError::Energy { index: 0, .. })
    ));
    assert!(Glazing::new(&GlazingSpec::Simple { u_value_w_m2k: f64::NAN, solar_heat_gain: 0.5 }).is_err());
}

proptest! {
    #[test]
    fn light_is_neither_made_nor_lost(
        panes in prop::collection::vec((0.0..1.0f64, 0.0..1.0f64, 0.0..1.0f64, any::<bool>()), 1..=8),
        cosine in -0.2..1.2f64,
    ) {
        let panes: Vec<Pane> = panes.into_iter().map(|(t, f, b, bare)| {
            let (front, back) = (f * (1.0 - t), if bare { f } else { b } * (1.0 - t));
            let optics = PaneOptics::Normal { transmittance: t, reflectance_front: front, reflectance_back: back };
            Pane { optics, ..glass() }
        }).collect();
        let optics = layered(&panes).optics;
        let absorbed: f64 = (0..panes.len()).map(|pane| optics.absorptance(pane, cosine)).sum();
        prop_assert!(absorbed >= 0.0 && optics.transmittance(cosine) >= 0.0);
        prop_assert!(absorbed + optics.transmittance(cosine) <= 1.0 + 1e-9);
        for side in [&optics.front, &optics.back] {
            let sum = side.transmittance + side.reflectance + side.absorptance.iter().sum::<f64>();
            prop_assert!((sum - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn any_simple_glazing_is_sound(u in 0.2..7.0f64, gain in 0.01..0.98f64, cosine in 0.0..1.0f64) {
        let optics = Glazing::new(&GlazingSpec::Simple { u_value_w_m2k: u, solar_heat_gain: gain }).unwrap().optics;
        let (t, a) = (optics.transmittance(cosine), optics.absorptance(0, cosine));
        prop_assert!(t >= 0.0 && a >= 0.0 && t + a <= 1.0 + 1e-9);
    }
}

#[test]
fn reflective_glazing_absorbs_at_a_slant_too() {
    // U 3.236 and SHGC 0.39: absorptances of EnergyPlus 26.1.
    let spec = GlazingSpec::Simple { u_value_w_m2k: 3.236_46, solar_heat_gain: 0.39 };
    let optics = Glazing::new(&spec).unwrap().optics;
    for (angle, expected) in [(27.0_f64, 0.243), (50.0, 0.251), (60.0, 0.264), (70.0, 0.275), (80.0, 0.223)] {
        let absorbed = optics.absorptance(0, angle.to_radians().cos());
        assert!((absorbed - expected).abs() < 0.025, "{angle}: {absorbed} {expected}");
    }
}
