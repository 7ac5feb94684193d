//! The command line: one file for each command.

mod app;
mod check;
mod demo;
mod edit;
mod export;
mod history;
mod import;
mod invoke;
mod listen;
mod output;
mod parquet_rows;
mod past_import;
mod past_lines;
mod query;
mod render;
mod run;
mod steps;
mod stop;
mod study;
mod validate;
mod why;

use crate::history::{HistoryChoice, OpenHistory};
use crate::session::{AllowedFiles, SessionOptions};
use bevy::prelude::World;
use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Parser, Subcommand};
use cupola_scene::{LoadResult, Scene};
use cupola_twin::Diagnostic;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Exit code for bad input, or for something that could not be done.
pub(crate) const BAD_INPUT: u8 = 1;
/// Exit code for a bad call.
pub(crate) const BAD_CALL: u8 = 2;

/// Cupola, a desktop app for digital twins of buildings.
#[derive(Parser)]
#[command(name = "cupola", version, about, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Scene to open: a folder with scene.ron, or a .ron file. Default: the first demo, live.
    scene: Option<PathBuf>,
    /// Let scenes read files outside of their folder. Use it only for scenes that you trust.
    #[arg(long, global = true, help_heading = "Global options")]
    allow_files: bool,
    /// Connect to this broker instead of the scene's, for example mqtt://10.0.0.5:1883.
    #[arg(long)]
    broker: Option<String>,
    #[command(flatten)]
    trust: Trust,
    /// Timeline to show first.
    #[arg(long, value_enum, default_value_t = Source::Live)]
    source: Source,
    #[command(flatten)]
    history: HistoryArgs,
}

/// The place of the history.
#[derive(clap::Args, Clone, Default)]
pub(crate) struct HistoryArgs {
    /// Folder of the history, address of a PostgreSQL database, or off, which keeps nothing beyond the end of the program.
    /// Default: a folder of the scene in the user's data folder.
    #[arg(long = "history", value_name = "DIR|postgres://…|off", value_parser = history_choice())]
    choice: Option<HistoryChoice>,
}

impl HistoryArgs {
    /// Returns whether the call names a history.
    fn is_named(&self) -> bool {
        self.choice.is_some()
    }

    fn choice(&self) -> HistoryChoice {
        self.choice.clone().unwrap_or(HistoryChoice::Usual)
    }

    /// Checks that the history that the call names is open: that its values are not kept elsewhere for a while.
    fn check_use(&self, world: &World, scene: &Path) -> Result<(), String> {
        let Some(wanted) = self.choice().place(scene)?.filter(|_| self.is_named()) else { return Ok(()) };
        let is_open = world.get_resource::<OpenHistory>().is_some_and(|open| open.place.as_ref() == Some(&wanted));
        if is_open { Ok(()) } else { Err(format!("{wanted} can't be recorded into, so the run ends")) }
    }

    /// Returns the place for a window, in which the past can be seen until its end in any case.
    fn window_choice(&self) -> HistoryChoice {
        match self.choice() {
            HistoryChoice::Off => HistoryChoice::Temporary,
            choice => choice,
        }
    }
}

fn history_choice() -> impl TypedValueParser<Value = HistoryChoice> {
    OsStringValueParser::new().map(|text: std::ffi::OsString| HistoryChoice::parse(&text))
}

/// The permissions that the user gives to a scene.
#[derive(clap::Args, Clone, Copy, Default)]
pub(crate) struct Trust {
    /// Start the programs that the scene names as processors. Use it only for scenes that you trust.
    #[arg(long)]
    allow_programs: bool,
}

/// The timelines that the command line can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Source {
    /// Values from the scene's feeds.
    Live,
    /// Values from the scene's simulation.
    Simulated,
    /// Values from a recording.
    Replay,
}

#[derive(Subcommand)]
enum Command {
    /// Check scenes, models and other files, and print every diagnostic.
    Check(check::Args),
    /// Answer a query about a scene.
    Query(query::Args),
    /// Run a scene or a study without a window, and report.
    Run(run::Args),
    /// Draw the picture that the app would show.
    Render(render::Args),
    /// Explain a value: its formula, the inputs, and their origins.
    Why(why::Args),
    /// Edit the graph of a scene, checked against its models.
    Edit(edit::Args),
    /// Print the recorded past of a scene, or check and repair its files.
    History(history::Args),
    /// Send a command to a twin, and print the outcome.
    Invoke(invoke::Args),
    /// Make a scene from files of other programs.
    Import(import::Args),
    /// Write a scene in a format of another program.
    Export(export::Args),
    /// Run all validation cases of the physics against their references, and write validation.md.
    Validate(validate::Args),
    /// Start a broker and simulated devices, and open a scene that receives their messages.
    Demo(demo::Args),
}

/// A scene with the diagnostics of its files.
type Opened = (Arc<Scene>, Vec<Diagnostic>);

/// Returns the scene and its diagnostics. If there is no scene, prints the diagnostics and returns the exit code.
fn opened(loaded: LoadResult) -> Result<Opened, u8> {
    match loaded.scene {
        Some(scene) => Ok((Arc::new(scene), loaded.diagnostics)),
        None => {
            output::report(&loaded.diagnostics);
            Err(BAD_INPUT)
        }
    }
}

/// Parses the command line, runs the command and returns its exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers with exit code 0, and any other error is a bad call. A failure to print
            // changes nothing.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(BAD_CALL) } else { ExitCode::SUCCESS };
        }
    };
    if cli.allow_files {
        cupola_scene::allow_all_files();
    }
    AllowedFiles::kept();
    let code = match cli.command {
        Some(Command::Check(args)) => check::run(&args),
        Some(Command::Query(args)) => query::run(&args),
        Some(Command::Run(args)) => run::run(&args),
        Some(Command::Render(args)) => render::run(&args),
        Some(Command::Why(args)) => why::run(&args),
        Some(Command::Edit(args)) => edit::run(&args),
        Some(Command::History(args)) => history::run(&args),
        Some(Command::Invoke(args)) => invoke::run(&args),
        Some(Command::Import(args)) => import::run(&args),
        Some(Command::Export(args)) => export::run(&args),
        Some(Command::Validate(args)) => validate::run(&args),
        Some(Command::Demo(args)) => demo::run(&args),
        None => match cli.scene {
            None if cli.broker.is_none() && cli.source == Source::Live => {
                demo::run(&demo::Args::trusting(cli.trust, cli.history))
            }
            scene => {
                let session =
                    SessionOptions { connect: true, broker: cli.broker, history: cli.history.window_choice() };
                app::run(&scene.unwrap_or_else(first_demo), session, cli.source, cli.trust)
            }
        },
    };
    cupola_scene::finish_cache();
    let is_written = output::finish();
    ExitCode::from(if code == 0 && !is_written { BAD_INPUT } else { code })
}

/// Returns the folder of the first demo: in the current folder, else beside the program, else in the source folder of
/// the build.
pub(crate) fn first_demo() -> PathBuf {
    let here = PathBuf::from("scenes/office");
    let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("scenes/office")));
    let built = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenes/office");
    [Some(here), beside].into_iter().flatten().find(|path| path.join("scene.ron").is_file()).unwrap_or(built)
}
