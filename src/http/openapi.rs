//! Documentation of the routes, and the OpenAPI 3.1 document and the reference page made from it.
//!
//! Each [`Route`](super::Route) carries a [`RouteDocumentation`]. A route without one does not
//! compile.
//! Schemas are JSON Schema (2020-12) in `openapi/schemas`. Each names an example.
//!
//! | part | here |
//! |---|---|
//! | the routes | `event_routes`, `board_routes`, `case_routes`, `service_routes` |
//! | the document | `document` |
//! | the page `docs/reference/http-api.md` | `markdown` |

mod board_routes;
mod case_routes;
mod document;
mod event_routes;
mod markdown;
mod service_routes;

pub(super) use self::board_routes::*;
pub(super) use self::case_routes::*;
pub use self::document::openapi_document;
pub(super) use self::event_routes::*;
pub use self::markdown::openapi_markdown;
pub(super) use self::service_routes::*;

/// Documentation of a route. Texts are Markdown.
#[derive(Debug)]
pub struct RouteDocumentation {
    /// A unique name for generated clients.
    pub operation_id: &'static str,
    /// The group of routes it belongs to.
    pub group: RouteGroup,
    /// Summary in a few words.
    pub summary: &'static str,
    /// Description in sentences.
    pub description: &'static str,
    /// Query parameters and headers.
    pub parameters: &'static [Parameter],
    /// The request body, if it takes one.
    pub request: Option<RequestBody>,
    /// The answer of a request that succeeds.
    pub answer: Answer,
    /// Problems of this route. Those of access, rate limit and recovery are added to them.
    pub problems: &'static [ProblemAnswer],
}

/// Groups of routes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RouteGroup {
    /// Sending events.
    Events,
    /// Readings and the live board.
    Board,
    /// Cases behind the readings, and alerts.
    Cases,
    /// The standard, metrics and operation of the service.
    Service,
}

impl RouteGroup {
    /// All groups in the order of the page, with their names and descriptions.
    pub const ALL: [(RouteGroup, &'static str, &'static str); 4] = [
        (RouteGroup::Events, "Events", "Send events and find rejected ones."),
        (RouteGroup::Board, "Board", "Read indicators, once or as a live stream."),
        (RouteGroup::Cases, "Cases and alerts", "Find the cases behind a reading, and alerts."),
        (RouteGroup::Service, "Service", "The standard, metrics, health and operation."),
    ];
}

/// A query parameter or a header.
#[derive(Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Place in the request, and type.
    pub kind: ParameterKind,
    /// True if a request without it is refused.
    pub is_required: bool,
    /// Meaning and default.
    pub description: &'static str,
    /// An example.
    pub example: &'static str,
}

/// Places and types of parameters.
#[derive(Clone, Copy, Debug)]
pub enum ParameterKind {
    /// Text in the query.
    Text,
    /// Texts in the query: the parameter is repeated, or commas separate the values.
    List,
    /// One of these values in the query.
    Choice(&'static [&'static str]),
    /// Some of these values in the query, repeated or separated by commas.
    ChoiceList(&'static [&'static str]),
    /// An integer in the query, from the first to the second number.
    Integer(i64, i64),
    /// JSON in the query that matches the schema of this name.
    Json(&'static str),
    /// Dimensions of the standard, each as a query parameter of its own name.
    Dimensions,
    /// Text in a header.
    Header,
}

/// A request body.
#[derive(Debug)]
pub struct RequestBody {
    /// Content and limits.
    pub description: &'static str,
    /// Its media types.
    pub media_types: &'static [MediaType],
}

/// A media type with the schema of its content.
#[derive(Debug)]
pub struct MediaType {
    /// The name of the media type.
    pub name: &'static str,
    /// The name of the schema, which also provides the example.
    pub schema: &'static str,
}

/// The answer of a request that succeeds.
#[derive(Debug)]
pub struct Answer {
    /// Its HTTP status.
    pub status: u16,
    /// Content.
    pub description: &'static str,
    /// Its media types; none for an answer without a body.
    pub media_types: &'static [MediaType],
}

/// A problem that a route may answer with.
#[derive(Debug)]
pub struct ProblemAnswer {
    /// Its HTTP status.
    pub status: u16,
    /// Condition under which it occurs.
    pub description: &'static str,
    /// The name of its schema.
    pub schema: &'static str,
    /// An example of its `detail`.
    pub detail: &'static str,
}

impl ProblemAnswer {
    /// A problem without members of its own.
    const fn new(status: u16, description: &'static str, detail: &'static str) -> ProblemAnswer {
        ProblemAnswer { status, description, schema: "Problem", detail }
    }
}

impl Answer {
    /// Status 200 with JSON that matches the schema of this name.
    const fn json(description: &'static str, media_types: &'static [MediaType]) -> Answer {
        Answer { status: 200, description, media_types }
    }
}

impl MediaType {
    /// JSON that matches the schema of this name.
    const fn json(schema: &'static str) -> MediaType {
        MediaType { name: "application/json", schema }
    }
}

/// Limits the answer to scopes with these values.
const DIMENSIONS: Parameter = Parameter {
    name: "dimensions",
    kind: ParameterKind::Dimensions,
    is_required: false,
    description: "A scope: dimensions of the standard with their values, each as a query parameter \
                  of its own, as in `center=hefei`. Default: the scope of everything.",
    example: "center=hefei",
};

/// The answer could not be written.
const UNWRITTEN: ProblemAnswer = ProblemAnswer::new(
    500,
    "The answer could not be written.",
    "the answer could not be written; the service's log says more",
);
