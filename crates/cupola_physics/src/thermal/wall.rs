//! Conduction through layers: control volumes in a row, implicit in time (backward Euler, first order).
//!
//! A wall answers to the temperatures of its two faces. The volumes between them are eliminated once for a step's length, so that
//! a step is one multiplication with what was prepared, whatever the coefficients at the faces are.

/// One layer, ready to be cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Slab {
    /// m; 0 of a bare resistance.
    pub thickness_m: f64,
    /// m² K/W.
    pub resistance: f64,
    /// J/(m² K).
    pub capacity: f64,
}

/// A construction, cut into volumes and prepared for a step's length. All per m².
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wall {
    /// The layers that were cut, from outside to inside.
    pub slabs: Vec<Slab>,
    /// Heat capacity over step, of each volume, W/(m² K).
    store: Vec<f64>,
    /// Of the eliminated tridiagonal system: what the volume before is multiplied with, the inverse of the diagonal, and what the
    /// volume after is.
    before: Vec<f64>,
    inverse: Vec<f64>,
    after: Vec<f64>,
    /// Each volume's answer to one kelvin at the outer face, and at the inner one.
    by_outer: Vec<f64>,
    by_inner: Vec<f64>,
    /// Conductance between a face and the nearest volume.
    outer_link: f64,
    inner_link: f64,
    /// What flows in at a face for a kelvin there, and out at the other face for it.
    pub outer_self: f64,
    pub inner_self: f64,
    pub cross: f64,
}

/// A layer is cut so that each volume is passed by a front in no less than a step: at least this many square root of (diffusivity
/// times step) thick (stability of explicit schemes as a measure of how fine is fine enough; ASHRAE Toolkit, EnergyPlus CondFD).
const CELL_PER_FRONT: f64 = 1.732_050_807_568_877_2;
/// No layer is cut finer.
const MAX_CELLS: f64 = 20.0;
/// Layers with less heat capacity than this store nothing, J/(m² K): a millimetre of air.
const NO_CAPACITY: f64 = 1.3;
/// What stands for no resistance at all, m² K/W.
const LEAST_RESISTANCE: f64 = 1e-6;

impl Wall {
    /// Cuts layers, from outside to inside, for steps of `dt_s`; `most_cells` bounds the volumes of a layer.
    pub fn new(slabs: &[Slab], dt_s: f64, most_cells: usize) -> Self {
        let (mut links, mut store) = (Vec::new(), Vec::new());
        let mut pending = 0.0;
        for slab in slabs {
            if slab.capacity <= NO_CAPACITY {
                pending += slab.resistance;
                continue;
            }
            // diffusivity = thickness / (resistance * capacity / thickness): both thicknesses cancel in the ratio.
            let fronts = (slab.resistance * slab.capacity / dt_s).sqrt() / CELL_PER_FRONT;
            let cells = fronts.ceil().clamp(1.0, MAX_CELLS.min(most_cells as f64)) as usize;
            let half = slab.resistance / (2.0 * cells as f64);
            for _ in 0..cells {
                links.push(1.0 / (pending + half).max(LEAST_RESISTANCE));
                store.push(slab.capacity / cells as f64 / dt_s);
                pending = half;
            }
        }
        let last = 1.0 / pending.max(LEAST_RESISTANCE);
        let count = store.len();
        let mut wall = Self {
            slabs: slabs.to_vec(),
            before: vec![0.0; count],
            inverse: vec![0.0; count],
            after: vec![0.0; count],
            by_outer: vec![0.0; count],
            by_inner: vec![0.0; count],
            outer_link: links.first().copied().unwrap_or(last),
            inner_link: last,
            outer_self: last,
            inner_self: last,
            cross: last,
            store,
        };
        for cell in 0..count {
            let right = links.get(cell + 1).copied().unwrap_or(last);
            let coupled = if cell > 0 { links[cell] * wall.after[cell - 1] } else { 0.0 };
            let inverse = 1.0 / (wall.store[cell] + links[cell] + right - coupled);
            wall.before[cell] = if cell > 0 { links[cell] } else { 0.0 };
            wall.inverse[cell] = inverse;
            wall.after[cell] = if cell + 1 < count { right * inverse } else { 0.0 };
        }
        if count > 0 {
            let unit = |at: usize, link: f64| (0..count).map(|cell| if cell == at { link } else { 0.0 }).collect();
            let mut by_outer: Vec<f64> = unit(0, wall.outer_link);
            let mut by_inner: Vec<f64> = unit(count - 1, wall.inner_link);
            wall.solve(&mut by_outer);
            wall.solve(&mut by_inner);
            wall.outer_self = wall.outer_link * (1.0 - by_outer[0]);
            wall.inner_self = wall.inner_link * (1.0 - by_inner[count - 1]);
            wall.cross = wall.outer_link * by_inner[0];
            (wall.by_outer, wall.by_inner) = (by_outer, by_inner);
        }
        wall
    }

    /// Resistance from face to face, m² K/W.
    pub fn resistance(&self) -> f64 {
        self.slabs.iter().map(|slab| slab.resistance).sum()
    }

    /// How many volumes there are.
    pub fn cells(&self) -> usize {
        self.store.len()
    }

    fn solve(&self, right: &mut [f64]) {
        let mut before = 0.0;
        for (((value, link), inverse), cell) in right.iter_mut().zip(&self.before).zip(&self.inverse).zip(0..) {
            let carried = if cell == 0 { 0.0 } else { link * before };
            *value = (*value + carried) * inverse;
            before = *value;
        }
        let mut next = 0.0;
        for (value, after) in right.iter_mut().zip(&self.after).rev() {
            *value += after * next;
            next = *value;
        }
    }

    /// Turns the volumes' temperatures into what they would be with both faces at 0; gives what then flows out at the outer and at
    /// the inner face, W/m².
    pub fn relax(&self, cells: &mut [f64]) -> (f64, f64) {
        for (temperature, store) in cells.iter_mut().zip(&self.store) {
            *temperature *= store;
        }
        self.solve(cells);
        match (cells.first(), cells.last()) {
            (Some(first), Some(last)) => (self.outer_link * first, self.inner_link * last),
            _ => (0.0, 0.0),
        }
    }

    /// Adds what the faces' temperatures do to relaxed volumes: these are the temperatures after the step.
    pub fn advance(&self, cells: &mut [f64], outer_c: f64, inner_c: f64) {
        for ((temperature, by_outer), by_inner) in cells.iter_mut().zip(&self.by_outer).zip(&self.by_inner) {
            *temperature += by_outer * outer_c + by_inner * inner_c;
        }
    }

    /// Heat that the volumes hold above 0 °C, over the step's length, W/m².
    pub fn stored(&self, cells: &[f64]) -> f64 {
        cells.iter().zip(&self.store).map(|(temperature, store)| temperature * store).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONCRETE: Slab = Slab { thickness_m: 0.2, resistance: 0.2, capacity: 280_000.0 };
    const FOAM: Slab = Slab { thickness_m: 0.06, resistance: 1.5, capacity: 800.0 };

    fn settle(wall: &Wall, outer_c: f64, inner_c: f64, steps: usize) -> (Vec<f64>, f64) {
        let mut cells = vec![0.0; wall.cells()];
        let mut out = 0.0;
        for _ in 0..steps {
            let (_, inner) = wall.relax(&mut cells);
            out = inner + wall.cross * outer_c - wall.inner_self * inner_c;
            wall.advance(&mut cells, outer_c, inner_c);
        }
        (cells, out)
    }

    #[test]
    fn steady_heat_flow_is_difference_over_resistance() {
        for slabs in
            [vec![CONCRETE, FOAM], vec![FOAM, CONCRETE, FOAM], vec![FOAM], vec![Slab { capacity: 0.0, ..FOAM }]]
        {
            let wall = Wall::new(&slabs, 600.0, 20);
            let resistance: f64 = slabs.iter().map(|slab| slab.resistance).sum();
            let (_, flow) = settle(&wall, 30.0, 10.0, 20_000);
            assert!((flow * resistance / 20.0 - 1.0).abs() < 1e-9, "{flow}");
        }
    }

    #[test]
    fn what_flows_in_is_stored() {
        let wall = Wall::new(&[FOAM, CONCRETE], 600.0, 20);
        let mut cells = vec![5.0; wall.cells()];
        let before = wall.stored(&cells);
        let (outer, inner) = wall.relax(&mut cells);
        let entering =
            wall.outer_self * 20.0 - wall.cross * -3.0 - outer + wall.inner_self * -3.0 - wall.cross * 20.0 - inner;
        wall.advance(&mut cells, 20.0, -3.0);
        assert!((wall.stored(&cells) - before - entering).abs() < 1e-9);
    }

    #[test]
    fn a_thick_slab_answers_as_the_error_function_says() {
        // Half-space of concrete, face from 0 to 1 °C: flow k / sqrt(pi a t) (Carslaw and Jaeger 1959, 2.4).
        let (conductivity, density, specific, thickness) = (1.13, 1_400.0, 1_000.0, 1.0);
        let slab = Slab {
            thickness_m: thickness,
            resistance: thickness / conductivity,
            capacity: density * specific * thickness,
        };
        for (dt_s, tolerance) in [(600.0, 0.03), (60.0, 0.02)] {
            let wall = Wall::new(&[slab], dt_s, 200);
            let steps = (6.0 * 3_600.0 / dt_s) as usize;
            let mut cells = vec![0.0; wall.cells()];
            let mut flow = 0.0;
            for _ in 0..steps {
                let (outer, _) = wall.relax(&mut cells);
                flow = wall.outer_self - outer;
                wall.advance(&mut cells, 1.0, 0.0);
            }
            let diffusivity: f64 = conductivity / (density * specific);
            let exact = conductivity / (std::f64::consts::PI * diffusivity * 6.0 * 3_600.0).sqrt();
            assert!((flow / exact - 1.0).abs() < tolerance, "{dt_s}: {flow} {exact}");
        }
    }
}
