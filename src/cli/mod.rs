//! The command line: one file a command.

mod app;
mod check;
mod demo;
mod edit;
mod export;
mod import;
mod invoke;
mod listen;
mod output;
mod query;
mod render;
mod run;
mod steps;
mod study;
mod validate;
mod why;

use clap::{Parser, Subcommand};
use cupola_scene::{Loaded, Scene};
use cupola_twin::Diagnostic;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// The input is bad.
pub(crate) const BAD_INPUT: u8 = 1;
/// The call is bad.
pub(crate) const BAD_CALL: u8 = 2;

/// See a building, watch it live, and ask what if.
#[derive(Parser)]
#[command(name = "cupola", version, about, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// The scene to open: a folder with scene.ron, or a .ron file. Without one: the first demo, live.
    scene: Option<PathBuf>,
    /// Connect to this broker instead of the scene's, for example mqtt://10.0.0.5:1883.
    #[arg(long)]
    broker: Option<String>,
    #[command(flatten)]
    trust: Trust,
    /// Begin with this timeline.
    #[arg(long, value_enum, default_value_t = Source::Live)]
    source: Source,
}

/// What a scene may do beyond being looked at.
#[derive(clap::Args, Clone, Copy, Default)]
pub(crate) struct Trust {
    /// Start the programs that the scene names as processors: only for scenes that you trust.
    #[arg(long)]
    allow_programs: bool,
}

/// The timelines that the command line can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Source {
    /// A feed.
    Live,
    /// The simulation.
    Simulated,
    /// What was recorded.
    Replay,
}

#[derive(Subcommand)]
enum Command {
    /// Reads scenes and models, and says everything that is wrong with them.
    Check(check::Args),
    /// Answers one query.
    Query(query::Args),
    /// Runs a scene without a window, and reports.
    Run(run::Args),
    /// Draws the picture that the app would show.
    Render(render::Args),
    /// Explains a value: the formula, its inputs, theirs, down to where they came from.
    Why(why::Args),
    /// Changes the graph of a scene, checked against its models.
    Edit(edit::Args),
    /// Gives a command to a twin, and tells what became of it.
    Invoke(invoke::Args),
    /// Reads other people's formats and makes a scene of them.
    Import(import::Args),
    /// Writes a scene in another format.
    Export(export::Args),
    /// Runs every validation case of the physics against its reference, and writes the page.
    Validate(validate::Args),
    /// Starts a broker and devices that publish to it, and opens the scene on them.
    Demo(demo::Args),
}

/// A scene that was read, with its findings.
type Opened = (Arc<Scene>, Vec<Diagnostic>);

/// Returns the scene that was read; the exit code after printing the findings, if too little of it could be read.
fn opened(loaded: Loaded) -> Result<Opened, u8> {
    match loaded.scene {
        Some(scene) => Ok((Arc::new(scene), loaded.diagnostics)),
        None => {
            output::report(&loaded.diagnostics);
            Err(BAD_INPUT)
        }
    }
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers; everything else is a bad call. If nobody listens, the code still tells.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(BAD_CALL) } else { ExitCode::SUCCESS };
        }
    };
    let code = match cli.command {
        Some(Command::Check(args)) => check::run(&args),
        Some(Command::Query(args)) => query::run(&args),
        Some(Command::Run(args)) => run::run(&args),
        Some(Command::Render(args)) => render::run(&args),
        Some(Command::Why(args)) => why::run(&args),
        Some(Command::Edit(args)) => edit::run(&args),
        Some(Command::Invoke(args)) => invoke::run(&args),
        Some(Command::Import(args)) => import::run(&args),
        Some(Command::Export(args)) => export::run(&args),
        Some(Command::Validate(args)) => validate::run(&args),
        Some(Command::Demo(args)) => demo::run(&args),
        None => match cli.scene {
            Some(scene) => app::run(&scene, cli.broker, cli.source, cli.trust),
            None if cli.broker.is_some() || cli.source != Source::Live => {
                app::run(&first_demo(), cli.broker, cli.source, cli.trust)
            }
            None => demo::run(&demo::Args::default()),
        },
    };
    cupola_scene::finish_cache();
    ExitCode::from(code)
}

/// The folder of the demo scene that opens first: beside the program, or where it was built.
pub(crate) fn first_demo() -> PathBuf {
    let here = PathBuf::from("scenes/office");
    let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("scenes/office")));
    let built = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenes/office");
    [Some(here), beside].into_iter().flatten().find(|path| path.join("scene.ron").is_file()).unwrap_or(built)
}
