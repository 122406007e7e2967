//! Runs `firstline replay` and gives access to its readings.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Recorded set with its expected figures.
pub(crate) struct RecordedSet {
    folder: PathBuf,
    /// Content of `expected.json`.
    pub(crate) expected: Value,
}

impl RecordedSet {
    /// Opens the set in folder `name`. Prints a message and returns `None` if the data is missing.
    pub(crate) fn open(name: &str) -> Option<RecordedSet> {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
        if !data.exists() {
            println!("skipped: ../shared/data does not exist");
            return None;
        }
        let folder = data.join(name);
        let expected =
            serde_json::from_str(&fs::read_to_string(folder.join("expected.json")).unwrap())
                .unwrap();
        Some(RecordedSet { folder, expected })
    }

    /// Returns the path of a file of the set.
    pub(crate) fn file_path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// Arguments of a `firstline replay`.
#[derive(Clone)]
pub(crate) struct ReplayCommand {
    command: Vec<String>,
    files: Vec<PathBuf>,
}

impl ReplayCommand {
    /// Replays `files` with a standard in `tests/standards`. `format` is a mapping in
    /// `tests/mappings` or the name of a format.
    pub(crate) fn new(standard: &str, format: &str, files: &[PathBuf]) -> ReplayCommand {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
        let format = if format.ends_with(".toml") {
            tests.join("mappings").join(format).display().to_string()
        } else {
            format.to_owned()
        };
        let standard = tests.join("standards").join(standard).display().to_string();
        let command =
            ["replay", "--json", "--window", "all", "--standard", &standard, "--format", &format]
                .map(str::to_owned);
        ReplayCommand { command: command.to_vec(), files: files.to_vec() }
    }

    /// Groups by these dimensions; `""` groups nothing.
    pub(crate) fn by_dimensions(&self, dimensions: &str) -> ReplayCommand {
        if dimensions.is_empty() {
            self.clone()
        } else {
            self.with_arguments(&["--by", dimensions])
        }
    }

    /// Prints a board for each of these instants.
    pub(crate) fn at_instants(&self, instants: &[String]) -> ReplayCommand {
        let arguments: Vec<&str> = instants.iter().flat_map(|instant| ["--at", instant]).collect();
        self.with_arguments(&arguments)
    }

    fn with_arguments(&self, arguments: &[&str]) -> ReplayCommand {
        let mut replay = self.clone();
        replay.command.extend(arguments.iter().map(|&argument| argument.to_owned()));
        replay
    }

    /// Returns the command, for tests that write its standard input themselves.
    pub(crate) fn to_command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_firstline"));
        command.args(&self.command).args(&self.files);
        command
    }

    /// Runs the replay.
    ///
    /// # Panics
    ///
    /// If it fails or rejects a row.
    pub(crate) fn run(&self) -> ReplayOutput {
        let output = self.to_command().output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(
            output.status.success(),
            "{:?} ended with {}:\n{stderr}",
            self.command,
            output.status
        );
        // Figures could be equal by coincidence if rows were rejected.
        assert!(
            stderr.contains(" 0 duplicates, 0 rejected"),
            "{:?} rejected rows:\n{stderr}",
            self.command
        );
        let stdout = String::from_utf8(output.stdout).unwrap();
        let boards = stdout
            .lines()
            .map(|line| ReplayedBoard::new(&serde_json::from_str(line).unwrap()))
            .collect();
        ReplayOutput { boards, stderr, stdout }
    }

    /// Runs the replay and returns its only board.
    pub(crate) fn run_for_board(&self) -> ReplayedBoard {
        let mut boards = self.run().boards;
        assert_eq!(boards.len(), 1, "a replay without instants prints one board");
        boards.remove(0)
    }
}

/// Output of a replay.
pub(crate) struct ReplayOutput {
    /// One board for each instant.
    pub(crate) boards: Vec<ReplayedBoard>,
    pub(crate) stderr: String,
    pub(crate) stdout: String,
}

impl ReplayOutput {
    /// Returns the number of lines left out for a reason that starts with `reason`.
    pub(crate) fn left_out_count(&self, reason: &str) -> u64 {
        let line = self.stderr.lines().find_map(|line| {
            line.strip_prefix("left out ")?
                .split_once(": ")
                .filter(|(_, text)| text.starts_with(reason))
        });
        line.map_or(0, |(count, _)| count.parse().unwrap())
    }
}

/// Readings of one board by indicator and group.
pub(crate) struct ReplayedBoard(BTreeMap<(String, String), Value>);

impl ReplayedBoard {
    fn new(board: &Value) -> ReplayedBoard {
        let key = |reading: &Value| {
            let group: Vec<&str> = reading["scope"]
                .as_object()
                .unwrap()
                .values()
                .map(|value| value.as_str().unwrap())
                .collect();
            (reading["indicator"].as_str().unwrap().to_owned(), group.join(","))
        };
        let readings = board["readings"].as_array().unwrap();
        let by_key: BTreeMap<_, _> =
            readings.iter().map(|reading| (key(reading), reading.clone())).collect();
        assert_eq!(by_key.len(), readings.len(), "no reading occurs twice");
        ReplayedBoard(by_key)
    }

    /// Returns a reading, null for a group without events.
    pub(crate) fn reading(&self, indicator: &str, group: &str) -> &Value {
        self.0.get(&(indicator.to_owned(), group.to_owned())).unwrap_or(&Value::Null)
    }

    /// Returns the groups of the board.
    pub(crate) fn groups(&self) -> std::collections::BTreeSet<&str> {
        self.0.keys().map(|(_, group)| group.as_str()).collect()
    }
}
