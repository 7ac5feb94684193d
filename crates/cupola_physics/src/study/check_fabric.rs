//! Checks of materials, constructions and glazings.

use super::check::Checker;
use super::{Construction, Gap, Glazing, Layer, Material, Pane};

/// Highest conductivity of a solid that is not a metal, in W/(m K).
const BEST_NOT_METAL_W_MK: f64 = 20.0;
/// Lowest density of a metal used in buildings, in kg/m³.
const LIGHTEST_METAL_KG_M3: f64 = 2_500.0;

/// U-value of a pane without resistance between the films of LBNL-2804E, in W/(m² K). The run computes the films itself,
/// so a greater value would have no effect.
const MOST_SHEET_U: f64 = 5.9;

impl Checker<'_> {
    pub(super) fn constructions(&mut self) {
        let study = self.study;
        self.at("materials", |checker| {
            for (name, material) in &study.materials {
                checker.at(name, |checker| checker.material(material));
            }
        });
        self.at("constructions", |checker| {
            for (name, construction) in &study.constructions {
                checker.at(name, |checker| checker.construction(construction));
            }
        });
        self.at("glazings", |checker| {
            for (name, glazing) in &study.glazings {
                checker.at(name, |checker| checker.glazing(glazing));
            }
        });
    }

    fn material(&mut self, material: &Material) {
        let Material { conductivity_w_mk: conductivity, density_kg_m3: density, specific_heat_j_kgk: heat } = *material;
        self.at("conductivity_w_mk", |checker| {
            if conductivity.is_nan() || conductivity <= 0.0 {
                let message = format!("the conductivity is {conductivity} W/(m K)");
                checker.error("out-of-range", message, "it must be above 0: insulation has 0.04, concrete 1.1");
            } else if conductivity > 430.0 || (conductivity > BEST_NOT_METAL_W_MK && density < LIGHTEST_METAL_KG_M3) {
                let message = format!("{conductivity} W/(m K) is too high for a material of this density");
                checker.error("unit-slip", message, format!("if it is in mW/(m K), write {}", conductivity / 1_000.0));
            } else if conductivity < 0.002 {
                let message = format!("{conductivity} W/(m K) is less than the conductivity of a vacuum panel");
                checker.warning("unit-slip", message, "insulation has 0.04, concrete 1.1");
            }
        });
        self.at("density_kg_m3", |checker| {
            if !(0.0..=23_000.0).contains(&density) {
                checker.error("out-of-range", format!("the density is {density} kg/m³"), "use 0 to 23000 kg/m³");
            } else if density > 0.0 && density < 5.0 {
                let message = format!("{density} kg/m³ is hardly more than the density of air");
                checker.warning("unit-slip", message, format!("if it is in g/cm³, write {}", density * 1_000.0));
            }
        });
        self.at("specific_heat_j_kgk", |checker| {
            if !(0.0..=6_000.0).contains(&heat) {
                let message = format!("the specific heat is {heat} J/(kg K)");
                checker.error("out-of-range", message, "use 0 to 6000 J/(kg K); water has 4180");
            } else if heat > 0.0 && heat < 50.0 {
                let message = format!("{heat} J/(kg K) is less than that of any building material");
                checker.error("unit-slip", message, format!("if it is in kJ/(kg K), write {}", heat * 1_000.0));
            } else if density > 0.0 && heat == 0.0 {
                let message = "a material with a density but no specific heat stores no heat";
                checker.error("missing-value", message, "set both or neither");
            }
        });
    }

    fn construction(&mut self, construction: &Construction) {
        if construction.layers.is_empty() {
            let help = "add `layers: [(material: …, thickness_m: …)]`, from outside to inside";
            self.at("layers", |checker| checker.error("no-layers", "the construction has no layers", help));
        }
        self.at("layers", |checker| {
            for (at, layer) in construction.layers.iter().enumerate() {
                checker.at(at, |checker| checker.layer(layer));
            }
        });
        for (field, face) in [("outside", &construction.outside), ("inside", &construction.inside)] {
            self.at(field, |checker| {
                checker.range("solar_absorptance", Some(face.solar_absorptance), 0.0, 1.0, "");
                checker.range("emittance", Some(face.emittance), 0.0, 1.0, "");
            });
        }
    }

    fn layer(&mut self, layer: &Layer) {
        match (&layer.material, layer.thickness_m, layer.resistance_m2k_w) {
            (Some(name), Some(thickness), None) => {
                self.at("material", |checker| checker.known("material", name, &checker.study.materials));
                self.at("thickness_m", |checker| checker.thickness(thickness, 5.0));
            }
            (None, None, Some(resistance)) => self.range("resistance_m2k_w", Some(resistance), 1e-6, 200.0, "m² K/W"),
            _ => self.error(
                "wrong-layer",
                "a layer needs a material with a thickness, or a resistance",
                "write `(material: \"…\", thickness_m: 0.1)` or `(resistance_m2k_w: 0.18)`",
            ),
        }
    }

    fn thickness(&mut self, thickness: f64, most: f64) {
        if thickness.is_nan() || thickness <= 0.0 {
            self.error("out-of-range", format!("the thickness is {thickness} m"), "it must be above 0");
        } else if thickness > most {
            let message = format!("the layer is {thickness} m thick");
            self.error("unit-slip", message, format!("if it is in mm, write {}", thickness / 1_000.0));
        }
    }

    fn glazing(&mut self, glazing: &Glazing) {
        let has_sheet = glazing.u_value_w_m2k.is_some() || glazing.shgc.is_some();
        let help = "write `(panes: […], gaps: […])` or `(u_value_w_m2k: 1.1, shgc: 0.6)`";
        if has_sheet != glazing.panes.is_empty() {
            let message = "a glazing needs either `panes`, or `u_value_w_m2k` and `shgc`";
            self.error("wrong-glazing", message, help);
            return;
        }
        if has_sheet && (glazing.u_value_w_m2k.is_none() || glazing.shgc.is_none()) {
            self.error("wrong-glazing", "a glazing needs both `u_value_w_m2k` and `shgc`", help);
            return;
        }
        if glazing.angular.is_some() && has_sheet {
            self.error("wrong-glazing", "`angular` needs panes, because they conduct the heat", "add `panes`");
            return;
        }
        if let Some(u) = glazing.u_value_w_m2k.filter(|u| *u > MOST_SHEET_U) {
            let message = format!("`u_value_w_m2k` is {u} W/(m² K)");
            let help = format!(
                "glass alone has at most {MOST_SHEET_U} W/(m² K); give a frame with more by `frame_fraction` and \
                 `frame_u_w_m2k` of the window"
            );
            self.at("u_value_w_m2k", |checker| checker.error("out-of-range", message, help));
            return;
        }
        let before = self.findings.len();
        self.at("panes", |checker| {
            for (at, pane) in glazing.panes.iter().enumerate() {
                checker.at(at, |checker| checker.pane(pane));
            }
        });
        self.at("gaps", |checker| {
            for (at, gap) in glazing.gaps.iter().enumerate() {
                checker.at(at, |checker| checker.gap(gap));
            }
        });
        if self.findings.len() == before
            && let Err(error) = crate::glazing::Glazing::new(&crate::thermal::glazing_spec(glazing))
        {
            self.error("wrong-glazing", error.to_string(), "");
        }
    }

    fn pane(&mut self, pane: &Pane) {
        self.at("thickness_m", |checker| checker.thickness(pane.thickness_m, 0.2));
        self.range("conductivity_w_mk", Some(pane.conductivity_w_mk), 0.05, 10.0, "W/(m K)");
        self.range("emittance_front", Some(pane.emittance_front), 0.001, 1.0, "");
        self.range("emittance_back", Some(pane.emittance_back), 0.001, 1.0, "");
        if pane.refractive_index.is_some() != pane.extinction_per_m.is_some() {
            let message = "`refractive_index` and `extinction_per_m` must be set together";
            self.error("wrong-glazing", message, "set both, or set transmittance and reflectance");
        }
        let passed = pane.solar_transmittance + pane.solar_reflectance_front;
        if passed > 1.0 {
            let message = format!("transmittance and reflectance of the pane add up to {passed}");
            self.error("out-of-range", message, "the sum is at most 1: the rest is absorbed");
        }
    }

    fn gap(&mut self, gap: &Gap) {
        self.at("thickness_m", |checker| checker.thickness(gap.thickness_m, 0.5));
        self.range("conductance_w_m2k", gap.conductance_w_m2k, 0.05, 1_000.0, "W/(m² K)");
    }
}
