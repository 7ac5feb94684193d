//! Where a processor is reached: a process, or a service behind a broker.

use crate::feed::{Client, Connection, Receiver};
use cupola_scene::document::{ProcessorDoc, ProcessorMqttDoc};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Longer answers are cut off, and so are none.
const MAX_ANSWER_BYTES: u64 = 64 << 20;
/// Answers that nobody has looked at yet; older ones are dropped.
const MAX_WAITING: usize = 16;
/// What is kept of what a process says on its standard error.
const MAX_COMPLAINT: usize = 400;

/// What came from the other side.
#[derive(Debug)]
pub(super) enum LinkMessage {
    /// An answer.
    Answer(Vec<u8>),
    /// There will be no more, and why.
    Ended(String),
}

/// Where answers wait for the tick.
#[derive(Debug, Default)]
pub(super) struct Mailbox {
    came: Mutex<VecDeque<LinkMessage>>,
    arrived: Condvar,
}

impl Mailbox {
    fn lock(&self) -> MutexGuard<'_, VecDeque<LinkMessage>> {
        self.came.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, came: LinkMessage) {
        let mut waiting = self.lock();
        if waiting.len() == MAX_WAITING {
            waiting.pop_front();
        }
        waiting.push_back(came);
        drop(waiting);
        self.arrived.notify_all();
    }

    pub fn take(&self) -> Option<LinkMessage> {
        self.lock().pop_front()
    }

    /// Waits until something is there, at most so long.
    pub fn wait(&self, at_most: Duration) {
        let waiting = self.lock();
        // Whether it came or the time is over: whoever asks looks again.
        drop(self.arrived.wait_timeout_while(waiting, at_most, |waiting| waiting.is_empty()));
    }
}

/// A way to the other side; dropping it ends the process or the connection.
pub(super) enum Link {
    Process(Process),
    Service(Client, String),
}

impl Link {
    /// Starts the program, or begins to connect.
    ///
    /// # Errors
    /// Why it can't be started.
    pub fn open(doc: &ProcessorDoc, folder: &Path, mailbox: &Arc<Mailbox>) -> Result<Self, String> {
        match &doc.mqtt {
            Some(ProcessorMqttDoc { url, request, response }) => {
                let client = Client::start(url, vec![response.clone()], Answers(mailbox.clone()))?;
                Ok(Self::Service(client, request.clone()))
            }
            None => Process::start(&doc.command, folder, mailbox).map(Self::Process),
        }
    }

    /// Whether it can be asked now.
    pub fn is_ready(&self) -> bool {
        match self {
            Self::Process(_) => true,
            Self::Service(client, _) => client.connection() == Connection::Connected,
        }
    }

    /// Sends a request.
    ///
    /// # Errors
    /// Why it can't be sent.
    pub fn send(&self, request: Vec<u8>) -> Result<(), String> {
        match self {
            Self::Process(process) => process.send(request),
            Self::Service(client, topic) => client.send(topic, request),
        }
    }
}

struct Answers(Arc<Mailbox>);

impl Receiver for Answers {
    fn message(&mut self, _: &str, payload: &[u8], _: i64) {
        self.0.put(LinkMessage::Answer(payload.to_vec()));
    }

    fn failed(&mut self, why: String) {
        self.0.put(LinkMessage::Ended(format!("the request could not be sent: {why}")));
    }
}

/// A running program.
pub(super) struct Process {
    child: Child,
    requests: SyncSender<Vec<u8>>,
}

impl Process {
    fn start(command: &[String], folder: &Path, mailbox: &Arc<Mailbox>) -> Result<Self, String> {
        let Some((program, arguments)) = command.split_first() else { return Err("there is no command".into()) };
        // A program of the scene is found beside it, wherever we were started.
        let beside = folder.join(program);
        let is_path = program.contains(['/', '\\']) && beside.is_file();
        let path = if is_path { beside.canonicalize().unwrap_or(beside) } else { program.into() };
        let mut started = Command::new(&path);
        started.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if !folder.as_os_str().is_empty() {
            started.current_dir(folder);
        }
        let mut child = started.spawn().map_err(|error| format!("`{program}` can't be started: {error}"))?;
        let (requests, to_write) = sync_channel::<Vec<u8>>(1);
        let complaint = Arc::new(Mutex::new(String::new()));
        if let Some(mut input) = child.stdin.take() {
            // Writing waits as long as the program doesn't read, so it has a thread of its own.
            spawn("cupola-processor-in", move || {
                while let Ok(request) = to_write.recv() {
                    if input.write_all(&request).and_then(|()| input.flush()).is_err() {
                        break;
                    }
                }
            })?;
        }
        if let (Some(errors), Some(output)) = (child.stderr.take(), child.stdout.take()) {
            let (mailbox, said) = (mailbox.clone(), complaint.clone());
            let listening = spawn("cupola-processor-err", move || listen_to_errors(errors, &said))?;
            spawn("cupola-processor-out", move || {
                listen_to_answers(output, &mailbox);
                // What it complained of may come last.
                let _ = listening.join();
                let said = complaint.lock().unwrap_or_else(PoisonError::into_inner).trim().to_string();
                let why = if said.is_empty() { "it ended".to_string() } else { format!("it ended: {said}") };
                mailbox.put(LinkMessage::Ended(why));
            })?;
        }
        Ok(Self { child, requests })
    }

    fn send(&self, request: Vec<u8>) -> Result<(), String> {
        self.requests.try_send(request).map_err(|_| "it doesn't read what it is asked".to_string())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to kill and its status is known at once.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, String> {
    let spawned = std::thread::Builder::new().name(name.into()).spawn(run);
    spawned.map_err(|error| format!("a thread can't be started: {error}"))
}

fn listen_to_answers(output: ChildStdout, mailbox: &Mailbox) {
    let mut output = BufReader::new(output);
    loop {
        let mut line = Vec::new();
        let read = output.by_ref().take(MAX_ANSWER_BYTES).read_until(b'\n', &mut line);
        let is_whole = line.last() == Some(&b'\n');
        match read {
            Ok(read) if read > 0 && (is_whole || (read as u64) < MAX_ANSWER_BYTES) => {
                if !line.trim_ascii().is_empty() {
                    mailbox.put(LinkMessage::Answer(line));
                }
            }
            _ => return,
        }
    }
}

/// Keeps the last line that says something.
fn listen_to_errors(errors: ChildStderr, complaint: &Mutex<String>) {
    let mut errors = BufReader::new(errors);
    loop {
        let mut line = Vec::new();
        match errors.by_ref().take(1 << 16).read_until(b'\n', &mut line) {
            Ok(read) if read > 0 => {
                let text: String = String::from_utf8_lossy(&line).trim().chars().take(MAX_COMPLAINT).collect();
                if !text.is_empty() {
                    *complaint.lock().unwrap_or_else(PoisonError::into_inner) = text;
                }
            }
            _ => return,
        }
    }
}
