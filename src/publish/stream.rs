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

use super::frame::Sent;
use super::live::{Close, End, Line};
use axum::body::{Body, Bytes};
use futures_util::stream;
use serde_json::json;
use std::convert::Infallible;
use tokio::sync::mpsc;

/// What comes first: after how many milliseconds to come back when the connection is lost.
const RETRY: Bytes = Bytes::from_static(b"retry: 2000\n\n");
/// A comment.
const PING: Bytes = Bytes::from_static(b":\n\n");

/// A stream of events; what it is made of goes into the body of an answer.
pub(crate) struct Stream(mpsc::Sender<Bytes>);

/// A stream, and the body that it fills.
pub(crate) fn open() -> (Stream, Body) {
    let (sender, mut receiver) = mpsc::channel(1);
    // There is room for one.
    let _ = sender.try_send(RETRY);
    let chunks = stream::poll_fn(move |context| receiver.poll_recv(context).map(|chunk| chunk.map(Ok::<_, Infallible>)));
    (Stream(sender), Body::from_stream(chunks))
}

impl Stream {
    async fn write(&self, chunk: Bytes) -> Result<(), End> {
        self.0.send(chunk).await.map_err(|_| End::Gone)
    }
}

impl Line for Stream {
    /// It has no way to say anything; it can only go.
    async fn hear(&mut self) -> Result<Option<String>, End> {
        self.0.closed().await;
        Err(End::Gone)
    }

    async fn send(&mut self, frame: &Sent) -> Result<(), End> {
        for part in frame.event() {
            self.write(part).await?;
        }
        Ok(())
    }

    async fn ping(&mut self) -> Result<(), End> {
        self.write(PING).await
    }

    async fn close(self, Close { code, reason }: Close) {
        let event = format!("event: close\ndata: {}\n\n", json!({ "code": code, "reason": reason }));
        let _ = self.write(event.into()).await;
    }
}
