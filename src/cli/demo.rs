//! `cupola demo`: starts a broker and a fleet of devices, and opens a scene that receives their messages.

use super::run::{follow, headless, report, show as show_report, unreached, zone_of};
use super::{BAD_CALL, BAD_INPUT, HistoryArgs, Source, Trust, app, first_demo, output, render, stop};
use crate::feed::Connections;
use crate::session::{SessionOptions, timeline_of};
use crate::timeline::{SourceKind, Timeline};
use cupola_mqtt::{Broker, Fleet};
use cupola_run::Drivers;
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

#[derive(clap::Args)]
pub(super) struct Args {
    /// Scene to open. Default: the first demo.
    scene: Option<PathBuf>,
    /// Run without a window: follow the feeds for a while, report the changes and draw a picture.
    #[arg(long)]
    headless: bool,
    /// Duration of a run without a window, such as 30s or 2m.
    #[arg(long = "for", default_value = "60s")]
    duration: String,
    /// Picture that a run without a window writes, a .png file.
    #[arg(long, default_value = "out/demo.png", value_parser = render::png_file)]
    out: PathBuf,
    /// Publish to this broker instead of starting one, for example mqtt://10.0.0.5:1883.
    #[arg(long)]
    broker: Option<String>,
    #[command(flatten)]
    trust: Trust,
    #[command(flatten)]
    history: HistoryArgs,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

impl Args {
    /// Returns the arguments of a call without any but the permissions of the user and the place of the history.
    pub(super) fn trusting(trust: Trust, history: HistoryArgs) -> Self {
        Self {
            scene: None,
            headless: false,
            duration: "60s".into(),
            out: "out/demo.png".into(),
            broker: None,
            trust,
            history,
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
    let loaded = cupola_scene::load(&path);
    let diagnostics = loaded.diagnostics;
    let Some(scene) = loaded.scene.map(Arc::new) else {
        output::report(&diagnostics);
        return BAD_INPUT;
    };
    // Opening the scene reports the diagnostics of the drivers, so this call drops them.
    let drivers = Drivers::new(&scene, &mut Vec::new());
    if drivers.feeds.is_empty() {
        output::error_line("the scene has no feed, so its devices have nothing to publish: add `feeds` to it");
        return BAD_INPUT;
    }
    let broker = match &args.broker {
        Some(url) => Ok(url.clone()),
        None => Broker::start().map(|broker| broker.url),
    };
    let started = broker.and_then(|url| Fleet::start(&scene, &drivers, &url).map(|fleet| (url, fleet)));
    let (url, fleet) = match started {
        Ok(started) => started,
        Err(why) => {
            output::error_line(why.to_string());
            return BAD_INPUT;
        }
    };
    if !args.json {
        output::line(format!("{} topics are published to {url}", fleet.topics));
    }
    let session = SessionOptions { connect: true, broker: Some(url), history: args.history.window_choice() };
    if !args.headless && app::has_display() {
        return app::show((scene, diagnostics), session, Source::Live, args.trust, Some(fleet));
    }
    if !args.headless {
        output::line("There is no display, so the demo runs without a window.");
    }
    let mut app = match headless((scene, diagnostics), session, args.trust) {
        Ok(app) => app,
        Err(code) => return code,
    };
    let world = app.world_mut();
    let Some(timeline) = timeline_of(world, SourceKind::Live) else { return BAD_INPUT };
    if let Err(message) = args.history.check_use(world, &path) {
        output::error_line(message);
        return BAD_INPUT;
    }
    stop::listen();
    let mut told_s = 0;
    let (ticks, changes) =
        follow(world, timeline, Duration::from_micros(duration_us as u64), |world, time, changes| {
            if time.as_secs() >= told_s + 10 && !args.json {
                told_s = time.as_secs();
                let messages = world.get::<Connections>(timeline).map_or(0, |known| known.inbox().messages());
                output::line(format!("{told_s:>4} s  {messages} messages, {changes} values changed"));
            }
            true
        });
    let start_us = world.get::<Timeline>(timeline).map_or(0, |timeline| timeline.start_us());
    let mut told = report(world, timeline, start_us, ticks, changes);
    told["published"] = json!(fleet.report.published.load(Ordering::Relaxed));
    if args.json {
        output::line(told.to_string());
    } else {
        show_report(&told, &zone_of(world, timeline));
    }
    if let Some(folder) = args.out.parent().filter(|folder| !folder.as_os_str().is_empty())
        && let Err(error) = std::fs::create_dir_all(folder)
    {
        output::error_line(format!("{} can't be created: {error}", folder.display()));
        return BAD_INPUT;
    }
    let drawn = render::picture_of(world, timeline, &args.out, true);
    drop(fleet);
    match drawn {
        Ok(()) => {
            if !args.json {
                output::line(format!("picture: {}", args.out.display()));
            }
            unreached(app.world(), timeline)
        }
        Err(why) => {
            output::error_line(why);
            BAD_INPUT
        }
    }
}
