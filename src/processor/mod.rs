//! External processors: programs and services outside that compute properties, machine learning and other people's simulators among them.
//!
//! A timeline asks them about the state at the end of a tick, and what they answer is there at the beginning of a later one. A
//! simulated timeline waits for the answer before it takes its next step, so that the same scene gives the same values every
//! time; a live one goes on. One request is on its way at a time: what would be asked meanwhile is counted as skipped.

mod definition;
mod exchange;
mod link;

pub use definition::Definition;

use crate::feed::Live;
use crate::scene::Scene;
use crate::selection::{NoticeLevel, Notices};
use crate::timeline::{Clock, SourceKind, Timeline, TimelineState};
use crate::{Tick, TickSystems};
use bevy::prelude::*;
use cupola_twin::value::Sample;
use cupola_twin::{Quality, Slot, Topology};
use exchange::Answer;
use link::{Came, Link, Mailbox};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The longest wait before a program that ended is started again.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// Whether programs that scenes name may be started. A scene is a file from anywhere: whoever opens it has to want that.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MayStartPrograms(pub bool);

/// How a processor is doing.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ProcessorStatus {
    /// Its id.
    pub id: String,
    /// Requests that were sent.
    pub requests: u64,
    /// Answers that were used.
    pub answers: u64,
    /// Requests that no answer came to in time.
    pub timeouts: u64,
    /// Times that it would have been asked, but for a request that was on its way.
    pub skipped: u64,
    /// Values that could not be used.
    pub rejected: u64,
    /// The last thing that went wrong.
    pub last_error: Option<String>,
    /// Whether it is wrong now.
    pub is_failing: bool,
}

/// The processors of a timeline.
#[derive(Component)]
pub struct Processors {
    all: Vec<Processor>,
    /// What each value was answered to.
    given: BTreeMap<Slot, Given>,
    /// Tells its requests from those of other timelines and runs.
    name: String,
    count: u64,
}

struct Processor {
    definition: Definition,
    link: Option<Link>,
    mailbox: Arc<Mailbox>,
    /// The request on its way.
    asked: Option<Asked>,
    answer: Option<Answer>,
    next_us: Option<i64>,
    /// How often it failed one after another, and until when it is left alone.
    failures: u32,
    paused_until: Option<Instant>,
    status: ProcessorStatus,
}

struct Asked {
    id: String,
    at: Instant,
    asked_us: i64,
}

#[derive(Clone)]
struct Given {
    processor: Arc<str>,
    request: Arc<str>,
    asked_us: i64,
    until_us: i64,
}

impl Processor {
    fn new(definition: Definition) -> Self {
        let status = ProcessorStatus { id: definition.doc.id.clone(), ..Default::default() };
        let mailbox = Arc::new(Mailbox::default());
        Self {
            definition,
            link: None,
            mailbox,
            asked: None,
            answer: None,
            next_us: None,
            failures: 0,
            paused_until: None,
            status,
        }
    }

    /// Takes in what came, and gives up on what doesn't come; what went wrong now.
    fn listen(&mut self) -> Option<String> {
        let mut wrong = None;
        while self.answer.is_none()
            && let Some(came) = self.mailbox.take()
        {
            match came {
                Came::Answer(bytes) => match serde_json::from_slice::<Answer>(&bytes) {
                    // An answer to what nobody waits for any more.
                    Ok(answer) if self.asked.as_ref().is_none_or(|asked| asked.id != answer.id) => {}
                    Ok(answer) => match &answer.error {
                        Some(error) => {
                            wrong = Some(error.clone());
                            self.asked = None;
                        }
                        None => self.answer = Some(answer),
                    },
                    Err(error) => {
                        wrong = Some(format!("its answer is not what was agreed: {error}"));
                        self.asked = None;
                    }
                },
                Came::Ended(why) => {
                    wrong = Some(why);
                    self.leave_alone();
                }
            }
        }
        if self.answer.is_none()
            && let Some(asked) = &self.asked
            && asked.at.elapsed() > self.definition.timeout
        {
            wrong = Some(format!("no answer came within {} s", self.definition.timeout.as_secs_f64()));
            self.status.timeouts += 1;
            // Whatever it is busy with, it begins anew.
            self.leave_alone();
        }
        if let Some(wrong) = &wrong {
            self.status.last_error = Some(wrong.clone());
        }
        wrong
    }

    /// Ends it, to begin anew after a while that grows.
    fn leave_alone(&mut self) {
        (self.link, self.asked, self.mailbox) = (None, None, Arc::default());
        let pause = Duration::from_secs(1).saturating_mul(1 << self.failures.min(6)).min(MAX_PAUSE);
        self.failures += 1;
        self.paused_until = Some(Instant::now() + pause);
    }

    fn ask(&mut self, id: String, line: Vec<u8>, asked_us: i64) -> Result<(), String> {
        let link = self.link.as_ref().ok_or("it is not there")?;
        link.send(line)?;
        self.status.requests += 1;
        self.asked = Some(Asked { id, at: Instant::now(), asked_us });
        Ok(())
    }

    /// Whether it can be asked; starts it if it is not there and may be.
    fn is_ready(&mut self, may_start: bool) -> Result<bool, String> {
        if self.paused_until.is_some_and(|until| Instant::now() < until) {
            return Ok(false);
        }
        if self.link.is_none() {
            if self.definition.doc.mqtt.is_none() && !may_start {
                let command = self.definition.doc.command.join(" ");
                return Err(format!(
                    "the program `{command}` may not be started: --allow-programs, or \"Let the scene's programs run\" in the app's search, allows it"
                ));
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
        Ok(self.link.as_ref().is_some_and(Link::is_ready))
    }

    fn fails(&mut self, why: &str, notices: &mut Notices) {
        self.status.last_error = Some(why.to_string());
        if !self.status.is_failing {
            self.status.is_failing = true;
            let text = format!("Processor {}: {why}", self.status.id);
            // What goes wrong on one timeline goes wrong on the others.
            if !notices.0.iter().any(|(_, known)| *known == text) {
                notices.push(NoticeLevel::Warning, text);
            }
        }
    }
}

impl Processors {
    /// Those of a scene for a timeline; none if the scene has none.
    pub fn new(scene: &Scene, timeline: &str) -> Option<Self> {
        // What is wrong with them was reported when the scene was bound.
        let all: Vec<Processor> = Definition::all(scene, &mut Vec::new()).into_iter().map(Processor::new).collect();
        let name = format!("{timeline}-{:x}", std::process::id());
        (!all.is_empty()).then_some(Self { all, given: BTreeMap::new(), name, count: 0 })
    }

    /// The same for a changed scene: those that are as they were go on.
    pub fn adopt(&mut self, mut old: Self, from: &Topology, to: &Topology) {
        self.count = old.count;
        for processor in &mut self.all {
            let same = |known: &Processor| {
                known.definition.doc == processor.definition.doc
                    && known.definition.folder == processor.definition.folder
            };
            let Some(at) = old.all.iter().position(same) else { continue };
            let known = old.all.swap_remove(at);
            let definition = processor.definition.clone();
            *processor = Processor { definition, answer: None, ..known };
        }
        for (slot, given) in old.given {
            let twin = to.twin(from.twin_id(from.twin_of(slot)));
            let here = twin.and_then(|twin| to.slot(twin, &from.column(slot.column).name));
            self.given.extend(here.map(|here| (here, given)));
        }
    }

    /// Which answer a value came from.
    pub fn origin(&self, slot: Slot) -> Option<String> {
        let given = self.given.get(&slot)?;
        let asked = cupola_wire::format_rfc3339(given.asked_us);
        Some(format!("answer {} of processor {}, asked at {asked}", given.request, given.processor))
    }

    /// Asks them again at the next tick, and starts those that were left alone.
    pub fn hurry(&mut self) {
        for processor in &mut self.all {
            (processor.next_us, processor.paused_until, processor.status.is_failing) = (None, None, false);
        }
    }

    /// Ends all programs and connections; they begin anew when they are asked next.
    pub fn stop(&mut self) {
        for processor in &mut self.all {
            (processor.link, processor.asked, processor.answer, processor.mailbox) = (None, None, None, Arc::default());
        }
    }

    /// How they are doing.
    pub fn status(&self) -> impl Iterator<Item = &ProcessorStatus> {
        self.all.iter().map(|processor| &processor.status)
    }

    /// Waits until one has answered or should have, at most so long.
    pub fn wait(&self, at_most: Duration) {
        let waiting = self.all.iter().find_map(|processor| Some((processor, processor.asked.as_ref()?)));
        if let Some((processor, asked)) = waiting {
            let left = processor.definition.timeout.saturating_sub(asked.at.elapsed());
            processor.mailbox.wait(left.min(at_most));
        }
    }
}

/// What a timeline's value came from: an answer of a processor, or a message of its feed.
pub fn origin(processors: Option<&Processors>, live: Option<&Live>, slot: Slot) -> Option<String> {
    let answer = processors.and_then(|processors| processors.origin(slot));
    answer.or_else(|| live.and_then(|live| live.origin(slot)))
}

/// Processors in the tick.
pub struct ProcessorPlugin;

impl Plugin for ProcessorPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<MayStartPrograms>()
            .add_systems(Tick, listen.before(crate::timeline::BeginSystems))
            .add_systems(Tick, take_in.after(TickSystems::Ingest).before(TickSystems::Simulate))
            .add_systems(Tick, ask.in_set(TickSystems::Publish).ambiguous_with_all());
    }
}

/// Before the tick: what came. A simulated timeline is held until every answer is there or given up.
fn listen(mut timelines: Query<(&Timeline, &mut Clock, &mut Processors)>, mut notices: ResMut<Notices>) {
    for (timeline, mut clock, mut processors) in &mut timelines {
        for processor in &mut processors.all {
            if let Some(wrong) = processor.listen() {
                processor.fails(&wrong, &mut notices);
            }
        }
        let waits = processors.all.iter().any(|processor| processor.asked.is_some() && processor.answer.is_none());
        clock.held = waits && timeline.source == SourceKind::Simulated;
    }
}

fn take_in(mut timelines: Query<(&Clock, &mut TimelineState, &mut Processors)>) {
    for (clock, mut state, mut processors) in &mut timelines {
        if !clock.ticking {
            continue;
        }
        let processors = &mut *processors;
        for processor in &mut processors.all {
            let Some(answer) = processor.answer.take() else { continue };
            let Some(asked) = processor.asked.take() else { continue };
            let (slots, wrong) = exchange::put(&processor.definition, &answer, &mut state.0, asked.asked_us);
            let until_us = asked.asked_us.saturating_add(processor.definition.stale_after_us);
            let (name, request): (Arc<str>, Arc<str>) = (processor.status.id.as_str().into(), asked.id.into());
            for slot in slots {
                let (processor, request) = (name.clone(), request.clone());
                processors.given.insert(slot, Given { processor, request, asked_us: asked.asked_us, until_us });
            }
            processor.status.answers += 1;
            processor.status.rejected += wrong.len() as u64;
            processor.status.is_failing = false;
            (processor.failures, processor.paused_until) = (0, None);
            processor.status.last_error = wrong.into_iter().next().or(processor.status.last_error.take());
        }
        for (slot, given) in processors.given.iter().filter(|(_, given)| given.until_us < clock.now_us) {
            let sample = state.0.get(*slot);
            // What a formula computes is computed again by itself.
            let is_plain = state.0.topology().column(slot.column).formula.is_none();
            if is_plain && sample.quality == Quality::Good && sample.time_us == given.asked_us {
                state.0.set(*slot, Sample { quality: Quality::Stale, ..sample });
            }
        }
    }
}

fn ask(
    may_start: Res<MayStartPrograms>,
    mut timelines: Query<(&Clock, &TimelineState, &mut Processors)>,
    mut notices: ResMut<Notices>,
) {
    for (clock, state, mut processors) in &mut timelines {
        let processors = &mut *processors;
        if !clock.ticking {
            continue;
        }
        for processor in &mut processors.all {
            if processor.next_us.is_some_and(|next_us| clock.now_us < next_us) {
                continue;
            }
            let next_us = Some(clock.now_us.saturating_add(processor.definition.every_us));
            if processor.asked.is_some() {
                processor.status.skipped += 1;
                processor.next_us = next_us;
                continue;
            }
            let asked = processor.is_ready(may_start.0).and_then(|ready| {
                if ready {
                    processors.count += 1;
                    let id = format!("{}-{}", processors.name, processors.count);
                    let line = exchange::request(&processor.definition, &state.0, &id, clock.now_us);
                    processor.ask(id, line, clock.now_us)?;
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
