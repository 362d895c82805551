//! What an error means for the user of a link. No detail holds anything of a message.
//!
//! A [`Down`] is large, so it is boxed on its way through this crate.

use std::fmt::Display;
use std::io::{Error as IoError, ErrorKind};
use std::net::SocketAddr;

use proto_core::link::{Down, DownReason};
use tungstenite::error::{CapacityError, Error, ProtocolError};
use tungstenite::http::StatusCode;
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;

use crate::guest::TAKEN_HEADER;
use crate::socket::MAX_MESSAGE;

/// A connection to `to` could not be made.
pub(crate) fn connecting(to: SocketAddr, error: &IoError) -> Box<Down> {
    let reason = match error.kind() {
        ErrorKind::ConnectionRefused => DownReason::Refused,
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => DownReason::Lost,
        ErrorKind::TimedOut
        | ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown
        | ErrorKind::AddrNotAvailable => DownReason::Unreachable,
        _ => DownReason::System,
    };
    down(reason, format_args!("{to}: {error}"))
}

/// The client's handshake failed.
pub(crate) fn handshake(error: Error) -> Box<Down> {
    let not_websocket = |text: &dyn Display| down(DownReason::NotWebSocket, text);
    match error {
        Error::Http(answer) => {
            // Other servers answer 503 too; only one of ours means this by it.
            let taken = answer.status() == StatusCode::SERVICE_UNAVAILABLE
                && answer.headers().contains_key(TAKEN_HEADER);
            let reason = if taken {
                DownReason::Taken
            } else {
                DownReason::NotWebSocket
            };
            down(reason, format_args!("HTTP {}", answer.status()))
        }
        Error::Protocol(ProtocolError::HandshakeIncomplete) => {
            down(DownReason::Lost, "closed during the handshake")
        }
        Error::Io(error) => io(&error),
        // The library quotes what it has read.
        Error::Utf8(_) => not_websocket(&NOT_UTF8),
        error => not_websocket(&error),
    }
}

/// An open connection failed.
pub(crate) fn open(error: Error) -> Box<Down> {
    match error {
        Error::Io(error) => io(&error),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)
        | Error::ConnectionClosed
        | Error::AlreadyClosed => down(DownReason::Lost, "ended without a close"),
        Error::Protocol(error) => down(DownReason::Protocol, error),
        Error::Utf8(_) => down(DownReason::Protocol, NOT_UTF8),
        Error::Capacity(CapacityError::MessageTooLong { size, .. }) => down(
            DownReason::TooLarge,
            format_args!("{size} bytes or more, the limit is {MAX_MESSAGE}"),
        ),
        error => down(DownReason::System, error),
    }
}

/// A socket that was connected failed.
pub(crate) fn io(error: &IoError) -> Box<Down> {
    let reason = match error.kind() {
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::NotConnected
        | ErrorKind::UnexpectedEof
        | ErrorKind::WriteZero
        | ErrorKind::TimedOut
        | ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown => DownReason::Lost,
        _ if is_loss_on_windows(error) => DownReason::Lost,
        _ => DownReason::System,
    };
    down(reason, error)
}

/// Windows has names for a loss that the standard library gives no kind.
fn is_loss_on_windows(error: &IoError) -> bool {
    cfg!(windows) && matches!(error.raw_os_error(), Some(WSAENETRESET | WSAESHUTDOWN))
}

/// The operating system refused something that has nothing to do with the peer.
pub(crate) fn system(error: &IoError) -> Box<Down> {
    down(DownReason::System, error)
}

/// The peer closed the connection.
pub(crate) fn closed(frame: Option<&CloseFrame>) -> Box<Down> {
    match frame {
        None => down(DownReason::Closed, "no code"),
        Some(CloseFrame { code, reason }) if reason.is_empty() => {
            down(DownReason::Closed, format_args!("code {code}"))
        }
        Some(CloseFrame { code, reason }) => {
            // It ends up in logs and on screens.
            let reason = reason.replace(char::is_control, " ");
            down(DownReason::Closed, format_args!("code {code}: {reason}"))
        }
    }
}

/// The close code that tells the peer of it, if there is anything to tell.
pub(crate) fn close_code(down: &Down) -> Option<CloseCode> {
    match down.reason {
        DownReason::Protocol if down.detail.as_str() == NOT_UTF8 => Some(CloseCode::Invalid),
        DownReason::Protocol => Some(CloseCode::Protocol),
        DownReason::TooLarge => Some(CloseCode::Size),
        DownReason::Local => Some(CloseCode::Normal),
        _ => None,
    }
}

/// A cause with a detail.
pub(crate) fn down(reason: DownReason, detail: impl Display) -> Box<Down> {
    Box::new(Down::new(reason, detail))
}

const NOT_UTF8: &str = "text that is not UTF-8";

/// The system has found the connection to be dead.
const WSAENETRESET: i32 = 10052;
/// The direction is shut down.
const WSAESHUTDOWN: i32 = 10058;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_detail_quotes_what_was_read() {
        for map in [open, handshake] {
            let down = map(Error::Utf8("secret".into()));
            assert!(!down.to_string().contains("secret"), "{down}");
        }
    }

    #[test]
    fn a_close_reason_cannot_forge_a_log_line() {
        let frame = CloseFrame {
            code: CloseCode::Library(4001),
            reason: "bye\r\nERROR all is lost".into(),
        };
        let down = closed(Some(&frame));
        assert_eq!(down.detail.as_str(), "code 4001: bye  ERROR all is lost");
    }

    #[test]
    fn any_503_but_ours_is_no_sign_of_another_point_of_sale() {
        let answer = |ours: bool| {
            let mut answer = tungstenite::http::Response::new(None);
            *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            if ours {
                let yes = tungstenite::http::HeaderValue::from_static("1");
                answer.headers_mut().insert(TAKEN_HEADER, yes);
            }
            handshake(Error::Http(Box::new(answer))).reason
        };
        assert_eq!(answer(true), DownReason::Taken);
        assert_eq!(answer(false), DownReason::NotWebSocket);
    }
}
