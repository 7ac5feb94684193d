//! Going to a moment of the past. Reading the history takes longer than a frame, so a thread does it.

use super::{Playback, Timeline};
use crate::job::Jobs;
use crate::notice::{NoticeLevel, Notices};
use bevy::prelude::*;
use cupola_history::HistoryRecord;
use cupola_run::PastState;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The history that a replay plays.
#[derive(Component, Clone, Deref)]
pub struct ReplayedHistory(pub Arc<HistoryRecord>);

/// The moment that a thread reads for a replay.
#[derive(Component)]
pub(crate) struct Scrub(Mutex<Receiver<Result<PastState, String>>>);

/// Reads the moments that replays have to go to, and hands them to the playbacks. Of several requests for one replay, the
/// newest counts.
pub(crate) fn scrub(
    mut commands: Commands,
    mut replays: Query<(Entity, &Timeline, &mut Playback, Option<&mut Scrub>)>,
    jobs: Res<Jobs>,
    mut notices: ResMut<Notices>,
) {
    for (entity, timeline, mut playback, scrub) in &mut replays {
        let Some(replay) = timeline.replay_of() else { continue };
        let receive = |receiver: &Receiver<_>| receiver.recv_timeout(jobs.patience.unwrap_or(Duration::MAX));
        let mut started = None;
        if let Some(mut scrub) = scrub {
            let receiver = scrub.0.get_mut().unwrap_or_else(PoisonError::into_inner);
            match receive(receiver) {
                Ok(result) => take(result, &mut playback, &mut notices),
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => {}
            }
            playback.held = false;
            commands.entity(entity).remove::<Scrub>();
        }
        let (first_us, last_us) = replay.span_us();
        let far = |target_us: &mut i64| replay.jumps_to((*target_us).clamp(first_us, last_us));
        if let Some(target_us) = playback.take_target_if(far) {
            let (record, scene) = (replay.record().clone(), timeline.scene().clone());
            let (sender, receiver) = sync_channel(1);
            let moment_us = target_us.clamp(first_us, last_us);
            let work = move || drop(sender.send(record.restore(&scene, moment_us)));
            match std::thread::Builder::new().name("scrub".into()).spawn(work) {
                Ok(_) => started = Some(receiver),
                Err(error) => notices.push(NoticeLevel::Error, format!("the moment can't be read: {error}")),
            }
        }
        let Some(receiver) = started else { continue };
        match receive(&receiver) {
            Ok(result) => take(result, &mut playback, &mut notices),
            Err(_) => {
                playback.held = true;
                commands.entity(entity).insert(Scrub(Mutex::new(receiver)));
            }
        }
    }
}

fn take(result: Result<PastState, String>, playback: &mut Playback, notices: &mut Notices) {
    match result {
        Ok(past) => playback.restored = Some(Box::new(past)),
        Err(why) => notices.push(NoticeLevel::Error, format!("The history can't be read: {why}")),
    }
}
