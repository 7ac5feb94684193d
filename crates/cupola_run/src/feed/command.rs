//! Command mappings: the topics of commands to devices and of their answers.

use cupola_scene::document::CommandMappingDoc;
use cupola_scene::{Scene, Step};
use cupola_twin::diagnostic::has_errors;
use cupola_twin::{Diagnostic, Topology, TwinIx, Value};
use cupola_wire::{Captures, Payload, PayloadError, Template, TopicPattern, check_pointer};

/// Time to wait for an answer if the scene gives no timeout, in microseconds.
pub const USUAL_TIMEOUT_US: i64 = 10_000_000;
/// Names that the topics of every command may use, in addition to the captures of the twin's id.
const BUILT_IN: [&str; 3] = ["twin", "command", "invocation"];

/// A command mapping that was checked.
#[derive(Clone, Debug)]
pub struct CommandMapping {
    twin: Template,
    command: String,
    request: TopicPattern,
    response: Option<TopicPattern>,
    value: Option<String>,
    error: Option<String>,
    timeout_us: i64,
}

/// A message to a device, with the topic of its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The topic of the message.
    pub topic: String,
    /// The payload of the message.
    pub payload: Vec<u8>,
    /// The topic of the answer, or `None` if the device does not answer.
    pub answer_topic: Option<String>,
    /// Time to wait for the answer, in microseconds.
    pub timeout_us: i64,
}

impl CommandMapping {
    /// Returns the message for a command of a twin, or `None` if the mapping is not for this command and twin.
    pub fn request(
        &self,
        topology: &Topology,
        twin: TwinIx,
        command: &str,
        invocation: &str,
        payload: Option<&Value>,
    ) -> Option<Request> {
        let captures = self.captures(topology.twin_id(twin), command, invocation)?;
        let topic = self.request.topic(&captures)?;
        let answer_topic = match &self.response {
            Some(response) => Some(response.topic(&captures)?),
            None => None,
        };
        let payload = payload.map_or_else(Vec::new, |payload| json(payload).to_string().into_bytes());
        Some(Request { topic, payload, answer_topic, timeout_us: self.timeout_us })
    }

    /// Returns the captures of a twin's id together with the built-in names, if the mapping is for this command and
    /// twin.
    fn captures(&self, twin: &str, command: &str, invocation: &str) -> Option<Captures> {
        let mut captures = self.twin.capture(twin).filter(|_| self.command == command)?;
        for (name, value) in [("twin", twin), ("command", command), ("invocation", invocation)] {
            captures.insert(name, value);
        }
        Some(captures)
    }

    /// Returns the response in an answer.
    ///
    /// # Errors
    /// The error that the device reports, or the reason why the answer can't be read.
    pub fn answer(&self, payload: &[u8]) -> Result<Option<Value>, String> {
        let parsed = Payload::parse(payload).map_err(|error| error.to_string())?;
        if let Some(pointer) = &self.error {
            match parsed.structure(Some(pointer)) {
                Ok(serde_json::Value::Null) | Err(PayloadError::Absent | PayloadError::NotJson { .. }) => {}
                // Many devices send the field with every answer.
                Ok(serde_json::Value::Bool(false)) => {}
                Ok(serde_json::Value::String(text)) if text.trim().is_empty() => {}
                Ok(serde_json::Value::String(text)) => return Err(text),
                Ok(other) => return Err(other.to_string()),
                Err(error) => return Err(error.to_string()),
            }
        }
        match parsed.structure(self.value.as_deref()) {
            Ok(serde_json::Value::Null) | Err(PayloadError::Absent) => Ok(None),
            Ok(value) => serde_json::from_value(value).map(Some).map_err(|_| "the answer holds a null".into()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Returns the subscription for requests, for a program that answers them.
    pub fn request_filter(&self) -> String {
        self.request.filter()
    }

    /// Returns the twin, the command and the topic of the answer for a request on `topic`, for a program that answers
    /// it.
    pub fn addressee(&self, topology: &Topology, topic: &str) -> Option<(TwinIx, &str, Option<String>)> {
        let said = self.request.matches(topic)?;
        let twin = topology.twins().find(|twin| {
            let invocation = said.get("invocation").unwrap_or("0");
            let captures = self.captures(topology.twin_id(*twin), &self.command, invocation);
            captures.and_then(|captures| self.request.topic(&captures)).is_some_and(|own| own == topic)
        })?;
        let invocation = said.get("invocation").unwrap_or("0");
        let captures = self.captures(topology.twin_id(twin), &self.command, invocation)?;
        let answer = self.response.as_ref().and_then(|response| response.topic(&captures));
        Some((twin, &self.command, answer))
    }

    /// Returns the payload of an answer. If the mapping has no `error`, a failure is written to `/error`, where
    /// [`Self::answer`] does not look.
    pub fn answer_payload(&self, outcome: &Result<Option<Value>, String>) -> Vec<u8> {
        let (pointer, value) = match outcome {
            Ok(value) => (self.value.as_deref(), value.as_ref().map_or(serde_json::Value::Null, json)),
            Err(why) => (Some(self.error.as_deref().unwrap_or("/error")), why.as_str().into()),
        };
        let mut out = serde_json::Value::Null;
        match pointer {
            Some(pointer) => put(&mut out, pointer, value),
            None => out = value,
        }
        out.to_string().into_bytes()
    }
}

fn json(value: &Value) -> serde_json::Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// The command mappings of a feed.
#[derive(Clone, Debug, Default)]
pub struct CommandMappings(pub Vec<CommandMapping>);

impl CommandMappings {
    /// Returns the subscriptions for answers.
    pub fn filters(&self) -> impl Iterator<Item = String> + '_ {
        self.0.iter().filter_map(|mapping| mapping.response.as_ref()).map(TopicPattern::filter)
    }

    /// Returns whether a topic is that of an answer to a command.
    pub fn is_answer(&self, topic: &str) -> bool {
        self.0.iter().filter_map(|mapping| mapping.response.as_ref()).any(|response| response.matches(topic).is_some())
    }
}

/// Checks the command mappings of a feed and returns the valid ones.
pub(super) fn command_mappings(scene: &Scene, feed: usize, diagnostics: &mut Vec<Diagnostic>) -> CommandMappings {
    let mut list = Vec::new();
    for (number, doc) in scene.document.feeds[feed].commands.iter().enumerate() {
        let mut found = Vec::new();
        let mapping = command_mapping(doc, &scene.topology, &mut |field, diagnostic| {
            let steps = ["feeds".into(), feed.into(), "commands".into(), number.into(), Step::Field(field)];
            found.push(diagnostic.at(scene.places.of(&steps)));
        });
        if !has_errors(&found) {
            list.extend(mapping);
        }
        diagnostics.append(&mut found);
    }
    CommandMappings(list)
}

fn command_mapping(
    doc: &CommandMappingDoc,
    topology: &Topology,
    report: &mut dyn FnMut(&'static str, Diagnostic),
) -> Option<CommandMapping> {
    let wrong = |error: cupola_wire::PatternError, code| {
        let mut found = Diagnostic::error(code, error.message);
        found.help = error.help;
        found
    };
    let twin = Template::parse(&doc.twin).map_err(|error| report("twin", wrong(error, "template"))).ok()?;
    let mut pattern = |field, text: &str| {
        let pattern = TopicPattern::parse(text).map_err(|error| report(field, wrong(error, "topic-pattern"))).ok()?;
        for name in pattern.names().into_iter().filter(|name| !BUILT_IN.contains(name) && !twin.names().contains(name))
        {
            let unknown = Diagnostic::error("unknown-capture", format!("the twin's id captures no `{{{name}}}`"));
            report(field, unknown.did_you_mean(name, twin.names().into_iter().chain(BUILT_IN)));
        }
        Some(pattern)
    };
    let request = pattern("request", &doc.request);
    let response = doc.response.as_deref().map(|text| pattern("response", text));
    for (field, pointer) in [("value", &doc.value), ("error", &doc.error)] {
        if let Some(Err(error)) = pointer.as_deref().map(check_pointer) {
            let found = Diagnostic::error("json-pointer", error.to_string()).help("write it like /data/value");
            report(field, found);
        }
    }
    let timeout_us = match doc.timeout.as_deref() {
        None => Some(USUAL_TIMEOUT_US),
        Some(text) => cupola_wire::parse_duration(text).filter(|us| *us > 0),
    };
    if timeout_us.is_none() {
        let message = format!("`{}` is not a duration", doc.timeout.as_deref().unwrap_or_default());
        report("timeout", Diagnostic::error("wrong-duration", message).help("write it like 5s or 1m"));
    }
    targets(doc, &twin, topology, report);
    Some(CommandMapping {
        twin,
        command: doc.command.clone(),
        request: request?,
        response: match response {
            Some(response) => Some(response?),
            None => None,
        },
        value: doc.value.clone(),
        error: doc.error.clone(),
        timeout_us: timeout_us?,
    })
}

/// Checks that the mapping matches a twin and that a matched twin has the command.
fn targets(
    doc: &CommandMappingDoc,
    twin: &Template,
    topology: &Topology,
    report: &mut dyn FnMut(&'static str, Diagnostic),
) {
    let meant: Vec<TwinIx> = topology.twins().filter(|ix| twin.capture(topology.twin_id(*ix)).is_some()).collect();
    if meant.is_empty() {
        let unknown = Diagnostic::error("unknown-twin", format!("no twin is called like `{}`", doc.twin));
        let ids: Vec<&str> = topology.twins().map(|ix| topology.twin_id(ix)).collect();
        report("twin", unknown.did_you_mean(&doc.twin, ids));
        return;
    }
    let models = || meant.iter().map(|twin| topology.models.get(topology.model_of(*twin)));
    if !models().any(|model| model.command(&doc.command).is_some()) {
        let message = format!("none of the {} twins meant has a command `{}`", meant.len(), doc.command);
        let unknown = Diagnostic::error("unknown-command", message);
        let known: std::collections::BTreeSet<&str> =
            models().flat_map(|model| model.commands.iter().map(|command| &*command.name)).collect();
        report("command", unknown.did_you_mean(&doc.command, known));
    }
}

/// Inserts a value at a JSON pointer, and creates the missing objects on the path.
pub fn put(json: &mut serde_json::Value, pointer: &str, value: serde_json::Value) {
    let mut here = json;
    for part in pointer.split('/').skip(1) {
        let key = part.replace("~1", "/").replace("~0", "~");
        if !here.is_object() {
            *here = serde_json::json!({});
        }
        here = &mut here[key.as_str()];
    }
    *here = value;
}
