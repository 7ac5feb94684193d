//! Export of the models in their original text. The scene holds only the parsed models, so the files are read again.

use cupola_scene::{SourceFile, read_text};
use cupola_twin::{Diagnostic, Models, Place};
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// Returns the interfaces in the scene's DTDL files.
pub(crate) fn interfaces(files: &[SourceFile], models: &Models, findings: &mut Vec<Diagnostic>) -> Vec<Json> {
    let mut texts = Vec::new();
    let is_json = |extension: &std::ffi::OsStr| extension == "json" || extension == "jsonld";
    for path in
        files.iter().map(|file| &file.path).filter(|path| path.extension().is_some_and(is_json) && !path.is_dir())
    {
        match read_text(path) {
            Ok(text) => texts.push((path.to_string_lossy().into_owned(), text)),
            Err(found) => findings.push(found),
        }
    }
    split(texts.iter().map(|(file, text)| (file.as_str(), text.as_str())), models, findings)
}

/// Returns the interfaces in several documents, each once. A model of the scene that is in none of the documents is
/// reported.
pub(crate) fn split<'t>(
    documents: impl IntoIterator<Item = (&'t str, &'t str)>,
    models: &Models,
    findings: &mut Vec<Diagnostic>,
) -> Vec<Json> {
    let mut known = BTreeSet::new();
    let mut out = Vec::new();
    for (file, text) in documents {
        let items = match serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(text)) {
            Ok(Json::Array(items)) => items,
            Ok(item) => vec![item],
            Err(error) => {
                let line = u32::try_from(error.line()).unwrap_or(u32::MAX).max(1);
                let column = u32::try_from(error.column()).unwrap_or(u32::MAX).max(1);
                let place = Place { file: file.into(), line, column };
                findings.push(Diagnostic::error("json-syntax", error.to_string()).at(place).help("fix the model"));
                continue;
            }
        };
        for item in items {
            let id = item.get("@id").and_then(Json::as_str).filter(|id| models.find(id).is_some());
            // If two interfaces have the same id, the scene uses the first.
            if id.is_some_and(|id| !known.contains(id)) {
                inside(&item, &mut known);
                out.push(item);
            }
        }
    }
    for (_, interface) in models.iter() {
        if !known.contains(&*interface.id) {
            let message = format!("the document of `{}` was not found and is left out", interface.id);
            let help = "check that `models` in the scene lists its file";
            let missing = Diagnostic::error("model-not-exported", message).help(help);
            findings.push(missing.at(interface.place.clone()));
        }
    }
    out
}

/// Returns a warning if interfaces use a version of DTDL other than 2 and 3, which Azure Digital Twins does not accept.
pub(crate) fn too_new(interfaces: &[Json]) -> Option<Diagnostic> {
    let is_old = |context: &Json| {
        let mut words =
            context.as_array().map_or(std::slice::from_ref(context), Vec::as_slice).iter().filter_map(Json::as_str);
        words.any(|word| {
            ["dtmi:dtdl:context;2", "dtmi:dtdl:context;3"].iter().any(|old| word.split('.').next() == Some(*old))
        })
    };
    let new: Vec<&str> = interfaces
        .iter()
        .filter(|interface| interface.get("@context").is_some_and(|context| !is_old(context)))
        .filter_map(|interface| interface.get("@id")?.as_str())
        .collect();
    let first = new.first()?;
    let others = if new.len() > 1 { format!(" and {} more", new.len() - 1) } else { String::new() };
    let message = format!("Azure Digital Twins doesn't support models in DTDL 4: `{first}`{others}");
    let help = "Cupola can import the file; for the service, write the models in DTDL 3";
    Some(Diagnostic::warning("dtdl-too-new", message).help(help))
}

/// Adds the ids of an interface and of the interfaces nested in it to `known`.
fn inside(value: &Json, known: &mut BTreeSet<String>) {
    match value {
        Json::Object(object) => {
            known.extend(object.get("@id").and_then(Json::as_str).map(str::to_owned));
            object.values().for_each(|value| inside(value, known));
        }
        Json::Array(items) => items.iter().for_each(|item| inside(item, known)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn versions_that_the_service_takes_are_known() {
        let of = |context: Json| too_new(&[json!({"@id": "dtmi:x:A;1", "@context": context})]).map(|found| found.code);
        for old in [json!("dtmi:dtdl:context;2"), json!(["dtmi:dtdl:context;3", "dtmi:dtdl:extension:annotation;1"])] {
            assert_eq!(of(old), None);
        }
        assert_eq!(of(json!(["dtmi:dtdl:context;4"])), Some("dtdl-too-new"));
    }

    #[test]
    fn interfaces_come_one_by_one_as_they_were_written() {
        let one = r#"{"@type": "Interface", "@id": "dtmi:x:A;1", "@context": "dtmi:dtdl:context;3", "contents": [
            {"@type": "Component", "name": "part", "schema": {"@type": "Interface", "@id": "dtmi:x:Part;1"}}]}"#;
        let two =
            r#"[{"@type": "Interface", "@id": "dtmi:x:B;1", "@context": "dtmi:dtdl:context;3"}, {"@id": "other"}]"#;
        let three = r#"{"@type": "Interface", "@id": "dtmi:x:C;1", "@context": "dtmi:dtdl:context;3"}"#;
        let texts = [("1.json", one), ("2.json", two), ("3.json", three)];
        let (models, _) = Models::read(texts.map(|(file, text)| (file.into(), text)));
        let mut found = Vec::new();
        let out = split([texts[0], ("broken.json", "{"), texts[1], texts[1]], &models, &mut found);
        let ids: Vec<_> = out.iter().filter_map(|interface| interface["@id"].as_str()).collect();
        assert_eq!(ids, ["dtmi:x:A;1", "dtmi:x:B;1"]);
        assert!(out[0].to_string().starts_with(r#"{"@type":"Interface","@id""#));
        let codes: Vec<&str> = found.iter().map(|found| found.code).collect();
        assert_eq!(codes, ["json-syntax", "model-not-exported"]);
        assert!(found[1].message.contains("dtmi:x:C;1"));
    }
}
