//! Tests of the past as Influx line protocol, sent to a server on loopback.

use cupola::history::{LineSender, SendResult, line};
use cupola_history::{History, HistoryImport, HistoryRecord, ImportedValue, Series, SeriesKey};
use cupola_twin::Kind;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A server that answers each request by a function of its number and its body, and keeps the lines that it took.
struct Server {
    address: String,
    taken: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(answer: impl Fn(usize, &str) -> u16 + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = format!("http://{}/write?db=house", listener.local_addr().unwrap());
        let taken = Arc::new(Mutex::new(Vec::new()));
        let kept = taken.clone();
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut length = 0;
                loop {
                    let mut header = String::new();
                    reader.read_line(&mut header).unwrap();
                    if let Some(value) = header.to_lowercase().strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                    if header.trim().is_empty() {
                        break;
                    }
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                let body = String::from_utf8(body).unwrap();
                let status = answer(number, &body);
                if status == 204 {
                    kept.lock().unwrap().extend(body.lines().map(String::from));
                }
                let text = "{\"error\":\"as asked\"}";
                let head =
                    format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", text.len());
                let _ = stream.write_all((head + text).as_bytes());
            }
        });
        Self { address, taken }
    }
}

/// Sends numbered lines, of which one is bad.
fn send(address: &str, folder: &tempfile::TempDir) -> Result<SendResult, String> {
    let mut sender = LineSender::new(address, &folder.path().join("unsent.lp"), 4)?.with_pause(Duration::ZERO);
    for number in 0..12_000 {
        let name = if number == 7_777 { "bad" } else { "good" };
        sender.push(format!("{name} value={number} {number}\n"))?;
    }
    sender.finish()
}

#[test]
fn a_busy_server_gets_everything_and_bad_lines_are_kept_apart() {
    let folder = tempfile::tempdir().unwrap();
    // It is busy at first, takes no large requests, and refuses requests with a bad line.
    let server = Server::start(|number, body| match body {
        _ if number < 3 => 503,
        body if body.lines().count() > 3_000 => 413,
        body if body.contains("bad") => 400,
        _ => 204,
    });
    let result = send(&server.address, &folder).unwrap();
    assert_eq!((result.sent, result.left), (11_999, 1));
    assert!(result.why.is_some_and(|why| why.contains("as asked")));
    assert_eq!(std::fs::read_to_string(folder.path().join("unsent.lp")).unwrap(), "bad value=7777 7777\n");
    let taken = server.taken.lock().unwrap();
    assert_eq!((taken.len(), taken.iter().collect::<BTreeSet<_>>().len()), (11_999, 11_999));
}

#[test]
fn lines_that_cannot_be_sent_are_kept_and_a_missing_right_ends_the_export() {
    let folder = tempfile::tempdir().unwrap();
    let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let result = send(&format!("http://{gone}/write"), &folder).unwrap();
    assert_eq!((result.sent, result.left), (0, 12_000));
    assert_eq!(std::fs::read_to_string(folder.path().join("unsent.lp")).unwrap().lines().count(), 12_000);
    let server = Server::start(|_, _| 401);
    let why = send(&server.address, &folder).unwrap_err();
    assert!(why.contains("401") && why.contains("as asked"), "{why}");
    assert!(send("house.db", &folder).unwrap_err().contains("no address"));
}

#[test]
fn names_and_texts_are_escaped() {
    let folder = tempfile::tempdir().unwrap();
    let mut import = HistoryImport::begin(folder.path(), "test", false).unwrap();
    let mut add = |twin: &str, property: &str, kind, unit: Option<&str>, lane: f64| {
        let key = SeriesKey { twin: twin.into(), property: property.into() };
        let series = import.series(&Series { key, kind, unit: unit.map(Into::into) });
        import.push(&[ImportedValue { series, time_us: 1_600_000_000_000_001, lane }]).unwrap();
    };
    add("room 1, north=cold\\", "air temp", Kind::Number, Some("degreeCelsius"), 21.0);
    add("r2", "count", Kind::Integer, None, 3.0);
    add("r2", "open", Kind::Bool, None, 1.0);
    let key = SeriesKey { twin: "r2".into(), property: "note".into() };
    let series = import.series(&Series { key, kind: Kind::Text, unit: None });
    let lane = import.text("a \"b\" \\c\nd");
    import.push(&[ImportedValue { series, time_us: -5, lane }]).unwrap();
    import.finish().unwrap();
    let record = HistoryRecord::open(folder.path()).unwrap().unwrap();
    let history: &History = record.history();
    let read = record.read(None, &record.sources(None), (i64::MIN, i64::MAX), &false.into()).unwrap();
    let lines: Vec<String> = read
        .values()
        .flatten()
        .flat_map(|past| past.changes.iter().map(|change| line(history, past, change)))
        .collect();
    assert_eq!(
        lines,
        [
            "count,twin=r2 value=3,quality=\"good\" 1600000000000001000\n",
            "note,twin=r2 text=\"a \\\"b\\\" \\\\c d\",quality=\"good\" -5000\n",
            "open,twin=r2 state=true,quality=\"good\" 1600000000000001000\n",
            "air\\ temp,twin=room\\ 1\\,\\ north\\=cold/,unit=degreeCelsius value=21,quality=\"good\" 1600000000000001000\n",
        ]
    );
}
