//! Runs `firstline replay` and looks its readings up.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A recorded set: where it lies and what is expected of it.
pub(crate) struct RecordedSet {
    folder: PathBuf,
    /// Its `expected.json`.
    pub(crate) expected: Value,
}

impl RecordedSet {
    /// The set in this folder; `None`, said aloud, where the data is not there.
    pub(crate) fn open(name: &str) -> Option<RecordedSet> {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
        if !data.exists() {
            println!("skipped: ../shared/data is not here");
            return None;
        }
        let folder = data.join(name);
        let expected =
            serde_json::from_str(&fs::read_to_string(folder.join("expected.json")).unwrap())
                .unwrap();
        Some(RecordedSet { folder, expected })
    }

    /// A file of the set.
    pub(crate) fn file_path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// What a replay is asked for.
#[derive(Clone)]
pub(crate) struct ReplayCommand {
    command: Vec<String>,
    files: Vec<PathBuf>,
}

impl ReplayCommand {
    /// Of `files`, by a standard in `tests/standards` and a format: a mapping in `tests/mappings` or a name.
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

    /// By these dimensions; `""` is everything together.
    pub(crate) fn by_dimensions(&self, dimensions: &str) -> ReplayCommand {
        if dimensions.is_empty() {
            self.clone()
        } else {
            self.with_arguments(&["--by", dimensions])
        }
    }

    /// At these instants.
    pub(crate) fn at_instants(&self, instants: &[String]) -> ReplayCommand {
        let arguments: Vec<&str> = instants.iter().flat_map(|instant| ["--at", instant]).collect();
        self.with_arguments(&arguments)
    }

    fn with_arguments(&self, arguments: &[&str]) -> ReplayCommand {
        let mut replay = self.clone();
        replay.command.extend(arguments.iter().map(|&argument| argument.to_owned()));
        replay
    }

    /// The command, for tests that feed it themselves.
    pub(crate) fn to_command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_firstline"));
        command.args(&self.command).args(&self.files);
        command
    }

    /// Runs it.
    pub(crate) fn run(&self) -> ReplayOutput {
        let output = self.to_command().output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            output.status.success(),
            "{:?} ended with {}:\n{said}",
            self.command,
            output.status
        );
        // A figure could be right by a row that is missing on both sides; no row may be missing.
        assert!(
            said.contains(" 0 duplicates, 0 rejected"),
            "{:?} did not take every row:\n{said}",
            self.command
        );
        let stdout = String::from_utf8(output.stdout).unwrap();
        let boards = stdout
            .lines()
            .map(|line| ReplayedBoard::new(&serde_json::from_str(line).unwrap()))
            .collect();
        ReplayOutput { boards, stderr: said, stdout }
    }

    /// Runs it for its only board.
    pub(crate) fn run_for_board(&self) -> ReplayedBoard {
        let mut boards = self.run().boards;
        assert_eq!(boards.len(), 1, "a replay without instants prints one board");
        boards.remove(0)
    }
}

/// What a replay printed.
pub(crate) struct ReplayOutput {
    /// A board for each instant.
    pub(crate) boards: Vec<ReplayedBoard>,
    /// What it said on standard error.
    pub(crate) stderr: String,
    /// The bytes of the boards.
    pub(crate) stdout: String,
}

impl ReplayOutput {
    /// How many lines were left out for a reason that begins so.
    pub(crate) fn left_out_count(&self, reason: &str) -> u64 {
        let line = self.stderr.lines().find_map(|line| {
            line.strip_prefix("left out ")?
                .split_once(": ")
                .filter(|(_, why)| why.starts_with(reason))
        });
        line.map_or(0, |(count, _)| count.parse().unwrap())
    }
}

/// The readings of one board, by indicator and group.
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
        assert_eq!(by_key.len(), readings.len(), "no reading is there twice");
        ReplayedBoard(by_key)
    }

    /// A reading; null for a group of which no event spoke.
    pub(crate) fn reading(&self, indicator: &str, group: &str) -> &Value {
        self.0.get(&(indicator.to_owned(), group.to_owned())).unwrap_or(&Value::Null)
    }

    /// The groups that there are.
    pub(crate) fn groups(&self) -> std::collections::BTreeSet<&str> {
        self.0.keys().map(|(_, group)| group.as_str()).collect()
    }
}
