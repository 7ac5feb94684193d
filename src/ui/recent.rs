//! Recently opened scenes, stored in the user's configuration.
//!
//! Failures to read or write the list are ignored, because the app also works without the list.

use super::UiState;
use bevy::prelude::ResMut;
use std::path::{Path, PathBuf};

/// Largest number of scenes in the list.
const MAX: usize = 8;

/// Recently opened scenes, the latest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recent {
    /// Paths of the scene files, the latest first.
    pub paths: Vec<PathBuf>,
}

impl Recent {
    /// Puts a scene first and writes the list.
    pub fn add(&mut self, path: &Path) {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        self.put_first(path);
        if let (Some(file), Ok(text)) = (file(), serde_json::to_string_pretty(&self.paths)) {
            let _ = file.parent().map(std::fs::create_dir_all);
            let _ = std::fs::write(file, text);
        }
    }

    fn put_first(&mut self, path: PathBuf) {
        self.paths.retain(|known| *known != path);
        self.paths.insert(0, path);
        self.paths.truncate(MAX);
    }
}

/// Reads the list and leaves out files that no longer exist.
pub(super) fn read(mut state: ResMut<UiState>) {
    let text = file().and_then(|file| std::fs::read_to_string(file).ok());
    let paths: Option<Vec<PathBuf>> = text.and_then(|text| serde_json::from_str(&text).ok());
    if let Some(paths) = paths {
        state.recent.paths = paths.into_iter().filter(|path| path.exists()).take(MAX).collect();
    }
}

/// Returns the path of the stored list, or `None` if no configuration folder is known.
fn file() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = variable("XDG_CONFIG_HOME").or_else(|| variable("HOME").map(|home| home.join(".config")))?;
    Some(folder.join("cupola").join("recent.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_scene_is_first_and_listed_once() {
        let mut recent = Recent::default();
        for name in ["a", "b", "a", "c"] {
            recent.put_first(name.into());
        }
        assert_eq!(recent.paths, [PathBuf::from("c"), "a".into(), "b".into()]);
        for number in 0..20 {
            recent.put_first(number.to_string().into());
        }
        assert_eq!(recent.paths.len(), MAX);
    }
}
