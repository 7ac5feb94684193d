//! The place of a history: a folder, or a schema of a PostgreSQL database.

use std::fmt::{Display, Formatter};
use std::path::{Path, PathBuf};

/// The schema of a database without `schema=` in its address.
const USUAL_SCHEMA: &str = "cupola";
/// The longest name of a schema that PostgreSQL keeps.
const MAX_SCHEMA: usize = 63;

/// The place of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HistoryPlace {
    /// A folder, which one program writes.
    Folder(PathBuf),
    /// A schema of a PostgreSQL database, which programs on several machines can read.
    Database(DatabasePlace),
}

impl HistoryPlace {
    /// Returns the place that a person writes: a folder, or the address of a database, such as
    /// `postgres://ada@db.example/building?schema=school`.
    ///
    /// # Errors
    /// The reason why the address is not understood.
    pub fn parse(text: &str) -> Result<Self, String> {
        match DatabasePlace::SCHEMES.iter().any(|scheme| text.starts_with(scheme)) {
            true => DatabasePlace::parse(text).map(Self::Database),
            false => Ok(Self::Folder(text.into())),
        }
    }

    /// Returns the folder, if the place is one.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Folder(folder) => Some(folder),
            Self::Database(_) => None,
        }
    }
}

impl Display for HistoryPlace {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::Database(database) => database.fmt(f),
        }
    }
}

impl From<&Path> for HistoryPlace {
    fn from(folder: &Path) -> Self {
        Self::Folder(folder.into())
    }
}

impl From<&PathBuf> for HistoryPlace {
    fn from(folder: &PathBuf) -> Self {
        folder.as_path().into()
    }
}

impl From<&HistoryPlace> for HistoryPlace {
    fn from(place: &HistoryPlace) -> Self {
        place.clone()
    }
}

/// A schema of a PostgreSQL database. Its text has no password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabasePlace {
    /// The address without the schema, as the client library takes it.
    address: String,
    schema: String,
}

impl DatabasePlace {
    const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];

    fn parse(text: &str) -> Result<Self, String> {
        let (address, query) = text.split_once('?').unwrap_or((text, ""));
        let mut schema = USUAL_SCHEMA.to_string();
        let mut rest = Vec::new();
        for part in query.split('&').filter(|part| !part.is_empty()) {
            match part.strip_prefix("schema=") {
                Some(name) => schema = name.to_string(),
                None => rest.push(part),
            }
        }
        let is_plain = schema.starts_with(|letter: char| letter.is_ascii_lowercase() || letter == '_')
            && schema.chars().all(|letter| matches!(letter, 'a'..='z' | '0'..='9' | '_'))
            && schema.len() <= MAX_SCHEMA;
        if !is_plain {
            return Err(format!(
                "`{schema}` is no name of a schema: write a small letter, then small letters, digits and `_`, {MAX_SCHEMA} at \
                 most"
            ));
        }
        let address = if rest.is_empty() { address.to_string() } else { format!("{address}?{}", rest.join("&")) };
        let place = Self { address, schema };
        place.config().map(|_| place)
    }

    /// Returns the schema.
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// Returns the settings of the connection.
    pub(crate) fn config(&self) -> Result<postgres::Config, String> {
        let config: Result<postgres::Config, postgres::Error> = self.address.parse();
        config.map_err(|error| {
            let why = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            format!("{self}: {why}. An address is written as postgres://USER@HOST/DATABASE?schema=NAME")
        })
    }
}

impl Display for DatabasePlace {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let (address, query) = self.address.split_once('?').unwrap_or((&self.address, ""));
        let (scheme, rest) = address.split_once("://").unwrap_or(("postgres", address));
        // The part before the last `@` may have a password.
        let shown = match rest.rsplit_once('@') {
            Some((user, host)) => format!("{}@{host}", user.split(':').next().unwrap_or_default()),
            None => rest.to_string(),
        };
        let shown_query = query.split('&').filter(|part| !part.is_empty() && !part.starts_with("password="));
        let mut all: Vec<String> = shown_query.map(ToString::to_string).collect();
        all.push(format!("schema={}", self.schema));
        write!(f, "{scheme}://{shown}?{}", all.join("&"))
    }
}

impl std::fmt::Debug for DatabasePlace {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "DatabasePlace({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::HistoryPlace;

    #[test]
    fn an_address_is_shown_without_its_password() {
        for (text, wanted) in [
            ("postgres://ada:se:cr%40et@db/house", "postgres://ada@db/house?schema=cupola"),
            (
                "postgresql://db/house?schema=school&sslmode=disable",
                "postgresql://db/house?sslmode=disable&schema=school",
            ),
            ("postgres://ada@/house?host=/run/pg&password=secret", "postgres://ada@/house?host=/run/pg&schema=cupola"),
            ("some/folder", "some/folder"),
        ] {
            let place = HistoryPlace::parse(text).expect(text);
            assert_eq!(place.to_string(), wanted);
            assert!(!format!("{place:?}").contains("secret"));
        }
        for text in [
            "postgres://db/x?schema=Bad name",
            "postgres://db/x?schema=",
            "postgres://db:port/x",
            "postgres://db/x?colour=1",
        ] {
            assert!(HistoryPlace::parse(text).is_err(), "{text}");
        }
    }
}
