//! What kind of body it is, by its headers: CloudEvents' JSON, batch and binary modes, or lines of JSON.

use crate::ingest::http_intake::{IntakeFailure, IntakeFailureKind};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};

/// How events stand in a body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BodyForm {
    /// A JSON object, or a list of them.
    Json,
    /// A JSON object on each line.
    Lines,
    /// The event's attributes in `ce-` headers, its data in the body.
    Binary,
}

/// How a body is packed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ContentEncoding {
    /// Not at all.
    Plain,
    /// With gzip.
    Gzip,
    /// With zstd.
    Zstd,
}

/// A kind of body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ContentType {
    /// How events stand in it.
    pub form: BodyForm,
    /// How it is packed.
    pub encoding: ContentEncoding,
}

impl ContentType {
    /// The kind of body that the headers announce.
    ///
    /// # Errors
    /// If nobody here reads it.
    pub fn from_headers(headers: &HeaderMap) -> Result<ContentType, IntakeFailure> {
        let named =
            headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let form = match named
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
                let what = "send `application/json`, `application/cloudevents+json`, `application/cloudevents-batch+json` \
                            or `application/x-ndjson` as `Content-Type`";
                return Err(IntakeFailure::new(IntakeFailureKind::UnsupportedMedia, what));
            }
        };
        let coding = match headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes) {
            None | Some(b"identity") => ContentEncoding::Plain,
            Some(b"gzip" | b"x-gzip") => ContentEncoding::Gzip,
            Some(b"zstd") => ContentEncoding::Zstd,
            Some(_) => {
                return Err(IntakeFailure::new(
                    IntakeFailureKind::UnsupportedMedia,
                    "send `gzip` or `zstd` as `Content-Encoding`, or none",
                ));
            }
        };
        Ok(ContentType { form, encoding: coding })
    }
}

/// An event in binary mode, written as one in JSON.
///
/// # Errors
/// If the data is not JSON.
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

/// The text of a header in which `%` and two digits stand for a byte of UTF-8; what is not UTF-8 becomes `�`.
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
