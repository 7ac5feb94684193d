//! Access to JSON of unknown structure.

use serde_json::Value as Json;
use std::collections::HashMap;

/// Returns the array of a field. It is empty if the field is absent or not an array.
pub(super) fn list<'j>(thing: &'j Json, key: &str) -> &'j [Json] {
    thing.get(key).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Returns the text of the first of several fields that has a text.
pub(super) fn field<'j>(thing: &'j Json, keys: &[&str]) -> Option<&'j str> {
    keys.iter().find_map(|key| thing.get(*key).and_then(Json::as_str))
}

/// Returns the name of an object for a message.
pub(super) fn named(thing: &Json) -> String {
    match field(thing, &["displayName", "id"]) {
        Some(name) => format!("`{name}`"),
        None => "without a name".to_string(),
    }
}

/// Returns the URLs of the files that a scene shows.
pub(super) fn assets(scene: &Json) -> impl Iterator<Item = &str> {
    list(scene, "assets").iter().filter_map(|asset| field(asset, &["url"])).filter(|url| !url.is_empty())
}

/// Returns a number, which may be written as a text and may then be infinite.
pub(super) fn number_of(value: &Json) -> Option<f64> {
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse::<f64>().ok())?;
    (!number.is_nan()).then_some(number)
}

/// Returns the byte offset of the field `id` of each identifier. Parsed JSON has no positions.
pub(super) fn places_of_ids(text: &str) -> HashMap<&str, usize> {
    const KEY: &str = "\"id\"";
    let mut places = HashMap::new();
    for (at, _) in text.match_indices(KEY) {
        let value = text.get(at + KEY.len()..).map(str::trim_start).and_then(|rest| rest.strip_prefix(':'));
        let value = value.map(str::trim_start).and_then(|rest| rest.strip_prefix('"'));
        if let Some((id, _)) = value.and_then(|rest| rest.split_once('"')) {
            places.entry(id).or_insert(at);
        }
    }
    places
}
