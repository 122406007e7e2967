//! Documentation of the routes about the standard, metrics, health and operation of the service.

use super::{
    Answer, MediaType, Parameter, ParameterKind, ProblemAnswer, RouteDocumentation, RouteGroup,
    UNWRITTEN,
};

/// `GET /v1/standard`.
pub(in crate::http) const GET_STANDARD: RouteDocumentation = RouteDocumentation {
    operation_id: "getStandard",
    group: RouteGroup::Service,
    summary: "Read the standard",
    description: "Returns the standard in force: indicators with formulas and targets, \
                  commitments, alert policies, dimensions, scopes and windows.",
    parameters: &[],
    request: None,
    answer: Answer::json("The standard.", &[MediaType::json("Standard")]),
    problems: &[],
};

/// `GET /standard`.
pub(in crate::http) const GET_STANDARD_PAGE: RouteDocumentation = RouteDocumentation {
    operation_id: "getStandardPage",
    group: RouteGroup::Service,
    summary: "Read the standard as a page",
    description: "Returns the standard as an HTML page in English and Chinese.",
    parameters: &[],
    request: None,
    answer: Answer {
        status: 200,
        description: "The page.",
        media_types: &[MediaType { name: "text/html", schema: "HtmlPage" }],
    },
    problems: &[],
};

/// `POST /v1/reload`.
pub(in crate::http) const RELOAD: RouteDocumentation = RouteDocumentation {
    operation_id: "reloadConfiguration",
    group: RouteGroup::Service,
    summary: "Reload the configuration",
    description: "Reads the configuration again: standard, tokens and certificate. All of it is \
                  applied, or nothing if anything is at fault. Without tokens only programs on \
                  the machine itself may do this.",
    parameters: &[],
    request: None,
    answer: Answer::json("The configuration is in force.", &[MediaType::json("ReloadReport")]),
    problems: &[
        ProblemAnswer::new(
            409,
            "The service runs without a configuration file.",
            "the service runs without a configuration, on the built-in standard; start it with \
             `--config FILE` to reload",
        ),
        ProblemAnswer {
            status: 422,
            description: "The files have faults, or the service would be open to other machines.",
            schema: "ReloadProblem",
            detail: "the files have 1 problems; everything stays as it was",
        },
        ProblemAnswer::new(
            503,
            "Other reloads are waiting, the journal cannot be written, or the service is stopping.",
            "other reloads are waiting already",
        ),
    ],
};

/// `POST /v1/ticket`.
pub(in crate::http) const ISSUE_TICKET: RouteDocumentation = RouteDocumentation {
    operation_id: "issueTicket",
    group: RouteGroup::Board,
    summary: "Get a ticket for the live board",
    description: "Returns a ticket for one connection to `/v1/live` or `/v1/stream` within 30 s. \
                  Browsers need it, since they cannot send a token there.",
    parameters: &[],
    request: None,
    answer: Answer::json("The ticket.", &[MediaType::json("Ticket")]),
    problems: &[ProblemAnswer::new(
        429,
        "4096 tickets are unused.",
        "too many tickets wait for their use; fetch one only to connect at once",
    )],
};

/// `GET /metrics`.
pub(in crate::http) const GET_METRICS: RouteDocumentation = RouteDocumentation {
    operation_id: "getMetrics",
    group: RouteGroup::Service,
    summary: "Scrape metrics",
    description: "Returns readings (`sla_*`) and the metrics of the service itself \
                  (`firstline_*`) for Prometheus. Tokens with `where` get the readings that they \
                  show and no metrics of the service. Readings are missing until the journal is \
                  recovered.",
    parameters: &[
        Parameter {
            name: "Accept",
            kind: ParameterKind::Header,
            is_required: false,
            description: "`application/openmetrics-text` selects OpenMetrics. Default: the text \
                          format of Prometheus.",
            example: "application/openmetrics-text;version=1.0.0",
        },
        Parameter {
            name: "Accept-Encoding",
            kind: ParameterKind::Header,
            is_required: false,
            description: "`gzip` selects a compressed answer.",
            example: "gzip",
        },
    ],
    request: None,
    answer: Answer {
        status: 200,
        description: "The metrics.",
        media_types: &[
            MediaType { name: "text/plain", schema: "PrometheusText" },
            MediaType { name: "application/openmetrics-text", schema: "OpenMetricsText" },
        ],
    },
    problems: &[UNWRITTEN],
};

/// `GET /healthz`.
pub(in crate::http) const GET_LIVENESS: RouteDocumentation = RouteDocumentation {
    operation_id: "getLiveness",
    group: RouteGroup::Service,
    summary: "Check liveness",
    description: "Answers as long as the process works.",
    parameters: &[],
    request: None,
    answer: Answer {
        status: 200,
        description: "The process works.",
        media_types: &[MediaType { name: "text/plain", schema: "Liveness" }],
    },
    problems: &[],
};

/// `GET /readyz`.
pub(in crate::http) const GET_READINESS: RouteDocumentation = RouteDocumentation {
    operation_id: "getReadiness",
    group: RouteGroup::Service,
    summary: "Check readiness",
    description: "Answers with status 200 once the journal is recovered and events are taken.",
    parameters: &[],
    request: None,
    answer: Answer {
        status: 200,
        description: "The service takes events, and the board is complete.",
        media_types: &[MediaType { name: "text/plain", schema: "ReadyText" }],
    },
    problems: &[ProblemAnswer::new(
        503,
        "The service is starting, or cannot write its journal.",
        "the service is still reading its journal: record 17 of 5120",
    )],
};

/// `GET /v1/openapi.json`.
pub(in crate::http) const GET_OPENAPI: RouteDocumentation = RouteDocumentation {
    operation_id: "getOpenApi",
    group: RouteGroup::Service,
    summary: "Read this description",
    description: "Returns the description of all routes as an OpenAPI 3.1 document, for generated \
                  clients and API browsers.",
    parameters: &[],
    request: None,
    answer: Answer::json("The document.", &[MediaType::json("OpenApiDocument")]),
    problems: &[],
};

/// `GET /v1/schema/event.json`.
pub(in crate::http) const GET_EVENT_SCHEMA: RouteDocumentation = RouteDocumentation {
    operation_id: "getEventSchema",
    group: RouteGroup::Events,
    summary: "Read the JSON Schema of an event",
    description: "Returns the JSON Schema (draft 2020-12) of an event under the standard in force, for \
                  senders that check events before they send them.",
    parameters: &[],
    request: None,
    answer: Answer::json("The schema.", &[MediaType::json("JsonSchema")]),
    problems: &[],
};
