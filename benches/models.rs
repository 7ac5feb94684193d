//! Benchmarks of parsing models: `cargo bench -p cupola_twin --bench models`.
//!
//! The generated set resembles an ontology: a hierarchy of types with up to seven levels of `extends`, in documents of
//! a hundred interfaces, with properties, semantic types, objects, enumerations, relationships and commands.

use cupola_twin::Models;
use std::fmt::Write as _;
use std::sync::Arc;

fn main() {
    divan::main();
}

/// The number of interfaces per document.
const IN_A_FILE: usize = 100;

fn generated(count: usize) -> Vec<(Arc<str>, String)> {
    (0..count.div_ceil(IN_A_FILE))
        .map(|file| {
            let interfaces: Vec<String> =
                (file * IN_A_FILE..((file + 1) * IN_A_FILE).min(count)).map(interface).collect();
            (Arc::from(format!("models/{file}.json")), format!("[{}]", interfaces.join(",\n")))
        })
        .collect()
}

fn interface(number: usize) -> String {
    // Each interface has four subtypes, so the depth is the logarithm of the number of interfaces to base 4: seven
    // levels at 20,000.
    let extends = match number {
        0 => String::new(),
        number => format!(r#""extends": "dtmi:bench:t{};1", "#, (number - 1) / 4),
    };
    let mut contents = String::new();
    for property in 0..4 {
        let _ = write!(
            contents,
            r#"{{"@type": ["Property", "Temperature"], "name": "p{number}_{property}", "displayName": {{"en": "Property {property}", "de": "Eigenschaft {property}"}}, "schema": "double", "unit": "degreeCelsius", "writable": true}}, "#
        );
    }
    let _ = write!(
        contents,
        r#"{{"@type": "Telemetry", "name": "state{number}", "schema": {{"@type": "Enum", "valueSchema": "integer", "enumValues": [{{"name": "off", "enumValue": 0}}, {{"name": "on", "enumValue": 1}}]}}}},
        {{"@type": "Property", "name": "place{number}", "schema": {{"@type": "Object", "fields": [{{"name": "x", "schema": "double"}}, {{"name": "y", "schema": "double"}}, {{"name": "room", "schema": "string"}}]}}}},
        {{"@type": "Relationship", "name": "feeds{number}", "target": "dtmi:bench:t{};1"}},
        {{"@type": "Command", "name": "do{number}", "request": {{"name": "how", "schema": "integer"}}}}"#,
        number / 2
    );
    format!(
        r#"{{"@context": ["dtmi:dtdl:context;3", "dtmi:dtdl:extension:quantitativeTypes;1"], "@id": "dtmi:bench:t{number};1", "@type": "Interface", {extends}"displayName": "Type {number}", "contents": [{contents}]}}"#
    )
}

fn read(documents: &[(Arc<str>, String)]) -> Models {
    let (models, found) = Models::read(documents.iter().map(|(file, text)| (file.clone(), text.as_str())));
    assert!(!cupola_twin::diagnostic::has_errors(&found), "{:?}", found.first());
    models
}

/// Parses and checks a generated set of interfaces and builds the models. The limit is 5 s for 20,000 interfaces.
#[divan::bench(args = [1_364, 20_000], sample_count = 10)]
fn check_generated(bencher: divan::Bencher<'_, '_>, count: usize) {
    let documents = generated(count);
    bencher.bench_local(|| read(&documents));
}

/// Parses the 1,364 interfaces of RealEstateCore, if the variable `REALESTATECORE` names the file. The limit is 300 ms.
#[divan::bench(sample_count = 20)]
fn check_realestatecore(bencher: divan::Bencher<'_, '_>) {
    let Some(path) = std::env::var_os("REALESTATECORE") else { return };
    let text = std::fs::read_to_string(path).expect("a file that can be read");
    let documents = [(Arc::from("realestatecore.json"), text)];
    bencher.bench_local(|| read(&documents));
}
