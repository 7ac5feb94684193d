//! Going to a moment of the past. Reading the history takes longer than a frame, so a thread does it.

use super::{Playback, Timeline};
use crate::job::{Background, Jobs};
use crate::notice::{NoticeLevel, Notices};
use bevy::prelude::*;
use cupola_history::HistoryRecord;
use cupola_run::PastState;
use std::sync::Arc;

/// The history that a replay plays.
#[derive(Component, Clone, Deref)]
pub struct ReplayedHistory(pub Arc<HistoryRecord>);

/// The moment that a thread reads for a replay.
#[derive(Component)]
pub(crate) struct Scrub(Background<Result<PastState, String>>);

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
        if let Some(mut scrub) = scrub {
            let Some(result) = scrub.0.poll(&jobs) else { continue };
            commands.entity(entity).remove::<Scrub>();
            take(result, &mut playback, &mut notices);
        }
        if playback.restored.is_some() {
            // The next request may be near the moment that the next tick shows.
            continue;
        }
        let (first_us, last_us) = replay.span_us();
        let far = |target_us: &mut i64| replay.jumps_to((*target_us).clamp(first_us, last_us));
        let Some(target_us) = playback.take_target_if(far) else { continue };
        let (record, scene) = (replay.record().clone(), timeline.scene().clone());
        let moment_us = target_us.clamp(first_us, last_us);
        match Background::start("scrub", move || record.restore(&scene, moment_us)) {
            Ok(mut started) => match started.poll(&jobs) {
                Some(result) => take(result, &mut playback, &mut notices),
                None => {
                    playback.scrubs = true;
                    commands.entity(entity).insert(Scrub(started));
                }
            },
            Err(error) => take(Some(Err(error.to_string())), &mut playback, &mut notices),
        }
    }
}

fn take(result: Option<Result<PastState, String>>, playback: &mut Playback, notices: &mut Notices) {
    playback.scrubs = false;
    match result.unwrap_or_else(|| Err("reading failed unexpectedly".into())) {
        Ok(past) => playback.restored = Some(Box::new(past)),
        Err(why) => notices.push(NoticeLevel::Error, format!("The history can't be read: {why}")),
    }
}
