//! The app with its renderer, for a window or for a picture.

use crate::CorePlugin;
use crate::job::Jobs;
use crate::notice::{NoticeLevel, Notices};
use crate::timeline::OpenScene;
use crate::ui::UiPlugin;
use crate::view::{BuildingCamera, Orbit, Quality, ViewPlugin};
use bevy::camera::{CameraOutputMode, ClearColorConfig, RenderTarget};
use bevy::core_pipeline::tonemapping::Tonemapping;
use bevy::light::ShadowFilteringMethod;
use bevy::prelude::*;
use bevy::render::RenderPlugin;
use bevy::render::error_handler::{RenderErrorHandler, RenderErrorPolicy};
use bevy::render::pipelined_rendering::PipelinedRenderingPlugin;
use bevy::render::render_resource::BlendState;
use bevy::render::renderer::RenderAdapterInfo;
use bevy::window::{ExitCondition, WindowPlugin};
use bevy::winit::{UpdateMode, WinitPlugin, WinitSettings};
use bevy_egui::{EguiGlobalSettings, EguiPlugin, PrimaryEguiContext};
use std::time::Duration;

/// The longest time between two frames of a focused window.
const FRAME: Duration = Duration::from_millis(33);

/// The longest time that a frame waits for a job.
const JOB_PATIENCE: Duration = Duration::from_millis(8);

/// The target that the app draws to.
pub enum Target {
    /// A window.
    Window,
    /// A picture.
    Picture {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// Whether the picture includes the panels.
        panels: bool,
    },
}

/// The image that an app without a window draws to.
#[derive(Resource, Clone)]
pub struct Canvas(pub Handle<Image>);

/// Builds the app with all its plugins. The caller opens the scene.
pub fn build(target: &Target) -> App {
    let mut app = App::new();
    let mut filter =
        "warn,wgpu=error,naga=error,bevy_render=error,bevy_egui=error,winit=error,calloop=error,sctk=error".to_string();
    if matches!(target, Target::Window) {
        // At this level the log names every action with its actor.
        filter += ",cupola=info,cupola_run=info,cupola_mqtt=info";
    }
    let quiet = bevy::log::LogPlugin { filter, ..default() };
    let panels = match target {
        Target::Window => {
            let window = Window { title: "Cupola".into(), resolution: (1600, 960).into(), ..default() };
            app.add_plugins(DefaultPlugins.set(quiet).set(WindowPlugin {
                primary_window: Some(window),
                // The session closes the window after files that are being written are complete.
                close_when_requested: false,
                ..default()
            }));
            app.insert_resource(WinitSettings {
                focused_mode: UpdateMode::reactive(FRAME),
                unfocused_mode: UpdateMode::reactive_low_power(FRAME * 4),
            });
            true
        }
        Target::Picture { panels, .. } => {
            let no_window = WindowPlugin { primary_window: None, exit_condition: ExitCondition::DontExit, ..default() };
            app.add_plugins(
                DefaultPlugins
                    .set(quiet)
                    .set(no_window)
                    // A picture waits until its shaders are compiled. Otherwise parts would be missing in the first
                    // frames.
                    .set(RenderPlugin { synchronous_pipeline_compilation: true, ..default() })
                    .disable::<WinitPlugin>()
                    // Without pipelining, a frame draws the state that the frame has just computed.
                    .disable::<PipelinedRenderingPlugin>(),
            );
            *panels
        }
    };
    // A system that fails writes a line to the log and does not end the app.
    app.set_error_handler(bevy::ecs::error::error);
    app.insert_resource(RenderErrorHandler(|error, world, _| {
        let text = format!("The graphics device failed ({error:?}). Save the scene and restart the program.");
        if let Some(mut notices) = world.get_resource_mut::<Notices>() {
            notices.push(NoticeLevel::Error, text);
        }
        RenderErrorPolicy::StopRendering
    }));
    app.add_plugins((CorePlugin, ViewPlugin));
    if panels {
        app.add_plugins(EguiPlugin::default());
        app.world_mut().resource_mut::<EguiGlobalSettings>().auto_create_primary_context = false;
        app.add_plugins(UiPlugin);
    }
    if let Target::Picture { width, height, .. } = target {
        let format = bevy::render::render_resource::TextureFormat::Rgba8UnormSrgb;
        let image = Image::new_target_texture(*width, *height, format, None);
        let handle = app.world_mut().resource_mut::<Assets<Image>>().add(image);
        app.insert_resource(Canvas(handle));
    }
    let in_window = matches!(target, Target::Window);
    app.add_systems(PreStartup, move |mut commands: Commands, adapter: Option<Res<RenderAdapterInfo>>| {
        // Without a GPU every effect takes half a second per frame. Only a picture can wait that long.
        let software = adapter.is_some_and(|adapter| format!("{:?}", adapter.device_type) == "Cpu");
        commands.insert_resource(if software && in_window { Quality::Low } else { Quality::High });
    });
    if in_window {
        // A frame waits for short jobs, so that small edits are visible at once. It does not wait for long jobs.
        app.world_mut().resource_mut::<Jobs>().patience = Some(JOB_PATIENCE);
        app.add_systems(Startup, building_camera);
        let prepare = |scene: Res<OpenScene>| scene.0.prepare();
        app.add_systems(Update, prepare.run_if(resource_exists_and_changed::<OpenScene>));
    }
    if panels {
        app.add_systems(Startup, panel_camera);
    }
    app
}

/// Spawns the camera of the building. For a picture it is called after the layout of the panels is complete.
pub fn building_camera(mut commands: Commands, quality: Res<Quality>, canvas: Option<Res<Canvas>>) {
    let orbit = Orbit::default();
    let projection = Projection::Perspective(PerspectiveProjection {
        fov: crate::view::FIELD,
        near: 0.2,
        far: 20_000.0,
        ..default()
    });
    // Tone mapping is off, because the colour of a room must be the same as in the legend.
    let mut building =
        commands.spawn((BuildingCamera, Camera3d::default(), projection, Tonemapping::None, orbit, orbit.transform()));
    match *quality {
        Quality::High => {
            // Ambient occlusion can't be combined with multisampling, and thin lines need multisampling.
            building.insert((Msaa::Sample4, ShadowFilteringMethod::Gaussian));
        }
        Quality::Low => {
            building.insert(Msaa::Off);
        }
    }
    if let Some(canvas) = &canvas {
        building.insert(RenderTarget::Image(canvas.0.clone().into()));
    }
}

/// Spawns the camera of the panels, which draws them over the picture of the building.
fn panel_camera(mut commands: Commands, canvas: Option<Res<Canvas>>) {
    let mut panels = commands.spawn((
        PrimaryEguiContext,
        Camera2d,
        Camera {
            order: 1,
            // The camera draws to its own texture, which is cleared in every frame and blended over the building.
            clear_color: ClearColorConfig::Custom(Color::NONE),
            output_mode: CameraOutputMode::Write {
                blend_state: Some(BlendState::PREMULTIPLIED_ALPHA_BLENDING),
                clear_color: ClearColorConfig::None,
            },
            ..default()
        },
        Msaa::Off,
        Tonemapping::None,
    ));
    if let Some(canvas) = &canvas {
        panels.insert(RenderTarget::Image(canvas.0.clone().into()));
    }
}
