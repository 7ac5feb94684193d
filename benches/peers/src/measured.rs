//! The campus of our own benchmarks with a state.

use crate::campus::{campus, models, sensor_column};
use cupola_twin::model::ModelIx;
use cupola_twin::topology::Computed;
use cupola_twin::value::Sample;
use cupola_twin::{ColumnIx, Graph, Models, Slot, State, Topology};
use std::sync::Arc;

/// A campus, its state, and where its sensors' values are.
pub struct Campus {
    pub graph: Graph,
    pub state: State,
    sensors: ColumnIx,
    pub count: u32,
}

impl Campus {
    /// About so many twins, with what is computed for them; every sensor has been read.
    pub fn new(twins: usize, computed: impl Fn(&Models) -> Vec<Computed>) -> Self {
        let models = models();
        let graph = campus(&models, twins);
        let (topology, found) = Topology::compile(&graph, &models, &computed(&models));
        assert!(found.is_empty(), "{found:?}");
        let state = State::new(Arc::new(topology));
        let (sensors, count) = sensor_column(state.topology());
        let mut campus = Self { graph, state, sensors, count };
        campus.state.begin_tick();
        for row in 0..count {
            campus.set(row, f64::from(row % 1_000) * 0.1);
        }
        campus.state.propagate();
        campus.state.begin_tick();
        campus
    }

    /// Gives a sensor a value: its row is its number, since rows stand in the order of parents.
    pub fn set(&mut self, row: u32, value: f64) {
        self.state.set(Slot { column: self.sensors, row }, Sample::good(value, 1));
    }
}

/// The model of rooms.
pub fn room(models: &Models) -> ModelIx {
    models.find("dtmi:b:Room;1").expect("a model of the campus")
}
