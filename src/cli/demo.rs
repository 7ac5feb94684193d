//! `cupola demo`: a broker, a fleet of devices, and the scene on them.

use super::run::{headless, report, show as show_report};
use super::{BAD_CALL, BAD_INPUT, Source, app, first_demo, output, render};
use crate::Tick;
use crate::feed::{Broker, Fleet, Live, Mappings};
use crate::scene;
use crate::session::timeline_of;
use crate::timeline::{Clock, SourceKind, TimelineState};
use bevy::prelude::*;
use serde_json::json;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

#[derive(clap::Args)]
pub(super) struct Args {
    /// The scene; without one, the first demo.
    scene: Option<PathBuf>,
    /// Without a window: watch the feed for a while, say what changed, draw a picture.
    #[arg(long)]
    headless: bool,
    /// How long, without a window.
    #[arg(long = "for", default_value = "60s")]
    duration: String,
    /// The picture of the run without a window.
    #[arg(long, default_value = "out/demo.png")]
    out: PathBuf,
    /// Publish to this broker instead of starting one.
    #[arg(long)]
    broker: Option<String>,
    /// The report as JSON.
    #[arg(long)]
    json: bool,
}

impl Default for Args {
    fn default() -> Self {
        Self {
            scene: None,
            headless: false,
            duration: "60s".into(),
            out: "out/demo.png".into(),
            broker: None,
            json: false,
        }
    }
}

pub(super) fn run(args: &Args) -> u8 {
    let Some(duration_us) = cupola_wire::parse_duration(&args.duration).filter(|us| *us > 0) else {
        output::error_line(format!("--for takes a duration such as 30s or 2m, not `{}`", args.duration));
        return BAD_CALL;
    };
    let path = args.scene.clone().unwrap_or_else(first_demo);
    let loaded = scene::load(&path);
    let Some(scene) = &loaded.scene else {
        output::report(&loaded.diagnostics);
        return BAD_INPUT;
    };
    let (feeds, _) = Mappings::new(scene);
    if feeds.is_empty() {
        output::error_line("the scene has no feed, so its devices have nothing to say: add `feeds` to it");
        return BAD_INPUT;
    }
    let broker = match &args.broker {
        Some(url) => Ok(url.clone()),
        None => Broker::start().map(|broker| broker.url),
    };
    let started = broker.and_then(|url| Fleet::start(scene, &feeds, &url).map(|fleet| (url, fleet)));
    let (url, fleet) = match started {
        Ok(started) => started,
        Err(why) => {
            output::error_line(why);
            return BAD_INPUT;
        }
    };
    if !args.json {
        output::line(format!("{} topics are published to {url}", fleet.topics));
    }
    if !args.headless && app::has_display() {
        return app::show(loaded, Some(url), Source::Live, Some(fleet));
    }
    if !args.headless {
        output::line("There is no display, so the demo runs without a window.");
    }
    let mut app = match headless(&path, Some(url), true) {
        Ok(app) => app,
        Err(code) => return code,
    };
    let world = app.world_mut();
    let Some(timeline) = timeline_of(world, SourceKind::Live) else { return BAD_INPUT };
    let (ticks, changes) = watch(world, timeline, Duration::from_micros(duration_us as u64), args.json);
    let start_us = world.get::<Clock>(timeline).map_or(0, |clock| clock.start_us);
    let mut told = report(world, timeline, start_us, ticks, changes);
    told["published"] = json!(fleet.report.published.load(Ordering::Relaxed));
    if args.json {
        output::line(told.to_string());
    } else {
        show_report(&told);
    }
    if let Some(folder) = args.out.parent().filter(|folder| !folder.as_os_str().is_empty())
        && let Err(error) = std::fs::create_dir_all(folder)
    {
        output::error_line(format!("{} can't be made: {error}", folder.display()));
        return BAD_INPUT;
    }
    let drawn = render::picture_of(world, timeline, &args.out, true);
    drop(fleet);
    match drawn {
        Ok(()) => {
            if !args.json {
                output::line(format!("picture: {}", args.out.display()));
            }
            0
        }
        Err(why) => {
            output::error_line(why);
            BAD_INPUT
        }
    }
}

/// Follows the feed, telling every ten seconds what came.
fn watch(world: &mut World, timeline: Entity, duration: Duration, quiet: bool) -> (u64, u64) {
    let begin = Instant::now();
    let (mut ticks, mut changes, mut told) = (0, 0, 0);
    while begin.elapsed() < duration {
        let Some(inbox) = world.get::<Live>(timeline).map(|live| live.inbox().clone()) else { break };
        inbox.wait(Duration::from_millis(50).min(duration.saturating_sub(begin.elapsed())));
        world.run_schedule(Tick);
        ticks += 1;
        changes += world.get::<TimelineState>(timeline).map_or(0, |state| state.0.change_count() as u64);
        let seconds = begin.elapsed().as_secs();
        if seconds >= told + 10 && !quiet {
            told = seconds;
            let messages = inbox.status().messages;
            output::line(format!("{seconds:>4} s  {messages} messages, {changes} values changed"));
        }
    }
    (ticks, changes)
}
