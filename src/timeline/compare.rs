//! The comparison of the moment on the screen with another one, which colours the building by differences.

use super::{OpenScene, ViewCursor};
use crate::action::{Action, ActionResult};
use crate::history::OpenHistory;
use crate::job::Jobs;
use crate::timeline::Timeline;
use bevy::prelude::*;
use cupola_history::HistoryRecord;
use cupola_run::{Actor, PastRecord};
use cupola_twin::State;
use cupola_twin::zone::local_text;

/// The moment that the moment on the screen is compared with.
#[derive(Resource, Clone, Default)]
pub struct Comparison(pub Option<ComparedMoment>);

/// The values of all twins at a moment.
#[derive(Clone)]
pub struct ComparedMoment {
    /// The values.
    pub state: State,
    /// The moment, in microseconds since the Unix epoch.
    pub at_us: i64,
}

/// The action that compares the moment on the screen with another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompareMoment(pub CompareWith);

/// The moment to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompareWith {
    /// None: the comparison ends.
    Nothing,
    /// The moment that is on the screen now. The view can go elsewhere then.
    Shown,
    /// A moment of the history, in microseconds since the Unix epoch.
    Past(i64),
}

impl Action for CompareMoment {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        match self.0 {
            CompareWith::Nothing => {
                world.insert_resource(Comparison(None));
                Ok(None)
            }
            CompareWith::Shown => compare_shown(world),
            CompareWith::Past(at_us) => compare_past(world, at_us),
        }
    }
}

/// Compares with the moment that is on the screen now.
pub(crate) fn compare_shown(world: &mut World) -> ActionResult {
    let cursor = world.resource::<ViewCursor>();
    let timeline = world.get::<Timeline>(cursor.timeline).ok_or("no timeline is on the screen")?;
    let timeline = cursor.view(timeline);
    let moment = ComparedMoment { state: timeline.state().clone(), at_us: timeline.now_us() };
    world.insert_resource(Comparison(Some(moment)));
    Ok(None)
}

/// Reads the values at a moment of the history on a thread.
fn compare_past(world: &mut World, at_us: i64) -> ActionResult {
    let written = world.resource::<OpenHistory>().written()?;
    let scene = world.resource::<OpenScene>().0.clone();
    world.resource_mut::<Jobs>().start("Reading the history", true, move || {
        let read = || -> Result<ComparedMoment, String> {
            let record = HistoryRecord::open(written()).map_err(|error| error.to_string())?;
            let record = record.ok_or("nothing was recorded yet: connect the live timeline first")?;
            let first_us = record.span_us().0;
            if at_us < first_us {
                return Err(format!("the history begins at {}", local_text(first_us, &scene.time_zone.zone)));
            }
            Ok(ComparedMoment { state: record.restore(&scene, at_us)?.state, at_us })
        };
        let read = read();
        Box::new(move |world: &mut World| {
            world.insert_resource(Comparison(Some(read?)));
            Ok(None)
        })
    })
}
