//! The reference page `docs/reference/http-api.md`, made from the OpenAPI document.

use serde_json::{Map, Value};
use std::fmt::Write;

const INTRODUCTION: &str = "\
# HTTP API

After reading this page you can send events to firstline, read its indicators, follow them live \
and operate the service from any program.

The service serves the same description as an OpenAPI 3.1 document at `/v1/openapi.json`. \
This page is generated from it: `UPDATE_EXPECT=1 cargo test --test openapi`.

";

/// Returns the reference page of an OpenAPI document of this service.
#[must_use]
pub fn openapi_markdown(document: &Value) -> String {
    let mut page = String::from(INTRODUCTION);
    // Writing to a string cannot fail.
    let _ = writeln!(page, "{}\n", text(&document["info"]["description"]));
    let operations = operations(document);
    page += "## Routes\n\n| route | does | permission |\n|---|---|---|\n";
    for operation in &operations {
        let _ = writeln!(
            page,
            "| [`{} {}`](#{}) | {} | {} |",
            operation.method,
            operation.path,
            anchor(operation),
            text(&operation.value["summary"]),
            permission(operation.value),
        );
    }
    for tag in list(&document["tags"]) {
        let _ = writeln!(page, "\n## {}\n\n{}", text(&tag["name"]), text(&tag["description"]));
        for operation in operations.iter().filter(|one| one.value["tags"][0] == tag["name"]) {
            write_operation(&mut page, operation);
        }
    }
    page += "\n## Schemas\n\nMembers that are not required are absent when they do not apply.\n";
    for (name, schema) in members(&document["components"]["schemas"]) {
        write_schema(&mut page, name, schema);
    }
    page
}

/// An operation with its method in capitals and its path.
struct Operation<'d> {
    method: String,
    path: &'d str,
    value: &'d Value,
}

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let operations = members(&document["paths"]).flat_map(|(path, item)| {
        members(item).map(move |(method, value)| Operation {
            method: method.to_ascii_uppercase(),
            path,
            value,
        })
    });
    operations.collect()
}

fn write_operation(page: &mut String, operation: &Operation<'_>) {
    let Operation { method, path, value } = operation;
    let _ = writeln!(
        page,
        "\n### `{method} {path}`\n\n**{}.** {}\n\nPermission: {}.",
        text(&value["summary"]),
        text(&value["description"]),
        permission(value),
    );
    let parameters = list(&value["parameters"]);
    if !parameters.is_empty() {
        *page += "\n| parameter | type | required | meaning | example |\n|---|---|---|---|---|\n";
    }
    for parameter in parameters {
        let place = if parameter["in"] == "header" { " (header)" } else { "" };
        let content = &parameter["content"]["application/json"];
        let (schema, example) = match content {
            Value::Null => (&parameter["schema"], &parameter["example"]),
            content => (&content["schema"], &content["example"]),
        };
        let _ = writeln!(
            page,
            "| `{}`{place} | {} | {} | {} | `{}` |",
            text(&parameter["name"]),
            cell(&schema_type(schema)),
            if parameter["required"] == true { "yes" } else { "" },
            cell(text(&parameter["description"])),
            cell(&example_text(example)),
        );
    }
    if let Some(body) = value.get("requestBody") {
        let _ = writeln!(page, "\nRequest body. {}\n", text(&body["description"]));
        *page += "| media type | schema |\n|---|---|\n";
        for (name, content) in members(&body["content"]) {
            let _ = writeln!(page, "| `{name}` | {} |", schema_type(&content["schema"]));
        }
        write_example(page, &body["content"]);
    }
    *page += "\n| status | body | meaning |\n|---|---|---|\n";
    for (status, answer) in members(&value["responses"]) {
        let bodies: Vec<String> = members(&answer["content"])
            .map(|(_, content)| schema_type(&content["schema"]))
            .collect();
        let meaning = cell(text(&answer["description"]));
        let _ = writeln!(page, "| {status} | {} | {meaning} |", bodies.join(", "));
    }
    let success = members(&value["responses"]).find(|(status, _)| status.starts_with('2'));
    if let Some((_, answer)) = success {
        write_example(page, &answer["content"]);
    }
}

/// Writes the example of the first media type that has one.
fn write_example(page: &mut String, content: &Value) {
    let Some(example) = members(content).find_map(|(_, content)| content.get("example")) else {
        return;
    };
    let _ = match example {
        Value::String(text) => writeln!(page, "\n```text\n{}\n```", text.trim_end()),
        value => writeln!(page, "\n```json\n{value:#}\n```"),
    };
}

fn write_schema(page: &mut String, name: &str, schema: &Value) {
    let _ = writeln!(page, "\n### {name}\n\n{}", text(&schema["description"]));
    let alternatives = ["oneOf", "anyOf"].into_iter().find_map(|key| schema[key].as_array());
    if let Some(alternatives) = alternatives {
        let names: Vec<String> = alternatives.iter().map(schema_type).collect();
        let _ = writeln!(page, "\nOne of: {}.", names.join(", "));
    }
    let required = list(&schema["required"]);
    if schema.get("properties").is_some() {
        *page += "\n| member | type | required | meaning |\n|---|---|---|---|\n";
    }
    for (member, property) in members(&schema["properties"]) {
        let _ = writeln!(
            page,
            "| `{member}` | {} | {} | {} |",
            cell(&schema_type(property)),
            if required.iter().any(|name| name == member) { "yes" } else { "" },
            cell(text(&property["description"])),
        );
    }
}

/// Returns the type of a schema in words, with a link for a named schema.
fn schema_type(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return format!("[{name}](#{})", name.to_ascii_lowercase());
    }
    if let Some(alternatives) = schema["anyOf"].as_array() {
        return alternatives.iter().map(schema_type).collect::<Vec<_>>().join(" or ");
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ");
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::Array(types) => types.iter().map(text).collect(),
        single => vec![text(single)],
    };
    let named = types.iter().map(|name| match *name {
        "array" => format!("list of {}", schema_type(&schema["items"])),
        "object" => "object".to_owned(),
        "string" if schema["format"] == "date-time" => "time".to_owned(),
        other => other.to_owned(),
    });
    let range = match (&schema["minimum"], &schema["maximum"]) {
        (Value::Number(minimum), Value::Number(maximum)) => format!(", {minimum} to {maximum}"),
        _ => String::new(),
    };
    named.collect::<Vec<_>>().join(" or ") + &range
}

fn permission(operation: &Value) -> String {
    let alternatives = list(&operation["security"]);
    if alternatives.is_empty() {
        return "none".to_owned();
    }
    let alternatives = alternatives.iter().flat_map(members).map(|(scheme, permissions)| {
        match permissions[0].as_str() {
            Some("admin") => "`admin`".to_owned(),
            Some(permission) => format!("`{permission}` or `admin`"),
            None => format!("a {scheme}"),
        }
    });
    alternatives.collect::<Vec<_>>().join(", or ")
}

fn example_text(example: &Value) -> String {
    match example {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(","),
        // Dimensions are written as in a query.
        Value::Object(values) if values.values().all(Value::is_string) => {
            let pairs = values.iter().map(|(name, value)| format!("{name}={}", text(value)));
            pairs.collect::<Vec<_>>().join("&")
        }
        other => other.to_string(),
    }
}

/// Returns the anchor that mdBook gives to the heading of an operation.
fn anchor(operation: &Operation<'_>) -> String {
    let heading = format!("{} {}", operation.method, operation.path).to_ascii_lowercase();
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// Escapes a text for a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}
