//! Jobs: work on scenes that takes longer than a frame. A job runs on its own thread and finishes in a later frame.
//!
//! One job runs at a time. While it runs, actions that read or change the scene wait in order. Other actions are
//! applied at once.

use crate::action::{ActionRequest, ActionResult};
use bevy::prelude::*;
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The last part of a job, which runs with access to the world after the thread has ended.
type Finish = Box<dyn FnOnce(&mut World) -> ActionResult + Send>;

/// The running job, and the actions that wait for it.
#[derive(Resource, Default)]
pub struct Jobs {
    running: Option<Job>,
    /// The waiting actions, in order. Each has the value of `scenes_opened` at the time when it was sent, or `None` if
    /// an earlier action may open the scene that it concerns.
    pub(crate) waiting: VecDeque<(ActionRequest, Option<u64>)>,
    /// The number of scenes opened so far.
    pub(crate) scenes_opened: u64,
    /// The longest time that a frame waits for a job. With `None`, which suits programs without a window, it waits for
    /// the end of the job.
    pub patience: Option<Duration>,
}

/// A job that runs on a thread.
struct Job {
    label: String,
    begun: Instant,
    can_stop: bool,
    /// The number of the request that started the job, and the text about it for the log.
    pub request: (u64, String),
    // `Receiver` is not `Sync`, so a mutex holds it. Only one system uses it.
    done: Mutex<Receiver<Finish>>,
}

/// A job that has finished.
pub(crate) struct FinishedJob {
    /// The number of the request that started the job.
    pub number: u64,
    /// The text about that request for the log.
    pub name: String,
    /// The outcome.
    pub result: ActionResult,
}

impl Jobs {
    /// Starts a job on a thread. `label` names the job on the screen. A job may have `can_stop` only if it changes
    /// nothing outside memory.
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
            return Err(format!("{} is still in progress", running.label));
        }
        let (sender, receiver): (SyncSender<Finish>, _) = sync_channel(1);
        std::thread::Builder::new()
            .name("scene job".into())
            .spawn(move || {
                // Sending fails if the job was stopped.
                let _ = sender.send(work());
            })
            .map_err(|error| format!("the job can't start: {error}"))?;
        let done = Mutex::new(receiver);
        let request = (0, String::new());
        self.running = Some(Job { label: label.into(), begun: Instant::now(), can_stop, request, done });
        Ok(None)
    }

    /// Returns whether a job runs.
    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Returns the label of the running job, the time since its start, and whether it can be stopped.
    pub fn progress(&self) -> Option<(&str, Duration, bool)> {
        self.running.as_ref().map(|job| (job.label.as_str(), job.begun.elapsed(), job.can_stop))
    }

    /// Stores the number of the request that started the running job, and the text about it for the log.
    pub(crate) fn started_by(&mut self, number: u64, name: String) {
        if let Some(job) = &mut self.running {
            job.request = (number, name);
        }
    }

    /// Stops the running job, if it can be stopped, and discards its result. Returns the stopped job.
    pub(crate) fn stop(&mut self) -> Option<FinishedJob> {
        let Job { label, request: (number, name), .. } = self.running.take_if(|job| job.can_stop)?;
        Some(FinishedJob { number, name, result: Err(format!("{label} was stopped")) })
    }
}

/// Waits for the running job for at most `Jobs::patience`, and finishes it if its thread has ended by then.
pub(crate) fn finish(world: &mut World) -> Option<FinishedJob> {
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
        Err(_) => Err(format!("{} failed unexpectedly. Nothing was changed.", job.label)),
    };
    Some(FinishedJob { number, name, result })
}

/// Work on a thread that no action waits for. Its result is fetched in a later frame.
// `Receiver` is not `Sync`, so a mutex holds it.
#[derive(Debug)]
pub(crate) struct Background<T>(Mutex<Receiver<T>>);

impl<T: Send + 'static> Background<T> {
    /// Starts work on a thread with a name.
    ///
    /// # Errors
    /// The thread can't be started.
    pub fn start(name: &str, work: impl FnOnce() -> T + Send + 'static) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(1);
        // Sending fails if nobody waits for the result any more.
        let work = move || drop(sender.send(work()));
        std::thread::Builder::new().name(name.into()).spawn(work)?;
        Ok(Self(Mutex::new(receiver)))
    }

    /// Returns the result if it is there: `Some(None)` if the thread has failed. With no patience of the jobs, which suits
    /// programs without a window, it is waited for. A frame never waits.
    pub fn poll(&mut self, jobs: &Jobs) -> Option<Option<T>> {
        let receiver = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        if jobs.patience.is_none() {
            return Some(receiver.recv().ok());
        }
        match receiver.try_recv() {
            Ok(result) => Some(Some(result)),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(None),
        }
    }
}

/// Drops a value on its own thread, because freeing a large scene takes longer than a frame.
pub(crate) fn drop_on_thread(value: impl Send + 'static) {
    let dropped = std::thread::Builder::new().name("drop".into()).spawn(move || drop(value));
    // If no thread could be started, the value has already been dropped with its closure.
    drop(dropped);
}
