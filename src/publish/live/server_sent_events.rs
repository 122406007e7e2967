//! The live board as server-sent events, for networks that block WebSockets.
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
//! `data` is the text of the WebSocket message, byte for byte and from the same memory. `id` is the
//! position to resume at. An `EventSource` returns it as `Last-Event-ID`. Comments are pings.
//!
//! After `close` with code 1008 a client should not reconnect on its own. Its token is no longer
//! valid, or the requested readings no longer exist.
//!
//! # Limits
//! One chunk is buffered here, and a few frames in the connection below. A client that falls
//! further behind is slow, as over a WebSocket.

use super::frame::EncodedFrame;
use crate::publish::live::{ClientConnection, CloseMessage, ConnectionEnd};
use axum::body::{Body, Bytes};
use futures_util::stream;
use serde_json::json;
use std::convert::Infallible;
use tokio::sync::mpsc;

/// First chunk: the delay in milliseconds before a client reconnects.
const RETRY_HINT: Bytes = Bytes::from_static(b"retry: 2000\n\n");
/// A comment, which clients ignore.
const PING_COMMENT: Bytes = Bytes::from_static(b":\n\n");

/// The sending side of an event stream.
pub(crate) struct EventStream(mpsc::Sender<Bytes>);

/// Opens an event stream and returns it with the response body that it fills.
pub(crate) fn open_event_stream() -> (EventStream, Body) {
    let (sender, mut receiver) = mpsc::channel(1);
    // The new channel has capacity for one chunk.
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
    /// Waits for the disconnect, because the client has no way to send messages.
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
