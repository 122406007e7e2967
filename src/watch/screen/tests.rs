//! Tests of the drawn cells on a terminal of 80 by 24.

use crate::watch::latest_values::{EndedCalendar, LatestBoard};
use crate::watch::messages::Language;
use crate::watch::screen::{ConnectionStatus, draw_board};
use crate::watch::standard_info::ServedStandard;
use crate::watch::text_output;
use crate::watch::view::{BoardView, WatchOptions, board_view};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Modifier;
use serde_json::{Value, json};
use std::time::Duration;

/// Screen of all centers, without the empty lines and the key line.
const ALL_CENTERS: &str = "\
Telecom service standard · All centers                as of 2026-03-01T08:00:07Z
● live
▲ Answer rate                       30m       87.1 % ≥ 85.0 %   ▄▄
✕ Answered within 20 s              30m       79.2 % ≥ 80.0 %   ▄▄
  Calls waiting                     now           20            ▁█
  Repairs in time                   today          — ≥ 95.0 %   no traffic

Centers, worst first
✕2     wuhu             ✕ Answer rate 84.9 %  ✕ Answered within 20 s 72.0 %
✓      hefei            all on target
";

/// Screen of one center in Chinese.
const WUHU: &str = "\
电信服务标准 · wuhu                                数据时间 2026-03-01T08:00:07Z
● 实时
✕ 接通率                            30m       84.9 % ≥ 85.0 %   ▄▄
✕ 20秒接通率                        30m       72.0 % ≥ 80.0 %   ▄▄
  排队等待数                        now           11            ▄▄
  修障及时率                        today          — ≥ 95.0 %   无业务量

各队列（问题多的在前）
✕2     broadband        ✕ 接通率 80.0 %  ✕ 20秒接通率 70.0 %
▲1     商务专线         ▲ 20秒接通率 81.0 %
";

/// The same view as plain text.
const WUHU_TEXT: &str = "\
电信服务标准 · wuhu · 数据时间 2026-03-01T08:00:07Z

✕  接通率      30m    84.9 %  ≥ 85.0 %
✕  20秒接通率  30m    72.0 %  ≥ 80.0 %
   排队等待数  now    11
   修障及时率  today  —       ≥ 95.0 %  无业务量

各队列（问题多的在前）
broadband  ✕2  ✕ 接通率 80.0 %  ✕ 20秒接通率 70.0 %
商务专线   ▲1  ▲ 20秒接通率 81.0 %
";

fn sample_standard() -> ServedStandard {
    let ratio = |name: &str, en: &str, zh: &str, target: f64| json!({ "name": name, "title": { "en": en, "zh": zh }, "kind": "ratio", "unit": "ratio", "target": target, "better": "higher" });
    let written = json!({
        "name": "telecom", "title": { "en": "Telecom service standard", "zh": "电信服务标准" }, "windows": ["5m", "30m", "today"],
        "indicators": [
            ratio("answer_rate", "Answer rate", "接通率", 0.85),
            ratio("service_level_20s", "Answered within 20 s", "20秒接通率", 0.80),
            { "name": "calls_waiting", "title": { "en": "Calls waiting", "zh": "排队等待数" }, "kind": "level", "unit": "count",
              "target": null, "better": null },
            ratio("repair_timeliness_due", "Repairs in time", "修障及时率", 0.95),
        ],
    });
    serde_json::from_value(written).expect("a standard")
}

fn sample_board() -> LatestBoard {
    let reading = |indicator: &str,
                   scope: Value,
                   window: &str,
                   value: Option<f64>,
                   state: &str,
                   level: &str,
                   target: Option<f64>| json!({ "indicator": indicator, "scope": scope, "window": window, "value": value, "state": state, "level": level, "target": target });
    let mut readings = Vec::new();
    for (scope, answered, within, waiting) in [
        (json!({}), (0.871, "warning"), (0.792, "breached"), 14.0),
        (json!({ "center": "hefei" }), (0.931, "met"), (0.86, "met"), 3.0),
        (json!({ "center": "wuhu" }), (0.8497, "breached"), (0.72, "breached"), 11.0),
        (
            json!({ "center": "wuhu", "queue": "broadband" }),
            (0.80, "breached"),
            (0.70, "breached"),
            8.0,
        ),
        (json!({ "center": "wuhu", "queue": "商务专线" }), (0.9, "met"), (0.81, "warning"), 3.0),
    ] {
        readings.push(reading(
            "answer_rate",
            scope.clone(),
            "30m",
            Some(answered.0),
            "ok",
            answered.1,
            Some(0.85),
        ));
        readings.push(reading(
            "service_level_20s",
            scope.clone(),
            "30m",
            Some(within.0),
            "ok",
            within.1,
            Some(0.8),
        ));
        readings.push(reading(
            "calls_waiting",
            scope.clone(),
            "now",
            Some(waiting),
            "ok",
            "none",
            None,
        ));
        readings.push(reading(
            "repair_timeliness_due",
            scope,
            "today",
            None,
            "no_traffic",
            "none",
            Some(0.95),
        ));
    }
    let mut board = LatestBoard::default();
    let frame = |revision: u64, readings: &[Value]| {
        let frame = json!({ "type": "board", "epoch": "e", "revision": revision, "as_of": "2026-03-01T08:00:07Z", "readings": readings });
        serde_json::from_value(frame).expect("a frame")
    };
    board.apply_frame(frame(1, &readings)).expect("the first");
    readings[2]["value"] = json!(20.0);
    board.apply_frame(frame(2, &readings)).expect("the next");
    board
}

fn sample_view(center: Option<&str>, language: Language) -> BoardView {
    board_view(
        &sample_board(),
        &sample_standard(),
        &WatchOptions { language, ..WatchOptions::default() },
        center,
    )
}

/// Returns the lines of the screen. The second cell of a wide character is skipped.
fn rendered_screen(
    view: Option<&BoardView>,
    link: &ConnectionStatus,
    help: bool,
    language: Language,
) -> (Vec<String>, Terminal<TestBackend>) {
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).expect("a terminal");
    terminal
        .draw(|frame| {
            draw_board(frame, view, Some("2026-03-01T08:00:07Z"), link, help, language.messages());
        })
        .expect("a screen");
    let buffer = terminal.backend().buffer();
    let line = |y: u16| {
        let mut text = String::new();
        let mut x = 0;
        while x < 80 {
            let symbol = buffer[(x, y)].symbol();
            text.push_str(symbol);
            x += ratatui::text::Span::raw(symbol).width().max(1) as u16;
        }
        text.trim_end().to_owned()
    };
    ((0..24).map(line).collect(), terminal)
}

const CONNECTED: ConnectionStatus = ConnectionStatus::Connected(Duration::from_secs(1));

#[test]
fn lists_all_centers_worst_first() {
    let (lines, _) =
        rendered_screen(Some(&sample_view(None, Language::En)), &CONNECTED, false, Language::En);
    assert_eq!(
        lines.join("\n"),
        format!("{ALL_CENTERS}{}{}", "\n".repeat(13), Language::En.messages().keys)
    );
}

#[test]
fn shows_queues_of_center_in_chinese() {
    let (lines, _) = rendered_screen(
        Some(&sample_view(Some("wuhu"), Language::Zh)),
        &CONNECTED,
        false,
        Language::Zh,
    );
    assert_eq!(
        lines.join("\n"),
        format!("{WUHU}{}{}", "\n".repeat(13), Language::Zh.messages().keys)
    );
}

#[test]
fn stale_values_are_dimmed_with_their_age() {
    let view = sample_view(None, Language::En);
    let dim = |terminal: &Terminal<TestBackend>| {
        terminal.backend().buffer()[(2, 2)].modifier.contains(Modifier::DIM)
    };
    let (_, fresh) = rendered_screen(Some(&view), &CONNECTED, false, Language::En);
    assert!(!dim(&fresh));
    let lost = ConnectionStatus::Lost { age: Duration::from_secs(250), why: "closed".to_owned() };
    let (lines, terminal) = rendered_screen(Some(&view), &lost, false, Language::En);
    assert_eq!(lines[1], "✕ CONNECTION LOST: no update for 4 min (closed)");
    assert!(dim(&terminal) && lines[2].contains("87.1 %"), "the last values remain: {}", lines[2]);
    let (lines, terminal) = rendered_screen(
        Some(&view),
        &ConnectionStatus::Connected(Duration::from_secs(9)),
        false,
        Language::En,
    );
    assert!(dim(&terminal) && lines[1] == "◇ no update for 9 s", "{}", lines[1]);
}

#[test]
fn shows_no_values_without_board() {
    let (lines, _) = rendered_screen(
        None,
        &ConnectionStatus::Connecting { why: "no answer".to_owned() },
        false,
        Language::En,
    );
    assert_eq!(lines[1], "connecting ... no answer");
    assert!(lines[2..23].iter().all(String::is_empty));
}

#[test]
fn help_is_drawn_over_board() {
    let (lines, _) =
        rendered_screen(Some(&sample_view(None, Language::En)), &CONNECTED, true, Language::En);
    assert!(lines.iter().any(|line| line.contains("On target   ▲ Warning")));
}

#[test]
fn writes_same_view_as_plain_text() {
    let view = sample_view(Some("wuhu"), Language::Zh);
    assert_eq!(
        text_output::write_text(&view, Some("2026-03-01T08:00:07Z"), Language::Zh.messages()),
        WUHU_TEXT
    );
}

#[test]
fn warns_of_calendar_without_further_holidays() {
    let mut board = sample_board();
    if let Some(head) = &mut board.head {
        head.calendars_ended =
            vec![EndedCalendar { calendar: "field".to_owned(), last_day: "2025-12-31".to_owned() }];
    }
    let view = board_view(&board, &sample_standard(), &WatchOptions::default(), None);
    let warning = "▲ calendar field has no holidays after 2025-12-31";
    let (lines, _) = rendered_screen(Some(&view), &CONNECTED, false, Language::En);
    assert_eq!(lines[1], format!("● live   {warning}"));
    let text = text_output::write_text(&view, None, Language::En.messages());
    assert_eq!(text.lines().nth(1), Some(warning));
}
