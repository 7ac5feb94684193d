//! The values of a twin or relationship in a document. A large scene has millions of values, so they are a sorted list
//! whose names may be shared, and not a tree.

use cupola_twin::Value;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

/// Values by property name, in the order of the names. Each name occurs once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Properties(Vec<(Arc<str>, Value)>);

impl Properties {
    /// Returns the value of a property.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.find(name).ok().map(|at| &self.0[at].1)
    }

    /// Returns the value of a property for a change.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.find(name).ok().map(|at| &mut self.0[at].1)
    }

    /// Returns whether a property has a value.
    pub fn contains_key(&self, name: &str) -> bool {
        self.find(name).is_ok()
    }

    /// Sets the value of a property and returns the previous one.
    pub fn insert(&mut self, name: impl Into<Arc<str>>, value: Value) -> Option<Value> {
        let name = name.into();
        match self.find(&name) {
            Ok(at) => Some(std::mem::replace(&mut self.0[at].1, value)),
            Err(at) => {
                self.0.insert(at, (name, value));
                None
            }
        }
    }

    /// Removes the value of a property and returns it.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.find(name).ok().map(|at| self.0.remove(at).1)
    }

    /// Keeps the values for which `keep` returns true.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &mut Value) -> bool) {
        self.0.retain_mut(|(name, value)| keep(name, value));
    }

    /// Returns whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the number of values.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the names and values in the order of the names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, &Value)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// Returns the names in their order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &Arc<str>> {
        self.0.iter().map(|(name, _)| name)
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| (**known).cmp(name))
    }
}

impl<N: Into<Arc<str>>> FromIterator<(N, Value)> for Properties {
    /// The last value of a name counts.
    fn from_iter<I: IntoIterator<Item = (N, Value)>>(values: I) -> Self {
        let mut values: Vec<(Arc<str>, Value)> = values.into_iter().map(|(name, value)| (name.into(), value)).collect();
        values.sort_by(|(one, _), (other, _)| one.cmp(other));
        values.dedup_by(|later, kept| {
            let is_same = later.0 == kept.0;
            if is_same {
                std::mem::swap(&mut later.1, &mut kept.1);
            }
            is_same
        });
        values.shrink_to_fit();
        Self(values)
    }
}

impl<N: Into<Arc<str>>, const COUNT: usize> From<[(N, Value); COUNT]> for Properties {
    fn from(values: [(N, Value); COUNT]) -> Self {
        values.into_iter().collect()
    }
}

impl IntoIterator for Properties {
    type Item = (Arc<str>, Value);
    type IntoIter = std::vec::IntoIter<(Arc<str>, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'p> IntoIterator for &'p Properties {
    type Item = (&'p Arc<str>, &'p Value);
    type IntoIter =
        std::iter::Map<std::slice::Iter<'p, (Arc<str>, Value)>, fn(&(Arc<str>, Value)) -> (&Arc<str>, &Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(|(name, value)| (name, value))
    }
}

impl Serialize for Properties {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (&**name, value)))
    }
}

impl<'de> Deserialize<'de> for Properties {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Properties;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Properties, A::Error> {
                let mut values = Properties::default();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if values.contains_key(&name) {
                        return Err(A::Error::custom(format!("`{name}` has two values")));
                    }
                    values.insert(name, value);
                }
                Ok(values)
            }
        }

        deserializer.deserialize_map(Entries)
    }
}

/// Texts of which each is stored once.
#[derive(Debug, Default)]
pub struct SharedTexts(HashSet<Arc<str>>);

impl SharedTexts {
    /// Returns the shared copy of a text.
    pub fn share(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return known.clone();
        }
        let shared: Arc<str> = text.into();
        self.0.insert(shared.clone());
        shared
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_the_last_value_counts() {
        let mut properties =
            Properties::from([("b", Value::Bool(true)), ("a", Value::Bool(true)), ("b", Value::Bool(false))]);
        assert_eq!(properties.keys().map(|name| &**name).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(properties.get("b"), Some(&Value::Bool(false)));
        assert_eq!(properties.insert("aa", Value::Integer(1)), None);
        assert_eq!(properties.insert("aa", Value::Integer(2)), Some(Value::Integer(1)));
        assert_eq!(properties.remove("a"), Some(Value::Bool(true)));
        let text = ron::to_string(&properties).unwrap_or_default();
        assert_eq!(text, r#"{"aa":2,"b":false}"#);
        assert_eq!(ron::from_str::<Properties>(&text), Ok(properties));
    }
}
