//! `cupola render`: draws the picture that the app would show, without a display.

use super::history::past;
use super::listen::tell_unused;
use super::run::{follow, step};
use super::{BAD_CALL, BAD_INPUT, HistoryArgs, Source, Trust, output};
use crate::action::ActionRequest;
use crate::feed::Connections;
use crate::history::OpenHistory;
use crate::look::{ChangeLook, Legend, Theme, ViewSettings};
use crate::processor::MayStartPrograms;
use crate::selection::{Focus, select, selected};
use crate::session::{self, Findings, SessionOptions, timeline_of};
use crate::timeline::{ComparedMoment, Comparison, ReplayedHistory, compare_shown};
use crate::timeline::{OpenScene, Playback, SourceKind, Timeline, ViewCursor};
use crate::trend::{TrendCompare, TrendSettings, TrendSpan, Trends};
use crate::window::{self, Canvas, Target};
use bevy::prelude::*;
use bevy::render::view::screenshot::{Screenshot, ScreenshotCaptured};
use cupola_scene::Scene;
use cupola_twin::Diagnostic;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The simulated time before the picture if the call names no moment, in microseconds: 3 h. By then people are in the
/// building and the CO2 has risen.
const BEFORE_US: i64 = 3 * 3_600_000_000;
/// Number of frames without the building. The layout of the panels is complete in the third.
const PREPARE: usize = 6;
/// Number of frames with the building before the frame that is kept.
const DRAWN: usize = 2;
/// Largest number of frames until the graphics device returns the picture.
const MAX_FRAMES: usize = 60;

#[derive(clap::Args)]
pub(super) struct Args {
    /// Scene to draw: a folder with scene.ron, or a .ron file.
    scene: PathBuf,
    /// Picture to write, a .png file.
    #[arg(long, value_parser = png_file)]
    out: PathBuf,
    /// Property or expression that colours the rooms. Default: the one that the scene names.
    #[arg(long)]
    color_by: Option<String>,
    /// Storey to cut the building above: the id of its twin, or its name.
    #[arg(long)]
    floor: Option<String>,
    /// Show only the storey of --floor.
    #[arg(long, requires = "floor")]
    isolate: bool,
    /// Twin to select and fly to, by its id.
    #[arg(long)]
    select: Option<String>,
    /// Width and height in pixels, each from 16 to 8192.
    #[arg(long, default_value = "1600x960")]
    size: String,
    /// Show the storeys in place instead of moved apart.
    #[arg(long)]
    closed: bool,
    /// Include the panels.
    #[arg(long)]
    panels: bool,
    /// Include the panels and the trend of a property, such as room-101.temperature. It can be given several times.
    #[arg(long, value_name = "TWIN.PROPERTY")]
    trend: Vec<String>,
    /// Span of the trends before the moment that is drawn.
    #[arg(long, default_value = "24h", value_name = "DURATION", requires = "trend")]
    span: String,
    /// Days before the span whose lines are laid under the trends.
    #[arg(long, value_name = "DAYS", value_parser = ["1", "7"], requires = "trend")]
    compare: Option<String>,
    /// Use the light theme instead of the dark one.
    #[arg(long)]
    light: bool,
    /// Fade the walls, so that all floors can be seen.
    #[arg(long)]
    see_through: bool,
    /// Timeline to draw. Default: the simulated one if the scene has a simulation, else the live one.
    #[arg(long, value_enum)]
    source: Option<Source>,
    /// Moment, in RFC 3339, or local without a zone; with --source live or replay, one of the history. Default: three hours
    /// after the start of the simulation.
    #[arg(long)]
    at: Option<String>,
    /// Colour by the differences to this moment: one of the history, or of the simulation.
    #[arg(long, value_name = "TIME", requires = "at")]
    difference: Option<String>,
    /// Follow the scene's feeds for this duration before drawing, such as 10s, and draw the live timeline.
    #[arg(long, value_name = "DURATION", conflicts_with = "at")]
    listen: Option<String>,
    /// Connect to this broker instead of the scene's, for example mqtt://10.0.0.5:1883.
    #[arg(long, requires = "listen")]
    broker: Option<String>,
    #[command(flatten)]
    history: HistoryArgs,
    #[command(flatten)]
    trust: Trust,
}

/// The settings of a picture.
pub(super) struct Options {
    pub out: PathBuf,
    pub size: (u32, u32),
    pub panels: bool,
    pub select: Option<String>,
    pub session: SessionOptions,
    pub trust: Trust,
}

pub(super) fn run(args: &Args) -> u8 {
    let size = args.size.split_once(['x', '×', 'X']).and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    let Some(size @ (16..=8192, 16..=8192)) = size else {
        output::error_line(format!("--size takes WIDTHxHEIGHT, 16 to 8192 each, not `{}`", args.size));
        return BAD_CALL;
    };
    let loaded = cupola_scene::load(&args.scene);
    let errors = output::report(&loaded.diagnostics);
    let Some(scene) = loaded.scene else { return BAD_INPUT };
    let at_us = match &args.at {
        Some(at) => match output::moment(at, &scene.time_zone.zone) {
            None => return BAD_CALL,
            at_us => at_us,
        },
        None => None,
    };
    if let Err(found) = check(&scene, args) {
        output::error_line(found);
        return BAD_INPUT;
    }
    if let Err((why, code)) = moment(&scene, args.source, at_us) {
        output::error_line(why);
        return code;
    }
    let compared_us = match &args.difference {
        Some(text) => match output::moment(text, &scene.time_zone.zone) {
            None => return BAD_CALL,
            compared_us => compared_us,
        },
        None => None,
    };
    let is_simulated = !matches!(args.source, Some(Source::Live | Source::Replay));
    let start = scene.document.simulation.as_ref().filter(|_| is_simulated).map(|simulation| &simulation.start);
    let start_us = start.and_then(|start| cupola_wire::parse_rfc3339(start));
    let first_us = start_us.unwrap_or(i64::MIN);
    if compared_us.zip(at_us).is_some_and(|(compared_us, at_us)| !(first_us..=at_us).contains(&compared_us)) {
        output::error_line("--difference takes a moment before --at, and none before the start of the simulation");
        return BAD_CALL;
    }
    let settings = settings(&scene, args);
    let source = args.source;
    let scene = Arc::new(scene);
    let is_past = matches!(source, Some(Source::Live | Source::Replay));
    let restored = |moment_us: Option<i64>| {
        let wanted = moment_us.filter(|_| is_past);
        wanted.map(|moment_us| past(scene.clone(), &args.history.choice(), moment_us)).transpose()
    };
    let (past, compared) = match restored(at_us).and_then(|past| Ok((past, restored(compared_us)?))) {
        Ok(found) => found,
        Err(code) => return code,
    };
    let compared = compared.map(|(before, _)| ComparedMoment { state: before.state().clone(), at_us: before.now_us() });
    let (out, select) = (args.out.clone(), args.select.clone());
    let listen = match args.listen.as_deref().map(cupola_wire::parse_duration) {
        Some(None | Some(0)) => {
            output::error_line("--listen takes a duration such as 10s or 2m");
            return BAD_CALL;
        }
        Some(Some(_)) if source == Some(Source::Simulated) || scene.document.feeds.is_empty() => {
            output::error_line("--listen needs the live timeline of a scene with feeds");
            return BAD_CALL;
        }
        listen => listen.flatten().map(|us| Duration::from_micros(us as u64)),
    };
    let session =
        SessionOptions { connect: listen.is_some(), broker: args.broker.clone(), ..SessionOptions::default() };
    let trends = match trends(&scene, args, at_us) {
        Ok(trends) => trends,
        Err(why) => {
            output::error_line(why);
            return BAD_INPUT;
        }
    };
    let panels = args.panels || trends.is_open;
    let options = Options { out, size, panels, select, session, trust: args.trust };
    let done = picture(&scene, loaded.diagnostics, &options, |world| {
        world.insert_resource(settings);
        if trends.is_open {
            world.resource_mut::<Trends>().settings = trends;
        }
        match listen {
            Some(duration) => listen_to_feeds(world, duration),
            None if let Some(past) = past => {
                let (past, record) = past;
                world.insert_resource(OpenHistory::read_only(record.history().place()));
                let past = session::spawn(world, past, Playback::default());
                world.entity_mut(past).insert(ReplayedHistory(record));
                world.insert_resource(ViewCursor::new(past));
                world.insert_resource(Comparison(compared));
            }
            None if source != Some(Source::Live) => {
                if compared_us.is_some() {
                    simulate(world, compared_us);
                    // The simulated timeline is on the screen.
                    let _ = compare_shown(world);
                }
                simulate(world, at_us);
            }
            None => {}
        }
    });
    match done {
        Ok(()) if errors == 0 => 0,
        Ok(()) => BAD_INPUT,
        Err(why) => {
            output::error_line(why);
            BAD_INPUT
        }
    }
}

/// Returns the path of a picture to write. The extension must be `png`, so that files of other kinds are not
/// overwritten.
pub(super) fn png_file(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match path.extension() {
        Some(extension) if extension.eq_ignore_ascii_case("png") => Ok(path),
        _ => Err("the picture must be a .png file".into()),
    }
}

/// Checks that the timeline and the moment can be drawn. The error is a message with an exit code.
fn moment(scene: &Scene, source: Option<Source>, at_us: Option<i64>) -> Result<(), (&'static str, u8)> {
    let simulated = source == Some(Source::Simulated) || at_us.is_some();
    match source {
        Some(Source::Replay) if at_us.is_none() => Err(("name a moment of the history with --at", BAD_CALL)),
        Some(Source::Live | Source::Replay) => Ok(()),
        _ if simulated && scene.document.simulation.is_none() => Err(("the scene has no simulation", BAD_INPUT)),
        _ => Ok(()),
    }
}

/// Checks that the scene has the twin and the storey that the call names.
fn check(scene: &Scene, args: &Args) -> Result<(), String> {
    if let Some(id) = &args.select
        && scene.topology.twin(id).is_none()
    {
        let unknown = Diagnostic::error("unknown-twin", format!("no twin is called `{id}`"));
        return Err(unknown
            .did_you_mean(id, scene.topology.twins().map(|twin| scene.topology.twin_id(twin)))
            .to_string());
    }
    if let Some(floor) = &args.floor
        && storey(scene, floor).is_none()
    {
        let names: Vec<&str> = storeys(scene).map(|(_, name)| name).collect();
        let unknown = Diagnostic::error("unknown-floor", format!("no storey is called `{floor}`"));
        return Err(unknown.help(format!("the storeys are {}", names.join(", "))).to_string());
    }
    Ok(())
}

/// Returns the settings of the trends that the call names.
fn trends(scene: &Scene, args: &Args, at_us: Option<i64>) -> Result<TrendSettings, String> {
    for name in &args.trend {
        scene.topology.slot_named(name).map_err(|unknown| unknown.to_string())?;
    }
    let span = cupola_wire::parse_duration(&args.span).filter(|us| *us > 0);
    let span_us = span.ok_or_else(|| format!("--span takes a duration such as 24h or 7d, not `{}`", args.span))?;
    let compare = match args.compare.as_deref() {
        Some("1") => TrendCompare::Day,
        Some(_) => TrendCompare::Week,
        None => TrendCompare::Nothing,
    };
    let (is_open, names) = (!args.trend.is_empty(), args.trend.clone());
    let last = TrendSpan::Last(span_us);
    let span = at_us.map_or(last, |at_us| TrendSpan::Between(at_us - span_us, at_us));
    Ok(TrendSettings { is_open, names, span, compare, ..TrendSettings::default() })
}

fn storeys(scene: &Scene) -> impl Iterator<Item = (usize, &str)> {
    let nodes = scene.building.nodes.iter().enumerate();
    nodes.filter(|(_, node)| node.role == cupola_building::Role::Storey).map(|(number, node)| (number, node.label()))
}

fn storey(scene: &Scene, name: &str) -> Option<usize> {
    storeys(scene)
        .find(|(number, label)| {
            let twin = scene.bindings[*number].map(|twin| scene.topology.twin_id(twin));
            *label == name || scene.building.nodes[*number].name == name || twin == Some(name)
        })
        .map(|(number, _)| number)
}

fn settings(scene: &Scene, args: &Args) -> ViewSettings {
    let view = &scene.document.view;
    // The range in the scene belongs to the property in the scene, so another property gets an automatic range.
    let own = args.color_by.is_none() || args.color_by == view.color_by;
    ViewSettings {
        color_by: args.color_by.clone().or(view.color_by.clone()).unwrap_or_default(),
        range: view.range.filter(|_| own),
        storey: args.floor.as_deref().and_then(|floor| storey(scene, floor)),
        isolate: args.isolate,
        explode: !args.closed,
        see_through: args.see_through,
        theme: if args.light { Theme::Light } else { Theme::Dark },
        reduced_motion: true,
        ..ViewSettings::default()
    }
}

/// Follows the feeds of the live timeline, which the view cursor shows.
fn listen_to_feeds(world: &mut World, duration: Duration) {
    if let Some(timeline) = timeline_of(world, SourceKind::Live) {
        follow(world, timeline, duration, |_, _, _| true);
        tell_unused(world, timeline);
    }
}

/// Runs the simulated timeline up to a moment and puts the view cursor on it.
fn simulate(world: &mut World, at_us: Option<i64>) {
    let Some(timeline) = timeline_of(world, SourceKind::Simulated) else { return };
    world.insert_resource(ViewCursor::new(timeline));
    loop {
        let Some(known) = world.get::<Timeline>(timeline) else { return };
        if known.now_us() >= at_us.unwrap_or(known.start_us() + BEFORE_US) {
            return;
        }
        step(world, timeline);
    }
}

/// Draws a picture of a scene. `prepare` changes the world after the scene is opened and before it is drawn.
pub(super) fn picture(
    scene: &Arc<Scene>,
    findings: Vec<Diagnostic>,
    options: &Options,
    prepare: impl FnOnce(&mut World),
) -> Result<(), String> {
    let (width, height) = options.size;
    let mut app = start(&Target::Picture { width, height, panels: options.panels })?;
    app.insert_resource(options.session.clone());
    app.insert_resource(MayStartPrograms(options.trust.allow_programs));
    session::open_scene(app.world_mut(), scene.clone(), findings);
    prepare(app.world_mut());
    if let Some(twin) = options.select.as_deref().and_then(|id| scene.topology.twin(id)) {
        select(app.world_mut(), Some(twin));
    }
    settle(&mut app)?;
    if let Some(error) = app.world().resource::<Legend>().error.clone() {
        return Err(format!("the rooms can't be coloured: {error}"));
    }
    let canvas = app.world().resource::<Canvas>().0.clone();
    app.world_mut().spawn(Screenshot::image(canvas)).observe(|shot: On<ScreenshotCaptured>, mut commands: Commands| {
        commands.insert_resource(Shot(shot.image.clone()));
    });
    for _ in 0..MAX_FRAMES {
        app.update();
        if let Some(shot) = app.world_mut().remove_resource::<Shot>() {
            return crate::screen::save(shot.0, &options.out);
        }
    }
    Err("the graphics driver returned no picture".into())
}

#[derive(Resource)]
struct Shot(Image);

/// Builds the app with its renderer. A missing graphics driver is an error and not a panic.
fn start(target: &Target) -> Result<App, String> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let app = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut app = window::build(target);
        while app.plugins_state() == bevy::app::PluginsState::Adding {
            bevy::tasks::tick_global_task_pools_on_main_thread();
        }
        app.finish();
        app.cleanup();
        app
    }));
    std::panic::set_hook(hook);
    app.map_err(|_| {
        "no graphics driver was found: install a Vulkan driver (mesa-vulkan-drivers draws without a graphics card)"
            .into()
    })
}

/// Draws frames until fonts and panels have their layout, then spawns the expensive camera and draws the building, so
/// that the labels know their places.
fn settle(app: &mut App) -> Result<(), String> {
    (0..PREPARE).for_each(|_| app.update());
    let world = app.world_mut();
    world.run_system_cached(window::building_camera).map_err(|error| error.to_string())?;
    if let Some(twin) = selected(world) {
        // The focus follows one frame later, because a new camera first looks at the whole building.
        app.update();
        let world = app.world_mut();
        let asked = world.resource::<ViewSettings>().clone();
        let id = world.resource::<OpenScene>().0.topology.twin_id(twin).to_string();
        world.write_message(ActionRequest::new(Focus(Some(id))));
        if asked.storey.is_some() || !asked.explode {
            // Flying to a twin changes the view so that the twin can be seen. The settings of the call take precedence.
            world.write_message(ActionRequest::new(ChangeLook(asked)));
        }
    }
    (0..DRAWN).for_each(|_| app.update());
    Ok(())
}

/// Draws a picture of a timeline of another app. Its connections move to the app of the picture, so that the picture
/// shows their status.
pub(super) fn picture_of(world: &mut World, timeline: Entity, out: &Path, panels: bool) -> Result<(), String> {
    let scene = world.resource::<OpenScene>().0.clone();
    let findings = world.resource::<Findings>().0.clone();
    let moment = world.get::<Timeline>(timeline).map(|timeline| Timeline(timeline.moment()));
    let moment = moment.ok_or("the timeline no longer exists")?;
    let connections = world.entity_mut(timeline).take::<Connections>();
    let options = Options {
        out: out.to_path_buf(),
        size: (1600, 960),
        panels,
        select: None,
        session: SessionOptions::default(),
        trust: Trust::default(),
    };
    picture(&scene, findings, &options, move |world| {
        let live = world.resource::<ViewCursor>().timeline;
        world.resource_mut::<ViewCursor>().pause(&moment);
        world.entity_mut(live).insert(moment);
        if let Some(connections) = connections {
            world.entity_mut(live).insert(connections);
        }
        world.resource_mut::<ViewSettings>().reduced_motion = true;
    })
}
