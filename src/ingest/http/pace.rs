//! The pace of a body: a sender may pause, but not keep one of the few places for bodies by sending next to nothing.
//!
//! It has 30 seconds of waiting; every KiB that comes gives one of them back. What the engine takes is not its fault and
//! does not count.

use super::{Cause, Failure};
use axum::body::{Body, BodyDataStream, Bytes};
use futures_util::StreamExt;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// How long a sender may let the service wait at a stretch.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much waiting a byte makes good.
const PER_BYTE: Duration = Duration::from_micros(1_000_000 / 1_024);

/// The pieces of a body as they come.
pub(super) struct Chunks {
    body: BodyDataStream,
    /// How much longer the sender is waited for.
    left: Duration,
}

impl Chunks {
    pub(super) fn new(body: Body) -> Chunks {
        Chunks { body: body.into_data_stream(), left: PATIENCE }
    }

    /// The next bytes of the body; none at its end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        let asked = Instant::now();
        let Ok(chunk) = timeout(self.left, self.body.next()).await else {
            let detail =
                format!("the body comes too slowly: it may pause for {} s, less what came below 1 KiB a second", PATIENCE.as_secs());
            return Err(Failure::new(Cause::Silent, detail));
        };
        let chunk = chunk.transpose().map_err(|_| Failure::new(Cause::Unreadable, "the body broke off"))?;
        let bytes = chunk.as_ref().map_or(0, |chunk| u32::try_from(chunk.len()).unwrap_or(u32::MAX));
        self.left = (self.left.saturating_sub(asked.elapsed()) + PER_BYTE.saturating_mul(bytes)).min(PATIENCE);
        Ok(chunk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    /// A body of so many chunks of so many bytes, each after so many seconds.
    fn body(chunks: usize, bytes: usize, seconds: u64) -> Chunks {
        let chunk = move |_| async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; bytes]))
        };
        Chunks::new(Body::from_stream(stream::iter(0..chunks).then(chunk)))
    }

    async fn read(mut chunks: Chunks) -> Result<usize, Cause> {
        let mut total = 0;
        while let Some(chunk) = chunks.next().await.map_err(|failure| failure.cause)? {
            total += chunk.len();
        }
        Ok(total)
    }

    #[tokio::test(start_paused = true)]
    async fn a_sender_may_pause_and_be_slow_but_not_both_for_ever() {
        assert_eq!(read(body(3, 64 << 10, 29)).await, Ok(3 * (64 << 10)), "pauses between large pieces");
        assert_eq!(read(body(1_000, 2 << 10, 1)).await, Ok(1_000 * (2 << 10)), "a slow line");
        assert_eq!(read(body(1, 1, 31)).await, Err(Cause::Silent), "silence");
        assert_eq!(read(body(100, 1, 1)).await, Err(Cause::Silent), "a byte a second");
    }
}
