//! The address of a terminal, as a person types it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Reads the address of a terminal (`protocol/link.md` §2.1).
///
/// - `ws://HOST[:PORT][/PATH]`: without TLS. To a machine that is not this one only if `insecure` is
///   true, as everything, the pairing token too, can then be read and changed on the way.
/// - `wss://HOST[:PORT][/PATH]`: with TLS, which is not built in yet and refused.
/// - `HOST[:PORT][/PATH]`: `ws://` if it is this machine (loopback), else `wss://`.
///
/// HOST is a name, an IPv4 address or an IPv6 address in brackets; without scheme and port an IPv6
/// address may stand bare. The port is [`DEFAULT_PORT`] and the path [`DEFAULT_PATH`] if none is given.
///
/// # Errors
///
/// An [`AddressError`] that says what is wrong and what to do. It never repeats the text, which may
/// hold a password.
pub fn parse_address(text: &str, insecure: bool) -> Result<Address, AddressError> {
    if text.len() > MAX_TEXT {
        return Err(AddressError::TooLong);
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(AddressError::Whitespace);
    }
    let (scheme, rest) = match text.split_once("://") {
        None => (None, text),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("ws") => (Some(Scheme::Ws), rest),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("wss") => (Some(Scheme::Wss), rest),
        Some(_) => return Err(AddressError::UnknownScheme),
    };
    let (authority, path) = match rest.find(['/', '?', '#']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    if authority.contains('@') {
        return Err(AddressError::UserInfo);
    }
    let bare_v6 = scheme.is_none() && authority.parse::<Ipv6Addr>().is_ok();
    let (host, port) = if bare_v6 {
        (Host::V6(authority), None)
    } else {
        split_authority(authority)?
    };
    let (host, ip) = host.check()?;
    let address = Address {
        host,
        ip,
        port: port.map_or(Ok(DEFAULT_PORT), parse_port)?,
        path: parse_path(path)?,
    };
    match scheme {
        Some(Scheme::Wss) => Err(AddressError::TlsNotBuilt),
        None if !address.is_loopback() => Err(AddressError::TlsNotBuilt),
        Some(Scheme::Ws) if !address.is_loopback() && !insecure => Err(AddressError::Insecure),
        _ => Ok(address),
    }
}

/// Where a terminal is: host, port and path. It is made by [`parse_address`] only, so one that exists
/// is allowed to be connected to. It prints as the complete URL.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    host: String,
    ip: Option<IpAddr>,
    port: u16,
    path: String,
}

impl Address {
    /// The host: a name in lower case, or an IP address, an IPv6 one without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The IP address, if the host is one and not a name.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.ip
    }

    /// The TCP port, 1 to 65535.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The path with its query, from the `/` on.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether it is this machine itself: `localhost`, `127.0.0.0/8` or `::1`.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self.ip {
            Some(ip) => ip.is_loopback(),
            None => self.is_localhost(),
        }
    }

    /// Whether the host is the name `localhost`, which is never looked up (RFC 6761 §6.3): another
    /// machine must not get what is meant to stay on this one.
    pub(crate) fn is_localhost(&self) -> bool {
        self.host == LOCALHOST
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            host, port, path, ..
        } = self;
        match self.ip {
            Some(IpAddr::V6(_)) => write!(f, "ws://[{host}]:{port}{path}"),
            _ => write!(f, "ws://{host}:{port}{path}"),
        }
    }
}

/// Why a text is not an address that can be connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressError {
    /// The text is longer than 1024 bytes.
    TooLong,
    /// There is a space, a line end or a control character in it.
    Whitespace,
    /// The part before `://` is neither `ws` nor `wss`.
    UnknownScheme,
    /// There is a user name or password (`user@`) in it.
    UserInfo,
    /// There is no host in it.
    EmptyHost,
    /// The host is neither a name nor an IP address.
    BadHost,
    /// The port is not a number from 1 to 65535.
    BadPort,
    /// The path has a character that must not stand there.
    BadPath,
    /// It needs TLS.
    TlsNotBuilt,
    /// It has no TLS and leads to another machine.
    Insecure,
}

impl AddressError {
    /// What is wrong, as a sentence part.
    #[must_use]
    pub const fn what(self) -> &'static str {
        match self {
            Self::TooLong => "the address is too long",
            Self::Whitespace => "there is white space in the address",
            Self::UnknownScheme => "the address is neither ws:// nor wss://",
            Self::UserInfo => "there is a user name in the address",
            Self::EmptyHost => "there is no host in the address",
            Self::BadHost => "the host is neither a name nor an IP address",
            Self::BadPort => "the port is not a number from 1 to 65535",
            Self::BadPath => "the path of the address has a character that must not stand there",
            Self::TlsNotBuilt => "TLS is not built in yet",
            Self::Insecure => "without TLS, others in the network can read and change everything",
        }
    }

    /// What to do next.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::TooLong | Self::UnknownScheme => {
                "use the address that the terminal's start screen shows, like ws://192.168.0.112:12345/remote_pay"
            }
            Self::Whitespace => "remove it; %20 stands for a space in a path",
            Self::UserInfo => {
                "remove everything up to the @; the terminal pairs with a code instead"
            }
            Self::EmptyHost => {
                "give the terminal's name or IP address, as its start screen shows it"
            }
            Self::BadHost => {
                "check the spelling; an IPv6 address with a port stands in brackets, like [::1]:12345"
            }
            Self::BadPort => "usually it is 12345; leave it out to get that",
            Self::BadPath => "usually it is /remote_pay; leave it out to get that",
            Self::TlsNotBuilt => {
                "set the terminal to insecure connections and use ws:// with --insecure, in a network you trust"
            }
            Self::Insecure => "pass --insecure if you trust everyone in this network",
        }
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.what(), self.remedy())
    }
}

impl std::error::Error for AddressError {}

/// Whether a `Host` header names this machine itself. The port is not looked at.
pub(crate) fn is_loopback_host(header: &str) -> bool {
    let Ok((host, port)) = split_authority(header) else {
        return false;
    };
    if port.is_some_and(|port| parse_port(port).is_err()) {
        return false;
    }
    match host.check() {
        Ok((_, Some(ip))) => ip.is_loopback(),
        Ok((name, None)) => name == LOCALHOST,
        Err(_) => false,
    }
}

enum Scheme {
    Ws,
    Wss,
}

enum Host<'t> {
    NameOrV4(&'t str),
    V6(&'t str),
}

impl Host<'_> {
    /// The host as it is kept.
    fn check(self) -> Result<(String, Option<IpAddr>), AddressError> {
        let text = match self {
            Self::V6(text) => {
                let ip: Ipv6Addr = text.parse().map_err(|_| AddressError::BadHost)?;
                return Ok((ip.to_string(), Some(ip.into())));
            }
            Self::NameOrV4(text) => text,
        };
        if text.is_empty() {
            return Err(AddressError::EmptyHost);
        }
        if let Ok(ip) = text.parse::<Ipv4Addr>() {
            return Ok((ip.to_string(), Some(ip.into())));
        }
        let name = text.to_ascii_lowercase();
        if is_name(&name) {
            Ok((name, None))
        } else {
            Err(AddressError::BadHost)
        }
    }
}

fn split_authority(text: &str) -> Result<(Host<'_>, Option<&str>), AddressError> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or(AddressError::BadHost)?;
        return match (after, after.strip_prefix(':')) {
            ("", _) => Ok((Host::V6(host), None)),
            (_, Some(port)) => Ok((Host::V6(host), Some(port))),
            (_, None) => Err(AddressError::BadHost),
        };
    }
    match text.split_once(':') {
        None => Ok((Host::NameOrV4(text), None)),
        Some((_, port)) if port.contains(':') => Err(AddressError::BadHost),
        Some((host, port)) => Ok((Host::NameOrV4(host), Some(port))),
    }
}

fn is_name(text: &str) -> bool {
    let text = text.strip_suffix('.').unwrap_or(text);
    let label_is_good = |label: &str| {
        !label.is_empty()
            && label.len() <= MAX_LABEL
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    // A last label that begins with a digit would be read as an IPv4 address in one of its old forms
    // (127.1, 0x7f.1) by some resolvers; what is meant by it must not depend on the resolver.
    let last_is_a_number = text
        .rsplit('.')
        .next()
        .is_some_and(|last| last.starts_with(|c: char| c.is_ascii_digit()));
    text.len() <= MAX_NAME && text.split('.').all(label_is_good) && !last_is_a_number
}

fn parse_port(text: &str) -> Result<u16, AddressError> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(AddressError::BadPort);
    }
    match text.parse() {
        Ok(0) | Err(_) => Err(AddressError::BadPort),
        Ok(port) => Ok(port),
    }
}

fn parse_path(text: &str) -> Result<String, AddressError> {
    if text.is_empty() {
        return Ok(DEFAULT_PATH.into());
    }
    let is_good = |b: u8| b.is_ascii_graphic() && !br##""#<>\^`{|}"##.contains(&b);
    if text.starts_with('/') && text.bytes().all(is_good) {
        Ok(text.into())
    } else {
        Err(AddressError::BadPath)
    }
}

/// The port of Network Pay Display unless the terminal is set to another (`protocol/link.md` §2.1).
pub const DEFAULT_PORT: u16 = 12345;

/// The path of Network Pay Display (`protocol/link.md` §2.1).
pub const DEFAULT_PATH: &str = "/remote_pay";

const LOCALHOST: &str = "localhost";

const MAX_TEXT: usize = 1024;

/// RFC 1035 §2.3.4, without the length bytes.
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(text: &str, insecure: bool) -> String {
        parse_address(text, insecure).unwrap().to_string()
    }

    #[test]
    fn port_and_path_have_defaults() {
        for (text, url) in [
            ("ws://127.0.0.1", "ws://127.0.0.1:12345/remote_pay"),
            ("ws://127.0.0.1:80", "ws://127.0.0.1:80/remote_pay"),
            ("ws://127.0.0.1/", "ws://127.0.0.1:12345/"),
            ("ws://127.0.0.1:1/a/b?c=d%20", "ws://127.0.0.1:1/a/b?c=d%20"),
            ("WS://LocalHost:65535", "ws://localhost:65535/remote_pay"),
            ("ws://[0:0::1]:9", "ws://[::1]:9/remote_pay"),
        ] {
            assert_eq!(printed(text, false), url, "{text}");
        }
    }

    #[test]
    fn a_bare_host_is_insecure_on_loopback_only() {
        for text in [
            "localhost",
            "LOCALHOST:12345",
            "127.0.0.1",
            "127.255.0.9:1",
            "::1",
            "[::1]",
            "[::1]:80/x",
        ] {
            assert!(parse_address(text, false).unwrap().is_loopback(), "{text}");
        }
        for text in [
            "till.example",
            "192.168.0.112",
            "192.168.0.112:12345",
            "fe80::1",
            "[fe80::1]:80",
        ] {
            for insecure in [false, true] {
                let refused = parse_address(text, insecure);
                assert_eq!(refused, Err(AddressError::TlsNotBuilt), "{text}");
            }
        }
    }

    #[test]
    fn another_machine_without_tls_needs_insecure() {
        for text in [
            "ws://192.168.0.112",
            "ws://till",
            "ws://[2001:db8::1]:1",
            "ws://localhost.example",
            "ws://localhost.",
            "ws://[::ffff:127.0.0.1]",
            "ws://0.0.0.0",
        ] {
            assert_eq!(
                parse_address(text, false),
                Err(AddressError::Insecure),
                "{text}"
            );
            assert!(!parse_address(text, true).unwrap().is_loopback(), "{text}");
        }
        assert_eq!(
            printed("ws://Till-7.example:9", true),
            "ws://till-7.example:9/remote_pay"
        );
    }

    #[test]
    fn tls_is_refused_with_a_remedy() {
        for text in ["wss://192.168.0.112", "wss://localhost", "WSS://x:1/y"] {
            assert_eq!(parse_address(text, true), Err(AddressError::TlsNotBuilt));
        }
        assert!(AddressError::TlsNotBuilt.remedy().contains("ws://"));
        assert!(AddressError::Insecure.remedy().contains("--insecure"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        use AddressError as E;
        let long_label = format!("ws://{}", "a".repeat(MAX_LABEL + 1));
        let long_name = format!("ws://{}a", "a.".repeat(MAX_NAME / 2 + 1));
        let long_text = format!("ws://localhost/{}", "a".repeat(MAX_TEXT));
        for (text, error) in [
            ("", E::EmptyHost),
            ("ws://", E::EmptyHost),
            ("ws:///remote_pay", E::EmptyHost),
            (":12345", E::EmptyHost),
            (" localhost", E::Whitespace),
            ("localhost\n", E::Whitespace),
            ("ws://local host", E::Whitespace),
            ("ws://localhost/\u{a0}", E::Whitespace),
            ("ws://localhost/\0", E::Whitespace),
            ("http://localhost", E::UnknownScheme),
            ("://localhost", E::UnknownScheme),
            ("ws://user:pass@localhost", E::UserInfo),
            ("user@localhost", E::UserInfo),
            ("ws://::1", E::BadHost),
            ("ws://[::1", E::BadHost),
            ("ws://[::1]x", E::BadHost),
            ("ws://[]", E::BadHost),
            ("ws://[127.0.0.1]", E::BadHost),
            ("ws://[fe80::1%25eth0]", E::BadHost),
            ("ws://a:1:2", E::BadHost),
            ("ws://127.1", E::BadHost),
            ("ws://2130706433", E::BadHost),
            ("ws://0x7f.0x1", E::BadHost),
            ("ws://256.0.0.1", E::BadHost),
            ("ws://a..b", E::BadHost),
            ("ws://.", E::BadHost),
            ("ws://t\u{fc}r", E::BadHost),
            ("ws://a%62", E::BadHost),
            ("ws://localhost:", E::BadPort),
            ("ws://localhost:0", E::BadPort),
            ("ws://localhost:65536", E::BadPort),
            ("ws://localhost:+80", E::BadPort),
            ("ws://localhost:http", E::BadPort),
            ("ws:localhost", E::BadPort),
            ("ws://localhost?x", E::BadPath),
            ("ws://localhost#x", E::BadPath),
            ("ws://localhost/a#x", E::BadPath),
            ("ws://localhost/\"", E::BadPath),
            ("ws://localhost/\u{e4}", E::BadPath),
            (long_label.as_str(), E::BadHost),
            (long_name.as_str(), E::BadHost),
            (long_text.as_str(), E::TooLong),
        ] {
            assert_eq!(parse_address(text, true), Err(error), "{text:?}");
            assert!(!error.what().is_empty() && !error.remedy().is_empty());
            assert!(error.to_string().contains(error.remedy()));
        }
    }

    #[test]
    fn the_parts_can_be_read() {
        let address = parse_address("[::1]:80/x", false).unwrap();
        assert_eq!(address.host(), "::1");
        assert_eq!(address.ip(), Some(Ipv6Addr::LOCALHOST.into()));
        assert_eq!(address.port(), 80);
        assert_eq!(address.path(), "/x");
        let address = parse_address("localhost", false).unwrap();
        assert_eq!((address.host(), address.ip()), ("localhost", None));
    }

    #[test]
    fn what_is_parsed_prints_as_what_parses_to_the_same() {
        for text in [
            "localhost",
            "::1",
            "ws://127.0.0.1:1/x?y",
            "ws://Till.example",
        ] {
            let address = parse_address(text, true).unwrap();
            assert_eq!(parse_address(&address.to_string(), true), Ok(address));
        }
    }

    #[test]
    fn a_host_header_is_loopback_or_not() {
        for good in [
            "localhost",
            "LOCALHOST:1",
            "127.0.0.1:12345",
            "[::1]",
            "[::1]:9",
        ] {
            assert!(is_loopback_host(good), "{good}");
        }
        for bad in [
            "",
            ":80",
            "evil.example",
            "evil.example:80",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "127.0.0.1@evil.example",
            "192.168.0.1",
            "0.0.0.0",
            "::1",
            "[::1]:x",
            "localhost:",
            "localhost, evil.example",
        ] {
            assert!(!is_loopback_host(bad), "{bad}");
        }
    }
}
