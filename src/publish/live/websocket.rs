//! The live board over a WebSocket.
//!
//! tungstenite speaks the protocol, but frames of the board pass it by: they are written once, header and all, for every client
//! who is sent the same ([`Sent`]). Thereby a client costs no copy of its frame and no memory to hold one.

use super::frame::EncodedFrame;
use crate::publish::live::{ClientConnection, CloseMessage, ConnectionEnd, MESSAGE_BYTES};
use axum::body::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, Role, WebSocketConfig};

/// What a client says is short, and 128 KiB for each idle client would be the library's usual.
const READ_BUFFER_BYTES: usize = 512;
/// How many bytes of reason a close frame holds.
const CLOSE_REASON_BYTES: usize = 123;

/// A WebSocket.
pub(crate) struct WebSocketConnection<S> {
    /// Apart, because the futures that serve a client hold the socket several times over.
    inner: Box<WebSocketStream<S>>,
    /// Whether the client said anything since it was asked last.
    received_since_ping: bool,
    /// Whether the library may have an answer to a ping that has not left.
    pong_pending: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocketConnection<S> {
    /// Goes on from the handshake.
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
        // What the library has to say itself leaves first: nothing may come between.
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

    /// One that has not said a word since the last time is dropped.
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
        // The client's own close frame ends the stream of messages; one that sends none is not waited for.
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
        // Its answer: a masked pong, the mask is 0.
        client.write_all(&[0x8a, 0x80, 0, 0, 0, 0]).await.expect("an open connection");
        assert!(matches!(socket.receive_text().await, Ok(None)));
        assert!(socket.send_ping().await.is_ok());
        assert!(matches!(socket.send_ping().await, Err(ConnectionEnd::Dropped("silent"))));
    }

    #[tokio::test]
    async fn frame_is_sent_after_complete_pong() {
        let (stream, mut client) = tokio::io::duplex(1_024);
        let mut socket = WebSocketConnection::new(stream).await;
        client.write_all(&[0x89, 0x81, 0, 0, 0, 0, b'x']).await.expect("an open connection");
        assert!(matches!(socket.receive_text().await, Ok(None)));
        let frame = EncodedFrame::new("{}", "e/1");
        assert!(socket.send_frame(&frame).await.is_ok());
        drop(socket);
        let mut heard = Vec::new();
        client.read_to_end(&mut heard).await.expect("an end");
        assert_eq!(heard, [&[0x8a, 1, b'x'], frame.websocket_message()].concat());
    }
}
