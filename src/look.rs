//! The settings of the 3D view, which panels change by an action, and the legend, which the view writes.

use crate::action::{Action, ActionResult};
use bevy::prelude::*;
use cupola_run::Actor;
use cupola_twin::TwinIx;
use serde::{Deserialize, Serialize};

/// The colour theme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Theme {
    /// Light text on a dark background.
    #[default]
    Dark,
    /// Dark text on a light background.
    Light,
}

/// A colour scale. People with colour vision deficiency can tell the colours of each scale apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Palette {
    /// A sequential scale from violet to yellow.
    #[default]
    Viridis,
    /// A sequential scale from dark blue to yellow.
    Cividis,
    /// A diverging scale from blue through near-white to orange.
    BlueOrange,
}

impl Palette {
    /// All palettes.
    pub const ALL: [Self; 3] = [Self::Viridis, Self::Cividis, Self::BlueOrange];

    /// Returns the name on the screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cividis => "Cividis",
            Self::Viridis => "Viridis",
            Self::BlueOrange => "Blue – orange",
        }
    }

    /// Returns the sRGB colour at the position `t` on the scale, from 0 to 1.
    ///
    /// Cividis (Nuñez, Anderton and Renslow 2018) and Viridis (van der Walt and Smith 2015) are sampled from the
    /// published maps.
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

/// The settings of the 3D view.
#[derive(Resource, Clone, Debug, PartialEq)]
pub struct ViewSettings {
    /// The property or expression that colours the rooms. If it is empty, the rooms are not coloured.
    pub color_by: String,
    /// The range of the scale. With `None` it is the range of the values.
    pub range: Option<(f64, f64)>,
    /// The palette of the scale.
    pub palette: Palette,
    /// The chosen storey, as the number of its node. It is cut open, and the storeys above it are drawn as outlines.
    pub storey: Option<usize>,
    /// Whether the storeys below the chosen one are drawn as outlines too.
    pub isolate: bool,
    /// Whether the storeys are moved apart and cut open. A chosen storey or transparent walls prevent it.
    pub explode: bool,
    /// Whether the walls are transparent, so that the rooms are visible.
    pub see_through: bool,
    /// The colour theme.
    pub theme: Theme,
    /// Whether flights of the camera and gradual changes are switched off.
    pub reduced_motion: bool,
    /// Whether labels with names and values are shown over the rooms.
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

/// The legend of the colours, which the view writes.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct Legend {
    /// The display name of the property, or the expression.
    pub title: String,
    /// The symbol of the unit. It is empty if there is no unit.
    pub unit: String,
    /// The moment that the values are differences to, in microseconds since the Unix epoch.
    pub compared_us: Option<i64>,
    /// The range of the scale.
    pub range: (f64, f64),
    /// The number of rooms with a good value.
    pub good: usize,
    /// The number of rooms with a stale value.
    pub stale: usize,
    /// The number of rooms with a missing value.
    pub missing: usize,
    /// The error of the property or expression, if it can't be shown.
    pub error: Option<String>,
    /// The labels of the rooms: the twin, the position on the screen in logical pixels, and the text.
    pub labels: Vec<(TwinIx, [f32; 2], String)>,
}

impl Legend {
    /// Returns the palette: differences have colours on both sides of none.
    pub fn palette(&self, settings: &ViewSettings) -> Palette {
        if self.compared_us.is_some() { Palette::BlueOrange } else { settings.palette }
    }
}

/// The action that changes the settings of the 3D view.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeLook(pub ViewSettings);

impl Action for ChangeLook {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        world.resource_mut::<ViewSettings>().set_if_neq(self.0);
        Ok(None)
    }
}
