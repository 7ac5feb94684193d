//! Commands to twins. On a live timeline, a command is sent to the device, which answers. On a simulated timeline, the
//! simulation carries the command out. Every invocation is recorded with its outcome.

use crate::feed::CommandMapping;
use crate::relocation::Relocation;
use cupola_twin::{Diagnostic, Topology, TwinIx, Value};
use serde_json::json;
use std::collections::VecDeque;
use std::sync::Arc;

/// The largest number of invocations that a timeline stores.
const MAX_RECORDED: usize = 1_000;

/// The outcome of an invocation.
#[derive(Clone, Debug, PartialEq)]
pub enum CommandOutcome {
    /// The request was sent, and the answer is awaited.
    Pending,
    /// The command was carried out. The content is the response, or `None` without a response.
    Done(Option<Value>),
    /// The command failed. The content is the reason.
    Failed(String),
}

/// One invocation of a command.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The number of the invocation in the timeline, from 1.
    pub number: u64,
    /// The moment on the timeline's clock, in microseconds since the Unix epoch.
    pub at_us: i64,
    /// The twin.
    pub twin: TwinIx,
    /// The name of the command.
    pub command: Arc<str>,
    /// The request.
    pub request: Option<Value>,
    /// The outcome.
    pub outcome: CommandOutcome,
    /// The duration from the request to the outcome, in microseconds.
    pub took_us: Option<i64>,
    /// Whether no answer came within the time limit. A later answer still becomes the outcome.
    pub timed_out: bool,
    pub(crate) awaited: Option<PendingAnswer>,
}

/// The answer that a pending invocation waits for.
#[derive(Clone, Debug)]
pub(crate) struct PendingAnswer {
    /// The mapping that reads the answer, as it was when the request was sent.
    pub mapping: CommandMapping,
    pub topic: String,
    pub until_us: i64,
}

impl Invocation {
    /// Returns the invocation as JSON, with the twin by its id.
    pub fn to_json(&self, topology: &Topology) -> serde_json::Value {
        let (word, response, error) = match &self.outcome {
            CommandOutcome::Pending => ("pending", None, None),
            CommandOutcome::Done(response) => ("done", response.as_ref(), None),
            CommandOutcome::Failed(why) => ("failed", None, Some(why)),
        };
        json!({
            "invocation": self.number,
            "time": cupola_twin::value::time_text(self.at_us),
            "twin": topology.twin_id(self.twin),
            "command": &*self.command,
            "request": self.request,
            "outcome": word,
            "response": response,
            "error": error,
            "milliseconds": self.took_us.map(|us| us as f64 / 1e3),
            "timed_out": self.timed_out,
        })
    }

    /// Sets the outcome of the invocation. A response is checked against the command's schema.
    pub(crate) fn settle(&mut self, topology: &Topology, result: Result<Option<Value>, String>, answerer: &str) {
        let model = topology.models.get(topology.model_of(self.twin));
        self.awaited = None;
        self.outcome = match (result, model.command(&self.command)) {
            (Err(why), _) => CommandOutcome::Failed(why),
            (Ok(response), Some(known)) => match topology.models.check_response(known, response.as_ref()) {
                Ok(()) => CommandOutcome::Done(response),
                Err(found) => CommandOutcome::Failed(format!("the {answerer}'s answer doesn't fit: {found}")),
            },
            (Ok(response), None) => CommandOutcome::Done(response),
        };
    }
}

/// The invocations of a timeline, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Invocations {
    /// The last invocations.
    pub list: VecDeque<Invocation>,
    count: u64,
}

impl Invocations {
    /// Returns the invocation with a number, if it is stored.
    pub fn get(&self, number: u64) -> Option<&Invocation> {
        self.list.iter().find(|invocation| invocation.number == number)
    }

    pub(crate) fn get_mut(&mut self, number: u64) -> Option<&mut Invocation> {
        self.list.iter_mut().find(|invocation| invocation.number == number)
    }

    /// Returns the number of the next invocation.
    pub(crate) fn next_number(&self) -> u64 {
        self.count + 1
    }

    pub(crate) fn record(&mut self, invocation: Invocation) -> u64 {
        self.count += 1;
        tracing::info!(number = self.count, command = &*invocation.command, outcome = ?invocation.outcome, "command");
        self.list.push_back(invocation);
        if self.list.len() > MAX_RECORDED {
            self.list.pop_front();
        }
        self.count
    }

    /// Returns the invocation whose answer is expected on a topic. A pending one comes before those whose time limit has
    /// passed, and of these the last one comes first.
    pub(crate) fn awaiting(&self, topic: &str) -> Option<&Invocation> {
        let expects = |known: &&Invocation| known.awaited.as_ref().is_some_and(|awaited| awaited.topic == topic);
        let pending = self.list.iter().filter(expects).find(|known| !known.timed_out);
        pending.or_else(|| self.list.iter().rev().find(expects))
    }

    /// Marks pending invocations as failed if their timeout has expired. Returns the numbers of these invocations.
    pub(crate) fn expire(&mut self, now_us: i64) -> Vec<u64> {
        let mut expired = Vec::new();
        for invocation in &mut self.list {
            if let Some(awaited) = &invocation.awaited
                && !invocation.timed_out
                && now_us > awaited.until_us
            {
                let waited_s = (awaited.until_us - invocation.at_us) as f64 / 1e6;
                invocation.took_us = Some(now_us - invocation.at_us);
                invocation.outcome = CommandOutcome::Failed(format!("no answer came within {waited_s} s"));
                invocation.timed_out = true;
                expired.push(invocation.number);
            }
        }
        expired
    }

    /// Converts the twins of the invocations to those of a new topology, and drops invocations of removed twins.
    pub(crate) fn relocate(&mut self, relocation: &Relocation) {
        self.list.retain_mut(|invocation| match relocation.twin(invocation.twin) {
            Some(twin) => {
                invocation.twin = twin;
                true
            }
            None => false,
        });
    }
}

/// Finds a twin by its id, and a command of the twin by its name.
///
/// # Errors
/// The twin or its command does not exist, with a suggestion.
pub fn find_command(topology: &Topology, twin: &str, command: &str) -> Result<(TwinIx, Arc<str>), Diagnostic> {
    let twin = topology.twin_known(twin)?;
    let model = topology.models.get(topology.model_of(twin));
    match model.command(command) {
        Some(known) => Ok((twin, known.name.clone())),
        None => {
            let unknown = Diagnostic::error("unknown-command", format!("`{}` has no command `{command}`", model.id));
            Err(unknown.did_you_mean(command, model.commands.iter().map(|known| &*known.name)))
        }
    }
}
