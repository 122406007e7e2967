//! `firstline token new`: makes a token and the paragraph of the configuration that lets it in.
//!
//! The paragraph goes to standard output, so that it can be added to a file; the token itself is shown once, on standard
//! error, and kept nowhere.

use crate::access::grant::TokenRole;
use crate::access::token::TokenSecret;
use crate::cli::UsageError;
use crate::domain::time::timestamp::Timestamp;
use anyhow::Context;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::process::ExitCode;

/// What can be done with tokens.
#[derive(clap::Subcommand)]
pub enum TokenCommand {
    /// Make a token: the paragraph for the configuration on standard output, the token on standard error
    New(TokenArguments),
}

/// What the token is to be.
#[derive(clap::Args)]
pub struct TokenArguments {
    /// What it is called in the configuration, such as the system that will use it [default: from its hash]
    #[arg(long)]
    name: Option<String>,
    /// What it is for: `ingest` sends events, `read` sees the board, `admin` may everything [default: read, or ingest with `--source`]
    #[arg(long, value_parser = ["ingest", "read", "admin"])]
    may: Option<String>,
    /// A source whose events it may send, and those below it; more than once for several
    #[arg(long, value_name = "SOURCE")]
    source: Vec<String>,
    /// A value of a dimension that it may see; more than once for several
    #[arg(long = "where", value_name = "DIMENSION=VALUE", value_parser = parse_condition)]
    seen: Vec<(String, String)>,
    /// It stands in the address of a wallboard, where it can be seen
    #[arg(long)]
    device: bool,
    /// When it ends, as in 2027-01-01T00:00:00+08:00
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    expires: Option<Timestamp>,
    /// Print the token and all about it as JSON on standard output
    #[arg(long)]
    json: bool,
}

/// Makes a token.
///
/// # Errors
/// If what is asked for cannot be, or there is no randomness.
pub fn run_token(command: &TokenCommand) -> anyhow::Result<ExitCode> {
    let TokenCommand::New(arguments) = command;
    let usual = if arguments.source.is_empty() { "read" } else { "ingest" };
    let may = arguments.may.as_deref().unwrap_or(usual);
    check_arguments(arguments, may)?;
    let token = TokenSecret::new_random().context("the operating system gives no randomness")?;
    let hash = token.digest().to_string();
    let name = arguments.name.clone().unwrap_or_else(|| {
        format!("{may}-{}", hash.chars().skip("sha256:".len()).take(6).collect::<String>())
    });
    let paragraph = token_paragraph(arguments, &name, may, &hash);
    if arguments.json {
        let written = json!({ "name": name, "may": may, "token": token.reveal(), "hash": hash, "toml": paragraph });
        super::print_output(format!("{written}\n").as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!(
        "The token, shown this once and kept nowhere. Give it to its holder by a safe way:\n\n  {}\n",
        token.reveal()
    );
    if arguments.device {
        eprintln!("The wall's address is  http://HOST:8080/#token={}", token.reveal());
    } else {
        eprintln!("Its holder sends it with every request:  Authorization: Bearer fl_...");
    }
    eprintln!(
        "Add the paragraph below to the configuration and reload it (SIGHUP). It holds only a hash.\n"
    );
    super::print_output(paragraph.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// What the configuration would refuse is refused here.
fn check_arguments(arguments: &TokenArguments, may: &str) -> Result<(), UsageError> {
    let may = TokenRole::ALL.iter().find(|(name, _)| *name == may).map(|(_, may)| *may);
    let refuse = |text: &str| Err(UsageError(text.to_owned()));
    match may {
        Some(TokenRole::Read) if !arguments.source.is_empty() => {
            refuse("`--source` limits what may be sent: leave it out, or take `--may ingest`")
        }
        Some(TokenRole::Admin) if !arguments.source.is_empty() => {
            refuse("an administrator may send events of any source: leave `--source` out")
        }
        Some(TokenRole::Ingest | TokenRole::Admin) if !arguments.seen.is_empty() => {
            refuse("`--where` limits what is seen: leave it out, or take `--may read`")
        }
        Some(TokenRole::Ingest | TokenRole::Admin) if arguments.device => refuse(
            "a token for `--device` can be seen on the device, so it may only read: leave `--may` out",
        ),
        _ if arguments.name.as_ref().is_some_and(|name| {
            name.is_empty() || name.len() > 200 || name.chars().any(char::is_control)
        }) =>
        {
            refuse("`--name` is a text of 1 to 200 bytes")
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

/// A text of JSON is one of TOML, but for the character of deletion.
fn toml_string(text: &str) -> String {
    json!(text).to_string().replace('\u{7f}', "\\u007f")
}

fn parse_condition(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((dimension, value)) if !dimension.is_empty() && !value.is_empty() => {
            Ok((dimension.to_owned(), value.to_owned()))
        }
        _ => Err("a dimension and a value, as in center=hefei".to_owned()),
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
        .expect("a good paragraph")
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
                .expect("a good paragraph")
                .access;
        assert_eq!(access.tokens[0].sources.0, ["/acd"]);
    }
}
