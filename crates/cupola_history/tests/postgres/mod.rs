//! A PostgreSQL server for tests, in a temporary folder. All tests of a process share it, each with a schema of its own.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Starts a server, and stops it when its input ends: when the process of the tests is gone, however it ends. The first
/// argument is the folder of the programs.
const SCRIPT: &str = r#"
set -eu
bin=$1
folder=$(mktemp -d)
as=
if [ "$(id -u)" -eq 0 ]; then chown postgres "$folder"; as="runuser -u postgres --"; fi
$as "$bin/initdb" -D "$folder/data" -A trust -U postgres -E UTF8 --locale=C --no-sync >/dev/null
$as "$bin/postgres" -D "$folder/data" -c fsync=off -c listen_addresses= -k "$folder" >"$folder/log" 2>&1 &
server=$!
trap 'kill -INT $server 2>/dev/null || true; wait $server 2>/dev/null || true; rm -rf "$folder"' EXIT
while ! "$bin/pg_isready" -q -h "$folder"; do kill -0 $server || { cat "$folder/log" >&2; exit 1; }; sleep 0.02; done
echo "$folder"
cat >/dev/null
"#;

struct Server {
    socket: String,
    /// Its input ends with the process of the tests.
    _child: Child,
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "sh"]).arg(programs()).stdin(Stdio::piped()).stdout(Stdio::piped());
        // The user of the server has no right to this folder.
        let mut child = command.current_dir("/").spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let socket = line.trim().replace('/', "%2F");
        assert!(!socket.is_empty(), "the PostgreSQL server did not start");
        Server { socket, _child: child }
    })
}

/// Returns the folder of PostgreSQL's programs.
fn programs() -> PathBuf {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = installed.map(|entry| entry.path().join("bin")).collect();
    found.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    found.extend(std::env::split_paths(&path));
    let has_server = |folder: &PathBuf| ["initdb", "postgres"].iter().all(|name| folder.join(name).is_file());
    found.into_iter().find(|folder| has_server(folder)).expect("PostgreSQL is not installed: ./test installs it")
}

/// Returns the address of the database, without a schema.
pub fn database() -> String {
    format!("postgres://postgres@{}/postgres", server().socket)
}

/// Returns the address of a schema that no other test has.
pub fn address() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let process = std::process::id();
    format!("{}?schema=test_{process}_{}", database(), NEXT.fetch_add(1, Ordering::Relaxed))
}
