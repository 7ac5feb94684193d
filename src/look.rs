//! The look of the building on the screen: its settings, which panels change by an action, and the legend, which the view
//! writes.

use crate::action::{Action, ActionResult};
use bevy::prelude::*;
use cupola_run::Actor;
use cupola_twin::TwinIx;
use serde::{Deserialize, Serialize};

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

    /// Returns the name on the screen.
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

/// The meaning of the colours, which the view gives.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct Legend {
    /// The display name of the property, or the expression.
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

/// Changes the look of the building.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeLook(pub ViewSettings);

impl Action for ChangeLook {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        world.resource_mut::<ViewSettings>().set_if_neq(self.0);
        Ok(None)
    }
}
