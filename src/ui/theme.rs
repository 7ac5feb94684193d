//! The look of the interface: fonts, colours, spacing and type sizes, dark and light.

use crate::look::Theme;
use bevy_egui::egui::epaint::FontColorTransferFunction;
use bevy_egui::egui::{
    self, Color32, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, RichText, Shadow, Stroke,
    TextStyle, Ui, Visuals, style, vec2,
};
use std::sync::Arc;

/// Height of a row in lists, and of the widgets in a row, in points.
pub const ROW: f32 = 26.0;
/// Space between widgets of one group, in points.
pub const GAP: f32 = 8.0;
/// Space between groups of widgets, in points.
pub const GROUP_GAP: f32 = 16.0;

const SEMIBOLD: &str = "semibold";
const NUMBER: &str = "number";

/// The colours of a theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colors {
    /// The background behind all panels.
    pub ground: Color32,
    /// The background of panels and windows.
    pub panel: Color32,
    /// The background of buttons, fields and the row under the pointer.
    pub raised: Color32,
    /// Separating lines.
    pub hairline: Color32,
    /// Text.
    pub text: Color32,
    /// Less important text: units, ages, captions.
    pub muted: Color32,
    /// The accent colour, for selected and active elements.
    pub accent: Color32,
    /// Text in the accent colour on the background of the selection.
    pub accent_text: Color32,
    /// Text on the accent colour.
    pub on_accent: Color32,
    /// The background of the selection.
    pub selected: Color32,
    /// The colour of a good state.
    pub good: Color32,
    /// The colour of a state that needs attention.
    pub warning: Color32,
    /// The colour of a state that needs attention at once.
    pub critical: Color32,
}

impl Colors {
    /// Light text on a dark background.
    pub const DARK: Self = Self {
        ground: Color32::from_rgb(0x14, 0x17, 0x1C),
        panel: Color32::from_rgb(0x1B, 0x1F, 0x26),
        raised: Color32::from_rgb(0x23, 0x28, 0x32),
        hairline: Color32::from_rgb(0x2E, 0x34, 0x3F),
        text: Color32::from_rgb(0xE6, 0xE9, 0xEF),
        muted: Color32::from_rgb(0x9A, 0xA4, 0xB2),
        accent: Color32::from_rgb(0x4D, 0xA3, 0xFF),
        accent_text: Color32::from_rgb(0x7A, 0xBB, 0xFF),
        on_accent: Color32::from_rgb(0x0D, 0x14, 0x1E),
        selected: Color32::from_rgb(0x23, 0x37, 0x4F),
        good: Color32::from_rgb(0x3F, 0xB6, 0x8B),
        warning: Color32::from_rgb(0xE5, 0xA5, 0x0A),
        critical: Color32::from_rgb(0xE5, 0x48, 0x4D),
    };
    /// Dark text on a light background.
    pub const LIGHT: Self = Self {
        ground: Color32::from_rgb(0xF4, 0xF5, 0xF7),
        panel: Color32::from_rgb(0xFF, 0xFF, 0xFF),
        raised: Color32::from_rgb(0xEC, 0xEF, 0xF3),
        hairline: Color32::from_rgb(0xD9, 0xDE, 0xE5),
        text: Color32::from_rgb(0x1A, 0x1D, 0x23),
        muted: Color32::from_rgb(0x5C, 0x66, 0x75),
        accent: Color32::from_rgb(0x1F, 0x6F, 0xEB),
        accent_text: Color32::from_rgb(0x15, 0x55, 0xB8),
        on_accent: Color32::from_rgb(0xFF, 0xFF, 0xFF),
        selected: Color32::from_rgb(0xDF, 0xEB, 0xFD),
        good: Color32::from_rgb(0x3F, 0xB6, 0x8B),
        warning: Color32::from_rgb(0xE5, 0xA5, 0x0A),
        critical: Color32::from_rgb(0xE5, 0x48, 0x4D),
    };

    /// Returns the colour of a line in a diagram. The first eight colours differ. People with colour vision deficiency can
    /// tell them apart (after Okabe and Ito 2008).
    pub fn line(&self, number: usize) -> Color32 {
        const ON_DARK: [u32; 8] = [0x5BA8FF, 0xF2913D, 0x35C29A, 0xE38FC4, 0xF2CC4B, 0x74D0F1, 0xA78BFA, 0xA9B2BF];
        const ON_LIGHT: [u32; 8] = [0x0072B2, 0xD55E00, 0x008A64, 0xB8578F, 0xB37A00, 0x2C8FC2, 0x6B4C9A, 0x6B7380];
        let colors = if self.ground == Self::DARK.ground { ON_DARK } else { ON_LIGHT };
        let [_, red, green, blue] = colors[number % colors.len()].to_be_bytes();
        Color32::from_rgb(red, green, blue)
    }

    /// Returns the colours of a theme.
    pub fn of(theme: Theme) -> &'static Self {
        match theme {
            Theme::Dark => &Self::DARK,
            Theme::Light => &Self::LIGHT,
        }
    }
}

/// Returns the colours of the theme that a `Ui` draws with.
pub fn colors(ui: &egui::Ui) -> &'static Colors {
    Colors::of(if ui.visuals().dark_mode { Theme::Dark } else { Theme::Light })
}

/// Sets the fonts and the style of a context, if they differ from its present ones.
pub fn apply(ctx: &egui::Context, theme: Theme, reduced_motion: bool) {
    let applied = egui::Id::new("cupola theme");
    let wanted = (theme, reduced_motion);
    if ctx.data(|data| data.get_temp::<(Theme, bool)>(applied)) == Some(wanted) {
        return;
    }
    if !has_fonts(ctx) {
        ctx.set_fonts(fonts());
    }
    let of_egui = match theme {
        Theme::Dark => egui::Theme::Dark,
        Theme::Light => egui::Theme::Light,
    };
    ctx.set_theme(of_egui);
    ctx.set_style_of(of_egui, style_of(theme, reduced_motion));
    ctx.data_mut(|data| data.insert_temp(applied, wanted));
}

/// Returns whether the fonts are loaded, which happens one pass after `set_fonts`. Text in a missing font family
/// panics.
pub fn has_fonts(ctx: &egui::Context) -> bool {
    ctx.fonts(|fonts| fonts.definitions().families.contains_key(&semibold_family()))
}

fn semibold_family() -> FontFamily {
    FontFamily::Name(SEMIBOLD.into())
}

fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let regular = FontData::from_static(include_bytes!("../../assets/fonts/IBMPlexSans-Regular.ttf"));
    let semibold = FontData::from_static(include_bytes!("../../assets/fonts/IBMPlexSans-SemiBold.ttf"));
    fonts.font_data.insert("plex".into(), Arc::new(regular));
    fonts.font_data.insert("plex-semibold".into(), Arc::new(semibold));
    let proportional = fonts.families.entry(FontFamily::Proportional).or_default();
    let fallback = proportional.clone();
    proportional.insert(0, "plex".into());
    egui_phosphor::add_to_fonts(&mut fonts, egui_phosphor::Variant::Regular);
    let heavy = ["plex-semibold", "phosphor", "plex"].into_iter().map(String::from).chain(fallback).collect();
    fonts.families.insert(semibold_family(), heavy);
    fonts
}

fn style_of(theme: Theme, reduced_motion: bool) -> egui::Style {
    let colors = Colors::of(theme);
    let mut style = egui::Style { visuals: visuals(theme, colors), ..Default::default() };
    style.text_styles = [
        (TextStyle::Small, FontId::proportional(11.0)),
        (TextStyle::Body, FontId::proportional(13.0)),
        (TextStyle::Button, FontId::proportional(13.0)),
        (TextStyle::Monospace, FontId::monospace(11.5)),
        (TextStyle::Heading, FontId::new(16.0, semibold_family())),
        (TextStyle::Name(NUMBER.into()), FontId::new(28.0, semibold_family())),
    ]
    .into();
    style.animation_time = if reduced_motion { 0.0 } else { 0.12 };
    style.interaction.selectable_labels = false;
    style.interaction.tooltip_delay = 0.4;
    if reduced_motion {
        style.scroll_animation = style::ScrollAnimation::none();
    }
    let spacing = &mut style.spacing;
    spacing.item_spacing = vec2(GAP, 4.0);
    spacing.button_padding = vec2(GAP, 4.0);
    spacing.interact_size = vec2(ROW, ROW);
    spacing.window_margin = Margin::same(16);
    spacing.menu_margin = Margin::same(8);
    spacing.indent = 16.0;
    spacing.icon_width = 16.0;
    spacing.icon_width_inner = 8.0;
    spacing.icon_spacing = 8.0;
    spacing.combo_width = 96.0;
    spacing.combo_height = 320.0;
    spacing.tooltip_width = 320.0;
    spacing.scroll = style::ScrollStyle::floating();
    style
}

/// Reserves the width of the scroll bar, which would otherwise cover the ends of rows.
pub fn keep_clear_of_bar(ui: &mut Ui) {
    let scroll = &mut ui.spacing_mut().scroll;
    scroll.floating_allocated_width = scroll.bar_width;
}

fn visuals(theme: Theme, colors: &Colors) -> Visuals {
    let (mut visuals, shade) = match theme {
        Theme::Dark => (Visuals::dark(), 90),
        Theme::Light => (Visuals::light(), 28),
    };
    // The renderer blends linearly, which makes dark letters on a light background thinner. This transfer function
    // corrects that.
    visuals.text_options.color_transfer_function = FontColorTransferFunction::TwoCoverageMinusCoverageSq;
    visuals.weak_text_color = Some(colors.muted);
    visuals.hyperlink_color = colors.accent_text;
    visuals.faint_bg_color = colors.raised;
    visuals.extreme_bg_color = colors.ground;
    visuals.code_bg_color = colors.raised;
    visuals.warn_fg_color = colors.warning;
    visuals.error_fg_color = colors.critical;
    visuals.panel_fill = colors.panel;
    visuals.window_fill = colors.panel;
    visuals.window_stroke = Stroke::new(1.0, colors.hairline);
    visuals.window_corner_radius = CornerRadius::same(10);
    visuals.menu_corner_radius = CornerRadius::same(8);
    visuals.window_highlight_topmost = false;
    let shadow = Shadow { offset: [0, 6], blur: 20, spread: 0, color: Color32::from_black_alpha(shade) };
    visuals.window_shadow = shadow;
    visuals.popup_shadow = shadow;
    visuals.selection.bg_fill = colors.selected;
    visuals.selection.stroke = Stroke::new(1.0, colors.accent_text);
    visuals.text_cursor.stroke = Stroke::new(1.5, colors.accent);
    // A blinking cursor would distract.
    visuals.text_cursor.blink = false;
    visuals.indent_has_left_vline = false;
    visuals.slider_trailing_fill = true;
    visuals.disabled_alpha = 0.45;
    let states = &mut visuals.widgets;
    let fill = |amount: f32| colors.raised.lerp_to_gamma(colors.text, amount);
    for (state, fill, line) in [
        (&mut states.noninteractive, colors.panel, colors.hairline),
        (&mut states.inactive, colors.raised, Color32::TRANSPARENT),
        (&mut states.hovered, fill(0.08), Color32::TRANSPARENT),
        (&mut states.active, fill(0.16), Color32::TRANSPARENT),
        (&mut states.open, fill(0.08), Color32::TRANSPARENT),
    ] {
        state.bg_fill = fill;
        state.weak_bg_fill = fill;
        state.bg_stroke = Stroke::new(1.0, line);
        state.fg_stroke = Stroke::new(1.0, colors.text);
        state.corner_radius = CornerRadius::same(6);
        state.expansion = 0.0;
    }
    visuals
}

/// Returns text in 11 points, muted.
pub fn caption(text: impl Into<String>) -> RichText {
    RichText::new(text).text_style(TextStyle::Small).weak()
}

/// Returns text in 13 points, muted.
pub fn muted(text: impl Into<String>) -> RichText {
    RichText::new(text).weak()
}

/// Returns text in 13 points, semi-bold.
pub fn semibold(text: impl Into<String>) -> RichText {
    RichText::new(text).family(semibold_family())
}

/// Returns text in 16 points, semi-bold.
pub fn title(text: impl Into<String>) -> RichText {
    RichText::new(text).text_style(TextStyle::Heading)
}

/// Returns text in 28 points, semi-bold, for the key value of a twin.
pub fn number(text: impl Into<String>) -> RichText {
    RichText::new(text).text_style(TextStyle::Name(NUMBER.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(color: Color32) -> f64 {
        let channel = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.039_28 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(color.r()) + 0.7152 * channel(color.g()) + 0.0722 * channel(color.b())
    }

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_has_enough_contrast() {
        for colors in [&Colors::DARK, &Colors::LIGHT] {
            for (text, behind) in [
                (colors.text, colors.panel),
                (colors.text, colors.raised),
                (colors.text, colors.selected),
                (colors.muted, colors.panel),
                (colors.muted, colors.raised),
                (colors.accent_text, colors.panel),
                (colors.accent_text, colors.selected),
                (colors.on_accent, colors.accent),
            ] {
                assert!(contrast(text, behind) >= 4.5, "{text:?} on {behind:?}: {:.2}", contrast(text, behind));
            }
        }
    }
}
