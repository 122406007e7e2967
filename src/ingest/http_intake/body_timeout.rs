//! Read timeout of a body. It keeps a slow sender from occupying one of the few concurrent bodies.
//!
//! A sender starts with 30 s of waiting time. Waiting uses it up, and each KiB received restores
//! one second, up to 30 s. Time spent waiting for the engine does not count.

use crate::ingest::http_intake::{IntakeFailure, IntakeFailureKind};
use axum::body::{Body, BodyDataStream, Bytes};
use futures_util::StreamExt;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// Maximum time to wait for the sender without receiving a byte.
const SENDER_WAIT_MAX: Duration = Duration::from_secs(30);
/// Waiting time that each received byte restores.
const WAIT_PER_BYTE: Duration = Duration::from_micros(1_000_000 / 1_024);

/// Chunks of a body in order of arrival.
pub(super) struct BodyChunks {
    body: BodyDataStream,
    /// Remaining waiting time.
    wait_left: Duration,
}

impl BodyChunks {
    pub(super) fn new(body: Body) -> BodyChunks {
        BodyChunks { body: body.into_data_stream(), wait_left: SENDER_WAIT_MAX }
    }

    /// Returns the next bytes of the body, or `None` at its end.
    pub(super) async fn next_chunk(&mut self) -> Result<Option<Bytes>, IntakeFailure> {
        let wait_start = Instant::now();
        let Ok(chunk) = timeout(self.wait_left, self.body.next()).await else {
            let detail = format!(
                "the body arrives too slowly; it may pause for at most {} s and must average \
                 1 KiB per second",
                SENDER_WAIT_MAX.as_secs()
            );
            return Err(IntakeFailure::new(IntakeFailureKind::Timeout, detail));
        };
        let chunk = chunk.transpose().map_err(|_| {
            IntakeFailure::new(IntakeFailureKind::Unreadable, "the body ended early")
        })?;
        let bytes =
            chunk.as_ref().map_or(0, |chunk| u32::try_from(chunk.len()).unwrap_or(u32::MAX));
        self.wait_left = (self.wait_left.saturating_sub(wait_start.elapsed())
            + WAIT_PER_BYTE.saturating_mul(bytes))
        .min(SENDER_WAIT_MAX);
        Ok(chunk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    /// Returns a body of `chunks` chunks of `bytes` bytes, each after `seconds` seconds.
    fn slow_body(chunks: usize, bytes: usize, seconds: u64) -> BodyChunks {
        let chunk = move |_| async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; bytes]))
        };
        BodyChunks::new(Body::from_stream(stream::iter(0..chunks).then(chunk)))
    }

    async fn read_body(mut chunks: BodyChunks) -> Result<usize, IntakeFailureKind> {
        let mut total = 0;
        while let Some(chunk) = chunks.next_chunk().await.map_err(|failure| failure.kind)? {
            total += chunk.len();
        }
        Ok(total)
    }

    #[tokio::test(start_paused = true)]
    async fn times_out_sender_below_minimum_rate() {
        assert_eq!(
            read_body(slow_body(3, 64 << 10, 29)).await,
            Ok(3 * (64 << 10)),
            "pauses between large pieces"
        );
        assert_eq!(
            read_body(slow_body(1_000, 2 << 10, 1)).await,
            Ok(1_000 * (2 << 10)),
            "a slow line"
        );
        assert_eq!(
            read_body(slow_body(1, 1, 31)).await,
            Err(IntakeFailureKind::Timeout),
            "silence"
        );
        assert_eq!(
            read_body(slow_body(100, 1, 1)).await,
            Err(IntakeFailureKind::Timeout),
            "a byte a second"
        );
    }
}
