//! The campus of Cupola's benchmarks with a state.

use crate::campus::{campus, models, sensor_column};
use cupola_twin::model::ModelIx;
use cupola_twin::topology::Computed;
use cupola_twin::value::Sample;
use cupola_twin::{ColumnIx, Graph, Models, Slot, State, Topology};
use std::sync::Arc;

/// A campus, its state and the column of its sensors' values.
pub struct Campus {
    pub graph: Graph,
    pub state: State,
    sensors: ColumnIx,
    pub count: u32,
}

impl Campus {
    /// Creates a campus of about `twins` twins with the given computed properties. Every sensor has a value.
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

    /// Sets the value of a sensor. The row is the number of the sensor, because rows are in the order of their parents.
    pub fn set(&mut self, row: u32, value: f64) {
        self.state.set(Slot { column: self.sensors, row }, Sample::good(value, 1));
    }
}

/// Returns the model of rooms.
pub fn room(models: &Models) -> ModelIx {
    models.find("dtmi:b:Room;1").expect("a model of the campus")
}
