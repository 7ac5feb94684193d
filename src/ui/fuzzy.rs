//! Fuzzy search in names. The letters of every word of the query must occur in order, and words may come in any order.

use frizbee::{CaseMatching, Config, Matcher, Pattern};

/// The search for one query.
pub struct NameSearch(Matcher);

impl NameSearch {
    /// Creates the search for a text that a person has typed. A blank text matches every name.
    pub fn new(typed: &str) -> Self {
        let words: Vec<Pattern> = typed.split_whitespace().map(Pattern::from).collect();
        Self(Matcher::from_patterns(&words, &Config::default().casing(CaseMatching::Ignore)))
    }

    /// Returns the score of a name, or `None` if it doesn't match. Letters score higher if they are close together and at
    /// the starts of words.
    pub fn score(&mut self, name: &str) -> Option<i32> {
        let score = self.0.match_one(name, 0)?.score;
        // Among equal matches the shorter name scores higher.
        Some(i32::from(score) * 8 - name.len().min(400) as i32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(typed: &str, name: &str) -> Option<i32> {
        NameSearch::new(typed).score(name)
    }

    #[test]
    fn words_match_in_any_order() {
        for (typed, name, matches) in [
            ("3.07", "Room 3.07 room-3-07", true),
            ("temp 3", "Floor 3 temperature", true),
            ("rm7", "Room 3.07", true),
            ("AHU", "ahu-2", true),
            ("büro", "BÜRO 2", true),
            ("'^!$", "Room 3.07", false),
            ("7rm", "Room 3.07", false),
            ("kitchen", "Room 3.07", false),
            ("", "anything", true),
            (" ", "anything", true),
        ] {
            assert_eq!(score(typed, name).is_some(), matches, "{typed:?} in {name}");
        }
    }

    #[test]
    fn better_matches_have_higher_scores() {
        for (typed, better, worse) in [
            ("room", "Room 1", "Server room of the office"),
            ("ahu", "AHU 2", "A hospital unit"),
            ("temp", "Temperature", "The empty part"),
            ("pl", "Play or pause", "Explore"),
            ("open", "Open scene", "Show the property energy"),
        ] {
            assert!(score(typed, better) > score(typed, worse), "{typed}: {better} over {worse}");
        }
    }
}
