//! DuckDB through its Python package, which includes the built library.

use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// Runs `duck.py` for a number of sensors and returns its output. The variable `PYTHON` names the interpreter that has
/// the package.
pub fn ask(sensors: u32) -> Result<Value, String> {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("duck.py");
    let output =
        Command::new(&python).arg(script).arg(sensors.to_string()).output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
}
