//! The place of a history: a folder, or a schema of a PostgreSQL database.

use postgres::config::Host;
use std::fmt::{Display, Formatter};
use std::path::{Path, PathBuf};

/// The schema of a database without `schema=` in its address.
const USUAL_SCHEMA: &str = "cupola";
/// The port of PostgreSQL, which is not shown.
const USUAL_PORT: u16 = 5432;
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
        let scheme = text.split_once(":/").map(|(scheme, _)| scheme);
        // A letter before a colon is a drive.
        let is_scheme = |scheme: &&str| scheme.len() > 1 && scheme.chars().all(|letter| letter.is_ascii_alphanumeric());
        match scheme.filter(is_scheme) {
            None => Ok(Self::Folder(text.into())),
            Some(_) if DatabasePlace::SCHEMES.iter().any(|known| text.starts_with(known)) => {
                DatabasePlace::parse(text).map(Self::Database)
            }
            Some(scheme) => {
                Err(format!("`{scheme}:/…` is no place of a history: write a folder or postgres://USER@HOST/DATABASE"))
            }
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
        // A password may have a question mark.
        let start = text.rfind('@').unwrap_or(0);
        let (address, query) = text[start..].split_once('?').unwrap_or((&text[start..], ""));
        let address = format!("{}{address}", &text[..start]);
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
        let address = if rest.is_empty() { address } else { format!("{address}?{}", rest.join("&")) };
        let place = Self { address, schema };
        place.config().map(|_| place)
    }

    /// Returns the schema of a scene beside those of others: the name of this schema and that of the scene.
    #[must_use]
    pub fn for_scene(&self, name: &str) -> Self {
        let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' };
        let name: String = name.chars().map(plain).collect();
        // The end of a name tells scenes apart.
        let room = MAX_SCHEMA.saturating_sub(self.schema.len() + 1);
        let name = &name[name.len().saturating_sub(room)..];
        Self { address: self.address.clone(), schema: format!("{}_{name}", self.schema) }
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
            format!("{why}. An address is written as postgres://USER@HOST/DATABASE?schema=NAME")
        })
    }
}

impl Display for DatabasePlace {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        // The text is made of what the client library understands, so that no part of a password can be left.
        let Ok(config) = self.address.parse::<postgres::Config>() else { return write!(f, "postgres://…") };
        write!(f, "postgres://")?;
        if let Some(user) = config.get_user() {
            write!(f, "{user}@")?;
        }
        let ports = config.get_ports();
        let hosts = config.get_hosts().iter().enumerate().map(|(at, host)| {
            let name = match host {
                Host::Tcp(name) => name.clone(),
                #[cfg(unix)]
                Host::Unix(path) => path.display().to_string().replace('/', "%2F"),
            };
            let port = ports.get(at).or(ports.first()).filter(|port| **port != USUAL_PORT);
            port.map_or(name.clone(), |port| format!("{name}:{port}"))
        });
        write!(f, "{}", hosts.collect::<Vec<_>>().join(","))?;
        write!(f, "/{}?schema={}", config.get_dbname().unwrap_or_default(), self.schema)
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
    fn a_scene_has_a_schema_of_its_own() {
        let HistoryPlace::Database(all) = HistoryPlace::parse("postgres://db/houses").expect("a place") else {
            unreachable!()
        };
        assert_eq!(all.for_scene("Büro 7-0123456789abcdef").schema(), "cupola_b_ro_7_0123456789abcdef");
        let long = all.for_scene(&format!("{}-0123456789abcdef", "school".repeat(20)));
        assert!(long.schema().len() <= 63 && long.schema().ends_with("_0123456789abcdef"), "{}", long.schema());
    }

    #[test]
    fn an_address_is_shown_without_its_password() {
        for (text, wanted) in [
            ("postgres://ada:se:cr%40et@db/house", "postgres://ada@db/house?schema=cupola"),
            ("postgres://ada:secret?@db:5433/house?schema=a", "postgres://ada@db:5433/house?schema=a"),
            ("postgresql://db/house?schema=school&sslmode=disable", "postgres://db/house?schema=school"),
            ("postgres://ada@/house?host=/run/pg&pass%77ord=secret", "postgres://ada@%2Frun%2Fpg/house?schema=cupola"),
            ("some/folder", "some/folder"),
        ] {
            let place = HistoryPlace::parse(text).expect(text);
            assert_eq!(place.to_string(), wanted);
            assert!(!format!("{place:?}").contains("secret"));
        }
        for text in [
            "mysql://db/x",
            "postgres:/db/x",
            "POSTGRES://db/x",
            "postgres://db/x?schema=Bad name",
            "postgres://db/x?schema=",
            "postgres://db:port/x",
            "postgres://db/x?colour=1",
        ] {
            assert!(HistoryPlace::parse(text).is_err(), "{text}");
        }
    }
}
