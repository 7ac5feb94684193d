//! Panes of a window: nodes without mass, one for each face, eliminated from outside to inside.

use super::glass::{Glass, MAX_PANES};
use super::outdoors::Outer;

/// Change of a face temperature after which a gap's conductance is computed again, in K. The conductance then
/// changes by half a percent.
const GAP_MOVES_K: f64 = 1.0;

/// Panes of a window, eliminated from outside to inside.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Chain {
    outer: Outer,
    /// Conductance of each gap, and the face temperatures, in °C, at which it was computed.
    gaps: [(f64, f64, f64); MAX_PANES],
    carry: [f64; 2 * MAX_PANES],
    value: [f64; 2 * MAX_PANES],
    /// Solar radiation absorbed by each pane, in W/m².
    pub absorbed: [f64; MAX_PANES],
}

impl Chain {
    /// Eliminates all faces but the innermost. Returns the conductance behind the innermost face, in W/(m²
    /// K), and the heat flow out of it, in W/m². `panes_c` are the face temperatures of the previous step.
    pub fn reduce(&mut self, glass: &Glass, outer: Outer, panes_c: &[f64], pressure_pa: f64) -> (f64, f64) {
        self.outer = outer;
        let count = panes_c.len();
        let (mut link_before, mut carry_before, mut value_before) = (0.0, 0.0, 0.0);
        for node in 0..count {
            let pane = node / 2;
            let (film, source) = if node == 0 { (outer.film, outer.source) } else { (0.0, 0.0) };
            let conductance = film + link_before * (1.0 - carry_before);
            let flow = source + 0.5 * self.absorbed[pane] + link_before * value_before;
            if node + 1 == count {
                return (conductance, flow);
            }
            let link = match node % 2 {
                0 => glass.pane_conductance(pane),
                _ => self.gap(glass, pane, (panes_c[node], panes_c[node + 1]), pressure_pa),
            };
            let inverse = 1.0 / (conductance + link);
            (self.carry[node], self.value[node]) = (link * inverse, flow * inverse);
            (link_before, carry_before, value_before) = (link, self.carry[node], self.value[node]);
        }
        (0.0, 0.0)
    }

    fn gap(&mut self, glass: &Glass, at: usize, faces_c: (f64, f64), pressure_pa: f64) -> f64 {
        let (gap, outer_c, inner_c) = &mut self.gaps[at];
        let moved = (faces_c.0 - *outer_c).abs().max((faces_c.1 - *inner_c).abs());
        if *gap == 0.0 || moved > GAP_MOVES_K {
            (*outer_c, *inner_c) = faces_c;
            *gap = glass.gap_conductance(at, *outer_c, *inner_c, pressure_pa);
        }
        *gap
    }

    /// Computes the temperatures of all faces from that of the innermost face. Returns the heat flow into the
    /// panes from outdoors and from solar radiation, in W/m².
    pub fn finish(&self, panes_c: &mut [f64], inner_c: f64) -> f64 {
        if let Some((innermost_c, others)) = panes_c.split_last_mut() {
            *innermost_c = inner_c;
            let mut behind_c = inner_c;
            for (node, face_c) in others.iter_mut().enumerate().rev() {
                behind_c = self.value[node] + self.carry[node] * behind_c;
                *face_c = behind_c;
            }
        }
        let outermost_c = panes_c.first().copied().unwrap_or(inner_c);
        self.outer.source - self.outer.film * outermost_c + self.absorbed.iter().sum::<f64>()
    }
}
