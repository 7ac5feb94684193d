//! System values of twins that another service gave: the version tag `$etag`, and the times at which properties were
//! updated, `$metadata.PROPERTY.lastUpdateTime`. A scene stores them under these names beside the properties.

use super::{ColumnIx, Table, Topology, TwinIx};
use crate::value::Value;
use crate::zone::time_of_text;

/// The name of a version tag.
pub const ETAG: &str = "$etag";

/// Returns the name under which a scene stores the time at which a property was updated.
pub fn update_time_name(property: &str) -> String {
    format!("$metadata.{property}.lastUpdateTime")
}

/// Returns the property of the name of an update time.
pub fn updated_property(name: &str) -> Option<&str> {
    name.strip_prefix("$metadata.")?.strip_suffix(".lastUpdateTime")
}

/// A system value of a twin.
#[derive(Debug)]
pub(super) enum SystemValue {
    /// The time of the initial values of columns, in microseconds since the Unix epoch.
    Time(Vec<ColumnIx>, i64),
    Etag(String),
}

impl SystemValue {
    /// Returns the number of columns that the value is about.
    pub fn extent(&self) -> usize {
        match self {
            Self::Time(columns, _) => columns.len(),
            Self::Etag(_) => 0,
        }
    }

    /// Reads a system value. Returns `None` if the name is not one of a system value, or the value does not fit.
    pub fn read(topology: &Topology, table: &Table, name: &str, value: &Value) -> Option<Self> {
        let Value::Text(text) = value else { return None };
        if name == ETAG {
            return Some(Self::Etag(text.to_string()));
        }
        let property = updated_property(name)?;
        // The columns of an object have the time of the object.
        let is_inside = |column: &str| column.strip_prefix(property).is_some_and(|rest| rest.starts_with('.'));
        let columns: Vec<ColumnIx> = match table.column(property) {
            Some(column) => vec![column],
            None => {
                let inside = table.columns.iter().filter(|column| is_inside(&topology.column(**column).name));
                inside.copied().collect()
            }
        };
        if columns.is_empty() { None } else { Some(Self::Time(columns, time_of_text(text)?)) }
    }
}

impl Topology {
    /// Returns the version tag that another service gave to a twin.
    pub fn etag(&self, twin: TwinIx) -> Option<&str> {
        self.etags.get(&twin.0).map(String::as_str)
    }
}
