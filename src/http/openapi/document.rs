//! The OpenAPI 3.1 document, made from the route table.

use super::{
    MediaType, Parameter, ParameterKind, ProblemAnswer, RequestBody, RouteDocumentation, RouteGroup,
};
use crate::access::RoutePermission;
use crate::http::{Route, all_routes};
use serde_json::{Map, Value, json};

/// Schemas by name, in the order of the page.
const SCHEMA_FILES: [&str; 6] = [
    include_str!("schemas/events.json"),
    include_str!("schemas/board.json"),
    include_str!("schemas/cases.json"),
    include_str!("schemas/alerts.json"),
    include_str!("schemas/service.json"),
    include_str!("schemas/common.json"),
];

const DESCRIPTION: &str = "\
Real-time service operations monitor: send events of calls, queues and orders; read indicators.\n\n\
**Access.** Without tokens in the configuration, the service is open on its own machine and no \
request needs a token. With tokens, send `Authorization: Bearer fl_...`. `may` is the \
permission of a token: `ingest` sends events, `read` reads the board, `admin` does everything. \
`where` and `sources` of a token limit what it shows and accepts. See `docs/access.md`.\n\n\
**Errors** are `application/problem+json` (RFC 9457) with a `detail` that says what to do. A retry \
makes sense after answers with a `Retry-After` header.\n\n\
**Methods.** Routes for `GET` also answer `HEAD`. Another method gets 405 with an `Allow` header. \
Another address is a file of the wallboard, or 404.";

/// Problems of access: the status, when it occurs, and an example of its detail.
const ACCESS_PROBLEMS: [ProblemAnswer; 2] = [
    ProblemAnswer::new(
        401,
        "The token is missing, unknown or expired.",
        "this needs a token; send it as `Authorization: Bearer fl_...`",
    ),
    ProblemAnswer::new(
        403,
        "The token lacks the permission, or a page of another site sent the request.",
        "this token may not see the board; it takes one with `may = \"read\"`",
    ),
];
const RATE_PROBLEM: ProblemAnswer = ProblemAnswer::new(
    429,
    "The address sends more than `limits.requests_per_second` requests.",
    "this address makes more requests than `limits.requests_per_second` allows; send more events \
     in each",
);
const RECOVERY_PROBLEM: ProblemAnswer = ProblemAnswer::new(
    503,
    "The journal is being recovered.",
    "the service is still reading its journal: record 17 of 5120",
);

/// Returns the OpenAPI 3.1 document of all routes.
#[must_use]
pub fn openapi_document() -> Value {
    let schemas = all_schemas();
    let mut paths: Map<String, Value> = Map::new();
    for route in all_routes() {
        let method = route.method.as_str().to_ascii_lowercase();
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[method] = operation_json(&route, &schemas);
    }
    let tags = RouteGroup::ALL
        .map(|(_, name, description)| json!({ "name": name, "description": description }));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "firstline",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": { "name": "MIT", "identifier": "MIT" },
        },
        "servers": [{ "url": "/", "description": "The service that serves this document." }],
        "tags": tags,
        "paths": paths,
        "components": { "schemas": schemas, "securitySchemes": security_schemes_json() },
    })
}

/// Returns all schemas by name.
fn all_schemas() -> Map<String, Value> {
    let parsed = SCHEMA_FILES.iter().map(|text| serde_json::from_str(text).unwrap_or_default());
    parsed.flat_map(|schemas: Map<String, Value>| schemas).collect()
}

fn security_schemes_json() -> Value {
    json!({
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "A token from `firstline token new`. A route names the permission \
                            (`may`) that it needs; `admin` has all.",
        },
        "ticket": {
            "type": "apiKey",
            "in": "query",
            "name": "ticket",
            "description": "A ticket from `POST /v1/ticket`, for one connection within 30 s.",
        },
    })
}

fn operation_json(route: &Route, schemas: &Map<String, Value>) -> Value {
    let documentation = route.documentation;
    let RouteDocumentation { operation_id, group, summary, description, parameters, .. } =
        documentation;
    let group = RouteGroup::ALL.iter().find(|(known, ..)| known == group);
    let mut operation = json!({
        "operationId": operation_id,
        "tags": group.map(|(_, name, _)| name).into_iter().collect::<Vec<_>>(),
        "summary": summary,
        "description": description,
        "responses": responses_json(route, schemas),
        "security": security_json(route.need),
    });
    if !parameters.is_empty() {
        operation["parameters"] = parameters.iter().map(parameter_json).collect();
    }
    if let Some(RequestBody { description, media_types }) = &documentation.request {
        operation["requestBody"] = json!({
            "description": description,
            "required": true,
            "content": content_json(media_types, schemas),
        });
    }
    operation
}

/// Returns the alternatives, each with the permission that the token must have.
fn security_json(need: Option<RoutePermission>) -> Value {
    match need {
        None => json!([]),
        Some(RoutePermission::Ingest | RoutePermission::Rejected) => {
            json!([{ "token": ["ingest"] }])
        }
        Some(RoutePermission::Read) => json!([{ "token": ["read"] }]),
        Some(RoutePermission::Live) => json!([{ "token": ["read"] }, { "ticket": [] }]),
        Some(RoutePermission::Admin) => json!([{ "token": ["admin"] }]),
    }
}

fn parameter_json(parameter: &Parameter) -> Value {
    let Parameter { name, kind, is_required, description, example } = parameter;
    let mut written = json!({
        "name": name,
        "in": if matches!(kind, ParameterKind::Header) { "header" } else { "query" },
        "required": is_required,
        "description": description,
    });
    let example_values = || example.split(',').collect::<Vec<_>>();
    match kind {
        ParameterKind::Text | ParameterKind::Header => {
            written["schema"] = json!({ "type": "string" });
            written["example"] = json!(example);
        }
        ParameterKind::List => {
            written["schema"] = json!({ "type": "array", "items": { "type": "string" } });
            written["explode"] = false.into();
            written["example"] = json!(example_values());
        }
        ParameterKind::Choice(values) => {
            written["schema"] = json!({ "type": "string", "enum": values });
            written["example"] = json!(example);
        }
        ParameterKind::ChoiceList(values) => {
            let items = json!({ "type": "string", "enum": values });
            written["schema"] = json!({ "type": "array", "items": items });
            written["explode"] = false.into();
            written["example"] = json!(example_values());
        }
        ParameterKind::Integer(minimum, maximum) => {
            written["schema"] =
                json!({ "type": "integer", "minimum": minimum, "maximum": maximum });
            written["example"] = json!(example.parse::<i64>().ok());
        }
        ParameterKind::Json(schema) => {
            let value: Option<Value> = serde_json::from_str(example).ok();
            written["content"] = json!({
                "application/json": { "schema": schema_reference(schema), "example": value },
            });
        }
        ParameterKind::Dimensions => {
            let values: Map<String, Value> = example_values()
                .iter()
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, value)| (name.to_owned(), value.into()))
                .collect();
            let any = json!({ "type": "string" });
            written["schema"] = json!({ "type": "object", "additionalProperties": any });
            written["style"] = "form".into();
            written["explode"] = true.into();
            written["example"] = values.into();
        }
    }
    written
}

fn schema_reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// Returns the first example of a schema, or of the first schema that it refers to.
fn schema_example(name: &str, schemas: &Map<String, Value>) -> Option<Value> {
    let schema = schemas.get(name)?;
    if let Some(example) = schema.pointer("/examples/0") {
        return Some(example.clone());
    }
    let first = schema.pointer("/oneOf/0/$ref")?.as_str()?;
    schema_example(first.rsplit('/').next()?, schemas)
}

fn content_json(media_types: &[MediaType], schemas: &Map<String, Value>) -> Value {
    let written = media_types.iter().map(|MediaType { name, schema }| {
        let mut content = json!({ "schema": schema_reference(schema) });
        if let Some(example) = schema_example(schema, schemas) {
            content["example"] = example;
        }
        ((*name).to_owned(), content)
    });
    written.collect::<Map<_, _>>().into()
}

fn responses_json(route: &Route, schemas: &Map<String, Value>) -> Value {
    let answer = &route.documentation.answer;
    let mut success = json!({ "description": answer.description });
    if !answer.media_types.is_empty() {
        success["content"] = content_json(answer.media_types, schemas);
    }
    let mut responses = Map::new();
    responses.insert(answer.status.to_string(), success);
    let access = route.need.is_some().then_some(&ACCESS_PROBLEMS).into_iter().flatten();
    let recovery = route.needs_board.then_some(&RECOVERY_PROBLEM);
    let common = access.chain([&RATE_PROBLEM]).chain(recovery);
    let mut problems: Vec<&ProblemAnswer> = common.chain(route.documentation.problems).collect();
    // Stable: of one status, the problems of all routes come first.
    problems.sort_by_key(|problem| problem.status);
    for same in problems.chunk_by(|one, next| one.status == next.status) {
        responses.insert(same[0].status.to_string(), problem_json(same));
    }
    responses.into()
}

/// Returns the answer for all problems of one status.
fn problem_json(problems: &[&ProblemAnswer]) -> Value {
    let status = problems[0].status;
    let descriptions: Vec<&str> = problems.iter().map(|problem| problem.description).collect();
    let example = |(number, problem): (usize, &&ProblemAnswer)| {
        let title = axum::http::StatusCode::from_u16(status).ok();
        let value = json!({
            "type": "about:blank",
            "title": title.and_then(|status| status.canonical_reason()),
            "status": status,
            "detail": problem.detail,
        });
        (
            format!("problem{}", number + 1),
            json!({ "summary": problem.description, "value": value }),
        )
    };
    let examples: Map<String, Value> = problems.iter().enumerate().map(example).collect();
    // A schema with more members than `Problem` also admits it.
    let schema = problems.iter().map(|problem| problem.schema).find(|name| *name != "Problem");
    let content = json!({
        "schema": schema_reference(schema.unwrap_or("Problem")),
        "examples": examples,
    });
    let mut answer = json!({
        "description": descriptions.join(" Or: "),
        "content": { "application/problem+json": content },
    });
    if matches!(status, 429 | 503) {
        answer["headers"] = json!({
            "Retry-After": {
                "description": "Seconds after which a retry makes sense.",
                "schema": { "type": "integer", "minimum": 1 },
            },
        });
    }
    if status == 401 {
        answer["headers"] = json!({
            "WWW-Authenticate": {
                "description": "The scheme `Bearer`.",
                "schema": { "type": "string" },
            },
        });
    }
    answer
}
