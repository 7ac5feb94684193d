//! Conduction through layers: one-dimensional control volumes, implicit in time (backward Euler, first
//! order).
//!
//! The boundary conditions are the temperatures of the two faces. The control volumes between them are
//! eliminated once for each step length. A step is then a multiplication by prepared coefficients,
//! independent of the surface heat transfer coefficients.

use crate::lanes::{Lanes, Number, put};

/// Control volume of a wall, in the eliminated tridiagonal system.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Volume<N> {
    /// Heat capacity over step length, in W/(m² K).
    store: N,
    /// Factors of the volume's own temperature, and of the temperatures of the previous and the next volume.
    kept: N,
    before: N,
    after: N,
    /// Response to 1 K at the outside face, and at the inside face.
    by_outer: N,
    by_inner: N,
}

/// Conductances at the ends of a wall, in W/(m² K).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Ends<N> {
    /// Conductance between a face and the nearest control volume.
    outer_link: N,
    inner_link: N,
    /// Heat flow in at a face per kelvin at the same face, and out at the other face.
    pub outer_self: N,
    pub inner_self: N,
    pub cross: N,
}

/// Layer before its division into control volumes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Slab {
    /// Thickness, in m; 0 for a resistance without mass.
    pub thickness_m: f64,
    /// Thermal resistance, in m² K/W.
    pub resistance: f64,
    /// Heat capacity, in J/(m² K).
    pub capacity: f64,
}

/// Construction, divided into control volumes and prepared for a step length. All values are per m².
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wall {
    /// Layers from outside to inside.
    pub slabs: Vec<Slab>,
    pub volumes: Vec<Volume<f64>>,
    pub ends: Ends<f64>,
}

/// Minimum thickness of a control volume over the square root of diffusivity times step length, so that a
/// thermal front takes at least a step to cross it (the stability limit of explicit schemes as a measure of
/// sufficient resolution; ASHRAE Toolkit, EnergyPlus CondFD).
const CELL_PER_FRONT: f64 = 1.732_050_807_568_877_2;
/// Maximum number of control volumes of a layer.
const MAX_CELLS: f64 = 20.0;
/// Heat capacity below which a layer counts as massless, in J/(m² K): a millimetre of air.
const NO_CAPACITY: f64 = 1.3;
/// Least resistance between two nodes, in m² K/W.
const MIN_RESISTANCE: f64 = 1e-6;

impl Wall {
    /// Divides layers, from outside to inside, for steps of `dt_s`. `most_cells` is the maximum number of
    /// control volumes of a layer.
    pub fn new(slabs: &[Slab], dt_s: f64, most_cells: usize) -> Self {
        let (mut links, mut store) = (Vec::new(), Vec::new());
        let mut pending = 0.0;
        for slab in slabs {
            if slab.capacity <= NO_CAPACITY {
                pending += slab.resistance;
                continue;
            }
            // The diffusivity is thickness / (resistance * capacity / thickness). Both thicknesses cancel in
            // the ratio.
            let fronts = (slab.resistance * slab.capacity / dt_s).sqrt() / CELL_PER_FRONT;
            let cells = fronts.ceil().clamp(1.0, MAX_CELLS.min(most_cells as f64)) as usize;
            let half = slab.resistance / (2.0 * cells as f64);
            for _ in 0..cells {
                links.push(1.0 / (pending + half).max(MIN_RESISTANCE));
                store.push(slab.capacity / cells as f64 / dt_s);
                pending = half;
            }
        }
        let last = 1.0 / pending.max(MIN_RESISTANCE);
        let count = store.len();
        let mut volumes: Vec<Volume<f64>> = Vec::with_capacity(count);
        for (cell, store) in store.into_iter().enumerate() {
            let right = links.get(cell + 1).copied().unwrap_or(last);
            let left = links[cell];
            let coupled = volumes.last().map_or(0.0, |before| left * before.after);
            let inverse = 1.0 / (store + left + right - coupled);
            volumes.push(Volume {
                store,
                kept: inverse * store,
                before: if cell > 0 { left * inverse } else { 0.0 },
                after: if cell + 1 < count { right * inverse } else { 0.0 },
                ..Volume::default()
            });
        }
        let outer_link = links.first().copied().unwrap_or(last);
        let mut ends = Ends { outer_link, inner_link: last, outer_self: last, inner_self: last, cross: last };
        if count > 0 {
            let answer = |at: usize, link: f64| {
                let mut answer = vec![0.0; count];
                answer[at] = link / volumes[at].store;
                relax(&volumes, &ends, &mut answer);
                answer
            };
            let by_outer = answer(0, outer_link);
            let by_inner = answer(count - 1, last);
            ends.outer_self = outer_link * (1.0 - by_outer[0]);
            ends.inner_self = last * (1.0 - by_inner[count - 1]);
            ends.cross = outer_link * by_inner[0];
            for ((volume, by_outer), by_inner) in volumes.iter_mut().zip(by_outer).zip(by_inner) {
                (volume.by_outer, volume.by_inner) = (by_outer, by_inner);
            }
        }
        Self { slabs: slabs.to_vec(), volumes, ends }
    }

    /// Returns the resistance from face to face, in m² K/W.
    pub fn resistance(&self) -> f64 {
        self.slabs.iter().map(|slab| slab.resistance).sum()
    }
}

/// Computes the temperatures of the control volumes after the step with both faces at 0. Returns the heat
/// flow out at the outside face and at the inside face, in W/m².
#[inline(always)]
pub(crate) fn relax<N: Number>(volumes: &[Volume<N>], ends: &Ends<N>, cells: &mut [N]) -> (N, N) {
    let mut before = N::of(0.0);
    for (temperature, volume) in cells.iter_mut().zip(volumes) {
        *temperature = volume.before.times(before, *temperature * volume.kept);
        before = *temperature;
    }
    let inner = before;
    let mut next = N::of(0.0);
    for (temperature, volume) in cells.iter_mut().zip(volumes).rev() {
        *temperature = volume.after.times(next, *temperature);
        next = *temperature;
    }
    (ends.outer_link * next, ends.inner_link * inner)
}

/// Adds the response to the face temperatures to relaxed control volumes, which gives the temperatures after
/// the step. Returns the heat stored, as in [`stored`].
#[inline(always)]
pub(crate) fn advance<N: Number>(volumes: &[Volume<N>], cells: &mut [N], outer_c: N, inner_c: N) -> N {
    let mut stored = N::of(0.0);
    for (temperature, volume) in cells.iter_mut().zip(volumes) {
        *temperature = volume.by_outer.times(outer_c, volume.by_inner.times(inner_c, *temperature));
        stored = volume.store.times(*temperature, stored);
    }
    stored
}

/// Returns the heat stored above 0 °C, divided by the step length, in W/m².
pub(crate) fn stored<N: Number>(volumes: &[Volume<N>], cells: &[N]) -> N {
    let rows = cells.iter().zip(volumes);
    rows.fold(N::of(0.0), |sum, (temperature, volume)| volume.store.times(*temperature, sum))
}

impl Volume<Lanes> {
    /// Returns a volume without effect that passes on the value of the inner side in every lane.
    pub fn idle() -> Self {
        Self { after: Lanes::of(1.0), ..Self::default() }
    }

    /// Writes a volume into one lane.
    pub fn put(&mut self, lane: usize, volume: &Volume<f64>) {
        let pairs = [
            (&mut self.store, volume.store),
            (&mut self.kept, volume.kept),
            (&mut self.before, volume.before),
            (&mut self.after, volume.after),
            (&mut self.by_outer, volume.by_outer),
            (&mut self.by_inner, volume.by_inner),
        ];
        put(lane, pairs);
    }
}

impl Ends<Lanes> {
    /// Writes the end conductances into one lane.
    pub fn put(&mut self, lane: usize, ends: &Ends<f64>) {
        let pairs = [
            (&mut self.outer_link, ends.outer_link),
            (&mut self.inner_link, ends.inner_link),
            (&mut self.outer_self, ends.outer_self),
            (&mut self.inner_self, ends.inner_self),
            (&mut self.cross, ends.cross),
        ];
        put(lane, pairs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONCRETE: Slab = Slab { thickness_m: 0.2, resistance: 0.2, capacity: 280_000.0 };
    const FOAM: Slab = Slab { thickness_m: 0.06, resistance: 1.5, capacity: 800.0 };

    fn settle(wall: &Wall, outer_c: f64, inner_c: f64, steps: usize) -> (Vec<f64>, f64) {
        let mut cells = vec![0.0; wall.volumes.len()];
        let mut out = 0.0;
        for _ in 0..steps {
            let (_, inner) = relax(&wall.volumes, &wall.ends, &mut cells);
            out = inner + wall.ends.cross * outer_c - wall.ends.inner_self * inner_c;
            advance(&wall.volumes, &mut cells, outer_c, inner_c);
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
    fn a_wall_stores_the_heat_that_flows_in() {
        let wall = Wall::new(&[FOAM, CONCRETE], 600.0, 20);
        let (volumes, ends) = (&wall.volumes, &wall.ends);
        let mut cells = vec![5.0; volumes.len()];
        let before = stored(volumes, &cells);
        let (outer, inner) = relax(volumes, ends, &mut cells);
        let entering =
            ends.outer_self * 20.0 - ends.cross * -3.0 - outer + ends.inner_self * -3.0 - ends.cross * 20.0 - inner;
        let after = advance(volumes, &mut cells, 20.0, -3.0);
        assert!((after - before - entering).abs() < 1e-9 && after == stored(volumes, &cells));
    }

    #[test]
    fn a_thick_slab_answers_as_the_error_function_says() {
        // Half-space of concrete with a step of the face temperature from 0 to 1 °C: heat flow k / sqrt(pi a
        // t) (Carslaw and Jaeger 1959, 2.4).
        let (conductivity, density, specific, thickness) = (1.13, 1_400.0, 1_000.0, 1.0);
        let slab = Slab {
            thickness_m: thickness,
            resistance: thickness / conductivity,
            capacity: density * specific * thickness,
        };
        for (dt_s, tolerance) in [(600.0, 0.03), (60.0, 0.02)] {
            let wall = Wall::new(&[slab], dt_s, 200);
            let steps = (6.0 * 3_600.0 / dt_s) as usize;
            let mut cells = vec![0.0; wall.volumes.len()];
            let mut flow = 0.0;
            for _ in 0..steps {
                let (outer, _) = relax(&wall.volumes, &wall.ends, &mut cells);
                flow = wall.ends.outer_self - outer;
                advance(&wall.volumes, &mut cells, 1.0, 0.0);
            }
            let diffusivity: f64 = conductivity / (density * specific);
            let exact = conductivity / (std::f64::consts::PI * diffusivity * 6.0 * 3_600.0).sqrt();
            assert!((flow / exact - 1.0).abs() < tolerance, "{dt_s}: {flow} {exact}");
        }
    }
}
