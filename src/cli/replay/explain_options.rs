//! `replay --explain`, `--explain-case` and `--cases`: cases behind the readings, as text or JSON.

mod explain_text;

use crate::cli::{UsageError, print_output};
use crate::domain::explain::explanation::{
    ExplanationRequest, LISTED_CASES_DEFAULT, LISTED_CASES_MAX,
};
use crate::domain::explain::open_cases::OpenCaseQuery;
use crate::domain::monitor::Monitor;
use crate::domain::standard::Standard;
use crate::publish::explain_json;

/// Options that print cases instead of readings
#[derive(clap::Args)]
pub(super) struct ExplainRequest {
    /// Explain a reading: its formula, the counted cases, and the excluded cases with their reasons
    #[arg(long, value_name = "INDICATOR", conflicts_with_all = ["cases", "explain_case"])]
    explain: Option<String>,
    /// With `--explain` or `--cases`: only cases with this attribute, for example `center=hefei`;
    /// may be repeated
    #[arg(long = "where", value_name = "DIM=VALUE", value_parser = parse_condition)]
    fixed: Vec<(String, String)>,
    /// Print the history of the case with this subject: its events, facts and commitment clocks
    #[arg(long, value_name = "SUBJECT", conflicts_with = "cases")]
    explain_case: Option<String>,
    /// List open cases with a commitment, those with the least time left first
    #[arg(long)]
    cases: bool,
    /// With `--cases`: only cases of these risks: overdue, due_soon, running, stopped or all
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        default_value = "all",
        requires = "cases"
    )]
    risk: Vec<String>,
    /// Maximum number of cases in a list
    #[arg(
        long,
        value_name = "N",
        default_value_t = LISTED_CASES_DEFAULT,
        value_parser = parse_limit
    )]
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
        .ok_or_else(|| format!("must be a number from 1 to {LISTED_CASES_MAX}"))
}

impl ExplainRequest {
    /// Returns true if any of these options is given.
    pub(super) fn is_requested(&self) -> bool {
        self.explain.is_some() || self.explain_case.is_some() || self.cases
    }

    /// Returns the dimensions of the explained scope. The standard must contain that scope.
    pub(super) fn scope_dimensions(&self) -> Vec<String> {
        if self.explain.is_some() {
            self.fixed.iter().map(|(name, _)| name.clone()).collect()
        } else {
            Vec::new()
        }
    }

    /// Checks the options before any recording is read.
    ///
    /// # Errors
    /// If a name in the options is unknown.
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
        let request = explain_json::resolve_explanation_request(
            standard,
            indicator,
            &self.fixed,
            Some(window),
            self.limit,
        );
        // `all` is the default of `--window`, and indicators of the current state have no window.
        let request = request.or_else(|problem| match window {
            "all" => explain_json::resolve_explanation_request(
                standard,
                indicator,
                &self.fixed,
                None,
                self.limit,
            ),
            _ => Err(problem),
        });
        request.map_err(|problem| UsageError(format!("--explain: {problem}")))
    }

    fn open_cases_request(&self, standard: &Standard) -> Result<OpenCaseQuery, UsageError> {
        let request = explain_json::resolve_open_case_request(
            standard,
            &self.risk,
            None,
            None,
            &self.fixed,
            self.limit,
        );
        request.map_err(|problem| UsageError(format!("--cases: {problem}")))
    }

    /// Prints the requested explanations.
    ///
    /// # Errors
    /// If no case has the subject of `--explain-case`, or standard output cannot be written.
    pub(super) fn print_answers(
        &self,
        monitor: &mut Monitor,
        standard: &Standard,
        window: &str,
        json: bool,
    ) -> anyhow::Result<()> {
        let mut lines = String::new();
        let mut push_answer = |value: serde_json::Value, text: String| {
            lines += &if json { format!("{value}\n") } else { text }
        };
        if let Some(indicator) = &self.explain {
            let explanation =
                monitor.explain_reading(&self.reading_request(standard, indicator, window)?);
            push_answer(
                explain_json::explanation_json(&explanation),
                explain_text::explanation_text(&explanation),
            );
        }
        if let Some(subject) = &self.explain_case {
            let histories = monitor.case_histories(None, subject, None);
            if histories.is_empty() {
                anyhow::bail!("the recordings contain no case `{subject}`");
            }
            histories.iter().for_each(|history| {
                push_answer(
                    explain_json::history_json(history),
                    explain_text::history_text(history),
                );
            });
        }
        if self.cases {
            let open = monitor.open_cases(&self.open_cases_request(standard)?);
            push_answer(explain_json::open_cases_json(&open), explain_text::open_cases_text(&open));
        }
        print_output(lines.as_bytes())
    }
}
