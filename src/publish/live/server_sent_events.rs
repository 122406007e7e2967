//! The live board as server-sent events, for places where WebSockets are blocked: an answer that does not end.
//!
//! ```text
//! retry: 2000
//!
//! id: 9f2c.../17
//! data: {"type":"board","epoch":"9f2c...","revision":17,...}
//!
//! event: close
//! data: {"code":1001,"reason":"the service is stopping"}
//! ```
//!
//! `data` is the text that a WebSocket is sent, byte for byte and from the same memory. `id` is where to resume; an `EventSource`
//! sends it back by itself as `Last-Event-ID`. Comments are pings. A client that hears `close` should not come back by
//! itself if `code` is 1008: its token no longer holds, or what it asked for is not there any more.
//!
//! # Limits
//! A chunk waits here at most, and a few frames in the connection below; then the client is slow, as over a WebSocket.

use super::frame::EncodedFrame;
use crate::publish::live::{ClientConnection, CloseMessage, ConnectionEnd};
use axum::body::{Body, Bytes};
use futures_util::stream;
use serde_json::json;
use std::convert::Infallible;
use tokio::sync::mpsc;

/// What comes first: after how many milliseconds to come back when the connection is lost.
const RETRY_HINT: Bytes = Bytes::from_static(b"retry: 2000\n\n");
/// A comment.
const PING_COMMENT: Bytes = Bytes::from_static(b":\n\n");

/// A stream of events; what it is made of goes into the body of an answer.
pub(crate) struct EventStream(mpsc::Sender<Bytes>);

/// A stream, and the body that it fills.
pub(crate) fn open_event_stream() -> (EventStream, Body) {
    let (sender, mut receiver) = mpsc::channel(1);
    // There is room for one.
    let _ = sender.try_send(RETRY_HINT);
    let chunks = stream::poll_fn(move |context| {
        receiver.poll_recv(context).map(|chunk| chunk.map(Ok::<_, Infallible>))
    });
    (EventStream(sender), Body::from_stream(chunks))
}

impl EventStream {
    async fn write_chunk(&self, chunk: Bytes) -> Result<(), ConnectionEnd> {
        self.0.send(chunk).await.map_err(|_| ConnectionEnd::Disconnected)
    }
}

impl ClientConnection for EventStream {
    /// It has no way to say anything; it can only go.
    async fn receive_text(&mut self) -> Result<Option<String>, ConnectionEnd> {
        self.0.closed().await;
        Err(ConnectionEnd::Disconnected)
    }

    async fn send_frame(&mut self, frame: &EncodedFrame) -> Result<(), ConnectionEnd> {
        for part in frame.event_parts() {
            self.write_chunk(part).await?;
        }
        Ok(())
    }

    async fn send_ping(&mut self) -> Result<(), ConnectionEnd> {
        self.write_chunk(PING_COMMENT).await
    }

    async fn send_close(self, CloseMessage { code, reason }: CloseMessage) {
        let event =
            format!("event: close\ndata: {}\n\n", json!({ "code": code, "reason": reason }));
        let _ = self.write_chunk(event.into()).await;
    }
}
