//! Compares the CSV reader with the `csv` module of Python on random tables. `CSV_SEED` sets the
//! seed, which is printed, and `CSV_CASES` the number of tables.

use firstline::ingest::mapping::{Mapping, RowOutcome};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// Reads tables, each as a line of JSON with its separator and text, and prints the cells of its
/// rows as Python reads them, without the spaces around them. Blank rows are left out.
const SCRIPT: &str = r#"
import csv, io, json, sys
csv.field_size_limit(1 << 30)
for line in sys.stdin:
    table = json.loads(line)
    rows = csv.reader(io.StringIO(table["text"], newline=""), delimiter=table["delimiter"])
    print(json.dumps([[cell.strip() for cell in row] for row in rows if row]))
"#;

/// Number of columns after the first, which is the same time in each row.
const COLUMNS: usize = 4;
const TIME: &str = "1772413200";

struct RandomTable {
    delimiter: char,
    text: String,
}

fn environment_number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Returns a table with random cells: quotes, doubled quotes, separators and line ends in quotes,
/// empty cells, spaces, trailing separators, short rows, blank lines.
fn random_table(random: &mut ChaCha8Rng) -> RandomTable {
    let delimiter = [',', ';', '\t'][random.random_range(0..3)];
    let line_end = ["\n", "\r\n"][random.random_range(0..2)];
    let mut text = String::new();
    for _ in 0..random.random_range(1..8) {
        text.push_str(TIME);
        let cells = random.random_range(0..=COLUMNS);
        for _ in 0..cells {
            text.push(delimiter);
            push_random_cell(&mut text, delimiter, random);
        }
        if random.random_ratio(1, 6) && cells == COLUMNS {
            text.push(delimiter);
        }
        if random.random_ratio(1, 10) {
            text.push_str(line_end);
        }
        text.push_str(line_end);
    }
    if random.random_ratio(1, 4) {
        text.truncate(text.trim_end_matches(['\r', '\n']).len());
    }
    RandomTable { delimiter, text }
}

fn push_random_cell(text: &mut String, delimiter: char, random: &mut ChaCha8Rng) {
    let is_quoted = random.random_ratio(2, 5);
    if is_quoted {
        text.push('"');
    }
    for _ in 0..random.random_range(0..5) {
        match random.random_range(0..10) {
            0 if is_quoted => text.push_str("\"\""),
            1 if is_quoted => text.push(delimiter),
            2 if is_quoted => text.push_str(["\n", "\r\n"][random.random_range(0..2)]),
            // A quote within a cell that has no quotes around it is a character like others.
            3 if !is_quoted && text.chars().next_back().is_some_and(char::is_alphanumeric) => {
                text.push('"');
            }
            4 => text.push(' '),
            5 => text.push_str("蚌埠"),
            6 => text.push(
                [',', ';', '\t', '\'', '\\', '|']
                    .into_iter()
                    .find(|c| *c != delimiter && (is_quoted || *c != '\t'))
                    .unwrap_or('x'),
            ),
            number => text.push(char::from(b'a' + number)),
        }
    }
    if is_quoted {
        text.push('"');
    }
}

/// Returns the cells of each table as Python reads them, `None` if there is no Python.
fn read_by_python(tables: &[RandomTable]) -> Option<Vec<Vec<Vec<String>>>> {
    let mut python = Command::new("python3")
        .args(["-c", SCRIPT])
        .env("PYTHONIOENCODING", "utf-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let mut input = String::new();
    for table in tables {
        let line =
            serde_json::json!({ "delimiter": table.delimiter.to_string(), "text": table.text });
        let _ = writeln!(input, "{line}");
    }
    let mut stdin = python.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = python.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// Returns the cells of a table as a mapping reads them: one event per row, with a field per column.
fn read_by_mapping(table: &RandomTable) -> Vec<Vec<String>> {
    let names: Vec<String> = (0..COLUMNS).map(|column| format!("c{column}")).collect();
    let fields: Vec<String> = names.iter().map(|name| format!("f{name} = 'v{name}'")).collect();
    let mut mapping = format!(
        "source = '/x'\ntime_zone = '+00:00'\nformats = ['%s']\ndelimiter = \"{}\"\nheader = false\n\
         columns = ['at', '{}']\nsubject = 'x'\ndata = {{ {} }}\n",
        table.delimiter.escape_default(),
        names.join("', '"),
        fields.join(", "),
    );
    for name in &names {
        let _ = writeln!(mapping, "[value.v{name}]\ncolumn = '{name}'\nif_missing = ''");
    }
    mapping.push_str("[[event]]\ntype = 'call.offered'\ntime = 'at'\n");
    let mapping = Mapping::parse("m.toml", &mapping).unwrap();
    let mut rows = Vec::new();
    mapping
        .read_rows(table.text.as_bytes(), &mut |row| match row {
            RowOutcome::Event { event, .. } => rows.push(
                event.data.into_iter().map(|(_, value)| value.into_text().into_owned()).collect(),
            ),
            RowOutcome::Noted { .. } => {}
            other => panic!("{other:?} of {:?}", table.text),
        })
        .unwrap();
    rows
}

#[test]
fn random_tables_are_read_as_python_reads_them() {
    let seed = environment_number("CSV_SEED", 1);
    println!("CSV_SEED={seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let cases = environment_number("CSV_CASES", 2_000);
    let tables: Vec<RandomTable> = (0..cases).map(|_| random_table(&mut random)).collect();
    let Some(expected) = read_by_python(&tables) else {
        println!("skipped: python3 does not run");
        return;
    };
    assert_eq!(expected.len(), tables.len());
    for (table, mut expected) in tables.iter().zip(expected) {
        for row in &mut expected {
            assert_eq!(row.remove(0), TIME);
            row.resize(row.len().max(COLUMNS), String::new());
            assert!(row.split_off(COLUMNS).iter().all(String::is_empty), "{row:?}");
        }
        assert_eq!(read_by_mapping(table), expected, "{:?} of CSV_SEED={seed}", table.text);
        // A byte order mark and a separator line change nothing.
        let text = format!("\u{feff}sep={}\n{}", table.delimiter, table.text);
        let marked = RandomTable { delimiter: table.delimiter, text };
        assert_eq!(read_by_mapping(&marked), expected, "{:?} of CSV_SEED={seed}", marked.text);
    }
}
