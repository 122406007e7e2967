//! `replay --explain`, `--explain-case`, `--cases`: which cases stand behind the figures, in words or as JSON.

mod explain_text;

use crate::cli::{UsageError, print_output};
use crate::domain::explain::explanation::{
    ExplanationRequest, LISTED_CASES_DEFAULT, LISTED_CASES_MAX,
};
use crate::domain::explain::open_cases::OpenCaseQuery;
use crate::domain::monitor::Monitor;
use crate::domain::standard::Standard;
use crate::publish::explain_json;

/// What is asked beyond the readings.
#[derive(clap::Args)]
pub(super) struct ExplainRequest {
    /// Explain a reading: its formula in words, the cases that counted, what was left out and why
    #[arg(long, value_name = "INDICATOR", conflicts_with_all = ["cases", "explain_case"])]
    explain: Option<String>,
    /// With `--explain` and `--cases`: only cases with these attributes, as in `center=hefei`; may be repeated
    #[arg(long = "where", value_name = "DIM=VALUE", value_parser = parse_condition)]
    fixed: Vec<(String, String)>,
    /// Tell the history of the case with this subject: its events, what they mean, its clocks
    #[arg(long, value_name = "SUBJECT", conflicts_with = "cases")]
    explain_case: Option<String>,
    /// List open cases with a promise to keep, those with the least time left first
    #[arg(long)]
    cases: bool,
    /// With `--cases`: overdue, due_soon, running, stopped or all
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        default_value = "all",
        requires = "cases"
    )]
    risk: Vec<String>,
    /// The most cases in a list
    #[arg(long, value_name = "N", default_value_t = LISTED_CASES_DEFAULT, value_parser = parse_limit)]
    limit: usize,
}

fn parse_condition(text: &str) -> Result<(String, String), String> {
    let (name, value) =
        text.split_once('=').ok_or("write a dimension and its value, as in `center=hefei`")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn parse_limit(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|limit| (1..=LISTED_CASES_MAX).contains(limit))
        .ok_or_else(|| format!("a number from 1 to {LISTED_CASES_MAX}"))
}

impl ExplainRequest {
    /// Whether anything is asked.
    pub(super) fn is_requested(&self) -> bool {
        self.explain.is_some() || self.explain_case.is_some() || self.cases
    }

    /// The dimensions of the scope that is explained; the standard must have it.
    pub(super) fn scope_dimensions(&self) -> Vec<String> {
        if self.explain.is_some() {
            self.fixed.iter().map(|(name, _)| name.clone()).collect()
        } else {
            Vec::new()
        }
    }

    /// Checks what is asked before anything is read.
    pub(super) fn check_options(
        &self,
        standard: &Standard,
        window: &str,
    ) -> Result<(), UsageError> {
        if let Some(indicator) = &self.explain {
            self.reading_request(standard, indicator, window)?;
        }
        if self.cases { self.open_cases_request(standard).map(|_| ()) } else { Ok(()) }
    }

    fn reading_request(
        &self,
        standard: &Standard,
        indicator: &str,
        window: &str,
    ) -> Result<ExplanationRequest, UsageError> {
        let asked = explain_json::resolve_explanation_request(
            standard,
            indicator,
            &self.fixed,
            Some(window),
            self.limit,
        );
        // `--window` has a value even where nobody gave one.
        let asked = asked.or_else(|what| match window {
            "all" => explain_json::resolve_explanation_request(
                standard,
                indicator,
                &self.fixed,
                None,
                self.limit,
            ),
            _ => Err(what),
        });
        asked.map_err(|what| UsageError(format!("--explain: {what}")))
    }

    fn open_cases_request(&self, standard: &Standard) -> Result<OpenCaseQuery, UsageError> {
        let wanted = explain_json::resolve_open_case_request(
            standard,
            &self.risk,
            None,
            None,
            &self.fixed,
            self.limit,
        );
        wanted.map_err(|what| UsageError(format!("--cases: {what}")))
    }

    /// Prints the answers of a core.
    pub(super) fn print_answers(
        &self,
        monitor: &mut Monitor,
        standard: &Standard,
        window: &str,
        json: bool,
    ) -> anyhow::Result<()> {
        let mut lines = String::new();
        let mut say = |value: serde_json::Value, text: String| {
            lines += &if json { format!("{value}\n") } else { text }
        };
        if let Some(indicator) = &self.explain {
            let explained =
                monitor.explain_reading(&self.reading_request(standard, indicator, window)?);
            say(
                explain_json::explanation_json(&explained),
                explain_text::explanation_text(&explained),
            );
        }
        if let Some(subject) = &self.explain_case {
            let histories = monitor.case_histories(None, subject);
            if histories.is_empty() {
                anyhow::bail!("there is no case `{subject}` in the recordings");
            }
            histories.iter().for_each(|history| {
                say(explain_json::history_json(history), explain_text::history_text(history))
            });
        }
        if self.cases {
            let open = monitor.open_cases(&self.open_cases_request(standard)?);
            say(explain_json::open_cases_json(&open), explain_text::open_cases_text(&open));
        }
        print_output(lines.as_bytes())
    }
}
