//! `cupola export`: writes a scene in a format of another program.

use super::{BAD_INPUT, output};
use cupola_exchange::export::{Format, export};
use cupola_scene::write_atomically;
use cupola_twin::diagnostic::has_errors;
use std::path::PathBuf;

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
    let Some(scene) = loaded.scene else { return BAD_INPUT };
    let exported = export(&scene, args.format);
    let errors = errors + output::report(&exported.findings);
    if has_errors(&exported.findings) && exported.bytes.is_empty() {
        return BAD_INPUT;
    }
    let code = if errors > 0 { BAD_INPUT } else { 0 };
    if args.out.as_os_str() == "-" {
        output::bytes(&exported.bytes);
        return code;
    }
    if let Err(found) = write_atomically(&args.out, &exported.bytes) {
        output::report(&[found]);
        return BAD_INPUT;
    }
    let (twins, links) = (scene.document.twins.len(), scene.document.relationships.len());
    output::line(format!(
        "{}: {twins} twins, {links} relationships, {} bytes",
        args.out.display(),
        exported.bytes.len()
    ));
    code
}
