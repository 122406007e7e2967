//! Rankings of scopes from best to worst, one table per indicator and window.

use super::readings_table;
use crate::access::grant::GrantedView;
use crate::domain::board::reading::{Board, Reading, ReadingState};
use crate::publish::ranking_json::{RankedScope, Ranking};

/// Returns the rankings of scopes of this kind, for each indicator and window of the readings.
///
/// Indicators without a target are left out, because they have no direction.
pub(super) fn rankings_text(board: &Board, kind: usize, readings: &[&Reading]) -> String {
    let mut keys: Vec<(usize, Option<usize>)> =
        readings.iter().map(|reading| (reading.key.indicator, reading.key.window)).collect();
    keys.dedup();
    keys.sort_unstable();
    keys.dedup();
    let groups = keys.into_iter().filter_map(|(indicator, window)| {
        let definition = &board.standard.indicators[indicator];
        let reading = readings.iter().find(|reading| reading.key.indicator == indicator)?;
        let better = definition.targets_at(board.as_of)?.direction()?;
        let ranking = Ranking { indicator, kind, window, better };
        let mut key = reading.key.clone();
        key.window = window;
        let rows = ranking
            .rank_scopes(board, &GrantedView::default())
            .iter()
            .map(|ranked| ranking_row(ranked, definition.unit()))
            .collect();
        Some((Some(format!("{} {}", definition.name, board.window_name(&key))), rows))
    });
    readings_table::table_heading(board)
        + &readings_table::align_columns(
            ["rank", "scope", "value", "gap", "of", ""],
            &[0, 2, 3, 4],
            &groups.collect::<Vec<_>>(),
        )
}

fn ranking_row(ranked: &RankedScope<'_>, unit: &str) -> [String; 6] {
    let scope: Vec<String> =
        ranked.scope.iter().map(|(dimension, value)| format!("{dimension}={value}")).collect();
    let mut remark = if ranked.level == "none" { String::new() } else { ranked.level.to_owned() };
    if ranked.state != "ok" {
        let states: Vec<&str> = ranked.states.iter().map(ReadingState::name).collect();
        remark = format!("{remark} ({})", states.join(", ")).trim_start().to_owned();
    }
    [
        ranked.rank.map_or("-".to_owned(), |rank| rank.to_string()),
        scope.join(" "),
        ranked.value.map_or("-".to_owned(), |value| readings_table::format_amount(value, unit)),
        ranked.gap.map_or(String::new(), |gap| readings_table::format_gap(gap, unit)),
        ranked.of.map_or(String::new(), |of| of.to_string()),
        remark,
    ]
}
