//! Documentation of the routes that show readings.

use super::{
    Answer, DIMENSIONS, MediaType, Parameter, ParameterKind, ProblemAnswer, RouteDocumentation,
    RouteGroup, UNWRITTEN,
};

/// A client of the live board beyond the limit.
const LIVE_LIMIT: ProblemAnswer = ProblemAnswer::new(
    503,
    "`limits.live_clients` connections to the live board are open.",
    "there are as many live connections as `limits.live_clients` allows; `GET /v1/board` still \
     answers",
);
/// A question to the engine that was not answered in time.
pub(super) const ENGINE_BUSY: ProblemAnswer = ProblemAnswer::new(
    503,
    "The engine did not answer within 10 s, or the service is stopping.",
    "the service cannot keep up",
);
/// A scope that the token does not show.
pub(super) const HIDDEN_SCOPE: ProblemAnswer = ProblemAnswer::new(
    403,
    "The scope lies outside of the token's `where`.",
    "this token sees only scopes with `center` one of hefei; ask for one of these",
);

/// `GET /v1/board`.
pub(in crate::http) const GET_BOARD: RouteDocumentation = RouteDocumentation {
    operation_id: "getBoard",
    group: RouteGroup::Board,
    summary: "Read the board",
    description: "Returns the readings of the published board. Parameters limit them; without \
                  parameters the answer holds all readings that the token may see. Each parameter \
                  may be repeated.",
    parameters: &[
        Parameter {
            name: "indicator",
            kind: ParameterKind::List,
            is_required: false,
            description: "Names of indicators. Default: all.",
            example: "answer_rate,service_level_20s",
        },
        Parameter {
            name: "label",
            kind: ParameterKind::List,
            is_required: false,
            description: "Labels of indicators, as `KEY:VALUE`. Default: all.",
            example: "quality:responsiveness",
        },
        Parameter {
            name: "window",
            kind: ParameterKind::List,
            is_required: false,
            description: "Windows of the standard; `now` is the current state. Default: all.",
            example: "30m,now",
        },
        Parameter {
            name: "by",
            kind: ParameterKind::List,
            is_required: false,
            description: "The dimensions of a scope beyond those that are given, exactly these. An \
                          empty value means no further dimension. Default: any.",
            example: "queue",
        },
        Parameter {
            description: "Values that a scope must have: dimensions of the standard, each as a \
                          query parameter of its own, as in `center=hefei`. Commas separate \
                          values. Default: any.",
            ..DIMENSIONS
        },
    ],
    request: None,
    answer: Answer::json("The readings.", &[MediaType::json("Board")]),
    problems: &[
        ProblemAnswer::new(
            400,
            "The standard has no such indicator, label, window or dimension.",
            "there is no indicator `answer_rat`; did you mean `answer_rate`?",
        ),
        UNWRITTEN,
    ],
};

/// `GET /v1/live`.
pub(in crate::http) const GET_LIVE: RouteDocumentation = RouteDocumentation {
    operation_id: "connectLive",
    group: RouteGroup::Board,
    summary: "Follow the board over a WebSocket",
    description: "Opens a WebSocket. The client sends a `ClientMessage` within 10 s, and again \
                  whenever its subscription changes. The service sends `LiveFrame` messages: a \
                  `board`, then for each published board a `delta` or, without a change, a \
                  `beat`. Messages are JSON text; those of a client have at most 64 KiB. See \
                  `docs/live.md`.\n\n\
                  Browsers cannot send a token here. They send a ticket from `POST /v1/ticket`.",
    parameters: &[],
    request: None,
    answer: Answer {
        status: 101,
        description: "The connection is a WebSocket now.",
        media_types: &[],
    },
    problems: &[
        ProblemAnswer::new(
            400,
            "The request does not open a WebSocket.",
            "connect with a WebSocket, or read `/v1/stream`: No \"Connection: upgrade\" header",
        ),
        LIVE_LIMIT,
    ],
};

/// `GET /v1/stream`.
pub(in crate::http) const GET_STREAM: RouteDocumentation = RouteDocumentation {
    operation_id: "streamBoard",
    group: RouteGroup::Board,
    summary: "Follow the board as server-sent events",
    description: "Returns a stream that does not end. The `data` of each event is a `LiveFrame`, \
                  its `id` is `EPOCH/REVISION`. The last event is `close` with `code` and \
                  `reason`; after code 1008 do not reconnect with the same request. See \
                  `docs/live.md`.",
    parameters: &[
        Parameter {
            name: "subscribe",
            kind: ParameterKind::Json("ReadingFilter"),
            is_required: false,
            description: "The readings to send. Default: all.",
            example: r#"{"indicators":["answer_rate"],"windows":["30m"]}"#,
        },
        Parameter {
            name: "resume",
            kind: ParameterKind::Json("ResumePoint"),
            is_required: false,
            description: "The last board that the client received. Default: send the whole board.",
            example: r#"{"epoch":"9f2c51d0a7e34b18","revision":17}"#,
        },
        Parameter {
            name: "Last-Event-ID",
            kind: ParameterKind::Header,
            is_required: false,
            description: "The `id` of the last event, as browsers send it. Takes precedence over \
                          `resume`.",
            example: "9f2c51d0a7e34b18/17",
        },
    ],
    request: None,
    answer: Answer {
        status: 200,
        description: "A stream of events.",
        media_types: &[MediaType { name: "text/event-stream", schema: "EventStream" }],
    },
    problems: &[
        ProblemAnswer::new(
            400,
            "A parameter is unknown or not readable, or the standard has no such name.",
            "`subscribe` is none: expected value at line 1 column 1",
        ),
        LIVE_LIMIT,
    ],
};

/// `GET /v1/ranking`.
pub(in crate::http) const GET_RANKING: RouteDocumentation = RouteDocumentation {
    operation_id: "getRanking",
    group: RouteGroup::Board,
    summary: "Rank scopes",
    description: "Returns the scopes of one kind from the best to the worst. Equal values share a \
                  rank. Scopes without a value or with too few cases have no rank and come last. \
                  Scopes that the token does not show take no rank.",
    parameters: &[
        Parameter {
            name: "indicator",
            kind: ParameterKind::Text,
            is_required: true,
            description: "The indicator to rank by.",
            example: "answer_rate",
        },
        Parameter {
            name: "by",
            kind: ParameterKind::List,
            is_required: true,
            description: "The dimensions of the scopes. The standard must have scopes of these.",
            example: "center",
        },
        Parameter {
            name: "window",
            kind: ParameterKind::Text,
            is_required: false,
            description: "The window. Required unless the indicator is a current state.",
            example: "today",
        },
        Parameter {
            name: "better",
            kind: ParameterKind::Choice(&["higher", "lower"]),
            is_required: false,
            description: "Which values are better. Default: as the target of the indicator says. \
                          Required for an indicator without a target.",
            example: "higher",
        },
    ],
    request: None,
    answer: Answer::json("The ranking.", &[MediaType::json("Ranking")]),
    problems: &[ProblemAnswer::new(
        400,
        "A parameter is missing or unknown, or the standard has no such name.",
        "say what to rank by, as in `indicator=answer_rate`",
    )],
};

/// `GET /v1/trend`.
pub(in crate::http) const GET_TREND: RouteDocumentation = RouteDocumentation {
    operation_id: "getTrend",
    group: RouteGroup::Board,
    summary: "Read the last hours of indicators",
    description: "Returns a value for each quarter of an hour. With `window`, each value covers a \
                  rolling window that ends with its quarter. Indicators that are a current state \
                  have no history and are left out. Answers are cached for up to 10 s.",
    parameters: &[
        Parameter {
            name: "indicator",
            kind: ParameterKind::List,
            is_required: true,
            description: "Names of indicators.",
            example: "answer_rate,speed_of_answer",
        },
        Parameter {
            name: "hours",
            kind: ParameterKind::Integer(1, 168),
            is_required: false,
            description: "How far the answer reaches back. Default: 8.",
            example: "2",
        },
        Parameter {
            name: "window",
            kind: ParameterKind::Text,
            is_required: false,
            description: "The rolling window that each value covers. Default: a quarter of an \
                          hour.",
            example: "1h",
        },
        DIMENSIONS,
    ],
    request: None,
    answer: Answer::json("The trends.", &[MediaType::json("Trends")]),
    problems: &[
        ProblemAnswer::new(
            400,
            "A parameter is missing, unknown or out of range, or the standard has no such name.",
            "`hours` is a number from 1 to 168",
        ),
        HIDDEN_SCOPE,
        ProblemAnswer::new(
            404,
            "The standard has no rolling window.",
            "the standard declares no rolling window, such as `24h`, and only these leave a trend",
        ),
        ENGINE_BUSY,
    ],
};
