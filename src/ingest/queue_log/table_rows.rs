//! Rows of the table that Asterisk's realtime engine writes, exported with a header row.

/// Columns of the table before those with data.
const COLUMNS: [&str; 5] = ["time", "callid", "queuename", "agent", "event"];

/// Values that databases export for a missing value.
const MISSING: [&str; 2] = ["NULL", "\\N"];

/// Columns of a table, in the order of the fields of a line.
#[derive(Clone, Debug)]
pub(super) struct TableColumns {
    delimiter: u8,
    /// Positions of the columns in a row.
    positions: Vec<usize>,
}

impl TableColumns {
    /// Returns the columns of a header row; `None` if the line is no header.
    pub(super) fn parse_header(line: &str) -> Option<TableColumns> {
        if !line
            .as_bytes()
            .windows(COLUMNS[1].len())
            .any(|part| part.eq_ignore_ascii_case(COLUMNS[1].as_bytes()))
        {
            return None;
        }
        [b',', b';', b'\t'].into_iter().find_map(|delimiter| {
            let header = split_row(line, delimiter);
            let position = |name: &str| {
                header.iter().position(|column| column.trim().eq_ignore_ascii_case(name))
            };
            let mut positions = COLUMNS.map(position).into_iter().collect::<Option<Vec<_>>>()?;
            let numbered = (1..).map_while(|number: u32| position(&format!("data{number}")));
            positions.extend(position("data").into_iter().chain(numbered));
            Some(TableColumns { delimiter, positions })
        })
    }

    /// Returns a row as a line of a log. A row with too few columns gives a line with empty fields.
    pub(super) fn row_to_line(&self, row: &str) -> String {
        let cells = split_row(row, self.delimiter);
        let cell = |position: &usize| {
            let cell = cells.get(*position).map_or("", |cell| cell.trim());
            if MISSING.contains(&cell) { "" } else { cell }
        };
        self.positions.iter().map(cell).collect::<Vec<_>>().join("|")
    }
}

/// Splits a row into its cells. Quoted cells lose their quotes.
fn split_row(row: &str, delimiter: u8) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new();
    reader.has_headers(false).flexible(true).delimiter(delimiter).buffer_capacity(row.len().max(1));
    let first = reader.from_reader(row.as_bytes()).into_records().next();
    let cells = first.and_then(Result::ok).unwrap_or_default();
    cells.iter().map(str::to_owned).collect()
}
