//! Values that are built on first access and copied on write.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, LazyLock};

type LazyValue<T> = LazyLock<T, Box<dyn FnOnce() -> T + Send>>;

/// A value that is built on first access. Clones share the value, built or not, until one of them is modified.
pub struct Lazy<T>(Arc<LazyValue<T>>);

impl<T: 'static> Lazy<T> {
    /// Creates a value that `make` builds on first access; `make` must not fail.
    pub fn new(make: impl FnOnce() -> T + Send + 'static) -> Self {
        Self(Arc::new(LazyLock::new(Box::new(make))))
    }
}

impl<T> Lazy<T> {
    /// Returns whether the value has been built.
    pub fn is_made(&self) -> bool {
        LazyLock::get(&self.0).is_some()
    }
}

impl<T: Send + 'static> From<T> for Lazy<T> {
    fn from(value: T) -> Self {
        let made = Self::new(move || value);
        LazyLock::force(&made.0);
        made
    }
}

impl<T: Default + Send + 'static> Default for Lazy<T> {
    fn default() -> Self {
        T::default().into()
    }
}

impl<T> Clone for Lazy<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Deref for Lazy<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone + Send + 'static> DerefMut for Lazy<T> {
    fn deref_mut(&mut self) -> &mut T {
        if Arc::get_mut(&mut self.0).is_none() {
            let own = T::clone(self);
            self.0 = Arc::new(LazyLock::new(Box::new(move || own)));
        }
        match Arc::get_mut(&mut self.0) {
            Some(own) => LazyLock::force_mut(own),
            None => unreachable!("the value was just created and has no other owner"),
        }
    }
}

impl<T: PartialEq> PartialEq for Lazy<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || **self == **other
    }
}

impl<T: fmt::Debug> fmt::Debug for Lazy<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: serde::Serialize> serde::Serialize for Lazy<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

impl<'de, T: serde::Deserialize<'de> + Send + 'static> serde::Deserialize<'de> for Lazy<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::from)
    }
}

impl<T> IntoIterator for Lazy<Vec<T>>
where
    T: Clone + Send + 'static,
{
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(mut self) -> Self::IntoIter {
        std::mem::take(&mut *self).into_iter()
    }
}

impl<'l, T> IntoIterator for &'l Lazy<Vec<T>> {
    type Item = &'l T;
    type IntoIter = std::slice::Iter<'l, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn is_made_once_and_shared_until_changed() {
        let made = Arc::new(AtomicU32::new(0));
        let count = made.clone();
        let first = Lazy::new(move || {
            count.fetch_add(1, Ordering::Relaxed);
            vec![1, 2]
        });
        let mut second = first.clone();
        assert!(!second.is_made() && made.load(Ordering::Relaxed) == 0, "nobody has looked");
        second.push(3);
        assert_eq!((&*first, &*second), (&vec![1, 2], &vec![1, 2, 3]));
        let whole: *const Vec<i32> = &*second;
        second.push(4);
        assert!(std::ptr::eq(whole, &*second), "what is one's own is not copied");
        assert_eq!(made.load(Ordering::Relaxed), 1);
    }
}
