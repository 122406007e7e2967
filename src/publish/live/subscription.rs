//! Subscriptions of the live board: the client's message, and its resolution by the standard.

use crate::access::grant::GrantedView;
use crate::domain::board::published_board::PublishedBoard;
use crate::publish::reading_filter::{FilterRequest, ReadingFilter};
use serde::Deserialize;
use std::sync::Arc;

/// A client's message.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientMessage {
    /// Filter of the readings; absent for all readings.
    pub subscribe: Option<FilterRequest>,
    /// Position to resume at after a reconnect.
    pub resume: Option<ResumePoint>,
}

/// Position at which a reconnecting client resumes.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResumePoint {
    /// The epoch of the last board received.
    pub epoch: String,
    /// The revision of that board.
    pub revision: u64,
}

impl ClientMessage {
    /// Parses a message.
    ///
    /// # Errors
    /// Describes the syntax error for the client.
    pub fn parse(text: &str) -> Result<ClientMessage, String> {
        serde_json::from_str(text).map_err(|error| format!("not a subscription: {error}"))
    }

    /// Parses the two parts of a message from separate JSON texts, for clients that cannot send
    /// messages.
    ///
    /// # Errors
    /// As for [`ClientMessage::parse`], with the name of the part.
    pub fn from_parts(
        subscribe: Option<&str>,
        resume: Option<&str>,
    ) -> Result<ClientMessage, String> {
        let subscribe = subscribe
            .map(serde_json::from_str)
            .transpose()
            .map_err(|error| format!("`subscribe` is invalid: {error}"))?;
        let resume = resume
            .map(serde_json::from_str)
            .transpose()
            .map_err(|error| format!("`resume` is invalid: {error}"))?;
        Ok(ClientMessage { subscribe, resume })
    }
}

impl ResumePoint {
    /// Parses an event id `EPOCH/REVISION`, as browsers return it; `None` if it is invalid.
    #[must_use]
    pub fn from_event_id(id: &str) -> Option<ResumePoint> {
        let (epoch, revision) = id.split_once('/')?;
        Some(ResumePoint { epoch: epoch.to_owned(), revision: revision.parse().ok()? })
    }
}

/// The subscription of a client.
#[derive(Debug)]
pub struct SubscriptionRequest {
    request: FilterRequest,
    /// The request resolved by the standard of `epoch`.
    pub(super) filter: Arc<ReadingFilter>,
    epoch: Arc<str>,
    /// The revision known to the client; `None` if it needs the whole board.
    pub(super) known_revision: Option<u64>,
}

impl SubscriptionRequest {
    /// Resolves a message. A client that knows an earlier board of this run gets only the changes.
    pub(super) fn new(
        subscribe: ClientMessage,
        view: &Arc<GrantedView>,
        published: &PublishedBoard,
    ) -> Result<SubscriptionRequest, String> {
        let request = subscribe.subscribe.unwrap_or_default();
        let filter = Arc::new(ReadingFilter::new(&request, view, &published.standard)?);
        let resume = subscribe.resume.filter(|resume| {
            *resume.epoch == *published.epoch && published.can_list_changes_since(resume.revision)
        });
        Ok(SubscriptionRequest {
            request,
            filter,
            epoch: published.epoch.clone(),
            known_revision: resume.map(|resume| resume.revision),
        })
    }

    /// Returns true if the subscription was resolved by the standard of this board.
    pub(super) fn is_current_for(&self, published: &PublishedBoard) -> bool {
        self.epoch == published.epoch
    }

    /// Resolves the request by the standard of this board. The client then needs the whole board.
    pub(super) fn renew_for(
        self,
        view: &Arc<GrantedView>,
        published: &PublishedBoard,
    ) -> Result<SubscriptionRequest, String> {
        SubscriptionRequest::new(
            ClientMessage { subscribe: Some(self.request), resume: None },
            view,
            published,
        )
    }
}
