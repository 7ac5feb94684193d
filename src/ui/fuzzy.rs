//! Fuzzy search in names. The letters of the query must occur in order. A match scores higher if its letters are close
//! together and near the starts of words.

/// Returns the score of a text for a query, or `None` if it doesn't match. Every part between spaces must match.
pub fn score(typed: &str, text: &str) -> Option<i32> {
    let letters: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
    let mut total = 0;
    for part in typed.split_whitespace() {
        let wanted: Vec<char> = part.chars().flat_map(char::to_lowercase).collect();
        total += best(&wanted, &letters)?;
    }
    // Among equal matches the shorter text scores higher.
    Some(total * 8 - letters.len().min(400) as i32)
}

/// Returns the best score over all positions of the first letter.
fn best(wanted: &[char], letters: &[char]) -> Option<i32> {
    let first = *wanted.first()?;
    (0..letters.len()).filter(|at| letters[*at] == first).filter_map(|start| from(start, wanted, letters)).max()
}

fn from(start: usize, wanted: &[char], letters: &[char]) -> Option<i32> {
    let mut points = 0;
    let mut at = start;
    let mut last: Option<usize> = None;
    for letter in wanted {
        let found = at + letters[at..].iter().position(|candidate| candidate == letter)?;
        let starts_word = found == 0 || !letters[found - 1].is_alphanumeric();
        points += match last {
            Some(last) if found == last + 1 => 8,
            Some(last) => -((found - last) as i32).min(6),
            None => 0,
        };
        points += match (found, starts_word) {
            (0, _) => 11,
            (_, true) => 5,
            _ => 1,
        };
        last = Some(found);
        at = found + 1;
    }
    Some(points)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_parts_in_any_order() {
        assert!(score("3.07", "Room 3.07 room-3-07").is_some());
        assert!(score("temp 3", "Floor 3 temperature").is_some());
        assert!(score("rm7", "Room 3.07").is_some());
        assert!(score("7rm", "Room 3.07").is_none());
        assert!(score("kitchen", "Room 3.07").is_none());
        assert!(score("", "anything").is_some());
    }

    #[test]
    fn the_nearer_match_wins() {
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
