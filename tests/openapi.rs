//! The OpenAPI document: complete, valid by a public validator, and true of a running service.
//!
//! `UPDATE_EXPECT=1 cargo test --test openapi` writes `docs/reference/http-api.md`. The validator
//! is `openapi-spec-validator` (PyPI), on `PATH` or in `target/openapi-venv`. Without it that test
//! is skipped.

#[path = "serve/client.rs"]
#[expect(dead_code, reason = "other tests of the service need more of it")]
mod client;
#[path = "access/tokens.rs"]
mod tokens;

use client::{HttpReply, TestServer, answered_call, event_json, test_settings};
use firstline::access::RoutePermission;
use firstline::http::all_routes;
use firstline::http::openapi::{openapi_document, openapi_markdown};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;
use std::time::Duration;
use tokens::{request_as, settings_with_tokens};

static DOCUMENT: LazyLock<Value> = LazyLock::new(openapi_document);

fn project_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn operation(method: &str, path: &str) -> &'static Value {
    let operation = &DOCUMENT["paths"][path][method.to_ascii_lowercase()];
    assert!(operation.is_object(), "{method} {path} is not in the document");
    operation
}

/// Adds `additionalProperties: false` to objects with listed members, to find undocumented ones.
fn close_schema(schema: &mut Value) {
    if let Value::Object(map) = schema {
        if map.contains_key("properties") {
            map.entry("additionalProperties").or_insert(false.into());
        }
        map.values_mut().for_each(close_schema);
    } else if let Value::Array(list) = schema {
        list.iter_mut().for_each(close_schema);
    }
}

/// Returns what is wrong with a value by a schema of the document.
fn schema_errors(schema: &Value, value: &Value) -> Vec<String> {
    let mut components = json!({ "schemas": DOCUMENT["components"]["schemas"] });
    for (_, schema) in components["schemas"].as_object_mut().into_iter().flat_map(Map::iter_mut) {
        close_schema(schema);
    }
    let mut whole = schema.clone();
    whole["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    whole["components"] = components;
    let validator = jsonschema::validator_for(&whole).expect("a schema");
    let error = |error: jsonschema::ValidationError| format!("{}: {error}", error.instance_path());
    validator.iter_errors(value).map(error).collect()
}

fn assert_matches_schema(schema: &Value, value: &Value, what: &str) {
    let errors = schema_errors(schema, value);
    assert!(errors.is_empty(), "{what}: {errors:#?}\n{value:#}");
}

/// The answer has a documented status and media type, and its body matches the schema.
fn assert_documented(method: &str, path: &str, reply: &HttpReply) {
    let what = format!("{method} {path} {}", reply.status);
    let answer = &operation(method, path)["responses"][reply.status.to_string()];
    assert!(answer.is_object(), "{what} is not documented: {}", reply.body);
    let media_type = reply.headers["content-type"].split(';').next().unwrap_or_default();
    let content = &answer["content"][media_type];
    assert!(content.is_object(), "{what}: `{media_type}` is not documented");
    let body = if media_type.ends_with("json") { reply.json() } else { json!(reply.body) };
    assert_matches_schema(&content["schema"], &body, &what);
}

#[test]
fn document_lists_exactly_the_routes() {
    let routes: BTreeSet<(String, String)> = all_routes()
        .iter()
        .map(|route| (route.path.to_owned(), route.method.as_str().to_ascii_lowercase()))
        .collect();
    let documented: BTreeSet<(String, String)> = members(&DOCUMENT["paths"])
        .flat_map(|(path, item)| members(item).map(|(method, _)| (path.clone(), method.clone())))
        .collect();
    assert_eq!(documented, routes);
}

#[test]
fn every_route_has_texts_security_and_examples() {
    let mut names = BTreeSet::new();
    for route in all_routes() {
        let what = format!("{} {}", route.method, route.path);
        let operation = operation(route.method.as_str(), route.path);
        for member in ["summary", "description", "operationId"] {
            assert!(operation[member].as_str().is_some_and(|text| !text.is_empty()), "{what}");
        }
        assert!(names.insert(operation["operationId"].as_str()), "{what}: the name is taken");
        let permission = &operation["security"][0]["token"][0];
        let expected = match route.need {
            None => Value::Null,
            Some(RoutePermission::Ingest | RoutePermission::Rejected) => json!("ingest"),
            Some(RoutePermission::Read | RoutePermission::Live) => json!("read"),
            Some(RoutePermission::Admin) => json!("admin"),
        };
        assert_eq!(*permission, expected, "{what}");
        let body = &operation["requestBody"]["content"];
        let answers = members(&operation["responses"]).map(|(_, answer)| &answer["content"]);
        for (media_type, content) in [body].into_iter().chain(answers).flat_map(members) {
            let examples = members(&content["examples"]).map(|(_, example)| &example["value"]);
            let mut examples = examples.chain(content.get("example")).peekable();
            assert!(examples.peek().is_some(), "{what}: `{media_type}` has no example");
            examples.for_each(|one| assert_matches_schema(&content["schema"], one, &what));
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let json = &parameter["content"]["application/json"];
            let holder = if json.is_object() { json } else { parameter };
            assert_matches_schema(&holder["schema"], &holder["example"], &what);
        }
    }
}

#[test]
fn every_member_of_a_schema_is_described() {
    for (name, schema) in members(&DOCUMENT["components"]["schemas"]) {
        assert!(schema["description"].is_string(), "{name}");
        for (member, property) in members(&schema["properties"]) {
            assert!(property["description"].is_string(), "{name}.{member}");
        }
        for example in schema["examples"].as_array().into_iter().flatten() {
            assert_matches_schema(schema, example, name);
        }
    }
}

/// Runs the public validator; none if it is not installed.
fn run_validator(document: &Value) -> Option<Output> {
    let installed = project_root().join("target/openapi-venv/bin/openapi-spec-validator");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("openapi.json");
    std::fs::write(&file, document.to_string()).expect("a file");
    [PathBuf::from("openapi-spec-validator"), installed]
        .into_iter()
        .find_map(|program| Command::new(program).arg(&file).output().ok())
}

#[test]
fn document_is_valid_openapi() {
    let Some(valid) = run_validator(&DOCUMENT) else {
        println!("skipped: openapi-spec-validator is not installed");
        return;
    };
    assert!(valid.status.success(), "{}", String::from_utf8_lossy(&valid.stdout));
    // The validator can say no.
    let mut broken = DOCUMENT.clone();
    broken["paths"]["/v1/board"]["get"]["responses"]["200"]["description"] = json!(1);
    assert!(run_validator(&broken).is_some_and(|output| !output.status.success()));
}

#[test]
fn reference_page_matches_document() {
    let (file, page) =
        (project_root().join("docs/reference/http-api.md"), openapi_markdown(&DOCUMENT));
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        std::fs::write(&file, &page).expect("a file");
    }
    let stored = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(stored == page, "UPDATE_EXPECT=1 cargo test --test openapi writes {file:?} anew");
}

/// Sends calls, and repairs of which one is overdue.
async fn send_sample_events(server: &TestServer) {
    let mut events: Vec<Value> =
        ["c-1", "c-2"].iter().flat_map(|call| answered_call(call, "hefei")).collect();
    let time = |seconds| event_json("x", "x", "x", seconds, &json!({}))["time"].clone();
    for (subject, due) in [("r-1", -600), ("r-2", 7_200)] {
        let data = json!({ "center": "hefei", "due": time(due), "owner": "Li Lei" });
        events.push(event_json(subject, "repair.opened", subject, -3_000, &data));
    }
    let pause = json!({ "center": "hefei", "reason": "rain", "liable": "weather" });
    events.push(event_json("p-1", "repair.paused", "r-2", -2_000, &pause));
    let reply = server.post("application/json", json!(events).to_string()).await;
    assert_eq!((reply.status, &reply.json()["accepted"]), (200, &json!(events.len())));
    let faulty = server.post("application/x-ndjson", "{\"id\":\"7\"}\n").await;
    assert_eq!(faulty.json()["rejected_total"], 1, "{}", faulty.body);
    for reply in [reply, faulty] {
        assert_documented("POST", "/v1/events", &reply);
    }
}

/// Waits until an alert about the overdue repair fires.
async fn wait_for_alert(server: &TestServer) -> Value {
    for _ in 0..600 {
        let alerts = server.get("/v1/alerts?state=all").await.json();
        if let Some(alert) = alerts["alerts"].as_array().and_then(|alerts| alerts.first()) {
            return alert.clone();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no alert fired");
}

#[tokio::test]
async fn each_route_answers_as_documented() {
    let server = TestServer::start(test_settings()).await;
    send_sample_events(&server).await;
    let alert = wait_for_alert(&server).await;
    let queries: &[(&str, &[&str])] = &[
        ("/healthz", &[""]),
        ("/metrics", &[""]),
        ("/readyz", &[""]),
        ("/standard", &[""]),
        ("/v1/alerts", &["", "?state=all&limit=1", "?center=hefei"]),
        ("/v1/board", &["", "?window=now", "?indicator=answer_rate&center=hefei&by="]),
        ("/v1/cases", &["", "?risk=all&family=repair"]),
        (
            "/v1/explain",
            &[
                "?indicator=answer_rate&center=hefei",
                "?indicator=repairs_open",
                "?indicator=speed_of_answer&limit=1",
                "?subject=c-1",
                "?subject=r-2&source=/test",
            ],
        ),
        ("/v1/openapi.json", &[""]),
        ("/v1/schema/event.json", &[""]),
        ("/v1/ranking", &["?indicator=answer_rate&by=center&window=today"]),
        ("/v1/rejected", &[""]),
        ("/v1/standard", &[""]),
        ("/v1/stream", &["?subscribe=%7B%22windows%22%3A%5B%2230m%22%5D%7D"]),
        ("/v1/trend", &["?indicator=answer_rate&hours=2&center=hefei"]),
    ];
    for route in all_routes().iter().filter(|route| route.method == "GET") {
        // A client of HTTP alone cannot get further than a refusal there; its frames follow below.
        if route.path == "/v1/live" {
            continue;
        }
        let listed = queries.iter().find(|(path, _)| *path == route.path);
        let (path, queries) = listed.unwrap_or_else(|| panic!("no request for {}", route.path));
        for query in *queries {
            let reply = server.get(&format!("{path}{query}")).await;
            assert_eq!(reply.status, 200, "{path}{query}: {}", reply.body);
            assert_documented("GET", path, &reply);
        }
    }
    let accept = [("Accept", "application/openmetrics-text; version=1.0.0")];
    let open_metrics = server.request("GET", "/metrics", &accept, b"").await;
    assert!(open_metrics.headers["content-type"].starts_with("application/openmetrics-text"));
    assert_documented("GET", "/metrics", &open_metrics);

    let frame_schema = json!({ "$ref": "#/components/schemas/LiveFrame" });
    let hello = json!({ "subscribe": { "indicators": ["answer_rate"] } });
    let message = json!({ "$ref": "#/components/schemas/ClientMessage" });
    assert_matches_schema(&message, &hello, "the client's message");
    let mut live = server.connect_live(&hello).await;
    for _ in 0..3 {
        assert_matches_schema(&frame_schema, &live.expect_frame().await, "a frame");
    }

    let action = json!({ "id": alert["id"], "owner": "Li", "note": "a crew is on its way" });
    for (path, status) in [("acknowledge", 200), ("close", 409)] {
        let path = format!("/v1/alerts/{path}");
        let reply = server.request("POST", &path, &[], action.to_string().as_bytes()).await;
        assert_eq!(reply.status, status, "{}", reply.body);
        assert_documented("POST", &path, &reply);
    }
    assert_documented("POST", "/v1/ticket", &server.request("POST", "/v1/ticket", &[], b"").await);
}

#[tokio::test]
async fn each_route_refuses_as_documented() {
    let closed = TestServer::start(settings_with_tokens()).await;
    let mut settings = test_settings();
    settings.limits.requests_per_second = 1;
    let limited = TestServer::start(settings).await;
    while limited.get("/healthz").await.status == 200 {}
    for route in all_routes() {
        let (method, path) = (route.method.as_str(), route.path);
        // One request a second passes.
        let mut too_many = limited.request(method, path, &[], b"").await;
        while too_many.status != 429 {
            too_many = limited.request(method, path, &[], b"").await;
        }
        assert_documented(method, path, &too_many);
        if route.need.is_some() {
            let stranger = closed.request(method, path, &[], b"").await;
            assert_eq!(stranger.status, 401, "{method} {path}");
            assert_documented(method, path, &stranger);
            let other = if path == "/v1/events" { "reader" } else { "sender" };
            let unfit = if path == "/v1/rejected" { "reader" } else { other };
            let forbidden = request_as(&closed, unfit, method, path, "").await;
            assert_eq!(forbidden.status, 403, "{method} {path}");
            assert_documented(method, path, &forbidden);
        }
    }
    let requests = [
        ("POST", "/v1/events", "", "{", 400),
        ("POST", "/v1/reload", "", "", 409),
        ("POST", "/v1/alerts/acknowledge", "", "{}", 400),
        ("POST", "/v1/alerts/close", "", "{\"id\":\"7\",\"owner\":\"Li\",\"note\":\"x\"}", 404),
        ("GET", "/v1/live", "", "", 400),
        ("GET", "/v1/stream", "?subscribe=x", "", 400),
        ("GET", "/v1/board", "?indicator=answer_rat", "", 400),
        ("GET", "/v1/ranking", "", "", 400),
        ("GET", "/v1/trend", "?indicator=answer_rate&hours=0", "", 400),
        ("GET", "/v1/explain", "", "", 400),
        ("GET", "/v1/explain", "?subject=nobody", "", 404),
        ("GET", "/v1/cases", "?risk=late", "", 400),
        ("GET", "/v1/alerts", "?state=late", "", 400),
    ];
    for (method, path, query, body, status) in requests {
        let reply = request_as(&closed, "admin", method, &format!("{path}{query}"), body).await;
        assert_eq!(reply.status, status, "{method} {path}{query}: {}", reply.body);
        assert_documented(method, path, &reply);
    }
    // Every route with a status 400 of its own was asked badly above.
    for route in all_routes() {
        let operation = operation(route.method.as_str(), route.path);
        let asked = requests.iter().any(|(_, path, ..)| *path == route.path);
        assert!(asked || operation["responses"].get("400").is_none(), "{}", route.path);
    }
    let media = [("Authorization", "Bearer admin"), ("Content-Type", "text/csv")];
    let unsupported = closed.request("POST", "/v1/events", &media, b"").await;
    assert_eq!(unsupported.status, 415);
    assert_documented("POST", "/v1/events", &unsupported);
}
