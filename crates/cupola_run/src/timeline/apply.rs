//! The application of events to a timeline, with one function for each kind of event.

use super::{DeviceRequest, Driver, PendingReadings, Timeline};
use crate::alarm::RaisedAlarm;
use crate::command::{CommandOutcome, Invocation, PendingAnswer, find_command};
use crate::event::{Actor, Event, EventBody, EventError, Outcome};
use crate::feed::{Reading, lane_of};
use crate::origin::{Origin, Source};
use crate::simulation::Assumption;
use crate::sink::{InputChange, LATE, RecordedEvent};
use cupola_twin::value::Sample;
use cupola_twin::{Diagnostic, Quality, Slot, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Timeline {
    /// Applies an event between two steps. Dependent values are computed, alarms are updated, and changes are recorded.
    ///
    /// # Errors
    /// The reason why the event was refused. No value, alarm or command has changed then.
    pub fn apply(&mut self, event: Event) -> Result<Outcome, EventError> {
        if matches!(self.driver, Driver::Live { .. }) && self.recorded_us == self.now_us {
            self.next_moment();
        }
        self.begin(None);
        let outcome = self.ingest(event)?;
        self.finish();
        Ok(outcome)
    }

    /// Schedules an event for the first step that ends at the time of the event or later. Recorded readings and answers
    /// of processors are scheduled, so that they enter the timeline within a step, as they do when they arrive.
    pub fn schedule(&mut self, event: Event) {
        let at = self.scheduled.partition_point(|known| known.time_us <= event.time_us);
        self.scheduled.insert(at, event);
    }

    /// Returns the number of scheduled events that are not yet due.
    pub fn scheduled(&self) -> usize {
        self.scheduled.len()
    }

    /// Ingests the scheduled events that are due. Refused events, and refused parts of events, become part of the changes.
    pub(super) fn ingest_scheduled(&mut self) {
        while let Some(event) = self.scheduled.pop_front_if(|event| event.time_us <= self.now_us) {
            let time_us = event.time_us;
            // Invalid values of a processor's answer were reported when the answer arrived.
            let is_answer = matches!(event.body, EventBody::Processed { .. });
            let refused = match self.ingest(event) {
                Ok(_) if is_answer => Vec::new(),
                Ok(outcome) => outcome.rejected,
                Err(why) => vec![why.to_string()],
            };
            self.changes.refused.extend(refused.into_iter().map(|why| (time_us, why)));
        }
    }

    /// Applies an event without propagation. A step ingests between [`Timeline::begin`] and [`Timeline::simulate`].
    ///
    /// # Errors
    /// The reason why the event was refused. Nothing has changed then.
    pub fn ingest(&mut self, event: Event) -> Result<Outcome, EventError> {
        if matches!(self.driver, Driver::Replayed(_)) {
            return Err(EventError::Replayed);
        }
        let is_simulated = matches!(self.driver, Driver::Simulated(_));
        // An event is stored with the moment at which it took effect, so that the stored events are in order of time.
        let is_kept = is_simulated && (self.keeps_answers || !matches!(event.body, EventBody::Processed { .. }));
        let kept = is_kept.then(|| Event { time_us: self.now_us, ..event.clone() });
        let outcome = match event.body {
            EventBody::Readings { readings } => Ok(self.take_readings(readings)),
            EventBody::Disconnected { broker, topics } => {
                self.log(&RecordedEvent::Disconnected(&broker));
                let covers = |topic: &str| topics.iter().any(|filter| cupola_wire::filter_matches(filter, topic));
                let is_lost = |of: &str, topic: &str| (of.is_empty() || of == broker) && covers(topic);
                for slot in self.origins.disconnect(self.now_us, is_lost) {
                    self.state.end_measurement(slot, self.now_us);
                }
                Ok(Outcome::default())
            }
            EventBody::Set { twin, property, value } => self.set(&event.actor, &twin, &property, &value),
            EventBody::Assume { room, assumption } => self.assume(room.as_deref(), &assumption),
            EventBody::Command { twin, command, request } => self.invoke(&event.actor, &twin, &command, request),
            EventBody::Answer { invocation, result, took_us } => self.answer(invocation, result, took_us),
            EventBody::Acknowledge { alarm, twin } => self.acknowledge(&event.actor, &alarm, &twin),
            EventBody::Processed { processor, request, asked_us, values } => {
                self.take_processed(&processor, &request, asked_us, values)
            }
        }?;
        self.events.extend(kept);
        Ok(outcome)
    }

    /// Takes readings in the order of their source times. Of several readings of one property each counts: those before
    /// the last one are propagated, judged and recorded at their own times.
    fn take_readings(&mut self, mut readings: Vec<Reading>) -> Outcome {
        let topology = self.topology().clone();
        let mut outcome = Outcome::default();
        readings.sort_by_key(Reading::measured_us);
        // Earlier events of the same step may have readings of the same properties.
        let PendingReadings { mut slots, mut last_us } = std::mem::take(&mut self.pending_readings);
        for reading in readings {
            let slot = topology.twin(&reading.twin).and_then(|twin| topology.slot(twin, &reading.property));
            let Some(slot) = slot else {
                let name = format!("{}.{}", reading.twin, reading.property);
                outcome.rejected.push(format!("{}: the scene has no `{name}`", reading.topic));
                continue;
            };
            let sample = match reading.sample(&topology, slot.column) {
                Ok(sample) => sample,
                Err(why) => {
                    outcome.rejected.push(format!("{}: {why}", reading.topic));
                    continue;
                }
            };
            // After an outage, a retained message may be newer than the last one that was received.
            let is_confirmation = reading.is_of_unknown_age() && self.origins.is_unconfirmed(slot, &reading.topic);
            if is_confirmation && self.confirm(slot, sample.lane, reading.stale_after_us) {
                continue;
            }
            let is_older = |known_us| sample.time_us < known_us && !is_confirmation;
            if self.origins.message_us(&self.state, slot).is_some_and(is_older) {
                self.state.observe_late(slot, sample);
                self.inputs.late.push(InputChange { slot, sample, until_us: LATE });
                outcome.late += 1;
                continue;
            }
            if !slots.insert(slot) {
                self.end_moment(last_us);
                slots.clear();
                slots.insert(slot);
            }
            last_us = last_us.max(sample.time_us);
            let fresh_until_us = reading.fresh_until_us();
            self.state.measure(slot, sample, fresh_until_us.unwrap_or(i64::MAX));
            let arrived_us = reading.arrived_us;
            let is_retained = reading.is_of_unknown_age();
            let (broker, topic, payload) = (reading.broker, reading.topic, reading.payload);
            let source = Source::Message { broker, topic, payload, arrived_us, is_retained };
            self.origins.insert(slot, Origin::new(source, sample.time_us, fresh_until_us));
        }
        self.state.observe_now();
        self.pending_readings = PendingReadings { slots, last_us };
        outcome
    }

    /// Makes the value of a slot good again after an outage, if the broker still has the same value. Returns whether it has.
    fn confirm(&mut self, slot: Slot, lane: f64, stale_after_us: Option<i64>) -> bool {
        let known = self.state.get(slot);
        let is_computed = self.topology().column(slot.column).formula.is_some();
        let is_same = known.lane.to_bits() == lane.to_bits() && !is_computed;
        let is_confirmed = is_same && self.origins.confirm(slot, stale_after_us);
        if is_confirmed {
            self.state.set(slot, Sample { quality: Quality::Good, ..known });
        }
        is_confirmed
    }

    /// Propagates, judges and records the readings of a moment, before further readings of the same properties come in.
    fn end_moment(&mut self, observed_us: i64) {
        let observed_us = observed_us.min(self.now_us);
        self.state.observe_at(observed_us);
        self.propagate();
        self.judge_at(observed_us);
        self.log(&RecordedEvent::Observed { observed_us });
        self.record_at(observed_us);
        self.changes.values += self.state.change_count() as u64;
        self.state.begin_tick();
        if matches!(self.driver, Driver::Live { .. }) {
            self.next_moment();
        }
    }

    /// Begins another moment of the live timeline, because every recorded moment has a time of its own.
    fn next_moment(&mut self) {
        self.now_us += 1;
        self.state.pass_to(self.now_us);
    }

    fn set(&mut self, actor: &Actor, twin: &str, property: &str, value: &Value) -> Result<Outcome, EventError> {
        let topology = self.topology().clone();
        let slot = topology.slot_known(topology.twin_known(twin)?, property)?;
        let Driver::Simulated(simulation) = &mut self.driver else { return Err(EventError::NotSimulated) };
        if topology.column(slot.column).formula.is_some() {
            return Err(EventError::Computed(topology.name(slot)));
        }
        let lane = lane_of(&topology, slot.column, value)?;
        if simulation.is_capacity(slot) && lane < 0.0 {
            return Err(EventError::NegativeCapacity(topology.name(slot)));
        }
        self.state.set(slot, Sample::good(lane, self.now_us));
        // The simulation continues from the new value, and keeps all other values.
        simulation.adopt_slots(&self.state, &[slot]);
        self.note_actor(slot, actor, "set");
        Ok(Outcome::default())
    }

    /// Records an actor as the origin of a slot's value.
    fn note_actor(&mut self, slot: Slot, actor: &Actor, action: &str) {
        let source = Source::Actor { actor: actor.clone(), action: action.into() };
        self.origins.insert(slot, Origin::new(source, self.now_us, None));
    }

    fn assume(&mut self, room: Option<&str>, assumption: &Assumption) -> Result<Outcome, EventError> {
        let room = room.map(|room| self.topology().twin_known(room)).transpose()?;
        let Driver::Simulated(simulation) = &mut self.driver else { return Err(EventError::NotSimulated) };
        simulation.assume(room, assumption)?;
        Ok(Outcome::default())
    }

    fn invoke(
        &mut self,
        actor: &Actor,
        twin: &str,
        command: &str,
        request: Option<Value>,
    ) -> Result<Outcome, EventError> {
        let topology = self.topology().clone();
        let (twin, command) = find_command(&topology, twin, command)?;
        let model = topology.models.get(topology.model_of(twin));
        if let Some(known) = model.command(&command) {
            let checked = topology.models.check_request(known, request.as_ref());
            checked.map_err(|found| EventError::Request(Box::new(found)))?;
        }
        let mut invocation = Invocation {
            number: self.invocations.next_number(),
            at_us: self.now_us,
            twin,
            command,
            request,
            outcome: CommandOutcome::Pending,
            took_us: None,
            timed_out: false,
            awaited: None,
        };
        match &mut self.driver {
            Driver::Live { .. } => self.send(&mut invocation)?,
            Driver::Simulated(simulation) => {
                let request = invocation.request.as_ref();
                let result = simulation.command(&self.state, twin, &invocation.command, request, self.now_us);
                let (changes, result) = match result {
                    Ok((changes, response)) => (changes, Ok(response)),
                    Err(why) => (Vec::new(), Err(why)),
                };
                invocation.settle(&topology, result, "simulation");
                invocation.took_us = Some(0);
                // A command that fails changes nothing.
                if matches!(invocation.outcome, CommandOutcome::Done(_)) {
                    let slots: Vec<Slot> = changes.iter().map(|(slot, _)| *slot).collect();
                    for (slot, sample) in changes {
                        self.state.set(slot, sample);
                    }
                    // The simulation continues from the new values, and keeps all others.
                    simulation.adopt_slots(&self.state, &slots);
                    let action = format!("command {}", invocation.command);
                    slots.into_iter().for_each(|slot| self.note_actor(slot, actor, &action));
                }
            }
            Driver::Replayed(_) => return Err(EventError::Replayed),
        }
        let is_settled = invocation.outcome != CommandOutcome::Pending;
        self.log(&RecordedEvent::Command { invocation: &invocation, actor: &actor.name });
        let number = self.invocations.record(invocation);
        self.changes.invocations.extend(is_settled.then_some(number));
        Ok(Outcome { invocation: Some(number), ..Outcome::default() })
    }

    /// Queues the message to the device.
    fn send(&mut self, invocation: &mut Invocation) -> Result<(), EventError> {
        let topology = self.topology();
        // Invocation numbers restart with every run, and the broker may still hold an answer from an earlier run.
        let id = format!("{:x}-{}", invocation.at_us, invocation.number);
        let found = self.feeds().iter().enumerate().find_map(|(feed, mappings)| {
            mappings.commands.0.iter().find_map(|mapping| {
                let payload = invocation.request.as_ref();
                let request = mapping.request(topology, invocation.twin, &invocation.command, &id, payload)?;
                Some((feed, mapping.clone(), request))
            })
        });
        let Some((feed, mapping, request)) = found else {
            if self.feeds().is_empty() {
                return Err(EventError::NoFeed);
            }
            let (twin, command) = (topology.twin_id(invocation.twin).to_string(), invocation.command.to_string());
            return Err(EventError::NotMapped { command, twin });
        };
        match request.answer_topic {
            Some(topic) => {
                let until_us = invocation.at_us.saturating_add(request.timeout_us);
                invocation.awaited = Some(PendingAnswer { mapping, topic, until_us });
            }
            None => invocation.outcome = CommandOutcome::Done(None),
        }
        self.requests.push(DeviceRequest {
            invocation: invocation.number,
            feed,
            topic: request.topic,
            payload: request.payload,
        });
        Ok(())
    }

    /// Returns the event for a device's answer, or `None` if no invocation waits for the answer.
    pub fn answer_of(&self, topic: &str, payload: &[u8], arrived_us: i64) -> Option<EventBody> {
        let invocation = self.invocations.awaiting(topic)?;
        let awaited = invocation.awaited.as_ref()?;
        let result = awaited.mapping.answer(payload);
        let took_us = Some(arrived_us - invocation.at_us);
        Some(EventBody::Answer { invocation: invocation.number, result, took_us })
    }

    fn answer(
        &mut self,
        number: u64,
        result: Result<Option<Value>, String>,
        took_us: Option<i64>,
    ) -> Result<Outcome, EventError> {
        let topology = self.topology().clone();
        let invocation = self.invocations.get_mut(number).ok_or(EventError::NoInvocation(number))?;
        // On a live timeline, a request that could not be sent is answered by its failure.
        if invocation.awaited.is_none() && matches!(self.driver, Driver::Simulated(_)) {
            return Err(EventError::NotAwaited(number));
        }
        invocation.settle(&topology, result, "device");
        invocation.took_us = took_us;
        self.changes.invocations.push(number);
        Ok(Outcome::default())
    }

    fn acknowledge(&mut self, actor: &Actor, alarm: &str, twin: &str) -> Result<Outcome, EventError> {
        let ix = self.topology().twin_known(twin)?;
        let number = self.scene.alarms.iter().position(|known| known.id == alarm).ok_or_else(|| {
            let unknown = Diagnostic::error("unknown-alarm", format!("no alarm is called `{alarm}`"));
            unknown.did_you_mean(alarm, self.scene.alarms.iter().map(|known| known.id.as_str()))
        })?;
        match self.alarms.raised.get_mut(&(number, ix)) {
            Some(RaisedAlarm { acknowledged, .. }) => *acknowledged = true,
            None => return Err(EventError::NotRaised { alarm: alarm.into(), twin: twin.into() }),
        }
        self.log(&RecordedEvent::Acknowledged { alarm, twin, actor: &actor.name });
        Ok(Outcome::default())
    }

    fn take_processed(
        &mut self,
        processor: &str,
        request: &str,
        asked_us: i64,
        values: BTreeMap<String, BTreeMap<String, Option<Value>>>,
    ) -> Result<Outcome, EventError> {
        let definition = self.processors.iter().find(|known| known.doc.id == processor).cloned().ok_or_else(|| {
            let unknown = Diagnostic::error("unknown-processor", format!("no processor is called `{processor}`"));
            unknown.did_you_mean(processor, self.processors.iter().map(|known| known.doc.id.as_str()))
        })?;
        let topology = self.topology().clone();
        let mut outcome = Outcome::default();
        let until_us = asked_us.saturating_add(definition.stale_after_us);
        let (processor, request): (Arc<str>, Arc<str>) = (processor.into(), request.into());
        for (id, properties) in values {
            let Some(twin) = topology.twin(&id) else {
                outcome.rejected.push(format!("no twin is called `{id}`"));
                continue;
            };
            let (table, row) = topology.locate(twin);
            let outputs = definition.tables.iter().find(|known| known.table == table).map(|known| &known.outputs);
            for (name, value) in properties {
                let known = outputs.and_then(|outputs| outputs.iter().find(|(output, _)| *output == name));
                let Some((_, column)) = known else {
                    outcome.rejected.push(format!("`{name}` of `{id}` is not one of its outputs"));
                    continue;
                };
                let lane = value.map(|value| lane_of(&topology, *column, &value)).transpose();
                let sample = match lane {
                    Ok(Some(lane)) => Sample::good(lane, asked_us),
                    Ok(None) => Sample { time_us: asked_us, ..Sample::MISSING },
                    Err(why) => {
                        outcome.rejected.push(format!("{id}.{name}: {why}"));
                        continue;
                    }
                };
                let slot = Slot { column: *column, row };
                self.state.measure(slot, sample, until_us);
                let source = Source::Answer { processor: processor.clone(), request: request.clone(), asked_us };
                self.origins.insert(slot, Origin::new(source, asked_us, Some(until_us)));
            }
        }
        Ok(outcome)
    }
}
