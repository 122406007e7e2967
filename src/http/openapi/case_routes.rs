//! Documentation of the routes that show cases and alerts.

use super::board_routes::{ENGINE_BUSY, HIDDEN_SCOPE};
use super::{
    Answer, DIMENSIONS, MediaType, Parameter, ParameterKind, ProblemAnswer, RequestBody,
    RouteDocumentation, RouteGroup, UNWRITTEN,
};

/// The number of cases in a list.
const CASE_LIMIT: Parameter = Parameter {
    name: "limit",
    kind: ParameterKind::Integer(1, 1_000),
    is_required: false,
    description: "The number of cases in each list. Default: 50.",
    example: "100",
};
/// An action that the engine did not take.
const ACTION_UNAVAILABLE: ProblemAnswer = ProblemAnswer::new(
    503,
    "The service is overloaded or stopping, or cannot write its journal.",
    "the service cannot keep up",
);
/// The body of an action on an alert.
const ACTION_BODY: RequestBody = RequestBody {
    description: "Read as JSON, whatever its `Content-Type`. At most 16 KiB.",
    media_types: &[MediaType::json("AlertAction")],
};
/// A body that is no action on an alert.
const ACTION_UNREADABLE: ProblemAnswer = ProblemAnswer::new(
    400,
    "The body is not readable, or its texts are empty or too long.",
    "`id` is that of an alert, 16 hexadecimal digits; send {\"id\": \"0123456789abcdef\", \
     \"owner\": \"Li\", \"note\": \"two more agents\"}",
);
/// No such alert.
const ACTION_UNKNOWN: ProblemAnswer = ProblemAnswer::new(
    404,
    "There is no alert with this `id`.",
    "there is no alert of this id, or it was closed long ago",
);
/// A body beyond the limit.
const ACTION_TOO_LARGE: ProblemAnswer =
    ProblemAnswer::new(413, "The body has more than 16 KiB.", "an answer has at most 16384 bytes");

/// `GET /v1/explain`.
pub(in crate::http) const GET_EXPLANATION: RouteDocumentation = RouteDocumentation {
    operation_id: "getExplanation",
    group: RouteGroup::Cases,
    summary: "Explain a reading or a case",
    description: "With `indicator`: the formula in words, numerator and denominator, the cases \
                  behind them, and the cases that are not counted, by reason. With `subject`: the \
                  events, facts and commitments of one case. A request has exactly one of the \
                  two.",
    parameters: &[
        Parameter {
            name: "indicator",
            kind: ParameterKind::Text,
            is_required: false,
            description: "The indicator whose reading is explained.",
            example: "answer_rate",
        },
        Parameter {
            name: "window",
            kind: ParameterKind::Text,
            is_required: false,
            description: "The window of the reading. Default: the first of the standard, or `now` \
                          for a current state.",
            example: "30m",
        },
        DIMENSIONS,
        Parameter {
            name: "subject",
            kind: ParameterKind::Text,
            is_required: false,
            description: "The case to explain: the `subject` of its events.",
            example: "call-8271",
        },
        Parameter {
            name: "source",
            kind: ParameterKind::Text,
            is_required: false,
            description: "The `source` of its events. Required if several sources have such a \
                          case.",
            example: "/acd/hefei",
        },
        Parameter {
            name: "at",
            kind: ParameterKind::Text,
            is_required: false,
            description: "Time that selects one of several cases with this subject: the last that \
                          began by then. Default: the latest.",
            example: "2026-03-01T08:00:00+08:00",
        },
        CASE_LIMIT,
    ],
    request: None,
    answer: Answer::json(
        "With `indicator` the explanation of a reading, with `subject` the history of a case.",
        &[MediaType::json("ExplanationOrCase")],
    ),
    problems: &[
        ProblemAnswer::new(
            400,
            "A parameter is missing, unknown or ambiguous, or the standard has no such name.",
            "say what is to be explained: `indicator`, with `window` and dimensions, or `subject`, \
             with `source`",
        ),
        HIDDEN_SCOPE,
        ProblemAnswer::new(
            404,
            "The scope has no cases, or no case of this name is stored or visible.",
            "no case of this name is remembered; `source` and `subject` are those of its events",
        ),
        UNWRITTEN,
        ENGINE_BUSY,
    ],
};

/// `GET /v1/cases`.
pub(in crate::http) const LIST_CASES: RouteDocumentation = RouteDocumentation {
    operation_id: "listOpenCases",
    group: RouteGroup::Cases,
    summary: "List open cases by time left",
    description: "Returns open cases with a commitment, those with the least time left first. A \
                  case with several commitments is listed once for each.",
    parameters: &[
        Parameter {
            name: "risk",
            kind: ParameterKind::ChoiceList(&["overdue", "due_soon", "running", "stopped", "all"]),
            is_required: false,
            description: "How close the deadline is. Default: `overdue,due_soon`.",
            example: "overdue",
        },
        Parameter {
            name: "family",
            kind: ParameterKind::Text,
            is_required: false,
            description: "The family of the cases. Default: all.",
            example: "repair",
        },
        Parameter {
            name: "commitment",
            kind: ParameterKind::Text,
            is_required: false,
            description: "The commitment. Default: all.",
            example: "repair",
        },
        Parameter {
            description: "Values that a case must have: dimensions of the standard, each as a \
                          query parameter of its own, as in `center=hefei`; repeat it for several \
                          values. Default: any.",
            ..DIMENSIONS
        },
        CASE_LIMIT,
    ],
    request: None,
    answer: Answer::json("The open cases.", &[MediaType::json("OpenCases")]),
    problems: &[
        ProblemAnswer::new(
            400,
            "A parameter is unknown, or the standard has no such name.",
            "there is no risk `late`; the standard has: overdue, due_soon, running, stopped, all",
        ),
        UNWRITTEN,
        ENGINE_BUSY,
    ],
};

/// `GET /v1/alerts`.
pub(in crate::http) const LIST_ALERTS: RouteDocumentation = RouteDocumentation {
    operation_id: "listAlerts",
    group: RouteGroup::Cases,
    summary: "List alerts and open follow-ups",
    description: "Returns alerts: those that fire, then those that ended and are not closed, then \
                  those that are closed; of each the newest first. `pending` lists conditions \
                  that have not lasted for `for` yet.",
    parameters: &[
        Parameter {
            name: "state",
            kind: ParameterKind::ChoiceList(&["active", "open", "closed", "pending", "all"]),
            is_required: false,
            description: "States of alerts. Default: `active,open,pending`.",
            example: "active",
        },
        Parameter {
            name: "policy",
            kind: ParameterKind::Text,
            is_required: false,
            description: "The name of an alert policy. Default: all.",
            example: "answer_rate_low",
        },
        Parameter {
            description: "Values that a scope must have: dimensions of the standard, each as a \
                          query parameter of its own, as in `center=hefei`. Default: any.",
            ..DIMENSIONS
        },
        Parameter {
            name: "limit",
            kind: ParameterKind::Integer(1, 10_000),
            is_required: false,
            description: "The number of alerts in the list. Default: 500.",
            example: "100",
        },
    ],
    request: None,
    answer: Answer::json("The alerts.", &[MediaType::json("Alerts")]),
    problems: &[ProblemAnswer::new(
        400,
        "A parameter is unknown or out of range.",
        "there is no state `firing`; the standard has: active, open, closed, pending, all",
    )],
};

/// `POST /v1/alerts/acknowledge`.
pub(in crate::http) const ACKNOWLEDGE_ALERT: RouteDocumentation = RouteDocumentation {
    operation_id: "acknowledgeAlert",
    group: RouteGroup::Cases,
    summary: "Acknowledge an alert",
    description: "Records who takes care of an alert. The answer follows after the record is \
                  stored.",
    parameters: &[],
    request: Some(ACTION_BODY),
    answer: Answer::json("The alert.", &[MediaType::json("Alert")]),
    problems: &[
        ACTION_UNREADABLE,
        ACTION_UNKNOWN,
        ProblemAnswer::new(409, "The alert is closed already.", "this alert is closed already"),
        ACTION_TOO_LARGE,
        ACTION_UNAVAILABLE,
    ],
};

/// `POST /v1/alerts/close`.
pub(in crate::http) const CLOSE_ALERT: RouteDocumentation = RouteDocumentation {
    operation_id: "closeAlert",
    group: RouteGroup::Cases,
    summary: "Close a follow-up",
    description: "Records what was done about an alert that has ended. The answer follows after \
                  the record is stored.",
    parameters: &[],
    request: Some(ACTION_BODY),
    answer: Answer::json("The alert.", &[MediaType::json("Alert")]),
    problems: &[
        ACTION_UNREADABLE,
        ACTION_UNKNOWN,
        ProblemAnswer::new(
            409,
            "The alert still fires, or is closed already.",
            "this alert still fires; it can be acknowledged now, and closed when it is over",
        ),
        ACTION_TOO_LARGE,
        ACTION_UNAVAILABLE,
    ],
};
