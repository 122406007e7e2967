//! Keys of the formulas of indicators.

use super::{KeyReference, TableReference};

/// The tables of formulas that have several keys.
pub(super) const TABLES: [TableReference; 9] = [
    TableReference {
        heading: "[indicator.NAME.ratio]",
        purpose: "Number of good facts divided by the number of all facts.",
        keys: &[&RATIO_KEYS],
    },
    TableReference {
        heading: "[indicator.NAME.nps]",
        purpose: "Net Promoter Score: share of promoters minus share of detractors, in points \
            (F. F. Reichheld, \"The One Number You Need to Grow\", Harvard Business Review, 2003). \
            Scores are converted to the answers 1 to 5. On a scale from 0 or 1 to 10, the scores 9 \
            and 10 are answer 5, 7 and 8 are answer 4, and all others are answers 1 to 3.",
        keys: &[&NET_PROMOTER_KEYS],
    },
    TableReference {
        heading: "[indicator.NAME.one_shot]",
        purpose: "First contact resolution (FCR): share of contacts after which the customer did \
            not contact again.",
        keys: &[&FIRST_CONTACT_KEYS],
    },
    TableReference {
        heading: "[indicator.NAME.share]",
        purpose: "Sum of some durations divided by the sum of all durations, such as occupancy. \
            Durations of agents' states without a limit count with the time inside the window, \
            also while a state lasts. All other durations count when they end.",
        keys: &[&SHARE_KEYS],
    },
    TableReference {
        heading: "[indicator.NAME.rate]",
        purpose: "Number of facts per number of users, such as complaints per 10 000 users.",
        keys: &[&RATE_KEYS],
    },
    TableReference {
        heading: "[indicator.NAME.difference]",
        purpose: "Difference of two indicators in the same scope and window. Both are declared \
            above this one.",
        keys: &[&DIFFERENCE_KEYS],
    },
    TableReference {
        heading: "[indicator.NAME.weighted]",
        purpose: "Score from 0 to 100 of several indicators. Each part earns points for reaching \
            its target: value ÷ target for `at_least`, target ÷ value for `at_most`, at most 1. \
            The score is 100 × sum(weight × points) ÷ sum(weight) over the parts that have a value.",
        keys: &[&WEIGHTED_KEYS],
    },
    TableReference {
        heading: "[[indicator.NAME.weighted.parts]]",
        purpose: "Part of a weighted score. It is declared above the score and has a target.",
        keys: &[&WEIGHTED_PART_KEYS],
    },
    TableReference {
        heading: "[indicator.NAME.estimated_wait]",
        purpose: "(Waiting customers + 1) × average handling time ÷ agents. Without agents there \
            is no value.",
        keys: &[&ESTIMATED_WAIT_KEYS],
    },
];

/// `[indicator.NAME.ratio]`.
const RATIO_KEYS: [KeyReference; 2] = [
    KeyReference::required(
        "good",
        "list of facts",
        "Facts in the numerator.",
        r#"good = ["call.answered"]"#,
    ),
    KeyReference::required(
        "of",
        "list of facts, or `{ benchmark = NAME }`",
        "Facts in the denominator, or an outside series whose value is the denominator.",
        r#"of = ["call.answered", "call.abandoned"]"#,
    ),
];

/// `[indicator.NAME.nps]`.
const NET_PROMOTER_KEYS: [KeyReference; 3] = [
    KeyReference::required(
        "of",
        "list of facts with answers",
        "Answers that are counted.",
        r#"of = ["survey.rated"]"#,
    ),
    KeyReference::with_default(
        "promoters",
        "list of answers from 1 to 5",
        "[5]",
        "Answers of promoters.",
        "promoters = [4, 5]",
    ),
    KeyReference::with_default(
        "detractors",
        "list of answers from 1 to 5",
        "[1, 2, 3]",
        "Answers of detractors. All other answers count as neither.",
        "detractors = [1, 2]",
    ),
];

/// `[indicator.NAME.one_shot]`.
const FIRST_CONTACT_KEYS: [KeyReference; 6] = [
    KeyReference::required(
        "contacts",
        "list of facts",
        "Facts that count as contacts. An order counts at its first resolution, whichever of its \
        facts is listed. Another order of the customer is a repeat when it is opened.",
        r#"contacts = ["call.answered"]"#,
    ),
    KeyReference::required(
        "within",
        "duration, 24h to 30d",
        "Repeat window. A contact is not resolved if the same customer contacts again within this \
        time, on the same topic where both topics are known.",
        r#"within = "72h""#,
    ),
    KeyReference::optional(
        "followed_by",
        "list of facts",
        "only another contact is a repeat",
        "Facts of other cases that are repeats in addition to another contact. They are of any \
        family and are not counted themselves.",
        r#"followed_by = ["complaint.opened", "repair.opened"]"#,
    ),
    KeyReference::optional(
        "not_resolved_if",
        "list of facts",
        "for orders: escalated, reopened, or confirmed with `satisfied = false`; otherwise no such fact",
        "Facts of the same case that show that the matter was not resolved. For an order they \
        count at any time, for other contacts from the contact on, within the repeat window.",
        r#"not_resolved_if = ["repair.reopened"]"#,
    )
    .renamed_from("spoilt_by"),
    KeyReference::optional(
        "exclude",
        "list of facts",
        "no contact is excluded",
        "Contacts whose case has one of these facts are not counted.",
        r#"exclude = ["call.transferred"]"#,
    )
    .renamed_from("leave_out"),
    KeyReference::with_default(
        "matured",
        "`true` or `false`",
        "false",
        "Count a contact when its repeat window has passed. Its result is final then.",
        "matured = true",
    ),
];

/// `[indicator.NAME.share]`.
const SHARE_KEYS: [KeyReference; 2] = [
    KeyReference::required(
        "part",
        "list of facts with durations",
        "Durations in the numerator. All of them are in `whole` too.",
        r#"part = ["agent.talking_time"]"#,
    ),
    KeyReference::required(
        "whole",
        "list of facts with durations",
        "Durations in the denominator.",
        r#"whole = ["agent.talking_time", "agent.ready_time"]"#,
    ),
];

/// `[indicator.NAME.rate]`.
const RATE_KEYS: [KeyReference; 3] = [
    KeyReference::required(
        "of",
        "list of facts",
        "Facts that are counted.",
        r#"of = ["complaint.opened"]"#,
    ),
    KeyReference::required(
        "per",
        "100, 1000, 10000, 100000 or 1000000",
        "Number of users to which the count is scaled.",
        "per = 10000",
    ),
    KeyReference::required(
        "population",
        "name of a population",
        "Population whose users are the denominator. See `[population.NAME]`.",
        r#"population = "users""#,
    ),
];

/// `[indicator.NAME.difference]`.
const DIFFERENCE_KEYS: [KeyReference; 2] = [
    KeyReference::required(
        "first",
        "name of an indicator",
        "Indicator from which the other is subtracted.",
        r#"first = "vip_answer_rate""#,
    ),
    KeyReference::required(
        "second",
        "name of an indicator",
        "Indicator that is subtracted. It has the same unit.",
        r#"second = "answer_rate""#,
    ),
];

/// `[indicator.NAME.weighted]`.
const WEIGHTED_KEYS: [KeyReference; 2] = [
    KeyReference::required(
        "parts",
        "list of tables",
        "Indicators with their weights. See `[[indicator.NAME.weighted.parts]]`.",
        r#"parts = [{ indicator = "answer_rate", weight = 3 }]"#,
    ),
    KeyReference::optional(
        "min_weight",
        "number",
        "half of all weight",
        "Weight of the parts with a value below which the score has no value.",
        "min_weight = 1.5",
    ),
];

/// `[[indicator.NAME.weighted.parts]]`.
const WEIGHTED_PART_KEYS: [KeyReference; 2] = [
    KeyReference::required(
        "indicator",
        "name of an indicator",
        "Indicator with a target.",
        r#"indicator = "answer_rate""#,
    ),
    KeyReference::required("weight", "number above 0", "Weight of its points.", "weight = 3"),
];

/// `[indicator.NAME.estimated_wait]`.
const ESTIMATED_WAIT_KEYS: [KeyReference; 4] = [
    KeyReference::required(
        "waiting",
        "list of current states",
        "Customers who wait now.",
        r#"waiting = ["call.waiting"]"#,
    ),
    KeyReference::required(
        "handling",
        "list of facts with durations",
        "Handling times of which the average is taken.",
        r#"handling = ["call.handled"]"#,
    ),
    KeyReference::required(
        "agents",
        "list of current states",
        "Agents who work now.",
        r#"agents = ["agent.ready", "agent.talking"]"#,
    ),
    KeyReference::required(
        "window",
        "window of the standard",
        "Window over which the handling time is averaged.",
        r#"window = "1h""#,
    ),
];
