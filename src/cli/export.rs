//! `cupola export`: writes a scene in a format of another program.

use super::{BAD_INPUT, output};
use cupola_exchange::export::{Format, export, export_to_file};
use cupola_twin::{Graph, Topology};
use std::path::PathBuf;
use std::sync::Arc;

#[derive(clap::Args)]
pub(super) struct Args {
    /// Scene to export: a folder with scene.ron, or a .ron file.
    scene: PathBuf,
    /// Format of the file.
    #[arg(long, value_enum)]
    format: Format,
    /// File to write, or - for standard output.
    #[arg(long)]
    out: PathBuf,
}

pub(super) fn run(args: &Args) -> u8 {
    let loaded = cupola_scene::load(&args.scene);
    let errors = output::report(&loaded.diagnostics);
    let Some(mut scene) = loaded.scene else { return BAD_INPUT };
    if args.format != Format::Gltf {
        // Only the building needs the topology, whose memory is larger than the file.
        scene.topology = Arc::new(Topology::compile(&Graph::default(), &scene.models, &[]).0);
    }
    let exported = if args.out.as_os_str() == "-" {
        output::stream(|out| export(&scene, args.format, out)).unwrap_or_default()
    } else {
        export_to_file(&scene, args.format, &args.out)
    };
    let errors = errors + output::report(&exported.findings);
    if exported.bytes == 0 {
        // A reader that has enough is no failure.
        return if output::is_closed() { 0 } else { BAD_INPUT };
    }
    if args.out.as_os_str() != "-" {
        let (twins, links) = (scene.document.twins.len(), scene.document.relationships.len());
        let out = args.out.display();
        output::line(format!("{out}: {twins} twins, {links} relationships, {} bytes", exported.bytes));
    }
    if errors > 0 { BAD_INPUT } else { 0 }
}
