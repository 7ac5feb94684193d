//! Transmittance and reflectance of a pane at any angle, and of a stack of panes.

use crate::glazing::{Pane, PaneOptics};

/// Number of nodes of the tables over the cosine of incidence. The nodes are uniform, so that a value is
/// found by index arithmetic. The number is odd, for Simpson's rule.
const NODES: usize = 61;

/// Hemispherical properties, for isotropic diffuse light.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hemispherical {
    /// Transmittance, 0 to 1.
    pub transmittance: f64,
    /// Reflectance, 0 to 1.
    pub reflectance: f64,
    /// Absorptance of each pane, from the outside, 0 to 1.
    pub absorptance: Vec<f64>,
}

/// Solar optical properties of a glazing. Lookups do not allocate.
#[derive(Clone, Debug, PartialEq)]
pub struct Optics {
    transmittance: [f64; NODES],
    /// One column for each pane.
    absorptance: Vec<[f64; NODES]>,
    /// Properties for diffuse light from outdoors.
    pub front: Hemispherical,
    /// Properties for diffuse light from indoors.
    pub back: Hemispherical,
}

impl Optics {
    /// Returns the number of panes.
    pub fn panes(&self) -> usize {
        self.absorptance.len()
    }

    /// Returns the transmittance for light from outdoors at a cosine of incidence, 0 to 1.
    pub fn transmittance(&self, cos_incidence: f64) -> f64 {
        look_up(&self.transmittance, cos_incidence)
    }

    /// Returns the absorptance of a pane (from 0, outside first) for light from outdoors, 0 to 1. The result
    /// is 0 for a pane that does not exist.
    pub fn absorptance(&self, pane: usize, cos_incidence: f64) -> f64 {
        self.absorptance.get(pane).map_or(0.0, |column| look_up(column, cos_incidence))
    }

    /// Returns the reflectance for light from outdoors, 0 to 1.
    pub fn reflectance(&self, cos_incidence: f64) -> f64 {
        let absorbed: f64 = (0..self.panes()).map(|pane| self.absorptance(pane, cos_incidence)).sum();
        (1.0 - self.transmittance(cos_incidence) - absorbed).clamp(0.0, 1.0)
    }

    /// Computes the optics from the properties of each pane at a cosine of incidence. Grazing light is fully
    /// reflected.
    pub(crate) fn from_layers(count: usize, panes: impl Fn(f64) -> Vec<Layer>) -> Self {
        let mut front = Columns::new(count);
        let mut back = Columns::new(count);
        for node in 1..NODES {
            let mut layers = panes(cosine(node));
            front.set(node, &stack(&layers));
            layers.reverse();
            layers.iter_mut().for_each(|layer| *layer = layer.reversed());
            let mut result = stack(&layers);
            result.absorptance.reverse();
            back.set(node, &result);
        }
        let hemispherical = front.hemispherical();
        Self {
            front: hemispherical,
            back: back.hemispherical(),
            transmittance: front.transmittance,
            absorptance: front.absorptance,
        }
    }
}

/// Properties of a glazing over the cosine of incidence.
pub(crate) struct Columns {
    transmittance: [f64; NODES],
    absorptance: Vec<[f64; NODES]>,
}

impl Columns {
    fn new(panes: usize) -> Self {
        Self { transmittance: [0.0; NODES], absorptance: vec![[0.0; NODES]; panes] }
    }

    /// Returns the properties from tables over angles that increase from 0 to 90°. Each column has one value
    /// for each angle. Values are interpolated linearly over the cosine, as in the lookup.
    pub(crate) fn from_table(angles_deg: &[f64], transmittance: &[f64], absorptance: &[Vec<f64>]) -> Self {
        let mut columns = Self::new(absorptance.len());
        let cosines: Vec<f64> = angles_deg.iter().map(|angle| angle.to_radians().cos()).collect();
        for node in 0..NODES {
            let at = cosine(node);
            let upper = cosines.iter().position(|cosine| *cosine <= at + 1e-12).unwrap_or(cosines.len() - 1).max(1);
            let (near, far) = (cosines[upper - 1], cosines[upper]);
            let part = ((near - at) / (near - far)).clamp(0.0, 1.0);
            let between = |column: &[f64]| column[upper - 1] + part * (column[upper] - column[upper - 1]);
            columns.transmittance[node] = between(transmittance);
            for (column, given) in columns.absorptance.iter_mut().zip(absorptance) {
                column[node] = between(given);
            }
        }
        columns
    }

    /// Returns the optics with these hemispherical properties.
    pub(crate) fn with(self, front: Hemispherical, back: Hemispherical) -> Optics {
        Optics { transmittance: self.transmittance, absorptance: self.absorptance, front, back }
    }

    fn set(&mut self, node: usize, values: &Hemispherical) {
        self.transmittance[node] = values.transmittance;
        for (column, value) in self.absorptance.iter_mut().zip(&values.absorptance) {
            column[node] = *value;
        }
    }

    /// Returns hemispherical means: 2 ∫ f(µ) µ dµ (ISO 15099, 7.2.4; Simpson's rule).
    pub(crate) fn hemispherical(&self) -> Hemispherical {
        let mean = |column: &[f64; NODES]| {
            let weighted = column.iter().enumerate().map(|(node, value)| {
                let weight = if node == 0 || node == NODES - 1 { 1.0 } else { 2.0 + 2.0 * (node % 2) as f64 };
                weight * value * cosine(node)
            });
            (weighted.sum::<f64>() * 2.0 / (3.0 * (NODES - 1) as f64)).clamp(0.0, 1.0)
        };
        let transmittance = mean(&self.transmittance);
        let absorptance: Vec<f64> = self.absorptance.iter().map(mean).collect();
        let reflectance = (1.0 - transmittance - absorptance.iter().sum::<f64>()).clamp(0.0, 1.0);
        Hemispherical { transmittance, reflectance, absorptance }
    }
}

fn cosine(node: usize) -> f64 {
    node as f64 / (NODES - 1) as f64
}

fn look_up(column: &[f64; NODES], cos_incidence: f64) -> f64 {
    let position = cos_incidence.clamp(0.0, 1.0) * (NODES - 1) as f64;
    // NaN counts as 0, because the cast of NaN gives 0.
    let node = (position as usize).min(NODES - 2);
    let part = (position - node as f64).max(0.0);
    column[node] + part * (column[node + 1] - column[node])
}

/// Properties of a pane at one angle of incidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Layer {
    pub(crate) transmittance: f64,
    pub(crate) front: f64,
    pub(crate) back: f64,
}

impl Layer {
    /// Returns the pane turned round.
    pub(crate) fn reversed(self) -> Self {
        Self { front: self.back, back: self.front, ..self }
    }
}

/// Angular dependence of a pane's properties.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Angular {
    /// Fresnel's equations at both surfaces of a plate: refractive index, and internal transmittance at
    /// normal incidence.
    Plate { index: f64, passes: f64 },
    /// Coated pane: values at normal incidence times reference curves.
    Coated(Layer),
}

/// Transmittance above which a coated pane follows the clear glass curves. Other panes follow the bronze
/// glass curves.
const CLEAR_ABOVE: f64 = 0.645;
/// Polynomials in the cosine of incidence, constant term first (Finlayson et al. 1993, Window 4.0, LBL-33943;
/// EnergyPlus Engineering Reference, "Angular Properties for Coated Glass").
const CLEAR_TRANSMITTANCE: [f64; 5] = [-0.001_5, 3.355, -3.840, 1.460, 0.028_8];
const CLEAR_REFLECTANCE: [f64; 5] = [0.999, -0.563, 2.043, -2.532, 1.054];
const BRONZE_TRANSMITTANCE: [f64; 5] = [-0.002, 2.813, -2.341, -0.057_25, 0.599];
const BRONZE_REFLECTANCE: [f64; 5] = [0.997, -1.868, 6.513, -7.862, 3.225];

/// Returns the value of a polynomial, constant term first.
pub(crate) fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

impl Angular {
    /// Selects the angular model. Uncoated glass (equal reflectances, emissivities of at least 0.8) follows
    /// Fresnel's equations. All other panes follow the curves for coated glass.
    pub(crate) fn new(pane: &Pane) -> Self {
        match pane.optics {
            PaneOptics::Glass { refractive_index, extinction_per_m } => {
                Self::Plate { index: refractive_index, passes: (-extinction_per_m * pane.thickness_m).exp() }
            }
            PaneOptics::Normal { transmittance, reflectance_front, reflectance_back } => {
                let bare = (reflectance_front - reflectance_back).abs() < 1e-3
                    && pane.emissivity_front >= 0.8
                    && pane.emissivity_back >= 0.8;
                let layer = Layer { transmittance, front: reflectance_front, back: reflectance_back };
                let plate = bare.then(|| plate(transmittance, 0.5 * (reflectance_front + reflectance_back))).flatten();
                plate.unwrap_or(Self::Coated(layer))
            }
        }
    }

    /// Returns the properties at a cosine of incidence above 0 to 1.
    pub(crate) fn at(&self, cosine: f64) -> Layer {
        match *self {
            Self::Plate { index, passes } => {
                // Snell's law, then the mean of both polarisations (ISO 15099, 7.2.3; Duffie & Beckman,
                // §5.1–5.3).
                let inside = (1.0 - (1.0 - cosine * cosine) / (index * index)).max(0.0).sqrt();
                let passes = passes.powf(1.0 / inside.max(1e-6));
                let (mut transmittance, mut reflectance) = (0.0, 0.0);
                for (a, b) in [(cosine, index * inside), (index * cosine, inside)] {
                    let face = ((a - b) / (a + b)).powi(2);
                    let through = (1.0 - face).powi(2) * passes / (1.0 - (face * passes).powi(2));
                    transmittance += 0.5 * through;
                    reflectance += 0.5 * face * (1.0 + passes * through);
                }
                Layer { transmittance, front: reflectance, back: reflectance }
            }
            Self::Coated(normal) => {
                let (through, thrown) = if normal.transmittance > CLEAR_ABOVE {
                    (CLEAR_TRANSMITTANCE, CLEAR_REFLECTANCE)
                } else {
                    (BRONZE_TRANSMITTANCE, BRONZE_REFLECTANCE)
                };
                let passing = polynomial(&through, cosine);
                let transmittance = normal.transmittance * passing.clamp(0.0, 1.0);
                // The second polynomial is that of transmittance plus reflectance.
                let share = (polynomial(&thrown, cosine) - passing).clamp(0.0, 1.0);
                let reflected = |value: f64| (value + (1.0 - value) * share).clamp(0.0, 1.0 - transmittance);
                Layer { transmittance, front: reflected(normal.front), back: reflected(normal.back) }
            }
        }
    }
}

/// Returns refractive index and internal transmittance of an uncoated plate from its transmittance and
/// reflectance at normal incidence (Finlayson et al. 1993; EnergyPlus Engineering Reference, "Angular
/// Properties for Uncoated Glass"), or `None` if no such plate exists.
fn plate(transmittance: f64, reflectance: f64) -> Option<Angular> {
    let beta = transmittance * transmittance - reflectance * reflectance + 2.0 * reflectance + 1.0;
    let root = (beta * beta - 4.0 * (2.0 - reflectance) * reflectance).max(0.0).sqrt();
    let face = (beta - root) / (2.0 * (2.0 - reflectance));
    let passes = (reflectance - face) / (face * transmittance);
    let index = (1.0 + face.max(0.0).sqrt()) / (1.0 - face.max(0.0).sqrt());
    let sound = face > 0.0 && face < 1.0 && passes > 0.0 && passes <= 1.0 + 1e-9 && index < 4.0;
    sound.then_some(Angular::Plate { index, passes: passes.min(1.0) })
}

/// Returns the properties of a stack of panes for light on the first pane: net radiation between the panes,
/// solved from the last pane to the first (ISO 15099, 7.2.2; EN 410, 5.2). Light at each pane counts as
/// unpolarised.
pub(crate) fn stack(layers: &[Layer]) -> Hemispherical {
    // Reflectance of each pane together with all panes behind it.
    let mut behind = vec![0.0; layers.len() + 1];
    for (index, layer) in layers.iter().enumerate().rev() {
        let between = (1.0 - layer.back * behind[index + 1]).max(1e-12);
        behind[index] =
            (layer.front + layer.transmittance * layer.transmittance * behind[index + 1] / between).clamp(0.0, 1.0);
    }
    let mut arrives = 1.0;
    let mut absorptance = Vec::with_capacity(layers.len());
    for (index, layer) in layers.iter().enumerate() {
        let between = (1.0 - layer.back * behind[index + 1]).max(1e-12);
        let onward = arrives * layer.transmittance / between;
        let returned = onward * behind[index + 1];
        let taken = |reflectance: f64| (1.0 - layer.transmittance - reflectance).max(0.0);
        absorptance.push(arrives * taken(layer.front) + returned * taken(layer.back));
        arrives = onward;
    }
    Hemispherical { transmittance: arrives, reflectance: behind[0], absorptance }
}
