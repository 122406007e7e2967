//! What a client of the live board wants: as it says it, and as the standard in force knows it.

use crate::access::grant::View;
use crate::edition::Edition;
use crate::publish::filter::{Filter, Wanted};
use serde::Deserialize;
use std::sync::Arc;

/// A client's message.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscribe {
    /// What it wants to see; everything if it does not say.
    pub subscribe: Option<Wanted>,
    /// Where it stopped, if it comes back.
    pub resume: Option<Resume>,
}

/// Where a client that comes back stopped.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resume {
    /// The epoch of the last edition that it saw.
    pub epoch: String,
    /// The revision of that edition.
    pub revision: u64,
}

impl Subscribe {
    /// Reads a message.
    ///
    /// # Errors
    /// A sentence for the client saying what is wrong with it.
    pub fn parse(text: &str) -> Result<Subscribe, String> {
        serde_json::from_str(text).map_err(|error| format!("not a subscription: {error}"))
    }

    /// Reads the same from where a client cannot send a message: the two parts of it apart, each as JSON.
    ///
    /// # Errors
    /// As for [`Subscribe::parse`], naming the part.
    pub fn of_parts(subscribe: Option<&str>, resume: Option<&str>) -> Result<Subscribe, String> {
        let subscribe = subscribe.map(serde_json::from_str).transpose().map_err(|error| format!("`subscribe` is none: {error}"))?;
        let resume = resume.map(serde_json::from_str).transpose().map_err(|error| format!("`resume` is none: {error}"))?;
        Ok(Subscribe { subscribe, resume })
    }
}

impl Resume {
    /// Reads the id of an event of the stream, `EPOCH/REVISION`, as a browser repeats it.
    #[must_use]
    pub fn of_event(id: &str) -> Option<Resume> {
        let (epoch, revision) = id.split_once('/')?;
        Some(Resume { epoch: epoch.to_owned(), revision: revision.parse().ok()? })
    }
}

/// What a client said that it wants.
#[derive(Debug)]
pub struct Wish {
    wanted: Wanted,
    /// The same with the places of the standard of this epoch.
    pub(super) filter: Arc<Filter>,
    epoch: Arc<str>,
    /// The revision the client has; none if it needs the whole board.
    pub(super) seen: Option<u64>,
}

impl Wish {
    /// What is wanted of an edition. A client that saw this run of the service goes on from there.
    pub(super) fn new(subscribe: Subscribe, view: &Arc<View>, edition: &Edition) -> Result<Wish, String> {
        let wanted = subscribe.subscribe.unwrap_or_default();
        let filter = Arc::new(Filter::new(&wanted, view, &edition.standard)?);
        let resume = subscribe.resume.filter(|resume| *resume.epoch == *edition.epoch && edition.reaches_back_to(resume.revision));
        Ok(Wish { wanted, filter, epoch: edition.epoch.clone(), seen: resume.map(|resume| resume.revision) })
    }

    /// Whether it goes by the standard of this edition.
    pub(super) fn is_of(&self, edition: &Edition) -> bool {
        self.epoch == edition.epoch
    }

    /// The same by the standard of this edition; whatever the client has, it is of another epoch.
    pub(super) fn anew(self, view: &Arc<View>, edition: &Edition) -> Result<Wish, String> {
        Wish::new(Subscribe { subscribe: Some(self.wanted), resume: None }, view, edition)
    }
}
