//! Default envelopes of rooms without a drawn one: construction sets by building age, and a room's façades,
//! roof, ground and neighbours, converted into the form that studies use.

use crate::study::{
    Amount, Construction, Face, Glazing, Layer, Material, Outside, Site, Study, Surface, ThermalModel, Window, Zone,
};
use crate::zone::ZoneSpec;

/// Constructions typical of a building age. U-values in W/(m² K).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConstructionSet {
    /// Name: an age or a building standard.
    pub name: &'static str,
    /// Source of the values.
    pub source: &'static str,
    /// U-value of the façade without windows.
    pub wall_u_w_m2k: f64,
    /// U-value of the roof.
    pub roof_u_w_m2k: f64,
    /// U-value of the floor on the ground.
    pub floor_u_w_m2k: f64,
    /// U-value of windows with their frames.
    pub window_u_w_m2k: f64,
    /// Solar heat gain coefficient of the windows.
    pub window_shgc: f64,
    /// Infiltration, in air changes per hour, of a room whose whole perimeter is outdoors.
    pub infiltration_ach: f64,
}

/// Construction sets by age of a central European building: typical values of the regulation of the time. The
/// set before 1977 has values of existing buildings. The rounding is an assumption.
pub const SETS: [ConstructionSet; 5] = [
    ConstructionSet {
        name: "before_1977",
        source: "TABULA building typology, Germany (IWU 2015)",
        wall_u_w_m2k: 1.4,
        roof_u_w_m2k: 0.9,
        floor_u_w_m2k: 1.1,
        window_u_w_m2k: 2.8,
        window_shgc: 0.76,
        infiltration_ach: 0.5,
    },
    ConstructionSet {
        name: "1977_1994",
        source: "Wärmeschutzverordnung 1977 and 1982",
        wall_u_w_m2k: 0.7,
        roof_u_w_m2k: 0.45,
        floor_u_w_m2k: 0.7,
        window_u_w_m2k: 2.8,
        window_shgc: 0.76,
        infiltration_ach: 0.4,
    },
    ConstructionSet {
        name: "1995_2001",
        source: "Wärmeschutzverordnung 1995",
        wall_u_w_m2k: 0.5,
        roof_u_w_m2k: 0.3,
        floor_u_w_m2k: 0.5,
        window_u_w_m2k: 1.8,
        window_shgc: 0.65,
        infiltration_ach: 0.3,
    },
    ConstructionSet {
        name: "2002_2013",
        source: "Energieeinsparverordnung 2002 and 2009",
        wall_u_w_m2k: 0.35,
        roof_u_w_m2k: 0.25,
        floor_u_w_m2k: 0.4,
        window_u_w_m2k: 1.4,
        window_shgc: 0.6,
        infiltration_ach: 0.25,
    },
    ConstructionSet {
        name: "since_2014",
        source: "Gebäudeenergiegesetz 2020, annex 2 (reference building)",
        wall_u_w_m2k: 0.28,
        roof_u_w_m2k: 0.2,
        floor_u_w_m2k: 0.35,
        window_u_w_m2k: 1.3,
        window_shgc: 0.6,
        infiltration_ach: 0.2,
    },
];

/// Construction set of buildings that name none.
pub const DEFAULT_SET: &ConstructionSet = &SETS[4];

/// Returns the construction set with this name.
pub fn set(name: &str) -> Option<&'static ConstructionSet> {
    SETS.iter().find(|set| set.name == name)
}

/// Window fraction of a façade (DIN V 18599-10 has 30 to 50 % for offices; an assumption).
pub const WINDOW_SHARE: f64 = 0.4;
/// Fraction of solar radiation that passes frames, dirt and blinds (0.7 for frames, 0.9 for dirt, 0.8 for
/// blinds over the year; assumptions).
pub const SUN_LET_THROUGH: f64 = 0.5;
/// Sum of the surface resistances, in m² K/W (ISO 6946:2017, table 7).
const FILMS: f64 = 0.17;
/// Ground temperature below a building, in °C (the yearly mean of central Europe's air, raised slightly by
/// the building's heat; an assumption).
const GROUND_C: f64 = 12.0;

/// Façade of a room.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Facade {
    /// Azimuth of the outward normal, clockwise from north, in °.
    pub azimuth_deg: f64,
    /// Length along the wall, in m.
    pub length_m: f64,
}

/// Returns the insulation layer that gives a construction its U-value. `others_m2k_w` is the resistance of
/// the other layers.
fn insulation(u_w_m2k: f64, others_m2k_w: f64) -> Layer {
    Layer::resistance((1.0 / u_w_m2k - FILMS - others_m2k_w).max(0.01))
}

/// Converts zones to a study with the 5R1C model and medium thermal mass as in ISO 13790:2008, table 12, with
/// screed on the floors, plaster on the walls and a suspended ceiling.
pub(crate) fn study(zones: &[ZoneSpec], site: Site) -> Study {
    let mut study = Study { tier: ThermalModel::FiveR1C, site, ..Study::default() };
    study.start.warm_up_days = 0;
    study.materials.insert("screed".into(), Material::new(1.4, 2_000.0, 1_000.0));
    study.materials.insert("plaster".into(), Material::new(0.57, 1_300.0, 1_000.0));
    study.materials.insert("board".into(), Material::new(0.25, 900.0, 1_000.0));
    let construction = |layers: Vec<Layer>| Construction { layers, outside: Face::default(), inside: Face::default() };
    let slab = |u: f64| construction(vec![insulation(u, 0.06 / 1.4), Layer::of("screed", 0.06)]);
    study.constructions.insert("floor".into(), slab(0.5));
    study
        .constructions
        .insert("ceiling".into(), construction(vec![insulation(0.5, 0.05), Layer::of("board", 0.012_5)]));
    let partition = vec![Layer::of("plaster", 0.03), insulation(1.0, 0.1), Layer::of("plaster", 0.03)];
    study.constructions.insert("partition".into(), construction(partition));
    for set in &SETS {
        let named = |part: &str| format!("{} {part}", set.name);
        let wall = vec![insulation(set.wall_u_w_m2k, 0.015 / 0.57), Layer::of("plaster", 0.015)];
        study.constructions.insert(named("wall"), construction(wall));
        let roof = vec![insulation(set.roof_u_w_m2k, 0.05), Layer::of("board", 0.012_5)];
        study.constructions.insert(named("roof"), construction(roof));
        study.constructions.insert(named("ground"), slab(set.floor_u_w_m2k));
        let (u_value_w_m2k, shgc) = (Some(set.window_u_w_m2k), Some(set.window_shgc));
        study.glazings.insert(named("window"), Glazing { u_value_w_m2k, shgc, ..Glazing::default() });
    }
    let id = |row: usize| row.to_string();
    study.zones = zones.iter().enumerate().map(|(row, spec)| zone(id(row), row, spec, zones)).collect();
    study
}

fn zone(id: String, row: usize, spec: &ZoneSpec, zones: &[ZoneSpec]) -> Zone {
    let named = |part: &str| format!("{} {part}", spec.set.name);
    let mut surfaces = Vec::new();
    let mut walls_m = 0.0;
    for (at, facade) in spec.facades.iter().enumerate().filter(|(_, facade)| facade.length_m > 0.0) {
        let area = facade.length_m * spec.height_m;
        walls_m += facade.length_m;
        let id = format!("façade {}", at + 1);
        let mut wall = Surface::new(id, named("wall"), area, (facade.azimuth_deg, 90.0), Outside::Outdoors);
        wall.windows.push(Window {
            glazing: named("window"),
            area_m2: Some(WINDOW_SHARE * area),
            blind_factor: Some(Amount::Number(SUN_LET_THROUGH)),
            ..Window::default()
        });
        surfaces.push(wall);
    }
    for (at, (other, length_m)) in spec.neighbours.iter().enumerate() {
        walls_m += length_m;
        // Each partition belongs to the room with the lower row, so that it occurs once.
        if *other > row && *other < zones.len() && *length_m > 0.0 {
            let area = length_m * spec.height_m;
            let outside = Outside::Zone(other.to_string());
            surfaces.push(Surface::new(format!("partition {}", at + 1), "partition", area, (0.0, 90.0), outside));
        }
    }
    let rest_m = (4.0 * spec.area_m2.sqrt() - walls_m).max(0.0);
    if rest_m > 0.0 {
        let area = rest_m * spec.height_m;
        surfaces.push(Surface::new("walls", "partition", area, (0.0, 90.0), Outside::Adiabatic));
    }
    let share = |part: f64| part.clamp(0.0, 1.0) * spec.area_m2;
    let (roof, ground) = (share(spec.roof_share), share(spec.ground_share));
    for (id, construction, area, tilt, outside) in [
        ("roof", named("roof"), roof, 0.0, Outside::Outdoors),
        ("ceiling", "ceiling".to_string(), spec.area_m2 - roof, 0.0, Outside::Adiabatic),
        ("ground", named("ground"), ground, 180.0, Outside::Ground(Amount::Number(GROUND_C))),
        ("floor", "floor".to_string(), spec.area_m2 - ground, 180.0, Outside::Adiabatic),
    ] {
        if area > 0.0 {
            surfaces.push(Surface::new(id, construction, area, (0.0, tilt), outside));
        }
    }
    Zone { surfaces, ..Zone::new(id, spec.area_m2, spec.volume_m3()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_of_every_age_are_studies() {
        for set in &SETS {
            let spec = ZoneSpec { set, roof_share: 1.0, ground_share: 0.5, ..ZoneSpec::from_area(25.0, 3.0, 0.5) };
            let study = study(&[spec.clone(), ZoneSpec { neighbours: vec![(0, 5.0)], ..spec }], Site::default());
            let found = crate::study::check(&study);
            assert!(found.is_empty(), "{}: {found:?}", set.name);
        }
        assert_eq!(super::set("since_2014"), Some(DEFAULT_SET));
    }
}
