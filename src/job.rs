//! Jobs: work on scenes that takes longer than a frame runs on a thread of its own and finishes in a later frame.
//!
//! One job runs at a time. While it runs, actions that read or change the scene wait behind it, in order; all others are
//! applied at once.

use crate::action::{ActionRequest, ActionResult};
use bevy::prelude::*;
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The rest of a job, which the world runs when the thread is done.
type Finish = Box<dyn FnOnce(&mut World) -> ActionResult + Send>;

/// The job that runs, and the actions that wait behind it.
#[derive(Resource, Default)]
pub struct Jobs {
    running: Option<Job>,
    /// The actions that wait, in order, each with the number of scenes opened when it was sent; none: the action is about the
    /// scene that an action before it opens.
    pub(crate) waiting: VecDeque<(ActionRequest, Option<u64>)>,
    /// The number of scenes opened so far.
    pub(crate) scenes_opened: u64,
    /// The time that a frame waits for a job; none: until the job is done, as programs without a window do.
    pub patience: Option<Duration>,
}

/// Work that runs on a thread.
struct Job {
    label: String,
    begun: Instant,
    can_stop: bool,
    /// The action that started the job: its number and its words for the log.
    pub request: (u64, String),
    // A receiver can't be shared between threads; only one system looks at it.
    done: Mutex<Receiver<Finish>>,
}

/// A job that has finished.
pub(crate) struct Finished {
    /// The number of the action that started it.
    pub number: u64,
    /// The words of that action for the log.
    pub name: String,
    /// The outcome.
    pub result: ActionResult,
}

impl Jobs {
    /// Starts work on a thread. `label` names the work on the screen; work that `can_stop` changes nothing outside
    /// memory.
    ///
    /// # Errors
    /// A job is running already, or the thread can't be started.
    pub fn start(
        &mut self,
        label: impl Into<String>,
        can_stop: bool,
        work: impl FnOnce() -> Finish + Send + 'static,
    ) -> ActionResult {
        if let Some(running) = &self.running {
            return Err(format!("{} is still going on", running.label));
        }
        let (sender, receiver): (SyncSender<Finish>, _) = sync_channel(1);
        std::thread::Builder::new()
            .name("scene job".into())
            .spawn(move || {
                // Nobody receives the result of a job that was stopped.
                let _ = sender.send(work());
            })
            .map_err(|error| format!("the work can't start: {error}"))?;
        let done = Mutex::new(receiver);
        let request = (0, String::new());
        self.running = Some(Job { label: label.into(), begun: Instant::now(), can_stop, request, done });
        Ok(None)
    }

    /// Returns whether a job runs.
    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Returns the label of the job that runs, how long it has been running, and whether it can be stopped.
    pub fn progress(&self) -> Option<(&str, Duration, bool)> {
        self.running.as_ref().map(|job| (job.label.as_str(), job.begun.elapsed(), job.can_stop))
    }

    /// Notes the action that started the running job.
    pub(crate) fn started_by(&mut self, number: u64, name: String) {
        if let Some(job) = &mut self.running {
            job.request = (number, name);
        }
    }

    /// Stops the running job, if it can be stopped. Its result is dropped.
    pub(crate) fn stop(&mut self) -> Option<Finished> {
        let Job { label, request: (number, name), .. } = self.running.take_if(|job| job.can_stop)?;
        Some(Finished { number, name, result: Err(format!("{label} was stopped")) })
    }
}

/// Finishes the running job, if its thread is done or is done within the patience of a frame.
pub(crate) fn finish(world: &mut World) -> Option<Finished> {
    let mut jobs = world.resource_mut::<Jobs>();
    let patience = jobs.patience;
    let job = jobs.running.as_mut()?;
    let done = job.done.get_mut().unwrap_or_else(PoisonError::into_inner);
    let received = match patience {
        None => done.recv().map_err(|_| RecvTimeoutError::Disconnected),
        Some(patience) => done.recv_timeout(patience),
    };
    if matches!(received, Err(RecvTimeoutError::Timeout)) {
        return None;
    }
    let job = jobs.running.take()?;
    let (number, name) = job.request;
    let result = match received {
        Ok(finish) => finish(world),
        Err(_) => Err(format!("{} broke off. Nothing was changed.", job.label)),
    };
    Some(Finished { number, name, result })
}

/// Drops a value on a thread of its own: a large scene takes longer than a frame to be freed.
pub(crate) fn drop_on_thread(value: impl Send + 'static) {
    let dropped = std::thread::Builder::new().name("drop".into()).spawn(move || drop(value));
    // Without a thread, the closure that held the value was dropped here.
    drop(dropped);
}
