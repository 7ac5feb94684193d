//! Interned strings: the texts of a scene and of its values, by number.

use crate::strings::{Collector, Strings};
use arcstr::Substr;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Number of texts of values since the last reclamation from which another one is worth its time.
const MIN_GROWTH: usize = 50_000;

/// Interned strings by number, shared by a topology and all its states.
///
/// The texts of the scene and of its formulas stay. A text that only values had is removed when no state has it any
/// more ([`crate::state::reclaim_texts`]), and its number is used again.
#[derive(Debug, Default)]
pub struct Texts {
    interned: RwLock<Interned>,
    /// The states that use the texts, one reference each.
    users: Arc<()>,
}

#[derive(Debug, Default)]
struct Interned {
    /// Strings that were interned together. They stay.
    first: Strings,
    /// Strings that were interned one by one; their numbers continue after those of `first`.
    more: Vec<Entry>,
    numbers: HashMap<Substr, u32>,
    /// The positions in `more` without a text.
    free: Vec<u32>,
    /// The number of texts in `more` that only values have, now and after the last reclamation.
    loose: usize,
    kept: usize,
}

/// A string that was interned alone.
#[derive(Clone, Debug, Default)]
struct Entry {
    /// The string, or `None` if the number is free.
    text: Option<Substr>,
    /// Whether the string belongs to the scene or to a formula, so that it stays.
    is_pinned: bool,
}

impl Interned {
    fn find(&self, text: &str) -> Option<u32> {
        self.first.find(text).or_else(|| self.numbers.get(text).copied())
    }

    /// Returns the number of a text, unless it has to be pinned first.
    fn known(&self, text: &str, is_pinned: bool) -> Option<u32> {
        let number = self.find(text)?;
        let entry = (number as usize).checked_sub(self.first.len()).and_then(|at| self.more.get(at));
        entry.is_none_or(|entry| entry.is_pinned || !is_pinned).then_some(number)
    }

    fn len(&self) -> usize {
        self.first.len() + self.more.len() - self.free.len()
    }

    fn entry(&mut self, number: u32) -> Option<&mut Entry> {
        self.more.get_mut((number as usize).checked_sub(self.first.len())?)
    }

    /// Interns a text that is not interned yet.
    fn add(&mut self, text: &str, is_pinned: bool) -> u32 {
        let text = Substr::from(text);
        let entry = Entry { text: Some(text.clone()), is_pinned };
        let at = match self.free.pop() {
            Some(at) => {
                self.more[at as usize] = entry;
                at
            }
            None => {
                self.more.push(entry);
                self.more.len() as u32 - 1
            }
        };
        self.loose += usize::from(!is_pinned);
        let number = self.first.len() as u32 + at;
        self.numbers.insert(text, number);
        number
    }

    fn pin(&mut self, number: u32) {
        let was_loose = self.entry(number).is_some_and(|entry| !std::mem::replace(&mut entry.is_pinned, true));
        self.loose -= usize::from(was_loose);
    }
}

impl Texts {
    /// Creates a table of interned strings from `first`; the strings keep their numbers.
    pub fn of(first: Strings) -> Self {
        Self { interned: RwLock::new(Interned { first, ..Interned::default() }), users: Arc::default() }
    }

    /// Returns all strings with their numbers.
    pub fn all(&self) -> Strings {
        let inner = self.read();
        if inner.more.is_empty() {
            return inner.first.clone();
        }
        let mut all = Collector::with_capacity(inner.first.len() + inner.more.len());
        for text in inner.first.iter() {
            // Interned strings are distinct, so `add` never finds a duplicate.
            let _ = all.add(text);
        }
        for (at, entry) in inner.more.iter().enumerate() {
            // A free number has a text that no value has, so that the numbers after it stay.
            let added = match &entry.text {
                Some(text) => all.add(text),
                None => all.add(&format!("\u{0}{at}")),
            };
            debug_assert!(added.is_ok());
        }
        all.finish()
    }

    /// Returns the number of `text` and interns it if it is new. A reclamation removes it once no state has it.
    pub fn intern(&self, text: &str) -> u32 {
        self.found_or_added(text, false)
    }

    /// Returns the number of `text` and interns it if it is new. The text stays.
    pub fn pin(&self, text: &str) -> u32 {
        self.found_or_added(text, true)
    }

    fn found_or_added(&self, text: &str, is_pinned: bool) -> u32 {
        if let Some(number) = self.read().known(text, is_pinned) {
            return number;
        }
        let mut inner = self.interned.write().unwrap_or_else(PoisonError::into_inner);
        match inner.find(text) {
            Some(number) => {
                if is_pinned {
                    inner.pin(number);
                }
                number
            }
            None => inner.add(text, is_pinned),
        }
    }

    /// Returns the number of `text` and interns it if it is new. Returns `None` for a new text if `limit` strings exist
    /// already.
    pub fn intern_within(&self, text: &str, limit: usize) -> Option<u32> {
        self.find(text).or_else(|| (self.len() < limit).then(|| self.intern(text)))
    }

    /// Returns the number of different texts.
    pub fn len(&self) -> usize {
        self.read().len()
    }

    /// Returns whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of `text` if it is interned.
    pub fn find(&self, text: &str) -> Option<u32> {
        self.read().find(text)
    }

    /// Returns the text of a lane, or `None` if the lane is not the number of an interned string.
    pub fn text(&self, lane: f64) -> Option<Substr> {
        if !lane.is_finite() {
            return None;
        }
        let inner = self.read();
        let number = lane as usize;
        match number.checked_sub(inner.first.len()) {
            Some(at) => inner.more.get(at)?.text.clone(),
            None => inner.first.shared(number as u32),
        }
    }

    /// Returns whether so many texts were interned since the last reclamation that another one is worth its time.
    pub fn wants_reclaim(&self) -> bool {
        let inner = self.read();
        inner.loose >= MIN_GROWTH + 2 * inner.kept
    }

    /// Returns a reference that a state holds while it uses the texts.
    pub(crate) fn user(&self) -> Arc<()> {
        self.users.clone()
    }

    /// Returns the number of states that use the texts.
    pub(crate) fn user_count(&self) -> usize {
        Arc::strong_count(&self.users) - 1
    }

    /// Removes the texts that are neither pinned nor in `used`, the lanes of all values. Returns their number, or `None`
    /// if there are other states than the `states` whose values these are.
    pub(crate) fn keep_only(&self, used: impl Iterator<Item = f64>, states: usize) -> Option<usize> {
        let mut inner = self.interned.write().unwrap_or_else(PoisonError::into_inner);
        // A new state counts as a user before it interns anything, which needs the lock.
        if self.user_count() != states {
            return None;
        }
        let first = inner.first.len();
        let mut is_used = vec![false; inner.more.len()];
        for lane in used.filter(|lane| lane.is_finite()) {
            if let Some(flag) = (lane as usize).checked_sub(first).and_then(|at| is_used.get_mut(at)) {
                *flag = true;
            }
        }
        let Interned { more, numbers, free, .. } = &mut *inner;
        let before = free.len();
        for (at, (entry, is_used)) in more.iter_mut().zip(is_used).enumerate() {
            if !entry.is_pinned
                && !is_used
                && let Some(text) = entry.text.take()
            {
                numbers.remove(&text);
                free.push(at as u32);
            }
        }
        let removed = free.len() - before;
        inner.loose -= removed;
        inner.kept = inner.loose;
        Some(removed)
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Interned> {
        self.interned.read().unwrap_or_else(PoisonError::into_inner)
    }
}
