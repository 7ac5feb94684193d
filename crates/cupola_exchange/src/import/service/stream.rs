//! Reading of JSON item by item. A tree of the whole file would need many times the memory of the file.

use super::{ITEMS, NEXT_PAGE, RELATIONSHIP_KEYS};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;
use std::fmt;

/// The facts about a JSON value that tell which format it has.
#[derive(Clone, Copy, Debug, Default)]
pub struct JsonShape {
    pub is_array: bool,
    pub is_object: bool,
    /// Whether an element of the array is a twin, a relationship or a model entry.
    pub has_item: bool,
    /// Whether the array is empty.
    pub is_empty: bool,
    /// Whether the object is an export of a whole graph.
    pub is_export: bool,
    has_twin_id: bool,
    has_relationship_key: bool,
    has_model_id: bool,
    /// Whether `$metadata` has a `$model`.
    has_model: bool,
    /// Whether `$model` is a key of the object.
    is_metadata: bool,
    /// Whether `model` is an object with `@id`.
    has_model_document: bool,
    /// Whether a value of the object is a twin or a relationship.
    has_whole_value: bool,
    /// Whether the first list of items has an item, or is empty.
    list: Option<(bool, bool)>,
    has_next_page: bool,
}

impl JsonShape {
    /// Returns whether the object is a twin.
    pub fn is_twin(self) -> bool {
        self.has_twin_id || self.has_model
    }

    /// Returns whether the object is a relationship.
    pub fn is_relationship(self) -> bool {
        self.has_relationship_key
    }

    /// Returns whether the object is a twin, a relationship, an entry of a list of models, or a row with aliases.
    pub fn is_item(self) -> bool {
        let is_aliased = !self.has_model_id && self.has_whole_value;
        self.is_object && (self.is_relationship() || self.is_twin() || self.has_model_document || is_aliased)
    }

    /// Returns whether the object is a page of a longer list.
    pub fn is_page(self) -> bool {
        self.list.is_some_and(|(has_item, is_empty)| if is_empty { self.has_next_page } else { has_item })
    }
}

impl<'de> Deserialize<'de> for JsonShape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShapeVisitor)
    }
}

/// Implements the methods of a visitor that receive a single value.
macro_rules! single_values {
    ($value:expr) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("JSON")
        }
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok($value)
        }
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok($value)
        }
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok($value)
        }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok($value)
        }
        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            Ok($value)
        }
    };
}

struct ShapeVisitor;

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = JsonShape;

    single_values!(JsonShape::default());

    fn visit_unit<E>(self) -> Result<JsonShape, E> {
        Ok(JsonShape::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<JsonShape, A::Error> {
        let mut shape = JsonShape { is_array: true, is_empty: true, ..JsonShape::default() };
        while !shape.has_item {
            let Some(item) = list.next_element::<JsonShape>()? else { return Ok(shape) };
            shape.is_empty = false;
            shape.has_item = item.is_item();
        }
        // The rest is read in the same way, so that the second reading finds no error.
        while list.next_element::<JsonShape>()?.is_some() {}
        Ok(shape)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JsonShape, A::Error> {
        let mut shape = JsonShape { is_object: true, ..JsonShape::default() };
        let mut lists = [None; ITEMS.len()];
        while let Some(key) = map.next_key::<String>()? {
            let value: JsonShape = map.next_value()?;
            match key.as_str() {
                "$dtId" => shape.has_twin_id = true,
                "@id" => shape.has_model_id = true,
                "$model" => shape.is_metadata = true,
                "$metadata" => shape.has_model |= value.is_metadata,
                "model" => shape.has_model_document |= value.has_model_id,
                "digitalTwinsFileInfo" | "digitalTwinsGraph" | "digitalTwinsModels" => shape.is_export = true,
                key if RELATIONSHIP_KEYS.contains(&key) => shape.has_relationship_key = true,
                key if NEXT_PAGE.contains(&key) => shape.has_next_page = true,
                key => {
                    if let Some(at) = ITEMS.iter().position(|known| *known == key).filter(|_| value.is_array) {
                        lists[at] = Some((value.has_item, value.is_empty));
                    }
                }
            }
            shape.has_whole_value |= value.is_object && (value.is_twin() || value.is_relationship());
        }
        shape.list = lists.into_iter().flatten().next();
        Ok(shape)
    }
}

/// A list whose items are received one by one. The value states whether there was a list; null is an empty list.
pub struct ItemList<'f>(pub &'f mut dyn FnMut(Json));

impl<'de> DeserializeSeed<'de> for ItemList<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ItemList<'_> {
    type Value = bool;

    single_values!(false);

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(true)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
        while let Some(item) = list.next_element()? {
            (self.0)(item);
        }
        Ok(true)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(false)
    }
}

/// A field of an object: its value as a whole, or its items one by one.
pub trait FieldReader {
    /// Returns the receiver of the field's items, or `None` if the field is read as a whole.
    fn items(&mut self, key: &str) -> Option<Box<dyn FnMut(Json) + '_>>;
    /// Returns the reader of the object in a field, if it has fields of its own.
    fn inner(&mut self, _key: &str) -> Option<Box<dyn FieldReader + '_>> {
        None
    }
    /// Receives a field as a whole.
    fn whole(&mut self, _key: &str, _value: Json) {}
    /// Receives the name of a field that has no list, or no object, as it should have.
    fn wrong(&mut self, key: &str, wanted: &'static str);
}

/// An object whose fields are received one by one. The value states whether there was an object.
pub struct Fields<'r>(pub &'r mut dyn FieldReader);

impl<'de> DeserializeSeed<'de> for Fields<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = bool;

    single_values!(false);

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(false)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let is_list = match self.0.items(&key) {
                Some(mut receive) => Some(map.next_value_seed(ItemList(&mut *receive))?),
                None => None,
            };
            let is_object = match (is_list, self.0.inner(&key)) {
                (None, Some(mut inner)) => Some(map.next_value_seed(Fields(&mut *inner))?),
                _ => None,
            };
            match (is_list, is_object) {
                (None, None) => self.0.whole(&key, map.next_value()?),
                (Some(false), _) => self.0.wrong(&key, "an array"),
                (_, Some(false)) => self.0.wrong(&key, "an object"),
                (Some(true), _) | (_, Some(true)) => {}
            }
        }
        Ok(true)
    }
}
