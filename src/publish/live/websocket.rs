//! The live board over a WebSocket.
//!
//! tungstenite handles the protocol, but board frames bypass it. They are encoded once, header
//! included, for all clients with the same request ([`EncodedFrame`]). A client therefore needs no
//! copy of its frame.

use super::frame::EncodedFrame;
use crate::publish::live::{ClientConnection, CloseMessage, ConnectionEnd, MESSAGE_BYTES};
use axum::body::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, Role, WebSocketConfig};

/// Size of the read buffer. Client messages are short, and the library's default is 128 KiB.
const READ_BUFFER_BYTES: usize = 512;
/// Maximum length of the reason in a close frame, in bytes (RFC 6455, section 5.5).
const CLOSE_REASON_BYTES: usize = 123;

/// A WebSocket.
pub(crate) struct WebSocketConnection<S> {
    /// Boxed, because the futures that serve a client contain the socket several times.
    inner: Box<WebSocketStream<S>>,
    /// True if the client sent anything since the last ping.
    received_since_ping: bool,
    /// True if the library may hold an unsent pong.
    pong_pending: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocketConnection<S> {
    /// Creates the connection after the handshake.
    pub(crate) async fn new(stream: S) -> WebSocketConnection<S> {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(0)
            .max_message_size(Some(MESSAGE_BYTES))
            .max_frame_size(Some(MESSAGE_BYTES));
        let inner =
            Box::new(WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await);
        WebSocketConnection { inner, received_since_ping: true, pong_pending: false }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> ClientConnection for WebSocketConnection<S> {
    async fn receive_text(&mut self) -> Result<Option<String>, ConnectionEnd> {
        let message = self.inner.next().await;
        (self.received_since_ping, self.pong_pending) = (true, true);
        match message {
            None | Some(Err(_) | Ok(Message::Close(_))) => Err(ConnectionEnd::Disconnected),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(None),
            Some(Ok(Message::Binary(_))) => Err(ConnectionEnd::closed_with(
                ConnectionEnd::UNSUPPORTED_DATA,
                "send text, not binary",
            )),
            Some(Ok(Message::Text(text))) => Ok(Some(text.to_string())),
        }
    }

    async fn send_frame(&mut self, frame: &EncodedFrame) -> Result<(), ConnectionEnd> {
        // A pending pong must be sent completely before the frame bypasses the library.
        if self.pong_pending {
            self.inner.flush().await.map_err(|_| ConnectionEnd::Disconnected)?;
            self.pong_pending = false;
        }
        let stream = self.inner.get_mut();
        stream
            .write_all(frame.websocket_message())
            .await
            .map_err(|_| ConnectionEnd::Disconnected)?;
        stream.flush().await.map_err(|_| ConnectionEnd::Disconnected)
    }

    /// Sends a ping. Drops a client that sent nothing since the previous ping.
    async fn send_ping(&mut self) -> Result<(), ConnectionEnd> {
        if !std::mem::take(&mut self.received_since_ping) {
            return Err(ConnectionEnd::Dropped("silent"));
        }
        self.inner.send(Message::Ping(Bytes::new())).await.map_err(|_| ConnectionEnd::Disconnected)
    }

    async fn send_close(mut self, CloseMessage { code, mut reason }: CloseMessage) {
        let cut = (0..=CLOSE_REASON_BYTES.min(reason.len()))
            .rev()
            .find(|at| reason.is_char_boundary(*at))
            .unwrap_or(0);
        reason.truncate(cut);
        let close = Message::Close(Some(CloseFrame { code: code.into(), reason: reason.into() }));
        // The client's close frame ends the stream. The caller's timeout covers its absence.
        if self.inner.send(close).await.is_ok() {
            while let Some(Ok(_)) = self.inner.next().await {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn client_without_pong_is_dropped() {
        let (stream, mut client) = tokio::io::duplex(1_024);
        let mut socket = WebSocketConnection::new(stream).await;
        assert!(socket.send_ping().await.is_ok());
        // A masked pong with mask 0.
        client.write_all(&[0x8a, 0x80, 0, 0, 0, 0]).await.expect("the connection is open");
        assert!(matches!(socket.receive_text().await, Ok(None)));
        assert!(socket.send_ping().await.is_ok());
        assert!(matches!(socket.send_ping().await, Err(ConnectionEnd::Dropped("silent"))));
    }

    #[tokio::test]
    async fn frame_is_sent_after_complete_pong() {
        let (stream, mut client) = tokio::io::duplex(1_024);
        let mut socket = WebSocketConnection::new(stream).await;
        client.write_all(&[0x89, 0x81, 0, 0, 0, 0, b'x']).await.expect("the connection is open");
        assert!(matches!(socket.receive_text().await, Ok(None)));
        let frame = EncodedFrame::new("{}", "e/1");
        assert!(socket.send_frame(&frame).await.is_ok());
        drop(socket);
        let mut received = Vec::new();
        client.read_to_end(&mut received).await.expect("the stream ends");
        assert_eq!(received, [&[0x8a, 1, b'x'], frame.websocket_message()].concat());
    }
}
