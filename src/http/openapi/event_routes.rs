//! Documentation of the routes for senders of events.

use super::{
    Answer, MediaType, Parameter, ParameterKind, ProblemAnswer, RequestBody, RouteDocumentation,
    RouteGroup,
};

/// `POST /v1/events`.
pub(in crate::http) const POST_EVENTS: RouteDocumentation = RouteDocumentation {
    operation_id: "postEvents",
    group: RouteGroup::Events,
    summary: "Send events",
    description: "Takes CloudEvents 1.0: one event, a batch, newline-delimited JSON, or one event \
                  in binary mode (attributes in `ce-` headers, `application/json` in the body).\n\n\
                  The answer follows after the new events are stored durably. Sending a body \
                  again is safe: events that were taken count as duplicates. A faulty event is \
                  rejected alone, and the answer still has status 200. A JSON body is taken as a \
                  whole. Lines are taken piece by piece, so part of a body may be taken before a \
                  problem.",
    parameters: &[
        Parameter {
            name: "Content-Encoding",
            kind: ParameterKind::Header,
            is_required: false,
            description: "Compression of the body: `gzip` or `zstd`. Default: none.",
            example: "gzip",
        },
        Parameter {
            name: "ce-id",
            kind: ParameterKind::Header,
            is_required: false,
            description: "Selects binary mode: the `id` of the event. All other attributes are \
                          headers with the prefix `ce-` too.",
            example: "8f3-17",
        },
    ],
    request: Some(RequestBody {
        description: "At most `limits.body_mb` (default 16 MB), unpacked.",
        media_types: &[
            MediaType { name: "application/json", schema: "EventOrBatch" },
            MediaType { name: "application/cloudevents+json", schema: "Event" },
            MediaType { name: "application/cloudevents-batch+json", schema: "EventBatch" },
            MediaType { name: "application/x-ndjson", schema: "EventLines" },
        ],
    }),
    answer: Answer::json("The events were processed.", &[MediaType::json("IngestAnswer")]),
    problems: &[
        ProblemAnswer {
            status: 400,
            description: "The body is not readable.",
            schema: "IngestProblem",
            detail: "the body is not JSON: EOF while parsing at line 1 column 0",
        },
        ProblemAnswer {
            status: 408,
            description: "The body arrives too slowly.",
            schema: "IngestProblem",
            detail: "the body comes too slowly: it may pause for 30 s, less what came below 1 KiB \
                     a second; send the same body again, what was taken counts as a duplicate \
                     then",
        },
        ProblemAnswer {
            status: 413,
            description: "The body is larger than `limits.body_mb`.",
            schema: "IngestProblem",
            detail: "the body is longer than 16777216 bytes (unpacked); send it in parts, or raise \
                     `limits.body_mb`",
        },
        ProblemAnswer {
            status: 415,
            description: "The media type or the compression is not supported.",
            schema: "IngestProblem",
            detail: "send `gzip` or `zstd` as `Content-Encoding`, or none",
        },
        ProblemAnswer {
            status: 429,
            description: "The service cannot keep up. Send the body again after `Retry-After`.",
            schema: "IngestProblem",
            detail: "the service cannot keep up; send the same body again, what was taken counts \
                     as a duplicate then",
        },
        ProblemAnswer {
            status: 503,
            description: "The service is starting or stopping, or cannot write its journal.",
            schema: "IngestProblem",
            detail: "the service is still reading its journal: record 17 of 5120; send the same \
                     body again, what was taken counts as a duplicate then",
        },
    ],
};

/// `GET /v1/rejected`.
pub(in crate::http) const LIST_REJECTED: RouteDocumentation = RouteDocumentation {
    operation_id: "listRejectedEvents",
    group: RouteGroup::Events,
    summary: "List rejected events",
    description: "Returns the last 1000 rejected events with the reason, the newest first. An \
                  ingest token that is limited to sources sees the events of its sources.",
    parameters: &[],
    request: None,
    answer: Answer::json("The rejected events.", &[MediaType::json("RejectedEvents")]),
    problems: &[],
};
