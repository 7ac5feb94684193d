//! What the 3D view and the panels share: the selection, how the building is shown, the legend, and the intents that
//! panels and view send instead of changing anything themselves.

use crate::scene::edit::Edit;
use crate::scene::export::Format;
use crate::simulation::Assumption;
use crate::timeline::SourceKind;
use bevy::prelude::*;
use cupola_twin::{Slot, TwinIx, Value};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The twins under the attention of the user.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq)]
pub struct Selection {
    /// The one that was clicked.
    pub selected: Option<TwinIx>,
    /// The one under the pointer.
    pub hovered: Option<TwinIx>,
}

/// Dark or light.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Theme {
    /// Light on dark.
    #[default]
    Dark,
    /// Dark on light.
    Light,
}

/// Scales of colour, all safe for colour blindness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Palette {
    /// For amounts, violet to yellow.
    #[default]
    Viridis,
    /// For amounts, dark blue to yellow.
    Cividis,
    /// Round a middle: blue, neutral, orange.
    BlueOrange,
}

impl Palette {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Viridis, Self::Cividis, Self::BlueOrange];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cividis => "Cividis",
            Self::Viridis => "Viridis",
            Self::BlueOrange => "Blue – orange",
        }
    }

    /// The sRGB colour at `t`, 0 to 1.
    ///
    /// Sampled from the published maps: cividis (Nuñez, Anderton and Renslow 2018), viridis (van der Walt and Smith 2015).
    pub fn color(self, t: f32) -> [u8; 3] {
        let stops: &[[u8; 3]] = match self {
            Self::Cividis => &[
                [0, 34, 78],
                [18, 53, 112],
                [59, 73, 108],
                [87, 93, 109],
                [112, 113, 115],
                [138, 134, 120],
                [165, 156, 116],
                [195, 179, 105],
                [225, 204, 85],
                [254, 232, 56],
            ],
            Self::Viridis => &[
                [68, 1, 84],
                [72, 40, 120],
                [62, 74, 137],
                [49, 104, 142],
                [38, 130, 142],
                [31, 158, 137],
                [53, 183, 121],
                [109, 205, 89],
                [180, 222, 44],
                [253, 231, 37],
            ],
            Self::BlueOrange => &[
                [33, 102, 172],
                [67, 147, 195],
                [146, 197, 222],
                [209, 229, 240],
                [240, 240, 238],
                [253, 219, 199],
                [244, 165, 98],
                [224, 120, 40],
                [179, 88, 6],
            ],
        };
        let at = t.clamp(0.0, 1.0) * (stops.len() - 1) as f32;
        let (low, part) = (at as usize, at.fract());
        let high = (low + 1).min(stops.len() - 1);
        std::array::from_fn(|channel| {
            let (a, b) = (f32::from(stops[low][channel]), f32::from(stops[high][channel]));
            (a + (b - a) * part).round() as u8
        })
    }
}

/// How the building is shown.
#[derive(Resource, Clone, Debug, PartialEq)]
pub struct ViewSettings {
    /// The property or expression that colours the rooms; empty: none.
    pub color_by: String,
    /// The ends of the scale; `None`: those of the values.
    pub range: Option<(f64, f64)>,
    /// The scale's colours.
    pub palette: Palette,
    /// Only this storey (a node of the building) and those below it are whole; above it, outlines.
    pub storey: Option<usize>,
    /// Only the chosen storey: those below are outlines as well.
    pub isolate: bool,
    /// The storeys stand apart, each cut open.
    pub explode: bool,
    /// Walls fade, so that rooms are seen.
    pub see_through: bool,
    /// Dark or light.
    pub theme: Theme,
    /// No flights, no fades.
    pub reduced_motion: bool,
    /// Room names float over the rooms.
    pub labels: bool,
}

impl Default for ViewSettings {
    fn default() -> Self {
        Self {
            color_by: String::new(),
            range: None,
            palette: Palette::Viridis,
            storey: None,
            isolate: false,
            explode: true,
            see_through: false,
            theme: Theme::Dark,
            reduced_motion: false,
            labels: true,
        }
    }
}

/// What the colours mean, told by the view.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct Legend {
    /// What is shown: a property's display name or the expression.
    pub title: String,
    /// The symbol of its unit.
    pub unit: String,
    /// The ends of the scale.
    pub range: (f64, f64),
    /// Rooms with a good value.
    pub good: usize,
    /// Rooms whose value is stale.
    pub stale: usize,
    /// Rooms with none.
    pub missing: usize,
    /// Why the expression can't be shown.
    pub error: Option<String>,
    /// Room names with their place on the screen (logical pixels) and value, for labels.
    pub labels: Vec<(TwinIx, [f32; 2], String)>,
}

/// How loud a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeLevel {
    /// It worked.
    Good,
    /// It didn't, or not wholly.
    Warning,
    /// It failed.
    Error,
}

/// Messages for the user, newest last, with the second (of the app's time) they appeared at.
#[derive(Resource, Clone, Debug, Default)]
pub struct Notices(pub Vec<(NoticeLevel, String)>);

impl Notices {
    /// Adds one; at most 50 are kept.
    pub fn push(&mut self, level: NoticeLevel, text: impl Into<String>) {
        self.0.push((level, text.into()));
        let surplus = self.0.len().saturating_sub(50);
        self.0.drain(..surplus);
    }
}

/// What the user wants. One set of systems applies them; nobody else changes timelines, scenes or settings.
#[derive(Message, Clone, Debug, PartialEq)]
pub enum Intent {
    /// Select a twin, or nothing.
    Select(Option<TwinIx>),
    /// Fly to a twin; `None`: to the whole building.
    Focus(Option<TwinIx>),
    /// Let the programs that the scene names run, or not.
    AllowPrograms(bool),
    /// Show the timeline with this source; a replay is made of what was recorded.
    Show(SourceKind),
    /// Show this timeline.
    Activate(Entity),
    /// Let the active clock move, or not.
    Play(bool),
    /// Move the active clock by one step.
    Step,
    /// Simulated seconds in a second; infinite: as fast as it goes.
    Speed(f64),
    /// Put the active (replayed) clock to a moment.
    Seek(i64),
    /// Fork the active timeline and show the fork.
    Fork,
    /// Close a fork.
    Close(Entity),
    /// Give a property a value on the active timeline.
    Set(Slot, Value),
    /// Assume something else of a room, or of the weather, on the active timeline.
    Assume(TwinIx, Assumption),
    /// Make what the active timeline assumes a part of the scene.
    KeepAssumptions,
    /// Give a command to a twin on the active timeline, with what goes along.
    Invoke(TwinIx, String, Option<Value>),
    /// Acknowledge an alarm: its number in the scene, and the twin.
    Acknowledge(usize, TwinIx),
    /// Change the graph of the open scene.
    Edit(Vec<Edit>),
    /// Take the last change of the graph back.
    Undo,
    /// Make a change that was taken back again.
    Redo,
    /// Open a scene.
    Open(PathBuf),
    /// Read the open scene's files again.
    Reload,
    /// Save the open scene where it came from, or elsewhere.
    Save(Option<PathBuf>),
    /// Read files and folders of other formats, for a preview.
    Import(Vec<PathBuf>),
    /// Make a scene of what was previewed, in this folder; whether it may replace what is there.
    WriteImport(PathBuf, bool),
    /// Forget what was read.
    CancelImport,
    /// Write the open scene in another format.
    Export(PathBuf, Format),
    /// Connect the live timeline to another broker.
    Connect(String),
    /// Change how the building is shown.
    View(Box<ViewSettings>),
    /// Leave.
    Quit,
}

/// What the panels leave to the 3D view, in logical pixels of the window; the whole window where both are zero.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq)]
pub struct CentralArea {
    /// The upper left corner.
    pub min: [f32; 2],
    /// The lower right corner.
    pub max: [f32; 2],
}

/// Whether the pointer is over a panel, so that the 3D view should leave it alone.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PointerTaken(pub bool);
