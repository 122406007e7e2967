//! The live board over a WebSocket.
//!
//! tungstenite speaks the protocol, but frames of the board pass it by: they are written once, header and all, for every client
//! who is sent the same ([`Sent`]). Thereby a client costs no copy of its frame and no memory to hold one.

use super::frame::Sent;
use super::live::{Close, End, Line, MESSAGE_BYTES};
use axum::body::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, Role, WebSocketConfig};

/// What a client says is short, and 128 KiB for each idle client would be the library's usual.
const READ_BUFFER: usize = 512;
/// How many bytes of reason a close frame holds.
const REASON_BYTES: usize = 123;

/// A WebSocket.
pub(crate) struct Socket<S> {
    /// Apart, because the futures that serve a client hold the socket several times over.
    inner: Box<WebSocketStream<S>>,
    /// Whether the client said anything since it was asked last.
    heard: bool,
    /// Whether the library may have an answer to a ping that has not left.
    answering: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    /// Goes on from the handshake.
    pub(crate) async fn new(stream: S) -> Socket<S> {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_message_size(Some(MESSAGE_BYTES))
            .max_frame_size(Some(MESSAGE_BYTES));
        let inner = Box::new(WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await);
        Socket { inner, heard: true, answering: false }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Line for Socket<S> {
    async fn hear(&mut self) -> Result<Option<String>, End> {
        let message = self.inner.next().await;
        (self.heard, self.answering) = (true, true);
        match message {
            None | Some(Err(_) | Ok(Message::Close(_))) => Err(End::Gone),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(None),
            Some(Ok(Message::Binary(_))) => Err(End::told(End::UNSUPPORTED, "send text, not binary")),
            Some(Ok(Message::Text(text))) => Ok(Some(text.to_string())),
        }
    }

    async fn send(&mut self, frame: &Sent) -> Result<(), End> {
        // What the library has to say itself leaves first: nothing may come between.
        if self.answering {
            self.inner.flush().await.map_err(|_| End::Gone)?;
            self.answering = false;
        }
        let stream = self.inner.get_mut();
        stream.write_all(frame.message()).await.map_err(|_| End::Gone)?;
        stream.flush().await.map_err(|_| End::Gone)
    }

    /// One that has not said a word since the last time is dropped.
    async fn ping(&mut self) -> Result<(), End> {
        if !std::mem::take(&mut self.heard) {
            return Err(End::Dropped("silent"));
        }
        self.inner.send(Message::Ping(Bytes::new())).await.map_err(|_| End::Gone)
    }

    async fn close(mut self, Close { code, mut reason }: Close) {
        let cut = (0..=REASON_BYTES.min(reason.len())).rev().find(|at| reason.is_char_boundary(*at)).unwrap_or(0);
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
    async fn one_that_answers_no_ping_is_dropped() {
        let (stream, mut client) = tokio::io::duplex(1_024);
        let mut socket = Socket::new(stream).await;
        assert!(socket.ping().await.is_ok());
        // Its answer: a masked pong, the mask is 0.
        client.write_all(&[0x8a, 0x80, 0, 0, 0, 0]).await.expect("an open connection");
        assert!(matches!(socket.hear().await, Ok(None)));
        assert!(socket.ping().await.is_ok());
        assert!(matches!(socket.ping().await, Err(End::Dropped("silent"))));
    }

    #[tokio::test]
    async fn a_frame_comes_after_the_whole_answer_to_a_ping() {
        let (stream, mut client) = tokio::io::duplex(1_024);
        let mut socket = Socket::new(stream).await;
        client.write_all(&[0x89, 0x81, 0, 0, 0, 0, b'x']).await.expect("an open connection");
        assert!(matches!(socket.hear().await, Ok(None)));
        let frame = Sent::new("{}", "e/1");
        assert!(socket.send(&frame).await.is_ok());
        drop(socket);
        let mut heard = Vec::new();
        client.read_to_end(&mut heard).await.expect("an end");
        assert_eq!(heard, [&[0x8a, 1, b'x'], frame.message()].concat());
    }
}
