//! Looking into JSON that may be of any shape.

use serde_json::Value as Json;
use std::collections::HashMap;

/// The array under a key; nothing if there is none.
pub(super) fn list<'j>(thing: &'j Json, key: &str) -> &'j [Json] {
    thing.get(key).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The text under the first key that has one.
pub(super) fn field<'j>(thing: &'j Json, keys: &[&str]) -> Option<&'j str> {
    keys.iter().find_map(|key| thing.get(*key).and_then(Json::as_str))
}

/// What a thing is called, for a message.
pub(super) fn named(thing: &Json) -> String {
    match field(thing, &["displayName", "id"]) {
        Some(name) => format!("`{name}`"),
        None => "without a name".to_string(),
    }
}

/// The addresses of the files that a scene shows.
pub(super) fn assets(scene: &Json) -> impl Iterator<Item = &str> {
    list(scene, "assets").iter().filter_map(|asset| field(asset, &["url"])).filter(|url| !url.is_empty())
}

/// A number, which may be written as a text, and may be infinite then.
pub(super) fn number_of(value: &Json) -> Option<f64> {
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse::<f64>().ok())?;
    (!number.is_nan()).then_some(number)
}

/// Where the key `id` of each identifier stands. Nothing else tells places once the text is read.
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
