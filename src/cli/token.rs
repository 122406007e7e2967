//! `firstline token new`: creates a token and the configuration entry that accepts it.
//!
//! The entry goes to standard output, so that it can be appended to a file. The token is shown
//! once, on standard error, and is not stored.

use crate::access::grant::TokenRole;
use crate::access::token::TokenSecret;
use crate::cli::UsageError;
use crate::domain::time::timestamp::Timestamp;
use anyhow::Context;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::process::ExitCode;

/// Manage access tokens
#[derive(clap::Subcommand)]
pub enum TokenCommand {
    /// Create a token; prints its configuration entry to stdout and the token to stderr
    New(TokenArguments),
}

/// Create a token
#[derive(clap::Args)]
pub struct TokenArguments {
    /// Name in the configuration, such as the system that uses the token [default: derived from the
    /// hash]
    #[arg(long)]
    name: Option<String>,
    /// Permission: `ingest` sends events, `read` reads the board, `admin` has full access [default:
    /// read, or ingest with `--source`]
    #[arg(long, value_parser = ["ingest", "read", "admin"])]
    may: Option<String>,
    /// Limit an ingest token to this source and those below it, for example `/acd/hefei`; may be
    /// repeated
    #[arg(long, value_name = "SOURCE")]
    source: Vec<String>,
    /// Limit a read token to this value of a dimension, for example `center=hefei`; may be repeated
    #[arg(long = "where", value_name = "DIMENSION=VALUE", value_parser = parse_condition)]
    seen: Vec<(String, String)>,
    /// Create a read token for the URL of a display, where it is visible
    #[arg(long)]
    device: bool,
    /// Expiry time (RFC 3339), for example 2027-01-01T00:00:00+08:00 [default: never]
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    expires: Option<Timestamp>,
    /// Print the token and its configuration entry as JSON to standard output
    #[arg(long)]
    json: bool,
}

/// Creates a token and prints it.
///
/// # Errors
/// If the options contradict each other or the system provides no random numbers.
pub fn run_token(command: &TokenCommand) -> anyhow::Result<ExitCode> {
    let TokenCommand::New(arguments) = command;
    let default_role = if arguments.source.is_empty() { "read" } else { "ingest" };
    let may = arguments.may.as_deref().unwrap_or(default_role);
    check_arguments(arguments, may)?;
    let token =
        TokenSecret::new_random().context("the operating system provides no random numbers")?;
    let hash = token.digest().to_string();
    let name = arguments.name.clone().unwrap_or_else(|| {
        format!("{may}-{}", hash.chars().skip("sha256:".len()).take(6).collect::<String>())
    });
    let paragraph = token_paragraph(arguments, &name, may, &hash);
    if arguments.json {
        let output = json!({
            "name": name, "may": may, "token": token.reveal(), "hash": hash, "toml": paragraph,
        });
        super::print_output(format!("{output}\n").as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!(
        "The token is shown only once and is not stored. Pass it on over a secure \
         channel:\n\n  {}\n",
        token.reveal()
    );
    if arguments.device {
        eprintln!("URL of the display:  http://HOST:8080/#token={}", token.reveal());
    } else {
        eprintln!("Send it with every request:  Authorization: Bearer fl_...");
    }
    eprintln!(
        "Add the entry below to the configuration and reload it (SIGHUP). It contains only a \
         hash.\n"
    );
    super::print_output(paragraph.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Refuses combinations that the configuration would refuse.
fn check_arguments(arguments: &TokenArguments, may: &str) -> Result<(), UsageError> {
    let may = TokenRole::ALL.iter().find(|(name, _)| *name == may).map(|(_, may)| *may);
    let refuse = |text: &str| Err(UsageError(text.to_owned()));
    match may {
        Some(TokenRole::Read) if !arguments.source.is_empty() => {
            refuse("`--source` limits ingest tokens; remove it, or use `--may ingest`")
        }
        Some(TokenRole::Admin) if !arguments.source.is_empty() => {
            refuse("an admin token may send events of any source; remove `--source`")
        }
        Some(TokenRole::Ingest | TokenRole::Admin) if !arguments.seen.is_empty() => {
            refuse("`--where` limits read tokens; remove it, or use `--may read`")
        }
        Some(TokenRole::Ingest | TokenRole::Admin) if arguments.device => refuse(
            "`--device` tokens are visible on the display, so they may only read; remove `--may`",
        ),
        _ if arguments.name.as_ref().is_some_and(|name| {
            name.is_empty() || name.len() > 200 || name.chars().any(char::is_control)
        }) =>
        {
            refuse("`--name` must have 1 to 200 bytes without control characters")
        }
        _ => Ok(()),
    }
}

fn token_paragraph(arguments: &TokenArguments, name: &str, may: &str, hash: &str) -> String {
    let mut text = format!(
        "[[access.tokens]]\nname = {}\nhash = \"{hash}\"\nmay = \"{may}\"\n",
        toml_string(name)
    );
    // Writing to a string cannot fail.
    if !arguments.source.is_empty() {
        let _ =
            writeln!(text, "sources = {}", toml_array(arguments.source.iter().map(String::as_str)));
    }
    if !arguments.seen.is_empty() {
        let mut seen: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        arguments
            .seen
            .iter()
            .for_each(|(dimension, value)| seen.entry(dimension).or_default().push(value));
        let seen: Vec<String> = seen
            .into_iter()
            .map(|(dimension, values)| {
                format!("{} = {}", toml_string(dimension), toml_array(values.into_iter()))
            })
            .collect();
        let _ = writeln!(text, "where = {{ {} }}", seen.join(", "));
    }
    if arguments.device {
        text += "device = true\n";
    }
    if let Some(expires) = arguments.expires {
        let _ = writeln!(text, "expires = {expires}");
    }
    text
}

fn toml_array<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    format!("[{}]", texts.map(toml_string).collect::<Vec<_>>().join(", "))
}

/// Quotes a string. JSON and TOML strings differ only in the delete character U+007F.
fn toml_string(text: &str) -> String {
    json!(text).to_string().replace('\u{7f}', "\\u007f")
}

fn parse_condition(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((dimension, value)) if !dimension.is_empty() && !value.is_empty() => {
            Ok((dimension.to_owned(), value.to_owned()))
        }
        _ => Err("must be a dimension and a value, as in center=hefei".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    #[test]
    fn configuration_accepts_printed_token_paragraph() {
        let seen = [("center", "hefei"), ("center", "wu\"\u{7f}hu"), ("tier", "vip")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let expires = Timestamp::parse("2027-01-01T00:00:00+08:00").ok();
        let arguments = TokenArguments {
            name: None,
            may: None,
            source: Vec::new(),
            seen: seen.to_vec(),
            device: true,
            expires,
            json: false,
        };
        let hash = TokenSecret::from("t").digest().to_string();
        let access = config::read_configuration(
            "c.toml",
            &token_paragraph(&arguments, "hall \"1\"", "read", &hash),
        )
        .expect("valid configuration entry")
        .access;
        let [token] = &access.tokens[..] else { panic!("one token") };
        assert_eq!(
            (token.name.as_str(), token.digest.to_string(), token.expires),
            ("hall \"1\"", hash.clone(), expires)
        );
        assert!(
            token.view.is_visible(|| [("center", "wu\"\u{7f}hu"), ("tier", "vip")].into_iter())
        );
        let sender = TokenArguments {
            source: vec!["/acd".to_owned()],
            seen: Vec::new(),
            device: false,
            expires: None,
            ..arguments
        };
        let access =
            config::read_configuration("c.toml", &token_paragraph(&sender, "acd", "ingest", &hash))
                .expect("valid configuration entry")
                .access;
        assert_eq!(access.tokens[0].sources.0, ["/acd"]);
    }
}
