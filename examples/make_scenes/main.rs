//! Generates the demo scenes and their 3D buildings from floor plans defined in code:
//! `cargo run --example make_scenes`.

mod hospital;
mod office;
mod shared;

use cupola_building::{Plan, build, to_glb};
use cupola_scene::{Document, save};
use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    write("office", office::office())?;
    write("hospital", hospital::hospital())
}

fn write(name: &str, (document, plan): (Document, Plan)) -> Result<(), Box<dyn Error>> {
    if let Some(issue) = plan.check().first() {
        return Err(format!("the plan of the {name} at {}: {}", issue.path, issue.message).into());
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (scene, assets) = (root.join("scenes").join(name), root.join("assets"));
    std::fs::create_dir_all(&scene)?;
    std::fs::create_dir_all(&assets)?;
    save(&document, &scene.join("scene.ron")).map_err(|found| found.message)?;
    std::fs::write(scene.join("plan.ron"), plan.to_ron())?;
    std::fs::write(assets.join(format!("{name}.glb")), to_glb(&build(&plan)))?;
    Ok(())
}
