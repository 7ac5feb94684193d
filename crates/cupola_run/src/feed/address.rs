//! The address of a broker.

/// The environment variable with the user name for the broker.
pub const USER: &str = "CUPOLA_MQTT_USER";
/// The environment variable with the password for the broker.
pub const PASSWORD: &str = "CUPOLA_MQTT_PASSWORD";

/// The environment variable with the hosts that get user and password, as `HOST` or `HOST:PORT`, separated by commas. A
/// scene may come from anywhere, so a host that only the scene names doesn't get them.
pub const HOSTS: &str = "CUPOLA_MQTT_HOST";

/// The reason why a text is not the address of a broker that the program can connect to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// The address needs TLS.
    #[error("TLS is not supported yet: use mqtt:// on a network that you trust")]
    Tls,
    /// The scheme is not that of MQTT.
    #[error("`{0}://` is not a broker's address; mqtt:// is")]
    Scheme(String),
    /// The address holds a user or a password.
    #[error("user and password don't belong into the address: set {USER} and {PASSWORD}")]
    Credentials,
    /// The port is not a number from 1 to 65535.
    #[error("`{0}` has no valid port")]
    Port(String),
    /// The address has no host.
    #[error("`{0}` names no host")]
    NoHost(String),
}

/// Returns host and port of an address `mqtt://host[:port]`. The default port is 1883.
///
/// ```
/// assert_eq!(cupola_run::feed::address("mqtt://broker:1884"), Ok(("broker".to_string(), 1884)));
/// ```
///
/// # Errors
/// The text is not the address of a broker that the program can connect to.
pub fn address(url: &str) -> Result<(String, u16), AddressError> {
    let rest = match url.split_once("://") {
        Some(("mqtt" | "tcp", rest)) => rest,
        Some(("mqtts" | "ssl", _)) => {
            return Err(AddressError::Tls);
        }
        Some((scheme, _)) => return Err(AddressError::Scheme(scheme.to_string())),
        None => url,
    };
    let rest = rest.trim_end_matches('/');
    if rest.contains('@') {
        return Err(AddressError::Credentials);
    }
    let (host, port) = match rest.rsplit_once(':') {
        // An IPv6 address without a port ends in `]`.
        Some((host, port)) if !port.ends_with(']') => {
            let port = port.parse::<u16>().ok().filter(|port| *port > 0);
            (host, port.ok_or_else(|| AddressError::Port(rest.to_string()))?)
        }
        _ => (rest, 1883),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host.is_empty() || host.contains(char::is_whitespace) {
        return Err(AddressError::NoHost(url.to_string()));
    }
    Ok((host.to_string(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses() {
        for (url, expected) in [
            ("mqtt://localhost", Some(("localhost", 1883))),
            ("mqtt://10.0.0.1:1884/", Some(("10.0.0.1", 1884))),
            ("broker:99", Some(("broker", 99))),
            ("mqtt://[::1]:1883", Some(("::1", 1883))),
            ("mqtts://x", None),
            ("http://x", None),
            ("mqtt://u:p@x", None),
            ("mqtt://x:0", None),
            ("mqtt://x:nine", None),
            ("mqtt://", None),
        ] {
            let found = address(url).ok();
            assert_eq!(found.as_ref().map(|(host, port)| (host.as_str(), *port)), expected, "{url}");
        }
    }
}
