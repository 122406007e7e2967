//! Rules of the model that can be broken on purpose, to measure whether random histories notice.

/// A broken rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Breakage {
    /// A leg without a queue takes that of the leg before it.
    LegInheritsQueue,
    /// An answer does not take a leg that was left before.
    AnswerAfterExitNotTaken,
    /// The wait of a contact runs from the arrival of its last leg.
    ContactWaitFromLastArrival,
    /// At one moment offers come before the exits of legs that were open before.
    OfferBeforeExitOfOneMoment,
    /// A repeated offer starts another leg.
    RepeatedOfferStartsLeg,
    /// A next leg does not end the talk of the leg before it.
    TalkOutlastsNextLeg,
    /// The end of a contact leaves its legs waiting.
    EndLeavesLegsWaiting,
    /// A later event does not add the reason of an exit that a next leg implied.
    ReasonOfImpliedExitIgnored,
    /// Named legs end the legs before them.
    NamedLegEndsOthers,
    /// A call-back that reached nobody counts as an answer.
    FailedCallbackAnswers,
    /// A call-back stays pending after the end of the contact.
    EndedCallbackPending,
    /// A leg that joined from elsewhere has no arrival.
    JoinedLegNotOffered,
    /// Legs count in the queue of the first leg.
    LegsCountInFirstQueue,
    /// A second answer of a leg replaces the first.
    SecondAnswerReplacesFirst,
}

pub(crate) const ALL: [Breakage; 14] = [
    Breakage::LegInheritsQueue,
    Breakage::AnswerAfterExitNotTaken,
    Breakage::ContactWaitFromLastArrival,
    Breakage::OfferBeforeExitOfOneMoment,
    Breakage::RepeatedOfferStartsLeg,
    Breakage::TalkOutlastsNextLeg,
    Breakage::EndLeavesLegsWaiting,
    Breakage::ReasonOfImpliedExitIgnored,
    Breakage::NamedLegEndsOthers,
    Breakage::FailedCallbackAnswers,
    Breakage::EndedCallbackPending,
    Breakage::JoinedLegNotOffered,
    Breakage::LegsCountInFirstQueue,
    Breakage::SecondAnswerReplacesFirst,
];
