//! Scopes by agent: indicators with `scopes` and `windows` of their own keep the board small, and
//! agents are published only on request.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "prints the size of a board and the time to make one"
)]

use firstline::access::grant::GrantedView;
use firstline::domain::board::published_board::PublishedBoard;
use firstline::domain::board::reading::Board;
use firstline::domain::monitor::Monitor;
use firstline::ingest::decode::{EventDecoder, HashKeys};
use firstline::publish::prometheus::{MetricsFormat, MetricsSelection, write_metrics};
use firstline::publish::reading_filter::{FilterRequest, ReadingFilter};
use firstline::standard_file::parse_standard;
use serde_json::json;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Instant;

const AGENTS: usize = 2_000;
/// Number of indicators of calls, as in a large standard.
const CALL_INDICATORS: usize = 24;
const BOARD_BYTES_MAX: usize = 5_000_000;

/// Returns a standard whose indicators have readings everywhere, or `limited` to the scopes and
/// windows that somebody looks at.
fn standard_text(limited: bool, top: &str) -> String {
    let mut text = format!(
        r#"
name = "agents"
version = "1"
title = {{ en = "Agents", zh = "坐席" }}
time_zone = "UTC"
dimensions = ["center", "agent"]
scopes = [[], ["center"], ["agent"]]
windows = ["5m", "30m", "1h", "interval30", "today", "week", "month"]
{top}
"#
    );
    let limit = |keys: &'static str| if limited { keys } else { "" };
    for number in 0..CALL_INDICATORS {
        let seconds = number + 1;
        let keys = limit("scopes = [[], [\"center\"]]");
        let _ = write!(
            text,
            r#"
[indicator.answered_{number}]
title = {{ en = "A", zh = "甲" }}
ratio.good = [{{ fact = "call.answered", within = "{seconds}s" }}]
ratio.of = ["call.answered"]
{keys}
"#
        );
    }
    let keys = limit("scopes = [[], [\"agent\"]]\nwindows = [\"today\", \"interval30\"]");
    let _ = write!(
        text,
        r#"
[indicator.handling]
title = {{ en = "H", zh = "乙" }}
duration = ["call.handled"]
{keys}
[indicator.occupancy]
title = {{ en = "O", zh = "丙" }}
share.part = ["agent.talking_time"]
share.whole = ["agent.talking_time", "agent.ready_time"]
{keys}
"#
    );
    text
}

/// Returns the board after one call of each agent.
fn board_of_agents(text: &str) -> Board {
    let standard = parse_standard("agents.toml", text).unwrap_or_else(|all| panic!("{all:#?}"));
    let standard = Arc::new(standard);
    let mut decoder = EventDecoder::new(Arc::new(standard.schema.clone()), HashKeys::default());
    let mut send = |kind: &str, subject: String, minute: usize, data: serde_json::Value| {
        let event = json!({
            "specversion": "1.0", "source": "/acd", "id": format!("{kind}-{subject}-{minute}"),
            "type": kind, "subject": subject, "time": format!("2026-03-02T09:{minute:02}:00Z"),
            "data": data,
        });
        decoder.decode_json(event.to_string().as_bytes()).expect("a valid event");
    };
    for number in 0..AGENTS {
        let agent = format!("agent-{number}");
        let center = ["hefei", "wuhu"][number % 2];
        let data = json!({ "center": center, "agent": agent });
        let state = |state: &str| json!({ "center": center, "agent": agent, "state": state });
        send("agent.changed", agent.clone(), 1, state("ready"));
        send("agent.changed", agent.clone(), 5, state("talking"));
        let call = format!("call-{number}");
        send("call.offered", call.clone(), 5, json!({ "center": center }));
        send("call.answered", call.clone(), 6, data.clone());
        send("call.ended", call, 9, data.clone());
    }
    let mut monitor = Monitor::new(standard, None);
    monitor.apply_batch(&decoder.take_batch());
    let start = Instant::now();
    let board = monitor.compute_board();
    println!("board of {} readings in {:?}", board.readings.len(), start.elapsed());
    board
}

fn board_bytes(board: &Board) -> usize {
    let sizes = board.readings.iter().map(|reading| {
        serde_json::to_string(&board.reading_json(reading)).expect("readings serialize").len()
    });
    sizes.sum()
}

#[test]
fn agents_as_scopes_cost_figures_of_agents_only() {
    let [everywhere, limited] = [false, true].map(|limited| {
        let bytes = board_bytes(&board_of_agents(&standard_text(limited, "")));
        println!("{AGENTS} agents, limited {limited}: {bytes} bytes");
        bytes
    });
    assert!(limited < BOARD_BYTES_MAX && everywhere > 10 * limited, "{everywhere} to {limited}");
}

#[test]
fn indicator_has_readings_in_its_scopes_and_windows_only() {
    let board = board_of_agents(&standard_text(true, ""));
    let windows_of = |indicator: &str, scope: &str| -> Vec<String> {
        let readings = board.readings.iter().filter(|reading| {
            let values: Vec<&str> =
                board.scope_values(&reading.key).map(|(_, value)| value).collect();
            board.standard.indicators[reading.key.indicator].name == indicator
                && values.join(",") == scope
        });
        readings.map(|reading| board.window_name(&reading.key)).collect()
    };
    assert_eq!(windows_of("handling", "agent-7"), ["interval30", "today"]);
    assert_eq!(windows_of("occupancy", ""), ["interval30", "today"]);
    assert_eq!(windows_of("handling", "hefei"), [""; 0]);
    assert_eq!(windows_of("answered_3", "agent-7"), [""; 0]);
    assert_eq!(windows_of("answered_3", "hefei").len(), 7);
}

#[test]
fn agents_are_published_on_request_only() {
    for (top, is_published) in [("", false), ("publish_agents = true", true)] {
        let board = board_of_agents(&standard_text(true, top));
        let matching = |request: &FilterRequest| {
            let view = Arc::new(GrantedView::default());
            let filter = ReadingFilter::new(request, &view, &board.standard).expect("known names");
            let matches = |key| filter.matches_key(key, &board);
            let agents = board.readings.iter().filter(|reading| {
                board.scope_values(&reading.key).any(|(name, _)| name == "agent")
            });
            agents.filter(|reading| matches(&reading.key)).count()
        };
        let by_agent = FilterRequest { by: Some(vec!["agent".into()]), ..FilterRequest::default() };
        let of_all = AGENTS * 4;
        assert_eq!(matching(&by_agent), of_all);
        let expected = if is_published { of_all } else { 0 };
        assert_eq!(matching(&FilterRequest::default()), expected, "{top}");
        let view = GrantedView::default();
        let selection = MetricsSelection { view: &view, scopes_max: AGENTS };
        let standard = board.standard.clone();
        let published = PublishedBoard::first_of_run("epoch".into(), standard, board, false, 1);
        let metrics = write_metrics(&published, selection, MetricsFormat::Text);
        assert_eq!(metrics.contains("agent=\"agent-7\""), is_published, "{top}");
        assert!(metrics.contains("center=\"hefei\""));
    }
}
