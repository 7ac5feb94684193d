//! The changes that make each case from its base case.

use cupola_physics::study::{
    Airflow, Amount, Construction, Day, Face, Fin, Gas, InsideConvection, Layer, Material, OutsideConvection, Overhang,
    Schedule, Shading, Study, Surface, Window,
};
use cupola_scene::{Document, ron_options};

pub(super) fn study(text: &str) -> Option<Study> {
    let document: Document = ron_options().from_str(text).ok()?;
    document.physics
}

/// Changes a study.
pub(super) fn with(study: Option<Study>, change: impl FnOnce(&mut Study)) -> Option<Study> {
    let mut study = study?;
    change(&mut study);
    Some(study)
}

pub(super) fn surface<'s>(study: &'s mut Study, id: &str) -> Option<&'s mut Surface> {
    study.zones.first_mut()?.surfaces.iter_mut().find(|surface| surface.id == id)
}

/// Returns a window 3 m wide and 2 m high.
pub(super) fn window(overhang: Option<Overhang>, fin: Option<Fin>) -> Window {
    let shading = Shading { width_m: 3.0, height_m: 2.0, overhang, left: fin, right: fin };
    Window { glazing: "double".into(), shading: Some(shading), ..Window::default() }
}

/// Adds an overhang of 1 m along the south wall, at the height of the roof and 0.5 m above the windows.
pub(super) fn overhangs(study: Option<Study>) -> Option<Study> {
    with(study, |study| {
        let over =
            |left: f64, right: f64| Overhang { depth_m: 1.0, gap_m: 0.5, extends_left_m: left, extends_right_m: right };
        if let Some(south) = surface(study, "south") {
            south.windows = vec![window(Some(over(0.5, 4.5)), None), window(Some(over(4.5, 0.5)), None)];
            let overhang = Some(Overhang { depth_m: 1.0, ..Overhang::default() });
            south.shading = Some(Shading { width_m: 8.0, height_m: 2.7, overhang, ..Shading::default() });
        }
    })
}

/// Moves the windows to the east and west walls. If `is_shaded`, each window gets an overhang, and fins down to the
/// ground.
pub(super) fn east_west(study: Option<Study>, is_shaded: bool) -> Option<Study> {
    with(study, |study| {
        let overhang = is_shaded.then_some(Overhang { depth_m: 1.0, gap_m: 0.5, ..Overhang::default() });
        let fin = is_shaded.then_some(Fin { depth_m: 1.0, gap_m: 0.0, extends_above_m: 0.5, extends_below_m: 0.2 });
        for (id, windows) in
            [("south", vec![]), ("east", vec![window(overhang, fin)]), ("west", vec![window(overhang, fin)])]
        {
            if let Some(surface) = surface(study, id) {
                surface.windows = windows;
            }
        }
    })
}

pub(super) fn schedule(study: &mut Study, name: &str, pairs: &[(f64, f64)], interpolate: bool) {
    let schedule = Schedule { days: Day::From(pairs.to_vec()), interpolate, ..Schedule::default() };
    study.schedules.insert(name.into(), schedule);
}

/// Sets the heating set-point to 10 °C from 23 to 7 o'clock. The set-point rises linearly to 20 °C from 7 to 8 o'clock,
/// as in the 2020 edition.
pub(super) fn set_back(study: Option<Study>) -> Option<Study> {
    with(study, |study| {
        let pairs = [(0.0, 10.0), (7.0, 10.0), (8.0, 20.0), (22.999, 20.0), (23.0, 10.0)];
        schedule(study, "set-back", &pairs, true);
        if let Some(heating) = study.zones.first_mut().and_then(|zone| zone.heating.as_mut()) {
            heating.setpoint_c = Amount::Schedule("set-back".into());
        }
    })
}

/// Adds 1,703.16 m³/h of outdoor air from 18 to 7 o'clock. Cooling is available from 7 to 18 o'clock, and there is no
/// heating.
pub(super) fn night_air(study: Option<Study>) -> Option<Study> {
    with(study, |study| {
        schedule(study, "day", &[(0.0, 0.0), (7.0, 1.0), (18.0, 0.0)], false);
        schedule(study, "night", &[(0.0, 1.0), (7.0, 0.0), (18.0, 1.0)], false);
        if let Some(zone) = study.zones.first_mut() {
            zone.heating = None;
            let amount = Some(Amount::Number(1_703.16));
            zone.ventilation =
                vec![Airflow { flow_m3_h: amount, schedule: Some("night".into()), ..Airflow::default() }];
            if let Some(cooling) = &mut zone.cooling {
                cooling.available = Some("day".into());
            }
        }
    })
}

/// Reduces the glazing to one pane of the same glass.
pub(super) fn single_pane(study: Option<Study>) -> Option<Study> {
    with(study, |study| {
        if let Some(glazing) = study.glazings.get_mut("double") {
            glazing.panes.truncate(1);
            glazing.gaps.clear();
        }
    })
}

/// Gives the glazing a coated outer pane and argon.
pub(super) fn low_e(study: Option<Study>) -> Option<Study> {
    with(study, |study| {
        let Some(glazing) = study.glazings.get_mut("double") else { return };
        if let (Some(pane), Some(gap)) = (glazing.panes.first_mut(), glazing.gaps.first_mut()) {
            (pane.thickness_m, pane.solar_transmittance) = (0.003_18, 0.452);
            (pane.solar_reflectance_front, pane.solar_reflectance_back) = (0.359, Some(0.397));
            pane.emittance_back = 0.047;
            gap.gas = Gas::Argon;
        }
    })
}

/// Sets the thickness of the insulation to 0.4 m in the roof, and in the walls to 0.25 m (light case) or 0.2452 m
/// (heavy case).
pub(super) fn insulated(study: Option<Study>) -> Option<Study> {
    with(study, |study| {
        let is_heavy = study.materials.contains_key("concrete");
        let material = Material { conductivity_w_mk: 0.04, density_kg_m3: 10.0, specific_heat_j_kgk: 1_400.0 };
        study.materials.insert("more foam".into(), material);
        let thick = if is_heavy { 0.2452 } else { 0.25 };
        for (name, thickness_m, material) in [("wall", thick, Some("more foam")), ("roof", 0.4, None)] {
            let Some(construction) = study.constructions.get_mut(name) else { continue };
            if let Some(layer) = construction.layers.get_mut(1) {
                layer.thickness_m = Some(thickness_m);
                layer.material = material.map(String::from).or(layer.material.take());
            }
        }
    })
}

/// The content of the south wall, or the position of the windows.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Glass {
    Solid,
    Opaque,
    South,
    Overhang,
    EastWest,
    Shaded,
}

/// Returns a case of the in-depth series, heated to 20 °C. The numbers are the cooling set-point in °C, the gains in W
/// and the infiltration in air changes per hour. `faces` are the emittances inside and outside, and the solar
/// absorptances inside and outside.
pub(super) fn in_depth(
    base: &str,
    glass: Glass,
    [cooling_c, gains_w, ach]: [f64; 3],
    faces: [f64; 4],
) -> Option<Study> {
    let base = match glass {
        Glass::Overhang => overhangs(study(base)),
        Glass::EastWest | Glass::Shaded => east_west(study(base), glass == Glass::Shaded),
        _ => study(base),
    };
    with(base, |study| {
        let layer = |material: Option<&str>, thickness_m, resistance_m2k_w| Layer {
            material: material.map(String::from),
            thickness_m,
            resistance_m2k_w,
        };
        let pane = layer(Some("glass"), Some(0.003_048), None);
        let layers = vec![pane.clone(), layer(None, None, Some(0.012 / 0.0625)), pane];
        let material = Material { conductivity_w_mk: 1.0, density_kg_m3: 2_470.0, specific_heat_j_kgk: 750.0 };
        study.materials.insert("glass".into(), material);
        let like = Construction { layers, outside: Face::default(), inside: Face::default() };
        study.constructions.insert("opaque window".into(), like);
        let [inside, outside, absorbs_inside, absorbs_outside] = faces;
        for construction in study.constructions.values_mut() {
            construction.inside = Face { solar_absorptance: absorbs_inside, emittance: inside };
            construction.outside = Face { solar_absorptance: absorbs_outside, emittance: outside };
        }
        let Some(zone) = study.zones.first_mut() else { return };
        zone.infiltration = vec![Airflow { ach: Some(Amount::Number(ach)), ..Airflow::default() }];
        zone.gains.iter_mut().for_each(|gain| gain.power_w = Some(Amount::Number(gains_w)));
        if let Some(cooling) = &mut zone.cooling {
            cooling.setpoint_c = Amount::Number(cooling_c);
        }
        if let Some(south) = zone.surfaces.iter_mut().find(|surface| surface.id == "south")
            && matches!(glass, Glass::Solid | Glass::Opaque)
        {
            south.windows.clear();
            if glass == Glass::Opaque {
                south.area_m2 = 9.6;
                let opaque = Surface {
                    id: "opaque".into(),
                    construction: "opaque window".into(),
                    area_m2: 12.0,
                    ..south.clone()
                };
                zone.surfaces.push(opaque);
            }
        }
    })
}

/// Sets fixed coefficients for convection and radiation together, and reduces the emittances accordingly.
pub(super) fn fixed_films(study: Option<Study>, inside: bool, outside: bool) -> Option<Study> {
    with(study, |study| {
        for construction in study.constructions.values_mut() {
            construction.inside.emittance *= if inside { 0.0 } else { 1.0 };
            construction.outside.emittance *= if outside { 0.0 } else { 1.0 };
        }
        if let Some(glazing) = study.glazings.get_mut("double") {
            if let (true, Some(pane)) = (inside, glazing.panes.last_mut()) {
                pane.emittance_back = 0.001;
            }
            if let (true, Some(pane)) = (outside, glazing.panes.first_mut()) {
                pane.emittance_front = 0.001;
            }
        }
        for surface in study.zones.iter_mut().flat_map(|zone| &mut zone.surfaces) {
            let (within, without) = match surface.tilt_deg {
                0.0 => (1.7, 21.8),
                180.0 => (3.7, 5.2),
                _ => (1.8, 21.6),
            };
            surface.inside_convection = inside.then_some(InsideConvection::Fixed(within));
            surface.outside_convection = outside.then_some(OutsideConvection::Fixed(without));
            for window in &mut surface.windows {
                window.inside_convection = inside.then_some(InsideConvection::Fixed(4.5));
                window.outside_convection = outside.then_some(OutsideConvection::Fixed(17.8));
            }
        }
    })
}

/// Sets the cooling set-point to 20 °C, which is also the heating set-point.
pub(super) fn one_set_point(study: Option<Study>) -> Option<Study> {
    with(study, |study| {
        if let Some(cooling) = study.zones.first_mut().and_then(|zone| zone.cooling.as_mut()) {
            cooling.setpoint_c = Amount::Number(20.0);
        }
    })
}

/// Removes heating and cooling.
pub(super) fn free(study: Option<Study>) -> Option<Study> {
    with(study, |study| study.zones.iter_mut().for_each(|zone| (zone.heating, zone.cooling) = (None, None)))
}
