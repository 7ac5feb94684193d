//! External processors: programs and services outside the app that compute properties, such as machine learning and
//! other simulators.
//!
//! A timeline sends a request with its state at the end of a tick and applies the answer at the beginning of a later
//! tick. A simulated timeline waits for the answer before its next step, so that the same scene gives the same values
//! every time. A live timeline does not wait. A processor has one request at a time. A request that would be due in the
//! meantime is counted as skipped.

mod link;

use crate::action::{Action, ActionResult};
use crate::feed::{AllowedBrokers, SendSystems};
use crate::notice::{NoticeLevel, Notices};
use crate::timeline::{BeginSystems, Playback, SourceKind, Timeline};
use crate::{Tick, TickSystems};
use bevy::prelude::*;
use cupola_run::processor::{Definition, ProcessorAnswer, request};
use cupola_run::{Actor, Event};
use link::{Link, LinkMessage, Mailbox, Readiness};
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Number of timelines so far whose processors are services that other programs may share.
static SHARED: AtomicU64 = AtomicU64::new(0);
/// Largest number of characters of a line that is quoted.
const MAX_QUOTED: usize = 120;
/// Longest pause before a failed program or connection is started again.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// Whether the programs that scenes name may be started. A scene may come from anywhere, so the user has to allow it.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MayStartPrograms(pub bool);

/// The programs that have run since the user allowed programs, by command and folder, with the hash of their files. A
/// program whose files have changed since is another program, which the user has not allowed.
#[derive(Resource, Clone, Debug, Default)]
pub struct KnownPrograms(HashMap<(Vec<String>, PathBuf), u64>);

impl KnownPrograms {
    /// Checks that a program is the one that the user has allowed. The first start makes it known.
    fn check(&mut self, command: &[String], folder: &Path) -> Result<(), String> {
        let hash = hash_of_files(command, folder);
        let known = *self.0.entry((command.to_vec(), folder.to_path_buf())).or_insert(hash);
        if known == hash {
            return Ok(());
        }
        Err(format!("the files of `{}` have changed since you allowed it: allow it again", command.join(" ")))
    }
}

/// Returns a hash of the files that a command names: its program and its arguments, beside the scene or as they are.
fn hash_of_files(command: &[String], folder: &Path) -> u64 {
    let mut hash = DefaultHasher::new();
    for part in command {
        part.hash(&mut hash);
        // A name without a separator may be a program of the system or a file beside the scene.
        let content = std::fs::read(folder.join(part));
        content.unwrap_or_default().hash(&mut hash);
    }
    hash.finish()
}

/// The action that allows the programs of the scene to run, or stops them.
#[derive(Clone, Debug, PartialEq)]
pub struct AllowPrograms(pub bool);

impl Action for AllowPrograms {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let Self(allowed) = *self;
        world.insert_resource(MayStartPrograms(allowed));
        world.insert_resource(KnownPrograms::default());
        let mut processors = world.query::<&mut Processors>();
        processors.iter_mut(world).for_each(|mut processors| match allowed {
            true => processors.hurry(),
            false => processors.stop(),
        });
        Ok(None)
    }
}

/// The status of a processor.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ProcessorStatus {
    /// The id of the processor.
    pub id: String,
    /// Number of requests that were sent.
    pub requests: u64,
    /// Number of answers that were used.
    pub answers: u64,
    /// Number of requests without an answer within the timeout.
    pub timeouts: u64,
    /// Number of requests that were skipped because an earlier one waited for its answer.
    pub skipped: u64,
    /// Number of values that could not be used.
    pub rejected: u64,
    /// The last error.
    pub last_error: Option<String>,
    /// Whether the processor fails at present.
    pub is_failing: bool,
}

/// The processors of a timeline.
#[derive(Component)]
pub struct Processors {
    all: Vec<Processor>,
    /// The beginning of the ids of requests, which differs from that of other timelines and runs.
    name: String,
    count: u64,
}

struct Processor {
    definition: Arc<Definition>,
    link: Option<Link>,
    mailbox: Arc<Mailbox>,
    /// The request that waits for its answer.
    asked: Option<PendingRequest>,
    answer: Option<ProcessorAnswer>,
    next_us: Option<i64>,
    /// The moment at which the connection was begun, while it is not yet there and a request is due.
    opening: Option<Instant>,
    /// Number of failures since the last answer, and the end of the pause after the last of them.
    failures: u32,
    paused_until: Option<Instant>,
    /// The last line that is no answer, since the request.
    stray_line: Option<String>,
    status: ProcessorStatus,
}

struct PendingRequest {
    id: String,
    at: Instant,
    asked_us: i64,
}

impl Processor {
    fn new(definition: Arc<Definition>) -> Self {
        let status = ProcessorStatus { id: definition.doc.id.clone(), ..Default::default() };
        let mailbox = Arc::new(Mailbox::default());
        Self {
            definition,
            link: None,
            mailbox,
            asked: None,
            answer: None,
            next_us: None,
            opening: None,
            failures: 0,
            paused_until: None,
            stray_line: None,
            status,
        }
    }

    /// Handles messages, and gives up a request after its timeout. Returns the error, if one occurred.
    fn listen(&mut self) -> Option<String> {
        let mut wrong = None;
        while self.answer.is_none()
            && let Some(came) = self.mailbox.take()
        {
            match came {
                LinkMessage::Answer(bytes) => match serde_json::from_slice::<ProcessorAnswer>(&bytes) {
                    // The answer belongs to a request that was given up.
                    Ok(answer) if self.asked.as_ref().is_none_or(|asked| asked.id != answer.id) => {}
                    Ok(answer) => match &answer.error {
                        Some(error) => {
                            wrong = Some(error.clone());
                            self.asked = None;
                        }
                        None => self.answer = Some(answer),
                    },
                    // A program may print other lines. The answer may still follow, until the timeout.
                    Err(error) => {
                        let line: String = String::from_utf8_lossy(&bytes).trim().chars().take(MAX_QUOTED).collect();
                        self.status.rejected += 1;
                        let stray = format!("`{line}` is not an answer: {error}");
                        self.status.last_error = Some(stray.clone());
                        self.stray_line = Some(stray);
                    }
                },
                LinkMessage::Ended(why) => {
                    wrong = Some(why);
                    self.leave_alone();
                }
            }
        }
        if self.answer.is_none()
            && let Some(asked) = &self.asked
            && asked.at.elapsed() > self.definition.timeout
        {
            let said = self.stray_line.take().map_or(String::new(), |said| format!("; {said}"));
            wrong = Some(format!("no answer came within {} s{said}", self.definition.timeout.as_secs_f64()));
            self.status.timeouts += 1;
            // The program may still work on the old request, so it is restarted.
            self.leave_alone();
        }
        if let Some(wrong) = &wrong {
            self.status.last_error = Some(wrong.clone());
        }
        wrong
    }

    /// Ends the link and pauses. The pause is 1 s at the first failure and doubles at each further one, up to 60 s.
    fn leave_alone(&mut self) {
        (self.link, self.asked, self.opening, self.mailbox) = (None, None, None, Arc::default());
        let pause = Duration::from_secs(1).saturating_mul(1 << self.failures.min(6)).min(MAX_PAUSE);
        self.failures += 1;
        self.paused_until = Some(Instant::now() + pause);
    }

    fn ask(&mut self, id: String, line: Vec<u8>, asked_us: i64) -> Result<(), String> {
        let link = self.link.as_ref().ok_or("it is not connected")?;
        link.send(line)?;
        self.status.requests += 1;
        self.stray_line = None;
        self.asked = Some(PendingRequest { id, at: Instant::now(), asked_us });
        Ok(())
    }

    /// Returns whether the processor can take a request. Opens the link if there is none and it may be opened. While the
    /// link is being opened, the processor is `opening`.
    ///
    /// # Errors
    /// The reason why the link can't be opened, or why it was lost.
    fn is_ready(
        &mut self,
        may_start: bool,
        known: &mut KnownPrograms,
        brokers: &AllowedBrokers,
    ) -> Result<bool, String> {
        if self.paused_until.is_some_and(|until| Instant::now() < until) {
            return Ok(false);
        }
        if self.link.is_none() {
            if self.definition.doc.mqtt.is_none() && !may_start {
                let command = self.definition.doc.command.join(" ");
                return Err(format!(
                    "the program `{command}` may not be started. Allow it with --allow-programs, or with \"Let the \
                     scene's programs run\" in the app's search"
                ));
            }
            if let Some(mqtt) = self.definition.doc.mqtt.as_ref().filter(|mqtt| !brokers.allows(&mqtt.url)) {
                return Err(format!(
                    "its broker {} is not allowed: allow it with \"Connect to the scene's brokers\" in the app's search",
                    mqtt.url
                ));
            }
            if self.definition.doc.mqtt.is_none() {
                known.check(&self.definition.doc.command, &self.definition.folder)?;
            }
            let opened = Link::open(&self.definition.doc, &self.definition.folder, &self.mailbox);
            match opened {
                Ok(link) => self.link = Some(link),
                Err(why) => {
                    self.leave_alone();
                    return Err(why);
                }
            }
        }
        let Some(link) = &self.link else { return Ok(false) };
        match link.readiness() {
            Readiness::Ready => {
                self.opening = None;
                Ok(true)
            }
            Readiness::Lost(error) => {
                self.opening = None;
                Err(format!("not connected: {error}"))
            }
            Readiness::Opening if self.opening.is_some_and(|since| since.elapsed() > self.definition.timeout) => {
                self.opening = None;
                Err(format!("no connection came about within {} s", self.definition.timeout.as_secs_f64()))
            }
            Readiness::Opening => {
                self.opening.get_or_insert_with(Instant::now);
                Ok(false)
            }
        }
    }

    fn fails(&mut self, why: &str, notices: &mut Notices) {
        self.status.last_error = Some(why.to_string());
        if !self.status.is_failing {
            self.status.is_failing = true;
            let text = format!("Processor {}: {why}", self.status.id);
            // The same error usually occurs on all timelines, and one notice is enough.
            if !notices.0.iter().any(|(_, known)| *known == text) {
                notices.push(NoticeLevel::Warning, text);
            }
        }
    }
}

impl Processors {
    /// Removes the processors with these ids, because their answers come from a record.
    pub(crate) fn remove(&mut self, ids: &BTreeSet<String>) {
        self.all.retain(|processor| !ids.contains(&processor.definition.doc.id));
    }

    /// Returns the processors of a timeline, or `None` if the scene has none.
    pub fn new(timeline: &Timeline) -> Option<Self> {
        let all: Vec<Processor> = timeline.processors().iter().cloned().map(Processor::new).collect();
        // Services behind a broker see the requests of several programs.
        let is_shared = all.iter().any(|processor| processor.definition.doc.mqtt.is_some());
        let program = if is_shared {
            // A later timeline may have the same name, and an answer to an earlier one may still be on its way.
            let number = SHARED.fetch_add(1, Ordering::Relaxed);
            format!("-{:x}-{number}", std::process::id())
        } else {
            String::new()
        };
        let name = format!("{}{program}", timeline.name());
        (!all.is_empty()).then_some(Self { all, name, count: 0 })
    }

    /// Returns the processors of a timeline whose scene has changed. Processors with an unchanged definition keep their
    /// link.
    pub fn adopt(timeline: &Timeline, before: Option<Self>) -> Option<Self> {
        let mut next = Self::new(timeline)?;
        let Some(mut before) = before else { return Some(next) };
        next.count = before.count;
        for processor in &mut next.all {
            let same = |known: &Processor| {
                known.definition.doc == processor.definition.doc
                    && known.definition.folder == processor.definition.folder
            };
            let Some(at) = before.all.iter().position(same) else { continue };
            let known = before.all.swap_remove(at);
            *processor = Processor { definition: processor.definition.clone(), ..known };
        }
        Some(next)
    }

    /// Asks at the moments at which the parent of a branch would ask. A request of the parent that waits for its answer is
    /// repeated at once, because its answer goes to the parent.
    pub fn follow(&mut self, parent: &Self) {
        for processor in &mut self.all {
            let same = |known: &&Processor| known.status.id == processor.status.id && known.asked.is_none();
            processor.next_us = parent.all.iter().find(same).and_then(|known| known.next_us);
        }
    }

    /// Ends all pauses, so that the next tick sends requests again.
    pub fn hurry(&mut self) {
        for processor in &mut self.all {
            (processor.next_us, processor.paused_until, processor.status.is_failing) = (None, None, false);
        }
    }

    /// Ends all programs and connections. The next request opens them again.
    pub fn stop(&mut self) {
        for processor in &mut self.all {
            (processor.link, processor.asked, processor.answer, processor.mailbox) = (None, None, None, Arc::default());
        }
    }

    /// Returns the status of each processor.
    pub fn status(&self) -> impl Iterator<Item = &ProcessorStatus> {
        self.all.iter().map(|processor| &processor.status)
    }

    /// Waits until the first processor with a request has a message, at most until its timeout and for `at_most`. While
    /// a connection is being opened, waits for a moment.
    pub fn wait(&self, at_most: Duration) {
        if let Some(opening) = self.all.iter().find(|processor| processor.opening.is_some()) {
            opening.mailbox.wait(at_most.min(Duration::from_millis(5)));
            return;
        }
        let waiting = self.all.iter().find_map(|processor| Some((processor, processor.asked.as_ref()?)));
        if let Some((processor, asked)) = waiting {
            let left = processor.definition.timeout.saturating_sub(asked.at.elapsed());
            processor.mailbox.wait(left.min(at_most));
        }
    }
}

/// The plugin that adds the systems of processors to the tick.
pub struct ProcessorPlugin;

impl Plugin for ProcessorPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<MayStartPrograms>()
            .init_resource::<KnownPrograms>()
            .add_systems(Tick, listen.before(BeginSystems))
            .add_systems(Tick, take_in.after(TickSystems::Ingest).before(TickSystems::Simulate))
            .add_systems(Tick, ask.after(TickSystems::Publish).before(SendSystems));
    }
}

/// Receives answers before the tick. A simulated timeline is held until each request is answered or given up, also while
/// a connection for a request is being opened.
fn listen(mut timelines: Query<(&Timeline, &mut Playback, &mut Processors)>, mut notices: ResMut<Notices>) {
    for (timeline, mut playback, mut processors) in &mut timelines {
        for processor in &mut processors.all {
            if let Some(wrong) = processor.listen() {
                processor.fails(&wrong, &mut notices);
            }
        }
        let waits = |processor: &Processor| {
            processor.opening.is_some() || (processor.asked.is_some() && processor.answer.is_none())
        };
        let waits = processors.all.iter().any(waits);
        playback.held = waits && timeline.source() == SourceKind::Simulated;
    }
}

/// Turns answers into events, in ticks in which time passes.
fn take_in(mut timelines: Query<(&mut Timeline, &mut Processors)>) {
    for (mut timeline, mut processors) in &mut timelines {
        if !timeline.is_stepping() {
            continue;
        }
        for processor in &mut processors.all {
            let Some(answer) = processor.answer.take() else { continue };
            let Some(asked) = processor.asked.take() else { continue };
            let id = processor.status.id.clone();
            let (body, mut rejected) = answer.into_event(&id, asked.asked_us);
            let now_us = timeline.now_us();
            match timeline.ingest(Event::new(now_us, Actor::program(id), body)) {
                Ok(outcome) => rejected.extend(outcome.rejected),
                Err(why) => rejected.push(why.to_string()),
            }
            processor.status.answers += 1;
            processor.status.rejected += rejected.len() as u64;
            processor.status.is_failing = false;
            (processor.failures, processor.paused_until) = (0, None);
            processor.status.last_error = rejected.into_iter().next().or(processor.status.last_error.take());
        }
    }
}

fn ask(
    may_start: Res<MayStartPrograms>,
    mut known: ResMut<KnownPrograms>,
    brokers: Res<AllowedBrokers>,
    mut timelines: Query<(&Timeline, &mut Processors)>,
    mut notices: ResMut<Notices>,
) {
    for (timeline, mut processors) in &mut timelines {
        let processors = &mut *processors;
        let now_us = timeline.now_us();
        for processor in &mut processors.all {
            // A timeline that waits for a connection makes no step, and its request is due nevertheless.
            if !timeline.is_stepping() && processor.opening.is_none() {
                continue;
            }
            if processor.next_us.is_some_and(|next_us| now_us < next_us) {
                continue;
            }
            let next_us = Some(now_us.saturating_add(processor.definition.every_us));
            if processor.asked.is_some() {
                processor.status.skipped += 1;
                processor.next_us = next_us;
                continue;
            }
            let asked = processor.is_ready(may_start.0, &mut known, &brokers).and_then(|ready| {
                if ready {
                    processors.count += 1;
                    let id = format!("{}-{}", processors.name, processors.count);
                    let line = request(&processor.definition, timeline.state(), &id, now_us);
                    processor.ask(id, line, now_us)?;
                    processor.next_us = next_us;
                }
                Ok(())
            });
            if let Err(why) = asked {
                processor.next_us = next_us;
                processor.fails(&why, &mut notices);
            }
        }
    }
}
