//! Recently opened scenes, stored in the user's configuration.

use super::UiState;
use crate::settings;
use bevy::prelude::ResMut;
use std::path::{Path, PathBuf};

/// The name of the file with the list.
const FILE: &str = "recent.json";
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
        settings::write(settings::file(FILE).as_deref(), &self.paths);
    }

    fn put_first(&mut self, path: PathBuf) {
        self.paths.retain(|known| *known != path);
        self.paths.insert(0, path);
        self.paths.truncate(MAX);
    }
}

/// Reads the list and leaves out files that no longer exist.
pub(super) fn read(mut state: ResMut<UiState>) {
    let paths: Vec<PathBuf> = settings::read(settings::file(FILE).as_deref());
    if !paths.is_empty() {
        state.recent.paths = paths.into_iter().filter(|path| path.exists()).take(MAX).collect();
    }
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
