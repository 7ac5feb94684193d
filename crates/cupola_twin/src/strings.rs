//! Numbered distinct strings in one block of memory, so that a million strings can be read from a file or freed at
//! once.

use arcstr::{ArcStr, Substr};
use twox_hash::XxHash3_64;

/// The table entry that means "no string".
const NONE: u32 = u32::MAX;

/// Distinct strings, numbered in insertion order.
///
/// The text is one arena of at most 4 GiB, and an open-addressed hash table maps a text to its number. The overhead is
/// 16 to 24 bytes a string. The hash function is XXH3, which gives the same result in every process, so the table can
/// be stored in a file.
#[derive(Clone, Debug, Default)]
pub struct Strings {
    arena: ArcStr,
    /// The end of each string in the arena, in bytes.
    ends: Vec<u32>,
    /// The hash table of string numbers; its length is a power of two, and at most half of it is occupied.
    places: Vec<u32>,
}

impl Strings {
    /// Returns the arena, the string ends and the hash table.
    pub fn parts(&self) -> (&ArcStr, &[u32], &[u32]) {
        (&self.arena, &self.ends, &self.places)
    }

    /// Rebuilds the strings from [`Self::parts`]. Returns `None` if the parts are inconsistent.
    pub fn from_parts(arena: ArcStr, ends: Vec<u32>, places: Vec<u32>) -> Option<Self> {
        let rising = ends.is_sorted() && ends.last().map_or(0, |end| *end as usize) == arena.len();
        let whole = ends.iter().all(|end| arena.is_char_boundary(*end as usize));
        let is_table = places.len().is_power_of_two() && places.len() > ends.len();
        let fits = (is_table || places.is_empty())
            && places.iter().all(|number| *number == NONE || (*number as usize) < ends.len())
            && places.iter().filter(|number| **number != NONE).count() == ends.len();
        (rising && whole && fits).then_some(Self { arena, ends, places })
    }

    /// Returns the number of strings.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns whether there are no strings.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Returns the string with the given number.
    pub fn get(&self, number: u32) -> Option<&str> {
        let (start, end) = self.range(number)?;
        Some(&self.arena.as_str()[start..end])
    }

    /// Returns a shared copy of the string with the given number.
    pub fn shared(&self, number: u32) -> Option<Substr> {
        let (start, end) = self.range(number)?;
        Some(self.arena.substr(start..end))
    }

    /// Returns the number of a string.
    pub fn find(&self, text: &str) -> Option<u32> {
        find(&self.places, text, |number| self.get(number))
    }

    /// Returns all strings in the order of their numbers.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len() as u32).map(|number| self.get(number).unwrap_or_default())
    }

    fn range(&self, number: u32) -> Option<(usize, usize)> {
        let end = *self.ends.get(number as usize)? as usize;
        let start = if number == 0 { 0 } else { self.ends[number as usize - 1] as usize };
        Some((start, end))
    }
}

impl PartialEq for Strings {
    fn eq(&self, other: &Self) -> bool {
        self.ends == other.ends && self.arena == other.arena
    }
}

/// A builder of [`Strings`].
#[derive(Debug, Default)]
pub struct Collector {
    text: String,
    ends: Vec<u32>,
    places: Vec<u32>,
}

impl Collector {
    /// Creates a builder with room for `count` strings.
    pub fn with_capacity(count: usize) -> Self {
        Self { text: String::new(), ends: Vec::with_capacity(count), places: vec![NONE; places_for(count)] }
    }

    /// Adds a string and returns its number.
    ///
    /// # Errors
    /// The string exists already; the error is its number.
    pub fn add(&mut self, text: &str) -> Result<u32, u32> {
        let wanted = places_for(self.ends.len() + 1);
        if self.places.len() < wanted {
            self.places = self.table(wanted);
        }
        let (mask, mut at) = (self.places.len() - 1, hash(text));
        loop {
            match self.places[at & mask] {
                NONE => break,
                known if self.get(known) == text => return Err(known),
                _ => at += 1,
            }
        }
        let number = self.ends.len() as u32;
        self.places[at & mask] = number;
        self.text.push_str(text);
        self.ends.push(self.text.len() as u32);
        Ok(number)
    }

    /// Returns the number of a string.
    pub fn find(&self, text: &str) -> Option<u32> {
        find(&self.places, text, |number| Some(self.get(number)))
    }

    /// Returns the string with the given number.
    ///
    /// # Panics
    /// No string has the number.
    pub fn get(&self, number: u32) -> &str {
        let start = if number == 0 { 0 } else { self.ends[number as usize - 1] as usize };
        &self.text[start..self.ends[number as usize] as usize]
    }

    /// Returns the number of strings.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns whether there are no strings.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Finishes the builder.
    pub fn finish(self) -> Strings {
        Strings { arena: self.text.into(), ends: self.ends, places: self.places }
    }

    /// Returns the strings renumbered: the string with the old number `order[0]` comes first. `order` holds each number
    /// once.
    pub fn in_order(&self, order: &[u32]) -> Strings {
        let mut text = String::with_capacity(self.text.len());
        let mut ends = Vec::with_capacity(order.len());
        let mut numbers = vec![NONE; self.len()];
        for (number, old) in order.iter().enumerate() {
            text.push_str(self.get(*old));
            ends.push(text.len() as u32);
            numbers[*old as usize] = number as u32;
        }
        let renumbered = self.places.iter().map(|old| numbers.get(*old as usize).copied().unwrap_or(NONE));
        Strings { arena: text.into(), ends, places: renumbered.collect() }
    }

    fn table(&self, size: usize) -> Vec<u32> {
        let mut places = vec![NONE; size];
        for number in 0..self.ends.len() as u32 {
            let mut at = hash(self.get(number));
            while places[at & (size - 1)] != NONE {
                at += 1;
            }
            places[at & (size - 1)] = number;
        }
        places
    }
}

fn hash(text: &str) -> usize {
    XxHash3_64::oneshot(text.as_bytes()) as usize
}

/// Returns the size of a hash table for `count` strings: a power of two, large enough that a look-up takes few steps.
fn places_for(count: usize) -> usize {
    (count * 2).next_power_of_two().max(8)
}

fn find<'t>(places: &[u32], text: &str, get: impl Fn(u32) -> Option<&'t str>) -> Option<u32> {
    let mask = places.len().checked_sub(1)?;
    let mut at = hash(text);
    loop {
        match places[at & mask] {
            NONE => return None,
            known if get(known) == Some(text) => return Some(known),
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn is_a_map_of_strings_to_their_order(texts in prop::collection::vec(".{0,3}", 0..200), capacity in 0usize..64) {
            let mut collector = Collector::with_capacity(capacity);
            let mut known: BTreeMap<&str, u32> = BTreeMap::new();
            for text in &texts {
                let number = known.len() as u32;
                let expected = match known.get(text.as_str()) {
                    Some(first) => Err(*first),
                    None => Ok(number),
                };
                known.entry(text).or_insert(number);
                prop_assert_eq!(collector.add(text), expected);
            }
            let reversed: Vec<u32> = (0..collector.len() as u32).rev().collect();
            let turned = collector.in_order(&reversed);
            let strings = collector.finish();
            let (arena, ends, places) = strings.parts();
            let kept = Strings::from_parts(arena.clone(), ends.to_vec(), places.to_vec());
            prop_assert_eq!(kept.as_ref(), Some(&strings));
            prop_assert_eq!(strings.len(), known.len());
            for (text, number) in &known {
                prop_assert_eq!(strings.find(text), Some(*number));
                prop_assert_eq!(strings.get(*number), Some(*text));
                prop_assert_eq!(turned.find(text), Some(known.len() as u32 - 1 - number));
            }
            prop_assert_eq!(strings.find("not of three characters"), None);
        }
    }

    #[test]
    fn parts_that_do_not_fit_are_refused() {
        let mut collector = Collector::default();
        collector.add("é").unwrap();
        collector.add("b").unwrap();
        let strings = collector.finish();
        let (arena, ends, places) = strings.parts();
        let from = |ends: &[u32], places: &[u32]| Strings::from_parts(arena.clone(), ends.to_vec(), places.to_vec());
        assert!(from(ends, places).is_some());
        assert!(from(&[1, 3], places).is_none(), "in the middle of a character");
        assert!(from(&[3, 2], places).is_none(), "backwards");
        assert!(from(&[2, 4], places).is_none(), "beyond the text");
        assert!(from(ends, &places[1..]).is_none(), "not a power of two");
        let wild: Vec<u32> = places.iter().map(|number| if *number == 1 { 2 } else { *number }).collect();
        assert!(from(ends, &wild).is_none(), "a number of none");
        assert!(
            from(ends, &vec![0; places.len()]).is_none(),
            "full, so that what is not there would be looked for for ever"
        );
    }
}
