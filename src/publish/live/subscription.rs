//! What a client of the live board wants: as it says it, and as the standard in force knows it.

use crate::access::grant::GrantedView;
use crate::domain::board::published_board::PublishedBoard;
use crate::publish::reading_filter::{FilterRequest, ReadingFilter};
use serde::Deserialize;
use std::sync::Arc;

/// A client's message.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientMessage {
    /// What it wants to see; everything if it does not say.
    pub subscribe: Option<FilterRequest>,
    /// Where it stopped, if it comes back.
    pub resume: Option<ResumePoint>,
}

/// Where a client that comes back stopped.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResumePoint {
    /// The epoch of the last edition that it saw.
    pub epoch: String,
    /// The revision of that edition.
    pub revision: u64,
}

impl ClientMessage {
    /// Reads a message.
    ///
    /// # Errors
    /// A sentence for the client saying what is wrong with it.
    pub fn parse(text: &str) -> Result<ClientMessage, String> {
        serde_json::from_str(text).map_err(|error| format!("not a subscription: {error}"))
    }

    /// Reads the same from where a client cannot send a message: the two parts of it apart, each as JSON.
    ///
    /// # Errors
    /// As for [`Subscribe::parse`], naming the part.
    pub fn from_parts(
        subscribe: Option<&str>,
        resume: Option<&str>,
    ) -> Result<ClientMessage, String> {
        let subscribe = subscribe
            .map(serde_json::from_str)
            .transpose()
            .map_err(|error| format!("`subscribe` is none: {error}"))?;
        let resume = resume
            .map(serde_json::from_str)
            .transpose()
            .map_err(|error| format!("`resume` is none: {error}"))?;
        Ok(ClientMessage { subscribe, resume })
    }
}

impl ResumePoint {
    /// Reads the id of an event of the stream, `EPOCH/REVISION`, as a browser repeats it.
    #[must_use]
    pub fn from_event_id(id: &str) -> Option<ResumePoint> {
        let (epoch, revision) = id.split_once('/')?;
        Some(ResumePoint { epoch: epoch.to_owned(), revision: revision.parse().ok()? })
    }
}

/// What a client said that it wants.
#[derive(Debug)]
pub struct SubscriptionRequest {
    request: FilterRequest,
    /// The same with the places of the standard of this epoch.
    pub(super) filter: Arc<ReadingFilter>,
    epoch: Arc<str>,
    /// The revision the client has; none if it needs the whole board.
    pub(super) known_revision: Option<u64>,
}

impl SubscriptionRequest {
    /// What is wanted of an edition. A client that saw this run of the service goes on from there.
    pub(super) fn new(
        subscribe: ClientMessage,
        view: &Arc<GrantedView>,
        edition: &PublishedBoard,
    ) -> Result<SubscriptionRequest, String> {
        let wanted = subscribe.subscribe.unwrap_or_default();
        let filter = Arc::new(ReadingFilter::new(&wanted, view, &edition.standard)?);
        let resume = subscribe.resume.filter(|resume| {
            *resume.epoch == *edition.epoch && edition.can_list_changes_since(resume.revision)
        });
        Ok(SubscriptionRequest {
            request: wanted,
            filter,
            epoch: edition.epoch.clone(),
            known_revision: resume.map(|resume| resume.revision),
        })
    }

    /// Whether it goes by the standard of this edition.
    pub(super) fn is_current_for(&self, edition: &PublishedBoard) -> bool {
        self.epoch == edition.epoch
    }

    /// The same by the standard of this edition; whatever the client has, it is of another epoch.
    pub(super) fn renew_for(
        self,
        view: &Arc<GrantedView>,
        edition: &PublishedBoard,
    ) -> Result<SubscriptionRequest, String> {
        SubscriptionRequest::new(
            ClientMessage { subscribe: Some(self.request), resume: None },
            view,
            edition,
        )
    }
}
