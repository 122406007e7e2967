//! Layout of the dashboards: the indicators of each row and the kind of their panels.

use crate::domain::standard::LocalizedTitle;
use crate::export::promql::{PromqlQueries, chinese_family_name};

/// Dashboard before it is written as JSON.
pub(super) struct Dashboard {
    /// Name of the file, without its extension.
    pub(super) name: &'static str,
    pub(super) title: LocalizedTitle,
    pub(super) rows: Vec<DashboardRow>,
}

/// Panels under a heading.
pub(super) struct DashboardRow {
    pub(super) title: LocalizedTitle,
    pub(super) panels: Vec<PanelKind>,
}

/// Kind of panel, with the indicator it shows.
pub(super) enum PanelKind {
    /// Current value for the whole organization, in the color of its level.
    StatOverall(String),
    /// Values over time by the first dimension, with the target.
    LinesByDimension(&'static str),
    /// Values over time by both dimensions.
    LinesByBothDimensions(&'static str),
    /// Current values by the first dimension.
    BarsByDimension(&'static str),
    /// Distribution of durations over time.
    DurationHeatmap(&'static str),
    /// Cases per second by the first dimension.
    ArrivalRate(&'static str),
    /// Error budget used, by indicator.
    BudgetsSpent,
    /// Number of pending and firing alerts by name.
    ActiveAlerts,
    /// Metrics of firstline itself: title, unit, and queries with their legends.
    SelfMonitoring(LocalizedTitle, &'static str, &'static [(&'static str, &'static str)]),
}

fn bilingual_title(en: &str, zh: &str) -> LocalizedTitle {
    LocalizedTitle { en: en.to_owned(), zh: zh.to_owned() }
}

fn dashboard_row(en: &str, zh: &str, panels: Vec<PanelKind>) -> DashboardRow {
    DashboardRow { title: bilingual_title(en, zh), panels }
}

/// Returns a stat panel for each indicator.
fn stat_panels(names: &[&str]) -> Vec<PanelKind> {
    names.iter().map(|name| PanelKind::StatOverall((*name).to_owned())).collect()
}

/// Returns the overview: every indicator with a target, by family.
pub(super) fn overview_dashboard(queries: &PromqlQueries<'_>) -> Dashboard {
    let mut rows: Vec<DashboardRow> = Vec::new();
    for indicator in &queries.standard.indicators {
        if !indicator.has_target() {
            continue;
        }
        let (family, panel) =
            (queries.family_name(indicator), PanelKind::StatOverall(indicator.name.clone()));
        match rows.iter_mut().find(|row| row.title.en == family) {
            Some(row) => row.panels.push(panel),
            None => rows.push(dashboard_row(family, &chinese_family_name(family), vec![panel])),
        }
    }
    rows.push(dashboard_row(
        "Error budgets and alerts",
        "容错额度与告警",
        vec![PanelKind::BudgetsSpent, PanelKind::ActiveAlerts],
    ));
    Dashboard { name: "overview", title: bilingual_title("Overview", "总览"), rows }
}

/// Returns the dashboards for the areas of the service and for firstline itself.
pub(super) fn topic_dashboards() -> [Dashboard; 5] {
    use PanelKind::{
        ArrivalRate, BarsByDimension, DurationHeatmap, LinesByBothDimensions, LinesByDimension,
    };
    let hotline = vec![
        dashboard_row(
            "Now",
            "当前",
            stat_panels(&[
                "answer_rate",
                "service_level_20s",
                "calls_waiting",
                "longest_wait_now",
                "estimated_wait",
                "agents_ready",
            ]),
        ),
        dashboard_row(
            "By center",
            "按中心",
            vec![
                LinesByDimension("answer_rate"),
                LinesByDimension("service_level_15s"),
                LinesByDimension("abandonment_rate"),
                LinesByDimension("speed_of_answer"),
                LinesByDimension("calls_waiting"),
                LinesByDimension("occupancy"),
            ],
        ),
        dashboard_row(
            "By queue",
            "按队列",
            vec![LinesByBothDimensions("answer_rate"), LinesByBothDimensions("calls_waiting")],
        ),
        dashboard_row(
            "Load",
            "业务量",
            vec![
                ArrivalRate("calls_lost"),
                DurationHeatmap("speed_of_answer"),
                DurationHeatmap("handling_time"),
                BarsByDimension("agents_talking"),
            ],
        ),
    ];
    let halls = vec![
        dashboard_row(
            "Now",
            "当前",
            stat_panels(&["hall_called_in_time", "desk_in_time", "hall_wait", "hall_waiting"]),
        ),
        dashboard_row(
            "By center",
            "按中心",
            vec![
                LinesByDimension("hall_called_in_time"),
                LinesByDimension("desk_in_time"),
                LinesByDimension("hall_wait"),
                LinesByDimension("hall_waiting"),
            ],
        ),
        dashboard_row(
            "Waiting times",
            "等候时长",
            vec![DurationHeatmap("hall_wait"), BarsByDimension("hall_waiting")],
        ),
    ];
    let orders = vec![
        dashboard_row(
            "Repairs",
            "修障",
            [
                stat_panels(&[
                    "repair_timeliness_due",
                    "repair_timeliness_closed",
                    "repairs_open",
                    "repairs_overdue",
                    "repairs_due_4h",
                ]),
                vec![
                    LinesByDimension("repair_timeliness_due"),
                    LinesByDimension("time_to_restore"),
                    BarsByDimension("repairs_open"),
                    BarsByDimension("repairs_overdue"),
                ],
            ]
            .into_iter()
            .flatten()
            .collect(),
        ),
        dashboard_row(
            "Installations and moves",
            "装移机",
            vec![
                LinesByDimension("install_timeliness_due"),
                LinesByDimension("move_timeliness_due"),
            ],
        ),
        dashboard_row(
            "Complaints",
            "投诉",
            [
                stat_panels(&[
                    "complaints_open",
                    "complaint_first_reply",
                    "complaint_escalation_rate",
                ]),
                vec![
                    LinesByDimension("complaint_timeliness_due"),
                    LinesByDimension("complaints_per_10000"),
                ],
            ]
            .into_iter()
            .flatten()
            .collect(),
        ),
    ];
    let quality = vec![
        dashboard_row(
            "First contact resolution",
            "一次性解决",
            vec![
                LinesByDimension("one_shot_resolution"),
                LinesByDimension("one_shot_resolution_net"),
                LinesByDimension("reopen_rate"),
                LinesByDimension("complaint_one_shot_resolution"),
            ],
        ),
        dashboard_row(
            "Customer feedback",
            "客户评价",
            vec![
                LinesByDimension("satisfaction_rate"),
                LinesByDimension("satisfaction_score"),
                LinesByDimension("survey_response_rate"),
            ],
        ),
        dashboard_row(
            "Callbacks",
            "回访",
            vec![
                LinesByDimension("repair_call_back_rate"),
                LinesByDimension("complaint_call_back_rate"),
                BarsByDimension("parts_accuracy"),
            ],
        ),
    ];
    [
        Dashboard { name: "hotline", title: bilingual_title("Hotline", "热线"), rows: hotline },
        Dashboard {
            name: "halls", title: bilingual_title("Service halls", "营业厅"), rows: halls
        },
        Dashboard { name: "orders", title: bilingual_title("Orders", "工单"), rows: orders },
        Dashboard {
            name: "quality", title: bilingual_title("Quality", "服务质量"), rows: quality
        },
        Dashboard {
            name: "firstline",
            title: bilingual_title("firstline", "系统运行"),
            rows: self_monitoring_rows(),
        },
    ]
}

/// Returns the rows of the dashboard of firstline itself.
fn self_monitoring_rows() -> Vec<DashboardRow> {
    use PanelKind::SelfMonitoring;
    let events = vec![
        SelfMonitoring(
            bilingual_title("Events per second by outcome", "每秒事件数（按结果）"),
            "cps",
            &[("rate(firstline_events_received_total[$__rate_interval])", "{{outcome}}")],
        ),
        SelfMonitoring(
            bilingual_title("Rejected events by reason", "被拒绝的事件（按原因）"),
            "short",
            &[("increase(firstline_events_rejected_total[$__rate_interval])", "{{reason}}")],
        ),
        SelfMonitoring(
            bilingual_title("Age of latest event and board", "最新事件与看板的时延"),
            "s",
            &[
                ("time() - firstline_last_event_timestamp_seconds", "event · 事件"),
                ("time() - firstline_board_timestamp_seconds", "board · 看板"),
            ],
        ),
        SelfMonitoring(
            bilingual_title("Queued batches", "排队批次数"),
            "short",
            &[("firstline_batches_queued", "{{instance}}")],
        ),
    ];
    let processing = vec![
        SelfMonitoring(
            bilingual_title("Batch processing time", "批次处理耗时"),
            "s",
            &[
                (
                    "histogram_quantile(0.5, sum by (le) \
                     (rate(firstline_apply_seconds_bucket[$__rate_interval])))",
                    "p50",
                ),
                (
                    "histogram_quantile(0.99, sum by (le) \
                     (rate(firstline_apply_seconds_bucket[$__rate_interval])))",
                    "p99",
                ),
            ],
        ),
        SelfMonitoring(
            bilingual_title("Board build time", "看板生成耗时"),
            "s",
            &[
                (
                    "histogram_quantile(0.5, sum by (le) \
                     (rate(firstline_board_seconds_bucket[$__rate_interval])))",
                    "p50",
                ),
                (
                    "histogram_quantile(0.99, sum by (le) \
                     (rate(firstline_board_seconds_bucket[$__rate_interval])))",
                    "p99",
                ),
            ],
        ),
        SelfMonitoring(
            bilingual_title("Cases in memory", "内存中的个案数"),
            "short",
            &[("firstline_cases", "{{instance}}")],
        ),
        SelfMonitoring(
            bilingual_title("Live connections", "实时连接数"),
            "short",
            &[("firstline_live_clients", "{{instance}}")],
        ),
    ];
    let scrape = vec![
        SelfMonitoring(
            bilingual_title("Scrape duration", "采集耗时"),
            "s",
            &[("scrape_duration_seconds{job=\"firstline\"}", "{{instance}}")],
        ),
        SelfMonitoring(
            bilingual_title("Samples per scrape", "每次采集的样本数"),
            "short",
            &[("scrape_samples_scraped{job=\"firstline\"}", "{{instance}}")],
        ),
        SelfMonitoring(
            bilingual_title("Omitted scopes", "未导出的范围数"),
            "short",
            &[("firstline_scopes_omitted", "{{scope}}")],
        ),
        SelfMonitoring(
            bilingual_title("Clock offset", "时钟偏差"),
            "s",
            &[("firstline_clock_off_seconds", "{{instance}}")],
        ),
    ];
    vec![
        dashboard_row("Events", "事件", events),
        dashboard_row("Processing", "处理", processing),
        dashboard_row("Scraping", "采集", scrape),
    ]
}
