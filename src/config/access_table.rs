//! Parses `[access]`: tokens and permissions.
//!
//! ```toml
//! [access]
//! open = false                             # true: no authentication, also for other machines
//! origins = ["https://wall.example.org"]   # origins of pages that may connect, besides its own
//!
//! [[access.tokens]]                        # printed by `firstline token new`
//! name = "acd-hefei"
//! hash = "sha256:..."
//! may = "ingest"                           # ingest | read | admin
//! sources = ["/acd/hefei"]                 # ingest: only these sources and those below them
//! where = { center = ["hefei"] }           # read: only scopes with these values
//! device = true                            # read: for the URL of a display, where it is visible
//! expires = 2027-01-01T00:00:00Z
//! ```

use crate::access::grant::{AllowedSources, GrantedView, TokenRole};
use crate::access::origin;
use crate::access::token::TokenDigest;
use crate::access::{AccessControl, AccessToken, TOKENS_MAX};
use crate::domain::standard::Standard;
use crate::domain::time::timestamp::truncate_for_message;
use crate::toml_document::{TomlTable, TomlValue, nearest_match};
use std::collections::{BTreeMap, BTreeSet};

/// Maximum length of a token's name or a source, in bytes.
const TEXT_BYTES_MAX: usize = 200;

/// Reads `[access]`. Reports a problem for each invalid value.
pub(super) fn read_access_table(
    table: &TomlTable<'_>,
    standard: Option<&Standard>,
) -> AccessControl {
    let open = table.optional_bool("open").unwrap_or(false);
    let origins = table.value("origins").map(|value| read_origins(&value)).unwrap_or_default();
    let mut tokens: Vec<AccessToken> = Vec::new();
    for entry in table.table_list("tokens") {
        let token = read_token(&entry, standard);
        if let Some(token) = token {
            let known = tokens
                .iter()
                .find(|other| other.name == token.name || other.digest == token.digest);
            if let Some(known) = known {
                entry.report_problem(
                    "name",
                    format!(
                        "the name or hash of `{}` is already used; each token needs its own",
                        known.name
                    ),
                );
            }
            tokens.push(token);
        }
        entry.report_unknown_keys();
    }
    if tokens.len() > TOKENS_MAX {
        table.report_problem(
            "tokens",
            format!(
                "{} tokens exceed the limit of {TOKENS_MAX}; remove those no longer used",
                tokens.len()
            ),
        );
    }
    if open && table.value("tokens").is_some() {
        table.report_problem(
            "open",
            "`open = true` disables authentication, so `tokens` have no effect; remove one of \
             the two",
        );
    }
    table.report_unknown_keys();
    AccessControl { tokens, open, origins }
}

fn read_origins(value: &TomlValue<'_>) -> Vec<String> {
    let entries = value.require_array().unwrap_or_default();
    let origin = |value: &TomlValue<'_>| {
        let text = value.require_string()?;
        if !origin::is_origin(text) {
            let example =
                "write a scheme and a host without a path, as in \"https://wall.example.org\"";
            value.report_problem(format!(
                "`{}` is not an origin; {example}",
                truncate_for_message(text)
            ));
        }
        Some(text.to_owned())
    };
    entries.iter().filter_map(origin).collect()
}

fn read_token(table: &TomlTable<'_>, standard: Option<&Standard>) -> Option<AccessToken> {
    let name = table.required_string("name");
    if name.is_some_and(|name| {
        name.is_empty() || name.len() > TEXT_BYTES_MAX || name.chars().any(char::is_control)
    }) {
        table.report_problem(
            "name",
            format!(
                "`name` must have 1 to {TEXT_BYTES_MAX} bytes without control characters; name \
             the system that uses the token"
            ),
        );
    }
    let digest =
        table.required_value("hash", "as `firstline token new` prints it").and_then(|value| {
            let digest = TokenDigest::parse(value.require_string()?);
            if digest.is_none() {
                // The value may be the token itself by mistake, so the message must not repeat it.
                value.report_problem(
                    "`hash` must be `sha256:` and 64 hexadecimal digits, never the token itself; \
                 `firstline token new` prints it",
                );
            }
            digest
        });
    let may = table
        .required_value("may", "`ingest`, `read` or `admin`")
        .and_then(|value| value.require_choice(&TokenRole::ALL));
    let sources = table.value("sources").map(|value| read_sources(&value));
    let view = table
        .value("where")
        .and_then(|value| value.require_table())
        .map(|table| read_view(&table, standard));
    let device = table.optional_bool("device").unwrap_or(false);
    let expires = table.value("expires").and_then(|value| value.require_timestamp());
    if let Some(may) = may {
        let misplaced = [
            ("sources", sources.is_some() && may != TokenRole::Ingest, "an ingest token"),
            ("where", view.is_some() && may != TokenRole::Read, "a read token"),
            (
                "device",
                device && may != TokenRole::Read,
                "a read token, because it is visible in the URL of the display",
            ),
        ];
        for (key, is_misplaced, role) in misplaced {
            if is_misplaced {
                table.report_problem(key, format!("`{key}` is only for {role}; remove it"));
            }
        }
    }
    let (sources, view) = (AllowedSources(sources.unwrap_or_default()), view.unwrap_or_default());
    Some(AccessToken {
        name: name?.to_owned(),
        digest: digest?,
        role: may?,
        sources,
        view,
        expires,
    })
}

fn read_sources(value: &TomlValue<'_>) -> Vec<String> {
    let sources = value.require_strings().unwrap_or_default();
    if sources.is_empty()
        || sources.iter().any(|source| source.is_empty() || source.len() > TEXT_BYTES_MAX)
    {
        value.report_problem(format!(
            "`sources` must be a list of strings of 1 to {TEXT_BYTES_MAX} bytes, as in \
             [\"/acd/hefei\"]; leave it out to allow all sources"
        ));
    }
    sources.into_iter().map(str::to_owned).collect()
}

fn read_view(table: &TomlTable<'_>, standard: Option<&Standard>) -> GrantedView {
    let mut view = BTreeMap::new();
    for (dimension, value) in table.entries() {
        let known = standard.map(|standard| &standard.schema.dimensions);
        if let Some(known) = known.filter(|known| !known.iter().any(|name| name == dimension)) {
            let hint = nearest_match(dimension, known.iter().map(String::as_str))
                .map(|near| format!(", did you mean `{near}`?"));
            value.report_problem(format!(
                "the standard has no dimension `{}`{}",
                truncate_for_message(dimension),
                hint.unwrap_or_default()
            ));
        }
        let values: BTreeSet<String> = match value.as_str() {
            Some(text) => BTreeSet::from([text.to_owned()]),
            None => {
                value.require_strings().unwrap_or_default().into_iter().map(str::to_owned).collect()
            }
        };
        if values.is_empty() {
            value.report_problem(format!(
                "`{}` has no values; list those the token may read, as in [\"hefei\"]",
                truncate_for_message(dimension)
            ));
        }
        view.insert(dimension.to_owned(), values);
    }
    if view.is_empty() {
        table.report_problem(
            "",
            "`where` is empty; name a dimension, or leave it out to allow everything",
        );
    }
    GrantedView(view)
}

#[cfg(test)]
mod tests {
    use crate::access::grant::TokenRole;
    use crate::config::read_configuration;

    const HASH: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn reads_tokens_with_restrictions() {
        let text = format!(
            "[access]\norigins = ['https://wall.example.org']\n[[access.tokens]]\nname = 'acd'\nhash = '{HASH}'\nmay = 'ingest'\n\
             sources = ['/acd']\nexpires = 2027-01-01T00:00:00+08:00\n[[access.tokens]]\nname = 'wall'\nhash = '{}'\nmay = 'read'\n\
             where = {{ center = ['hefei'] }}\ndevice = true\n",
            HASH.replace("ba", "ab")
        );
        let access = read_configuration("c.toml", &text).expect("valid configuration").access;
        let [acd, display] = &access.tokens[..] else { panic!("two tokens") };
        assert_eq!(
            (acd.role, acd.digest.to_string().as_str(), acd.sources.allows_source("/acd/1")),
            (TokenRole::Ingest, HASH, true)
        );
        assert_eq!(
            acd.expires.map(|time| time.to_string()).as_deref(),
            Some("2026-12-31T16:00:00Z")
        );
        assert!(
            display.view.is_visible(|| [("center", "hefei")].into_iter())
                && !display.view.is_visible(std::iter::empty)
        );
        assert!(!access.open && access.origins.len() == 1);
    }

    #[test]
    fn reports_problems_by_line_without_leaking_tokens() {
        let text = format!(
            "[access]\nopen = true\norigins = ['wall.example.org']\n[[access.tokens]]\nname = ''\nhash = 'fl_secret'\nmay = 'write'\n\
             [[access.tokens]]\nname = 'a'\nhash = '{HASH}'\nmay = 'admin'\nsources = []\nwhere = {{ centre = 'hefei' }}\ndevice = true\n\
             [[access.tokens]]\nname = 'a'\nhash = '{HASH}'\nmay = 'read'\nwhere = {{}}\nexpires = 2027-01-01\nscope = 'x'\n"
        );
        let problems = read_configuration("c.toml", &text).expect_err("problems");
        let lines: Vec<usize> = problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [2, 3, 5, 6, 7, 12, 12, 13, 13, 14, 16, 19, 20, 21], "{problems:#?}");
        let messages: String = problems.iter().map(|problem| problem.to_string() + "\n").collect();
        assert!(!messages.contains("fl_secret"), "{messages}");
        assert!(messages.contains("did you mean `center`?"), "{messages}");
    }
}
