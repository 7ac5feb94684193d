use super::*;
use crate::export::twins::TwinList;
use crate::export::xlsx;
use crate::import::TEST_MODELS as MODELS;
use cupola_scene::Properties;
use cupola_scene::document::{RelationshipDoc, TwinDoc};
use cupola_twin::{Models, Value};
use rust_xlsxwriter::Workbook;
use std::cell::RefCell;

fn book(rows: &[&[&str]]) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, cells) in rows.iter().enumerate() {
        for (column, text) in cells.iter().enumerate() {
            sheet.write_string(row as u32, column as u16, *text).unwrap();
        }
    }
    workbook.save_to_buffer().unwrap()
}

fn draft(bytes: &[u8]) -> Draft {
    let mut draft = Draft::default();
    if let Err(found) = read("file.xlsx", bytes, &mut draft) {
        draft.findings.push(found);
    }
    draft
}

fn findings(draft: &Draft) -> Vec<(&'static str, u32, u32)> {
    let place = |found: &Diagnostic| found.place.as_ref().map_or((0, 0), |place| (place.line, place.column));
    draft.findings.iter().map(|found| (found.code, place(found).0, place(found).1)).collect()
}

#[test]
fn the_explorers_table_is_read() {
    let bytes = book(&[
        &["ModelID", "ID (must be unique)", "Relationship (From)", "Relationship Name", "Init Data"],
        &["dtmi:x:Building;1", "A", "", "", "{\"Date\": 2001}"],
        &["dtmi:x:Floor;1", " F0 ", "A", "contains"],
        &["dtmi:x:Room;1", "R0", "F0", "contains", "{\"Temperature\": 70, \"Humidity\": 30.5}"],
        &["dtmi:x:Room;1", "R0", "A", "has"],
    ]);
    let draft = draft(&bytes);
    assert_eq!(draft.findings, []);
    let ids: Vec<&str> = draft.twins.iter().map(|twin| twin.id.as_str()).collect();
    assert_eq!(ids, ["A", "F0", "R0"]);
    assert_eq!(draft.twins[0].properties.get("Date"), Some(&Value::Integer(2001)));
    assert_eq!(draft.twins[2].properties.get("Humidity"), Some(&Value::Number(30.5)));
    let ways: Vec<_> = draft.relationships.iter().map(|way| (&*way.from, &*way.name, &*way.to, &way.id)).collect();
    assert_eq!(ways, [("A", "contains", "F0", &None), ("F0", "contains", "R0", &None), ("A", "has", "R0", &None)]);
}

#[test]
fn bad_rows_are_left_out_with_their_cell() {
    let bytes = book(&[
        &["id", "MODELID", "colour", "relationship (from)", "Relationship name", "init data"],
        &["", "dtmi:x:Room;1"],
        &["a", ""],
        &["b", "dtmi:x:Room;1", "red", "a", "", "[1]"],
        &["b", "dtmi:x:Room;1", "", "", "", "{\"t\": 1}"],
        &["c", "dtmi:x:Room;1", "", "", "", "{\"t\": "],
    ]);
    let draft = draft(&bytes);
    let wanted = [
        ("unknown-column", 1, 3),
        ("twin-without-id", 2, 1),
        ("twin-without-model", 3, 2),
        ("bad-init-data", 4, 6),
        ("broken-relationship", 4, 5),
        ("repeated-twin", 5, 1),
        ("bad-init-data", 6, 6),
    ];
    assert_eq!(findings(&draft), wanted);
    assert_eq!(draft.twins.len(), 2);
    assert_eq!((draft.counts["twins"].left_out, draft.counts["relationships"].left_out), (3, 1));
}

#[test]
fn an_export_is_imported_unchanged() {
    let (models, found) = Models::read([("models.json".into(), MODELS)]);
    assert_eq!(found, []);
    let properties = [
        ("temperature".to_owned(), Value::Number(21.0)),
        ("wifi.network".to_owned(), Value::Text("a \"b\"\n<c> & d".into())),
    ];
    let twin = |id: &str, properties| TwinDoc { id: id.into(), model: "dtmi:x:Room;1".into(), properties };
    let rooms = [twin("a", properties.into()), twin("b", Properties::default())];
    let way = |id: Option<&str>, from: &str, to: &str| RelationshipDoc {
        id: id.map(str::to_owned),
        from: from.into(),
        name: "leadsTo".into(),
        to: to.into(),
        properties: [("width".to_owned(), Value::Number(0.9))].into(),
    };
    let ways = [way(None, "b", "a"), way(Some("r"), "a", "b"), way(None, "b", "a"), way(None, "a", "elsewhere")];
    let found = RefCell::default();
    let table = TwinList { twins: &rooms, models: &models, findings: &found };
    let bytes = xlsx::bytes(&table, &ways, &found);
    assert_eq!(bytes, xlsx::bytes(&table, &ways, &found), "the same scene is the same file");
    assert_eq!(found.into_inner(), []);
    let draft = draft(&bytes);
    assert_eq!(draft.findings, []);
    assert_eq!(draft.twins[..], rooms.map(Arc::new));
    assert_eq!(draft.relationships[..], ways.map(Arc::new));
}

#[test]
fn other_bytes_are_refused() {
    let whole = book(&[&["ModelID", "ID"]]);
    for bytes in [&b""[..], b"PK", b"ModelID,ID\n", &whole[..whole.len() / 2]] {
        let draft = draft(bytes);
        assert_eq!(findings(&draft), [("xlsx-damaged", 1, 1)]);
    }
    assert_eq!(findings(&draft(&book(&[&["a", "b"]]))), [("no-columns", 1, 1)]);
}

#[test]
fn headers_are_found_below_a_title_and_under_other_names() {
    let rows: [&[&str]; 2] = [&["dtmi:x:Floor;1", "f1"], &["dtmi:x:Room;1", "r1", "f1", "contains"]];
    let headers: [&[&str]; 5] = [
        &["ModelID", "ID", "Relationship (From)", "Relationship Name"],
        &["model id", "Twin ID", "From", "Relationship"],
        &["Model", "$dtId", "Source", "relationship_name"],
        &["ModelID", "ID (must be unique)", "From", ""],
        &["ModelID", "ID", "", "Relationship name"],
    ];
    for (titles, header) in [0, 1, 2].into_iter().flat_map(|titles| headers.map(|header| (titles, header))) {
        let title: [&[&str]; 2] = [&["Floor list 2024"], &["ID", "as of", "1 March"]];
        let table: Vec<&[&str]> = title[..titles].iter().copied().chain([header]).chain(rows).collect();
        let draft = draft(&book(&table));
        let codes: Vec<_> =
            draft.findings.iter().map(|found| found.code).filter(|code| *code != "row-above-headers").collect();
        let is_whole = header[2..].iter().all(|text| !text.is_empty());
        assert_eq!(draft.twins.len(), 2, "{titles} {header:?}");
        assert_eq!(draft.relationships.len(), usize::from(is_whole), "{titles} {header:?}");
        assert_eq!(codes.contains(&"no-relationship-column"), !is_whole, "{titles} {header:?}: {codes:?}");
        assert_eq!(draft.findings.len() - codes.len(), titles, "each row above the headers is said");
    }
}
