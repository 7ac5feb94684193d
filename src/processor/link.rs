//! The connection to a processor: a process, or a service behind a broker.

use cupola_mqtt::{Client, Connection, MessageReceiver, ReceivedMessage};
use cupola_scene::document::{ProcessorDoc, ProcessorMqttDoc};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Largest size of an answer in bytes. A longer line is not an answer, and reading ends there.
const MAX_ANSWER_BYTES: u64 = 64 << 20;
/// Largest number of messages in a mailbox. At a further one, the oldest is dropped.
const MAX_WAITING: usize = 16;
/// Largest number of characters that are kept of the standard error of a process.
const MAX_COMPLAINT: usize = 400;

/// A message from a process or service.
#[derive(Debug)]
pub(super) enum LinkMessage {
    /// An answer.
    Answer(Vec<u8>),
    /// The end of the link, with its reason. No further answer follows.
    Ended(String),
}

/// The queue in which messages of a processor wait for the tick.
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

    /// Waits until the mailbox has a message, at most for `at_most`.
    pub fn wait(&self, at_most: Duration) {
        let waiting = self.lock();
        // Both a message and the end of the time end the wait. The caller looks into the mailbox in either case.
        drop(self.arrived.wait_timeout_while(waiting, at_most, |waiting| waiting.is_empty()));
    }
}

/// The ability of a link to take a request.
pub(super) enum Readiness {
    /// The link takes requests.
    Ready,
    /// The connection is being opened.
    Opening,
    /// The connection could not be opened or was lost, with the reason. The client tries again by itself.
    Lost(String),
}

/// The connection to a processor. Dropping it ends the process or the connection to the broker.
pub(super) enum Link {
    Process(Process),
    Service(Client, String),
}

impl Link {
    /// Starts the program, or starts to connect to the broker.
    ///
    /// # Errors
    /// The reason why the link can't be opened: no command, a program or a thread that can't be started, or an invalid
    /// address.
    pub fn open(doc: &ProcessorDoc, folder: &Path, mailbox: &Arc<Mailbox>) -> Result<Self, String> {
        match &doc.mqtt {
            Some(ProcessorMqttDoc { url, request, response }) => {
                let client = Client::start(url, false, vec![response.clone()], Answers(mailbox.clone()))
                    .map_err(|error| error.to_string())?;
                Ok(Self::Service(client, request.clone()))
            }
            None => Process::start(&doc.command, folder, mailbox).map(Self::Process),
        }
    }

    /// Returns whether the processor can take a request now.
    pub fn readiness(&self) -> Readiness {
        match self {
            Self::Process(_) => Readiness::Ready,
            Self::Service(client, _) => match client.connection() {
                Connection::Connected => Readiness::Ready,
                Connection::Idle | Connection::Connecting => Readiness::Opening,
                Connection::Lost { error } => Readiness::Lost(error),
            },
        }
    }

    /// Sends a request.
    ///
    /// # Errors
    /// The reason why the request can't be sent.
    pub fn send(&self, request: Vec<u8>) -> Result<(), String> {
        match self {
            Self::Process(process) => process.send(request),
            Self::Service(client, topic) => client.send(topic, request).map_err(|error| error.to_string()),
        }
    }
}

struct Answers(Arc<Mailbox>);

impl MessageReceiver for Answers {
    fn message(&mut self, message: ReceivedMessage<'_>) {
        self.0.put(LinkMessage::Answer(message.payload.to_vec()));
    }

    fn failed(&mut self, why: String) {
        self.0.put(LinkMessage::Ended(why));
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
        // A program with a relative path is found beside the scene, whatever the current folder is.
        let beside = folder.join(program);
        let is_path = program.contains(['/', '\\']) && beside.is_file();
        let path = if is_path { beside.canonicalize().unwrap_or(beside) } else { program.into() };
        let mut started = Command::new(&path);
        started.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if !folder.as_os_str().is_empty() {
            started.current_dir(folder);
        }
        // The programs that a script starts belong to its group, so that they end with it.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut started, 0);
        let mut child = started.spawn().map_err(|error| format!("`{program}` can't be started: {error}"))?;
        let (requests, to_write) = sync_channel::<Vec<u8>>(1);
        let complaint = Arc::new(Mutex::new(String::new()));
        if let Some(mut input) = child.stdin.take() {
            // Writing blocks while the program does not read, so it has a thread of its own.
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
                // The error output may end after the answers, so the reason of the end waits for it.
                let _ = listening.join();
                let said = complaint.lock().unwrap_or_else(PoisonError::into_inner).trim().to_string();
                let why = if said.is_empty() { "it ended".to_string() } else { format!("it ended: {said}") };
                mailbox.put(LinkMessage::Ended(why));
            })?;
        }
        Ok(Self { child, requests })
    }

    fn send(&self, request: Vec<u8>) -> Result<(), String> {
        self.requests.try_send(request).map_err(|_| "it doesn't read its requests".to_string())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The process may have ended by itself. `kill` fails then, and `wait` returns at once.
        #[cfg(unix)]
        if let Ok(group) = i32::try_from(self.child.id()) {
            let _ = nix::sys::signal::killpg(nix::unistd::Pid::from_raw(group), nix::sys::signal::Signal::SIGKILL);
        }
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

/// Keeps the last line of the error output that is not blank.
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
