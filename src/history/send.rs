//! Lines sent to a database over HTTP, with retries. Lines that it does not take go into a file.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use ureq::Agent;
use ureq::http::StatusCode;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// The number of lines of a request.
const BATCH: usize = 5_000;
/// The longest time for one request.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The pause before the second try. Each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The number of refused lines that are found one by one. Further requests with such lines are left as a whole.
const MOST_REFUSED: u32 = 200;
/// The number of refused lines, and no taken one, after which an export ends.
const FEW_REFUSED: u32 = 10;
/// The variable with the token of an InfluxDB of version 2 or newer.
const TOKEN: &str = "INFLUX_TOKEN";

/// The number of lines that were sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SendResult {
    /// The number of lines that the database has taken.
    pub sent: u64,
    /// The number of lines in the file of those that it has not taken.
    pub left: u64,
    /// The reason of the first such line.
    pub why: Option<String>,
}

/// The answer to a request.
enum Answer {
    Taken,
    /// The database does not take a line of the request.
    Refused(String),
    /// The request is too large.
    TooLarge,
    /// The database can't be reached, or is busy.
    Later(String),
}

/// Returns an address for people, without the user and the query, which may have passwords.
pub fn shown_address(address: &str) -> String {
    let address = address.split('?').next().unwrap_or_default();
    match address.split_once("://") {
        Some((scheme, rest)) => format!("{scheme}://{}", rest.rsplit_once('@').map_or(rest, |(_, host)| host)),
        None => address.to_string(),
    }
}

/// A sender of lines to an address.
pub struct LineSender {
    agent: Agent,
    address: String,
    token: Option<String>,
    /// The number of tries of a request.
    tries: u32,
    pause: Duration,
    lines: Vec<String>,
    /// The number of refused lines that were found one by one.
    refused: u32,
    /// The file of the lines that the database does not take, which is made when there is one.
    left: PathBuf,
    left_file: Option<File>,
    result: SendResult,
    /// Gets a sentence when the database is asked again.
    note: Box<dyn FnMut(&str)>,
}

impl LineSender {
    /// Returns a sender to the address of a database's write interface, such as `http://db:8086/write?db=house`. A request is
    /// tried `tries` times.
    ///
    /// # Errors
    /// The address is not one of HTTP, or the certificates of the system can't be used.
    pub fn new(address: &str, left: &Path, tries: u32) -> Result<Self, String> {
        if !["http://", "https://"].iter().any(|scheme| address.starts_with(scheme)) {
            return Err(format!("`{}` is no address: write http://HOST:PORT/write?db=NAME", shown_address(address)));
        }
        let certificates = rustls_native_certs::load_native_certs().certs;
        let certificates = certificates.iter().map(|one| Certificate::from_der(one).to_owned()).collect();
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::Specific(Arc::new(certificates)))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let config = Agent::config_builder().tls_config(tls).timeout_global(Some(TIMEOUT)).http_status_as_error(false);
        // A redirected request would arrive without its lines.
        let config = config.max_redirects(0).max_redirects_will_error(false);
        let (address, token) = (address.to_string(), std::env::var(TOKEN).ok());
        if token.as_ref().is_some_and(|token| !token.chars().all(|letter| letter.is_ascii_graphic())) {
            return Err(format!("{TOKEN} is no token: it has blanks or other characters"));
        }
        Ok(Self {
            agent: config.build().into(),
            address,
            token,
            tries,
            pause: FIRST_PAUSE,
            lines: Vec::new(),
            refused: 0,
            left: left.to_path_buf(),
            left_file: None,
            result: SendResult::default(),
            note: Box::new(|_| {}),
        })
    }

    /// Changes the pause before the second try.
    #[must_use]
    pub fn with_pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// Calls a function with a sentence when the database is asked again.
    #[must_use]
    pub fn with_note(mut self, note: impl FnMut(&str) + 'static) -> Self {
        self.note = Box::new(note);
        self
    }

    /// Takes a line with its end, and sends those that wait if they are enough.
    ///
    /// # Errors
    /// The database refuses this sender, or the file of the lines that are left can't be written.
    pub fn push(&mut self, line: String) -> Result<(), String> {
        self.lines.push(line);
        if self.lines.len() >= BATCH { self.send() } else { Ok(()) }
    }

    /// Sends the rest.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn finish(mut self) -> Result<SendResult, String> {
        self.send()?;
        Ok(self.result)
    }

    fn send(&mut self) -> Result<(), String> {
        let lines = std::mem::take(&mut self.lines);
        self.send_lines(&lines)
    }

    fn send_lines(&mut self, lines: &[String]) -> Result<(), String> {
        if lines.is_empty() {
            return Ok(());
        }
        match self.post(&lines.concat())? {
            Answer::Taken => {
                self.result.sent += lines.len() as u64;
                Ok(())
            }
            // Halves find the lines that are not taken. The database takes a line twice as one.
            Answer::Refused(why) if lines.len() > 1 && self.refused >= MOST_REFUSED => self.leave(lines, why),
            Answer::Refused(_) | Answer::TooLarge if lines.len() > 1 => {
                let (first, second) = lines.split_at(lines.len() / 2);
                self.send_lines(first)?;
                self.send_lines(second)
            }
            // A wrong address refuses everything.
            Answer::Refused(why) if self.result.sent == 0 && self.refused >= FEW_REFUSED => {
                Err(format!("{}: {why}", shown_address(&self.address)))
            }
            Answer::Refused(why) => {
                self.refused += 1;
                self.leave(lines, why)
            }
            Answer::Later(why) => self.leave(lines, why),
            Answer::TooLarge => self.leave(lines, "the line is too long".into()),
        }
    }

    /// Sends a request until it is answered.
    fn post(&mut self, body: &str) -> Result<Answer, String> {
        let mut why = String::new();
        for number in 0..self.tries {
            if number == 1 {
                (self.note)(&format!("{} is asked again: {why}", shown_address(&self.address)));
            }
            if number > 0 {
                std::thread::sleep(self.pause.saturating_mul(1 << (number - 1).min(6)));
            }
            match self.post_once(body)? {
                Answer::Later(reason) => why = reason,
                answer => return Ok(answer),
            }
        }
        // The requests after this one are tried once, so that an export ends.
        self.tries = 1;
        Ok(Answer::Later(why))
    }

    fn post_once(&self, body: &str) -> Result<Answer, String> {
        let mut request = self.agent.post(&self.address).content_type("text/plain; charset=utf-8");
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Token {token}"));
        }
        let mut answer = match request.send(body) {
            Ok(answer) => answer,
            Err(error) => return Ok(Answer::Later(error.to_string())),
        };
        let status = answer.status();
        if status.is_success() {
            return Ok(Answer::Taken);
        }
        let text = answer.body_mut().read_to_string().unwrap_or_default();
        let first = text.lines().next().unwrap_or_default().chars().take(300).collect::<String>();
        let why = format!("{status} {first}").trim().to_string();
        match status {
            StatusCode::PAYLOAD_TOO_LARGE => Ok(Answer::TooLarge),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => Ok(Answer::Later(why)),
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => Ok(Answer::Refused(why)),
            _ if status.is_server_error() => Ok(Answer::Later(why)),
            // A missing right or a wrong address does not change.
            _ => Err(format!("{}: {why}", shown_address(&self.address))),
        }
    }

    /// Puts lines into the file of those that are left.
    fn leave(&mut self, lines: &[String], why: String) -> Result<(), String> {
        let fail = |error: std::io::Error| format!("{}: {error}", self.left.display());
        let file = match &mut self.left_file {
            Some(file) => file,
            None => self.left_file.insert(File::options().create(true).append(true).open(&self.left).map_err(fail)?),
        };
        file.write_all(lines.concat().as_bytes()).map_err(fail)?;
        self.result.left += lines.len() as u64;
        self.result.why.get_or_insert(why);
        Ok(())
    }
}
