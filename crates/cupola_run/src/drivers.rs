//! The parts of a scene that drive timelines: feeds, the simulation and external processors, checked and bound to twins.

use crate::feed::Mappings;
use crate::processor::Definition;
use crate::simulation::{self, Simulation};
use cupola_scene::Scene;
use cupola_twin::Diagnostic;
use std::sync::Arc;

/// The feeds, the simulation and the processors of a scene.
#[derive(Clone, Default)]
pub struct Drivers {
    /// The mappings of each feed.
    pub feeds: Vec<Arc<Mappings>>,
    /// The simulation in its initial state, or `None` if the scene has no valid simulation.
    pub simulation: Option<Simulation>,
    /// The external processors.
    pub processors: Vec<Arc<Definition>>,
}

impl Drivers {
    /// Returns the drivers of a scene, and adds the diagnostics about them to `findings`.
    pub fn new(scene: &Scene, findings: &mut Vec<Diagnostic>) -> Self {
        let (feeds, mut found) = Mappings::new(scene);
        findings.append(&mut found);
        let (simulation, mut found) = Simulation::new(scene);
        findings.append(&mut found);
        findings.extend(simulation::study::check(scene));
        let processors = Definition::all(scene, findings);
        Self {
            feeds: feeds.into_iter().map(Arc::new).collect(),
            simulation,
            processors: processors.into_iter().map(Arc::new).collect(),
        }
    }
}
