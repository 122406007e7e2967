//! Content type of a body, taken from its headers. Supported are the JSON, batch and binary modes
//! of CloudEvents and newline-delimited JSON.

use crate::ingest::http_intake::{IntakeFailure, IntakeFailureKind};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};

/// Layout of the events in a body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BodyForm {
    /// A JSON object or a list of JSON objects.
    Json,
    /// One JSON object per line.
    Lines,
    /// One event with its attributes in `ce-` headers and its data in the body.
    Binary,
}

/// Compression of a body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ContentEncoding {
    /// Not compressed.
    Plain,
    /// gzip.
    Gzip,
    /// zstd.
    Zstd,
}

/// Content type of a body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ContentType {
    /// Layout of the events.
    pub form: BodyForm,
    /// Compression.
    pub encoding: ContentEncoding,
}

impl ContentType {
    /// Returns the content type that the headers declare.
    ///
    /// # Errors
    /// Fails if the content type or the content encoding is not supported.
    pub fn from_headers(headers: &HeaderMap) -> Result<ContentType, IntakeFailure> {
        let declared =
            headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let form = match declared
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
            .as_str()
        {
            "application/json" if headers.contains_key("ce-id") => BodyForm::Binary,
            "application/json"
            | "application/cloudevents+json"
            | "application/cloudevents-batch+json" => BodyForm::Json,
            "application/x-ndjson" => BodyForm::Lines,
            _ => {
                let detail = "send `application/json`, `application/cloudevents+json`, \
                              `application/cloudevents-batch+json` or `application/x-ndjson` \
                              as `Content-Type`";
                return Err(IntakeFailure::new(IntakeFailureKind::UnsupportedMedia, detail));
            }
        };
        let encoding = match headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes) {
            None | Some(b"identity") => ContentEncoding::Plain,
            Some(b"gzip" | b"x-gzip") => ContentEncoding::Gzip,
            Some(b"zstd") => ContentEncoding::Zstd,
            Some(_) => {
                return Err(IntakeFailure::new(
                    IntakeFailureKind::UnsupportedMedia,
                    "send `gzip` or `zstd` as `Content-Encoding` or leave out the header",
                ));
            }
        };
        Ok(ContentType { form, encoding })
    }
}

/// Converts an event in binary mode to structured JSON.
///
/// # Errors
/// Fails if the data is not JSON.
pub fn binary_mode_to_json(headers: &HeaderMap, data: &[u8]) -> Result<Vec<u8>, IntakeFailure> {
    let mut event = serde_json::Map::new();
    for (name, value) in headers {
        if let Some(name) = name.as_str().strip_prefix("ce-") {
            event.insert(name.to_owned(), percent_decode(value.as_bytes()).into());
        }
    }
    if !data.is_empty() {
        let unreadable = |error| {
            IntakeFailure::new(
                IntakeFailureKind::Unreadable,
                format!("the event's data is not JSON: {error}"),
            )
        };
        event.insert("data".to_owned(), serde_json::from_slice(data).map_err(unreadable)?);
    }
    Ok(serde_json::Value::Object(event).to_string().into_bytes())
}

/// Percent-decodes a header value. Invalid UTF-8 becomes `�`.
fn percent_decode(value: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((first, after)) = rest.split_first() {
        let code = (*first == b'%').then(|| after.first_chunk::<2>()).flatten();
        let code = code
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_decodes_header_values() {
        assert_eq!(percent_decode(b"/acd/%E5%90%88%e8%82%A5 100%"), "/acd/合肥 100%");
        assert_eq!(percent_decode(b"%+1%zz%4"), "%+1%zz%4");
    }
}
