//! The layout of the design, held by reading the sources: who may import whom, what the core never touches, module heads,
//! file sizes, and that every file is part of the crate.
//!
//! Test code, from `#[cfg(test)]` on, and comments do not count. A module that the tables do not know yet is held only to
//! the rules for all; give it a line when it arrives.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The modules that each module of the crate may import beside itself. No import points back up.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("telemetry", &[]),
    ("access", &["domain"]),
    ("toml_document", &["domain"]),
    ("standard_file", &["domain", "toml_document"]),
    ("describe", &["domain"]),
    ("export", &["describe", "domain"]),
    ("reference", &["domain"]),
    ("simulate", &["domain"]),
    ("clock", &["domain"]),
    ("journal", &["domain", "telemetry"]),
    // A journal holds the texts of the standards that were in force.
    ("engine", &["clock", "domain", "journal", "standard_file", "telemetry"]),
    // A source hands its batches to the engine. The demonstration is a source that simulates.
    ("ingest", &["access", "clock", "domain", "engine", "simulate", "telemetry", "toml_document"]),
    // Delivery positions of alert receivers are stored beside the journal.
    (
        "publish",
        &[
            "access",
            "clock",
            "describe",
            "domain",
            "engine",
            "journal",
            "telemetry",
            "toml_document",
        ],
    ),
    (
        "http",
        &[
            "access",
            "clock",
            "describe",
            "domain",
            "engine",
            "ingest",
            "publish",
            "reference",
            "telemetry",
            "toml_document",
        ],
    ),
    // Static lists, which a test compares with the code.
    ("replay", &["domain", "ingest"]),
    // A client of the service: it knows the live protocol and nothing of the code behind it.
    ("watch", &[]),
    (
        "config",
        &["access", "domain", "engine", "journal", "publish", "standard_file", "toml_document"],
    ),
];

/// The folders of the core from the bottom. Each may import only those before it in this list.
const CORE_ORDER: &[&str] = &[
    "time", "events", "facts", "standard", "cases", "cells", "board", "alerts", "explain",
    "monitor",
];

/// Imports between folders of the core that are narrower than the order: the importing folder, the
/// imported one, and the files of it that may be named.
const CORE_NARROW: &[(&str, &str, &[&str])] = &[
    ("cells", "cases", &["changes", "groups"]),
    ("board", "cases", &["benchmark_values", "data_coverage"]),
    ("alerts", "cases", &["at_risk_orders", "case_names"]),
    ("alerts", "cells", &[]),
    ("explain", "cells", &[]),
];

/// The only modules that may know the wiring.
const MAY_IMPORT_APP: &[&str] = &["cli", "main"];

/// What the core never touches: clocks, sockets, files, threads, chance, and maps whose order varies.
const NEVER_IN_DOMAIN: &[&str] = &[
    "std::time",
    "std::net",
    "std::fs",
    "std::io",
    "std::env",
    "std::process",
    "std::thread",
    "std::sync::Mutex",
    "std::sync::RwLock",
    "std::sync::mpsc",
    "tokio",
    "rand::",
    "HashMap",
    "HashSet",
    "SystemTime",
    "Instant",
    "Timestamp::now",
    "Zoned::now",
    "async ",
];

/// The most lines of a file that are neither tests nor empty; a longer one says in its head `Long because` and why.
const CODE_LINES_MAX: usize = 450;

/// A source file of the crate.
struct SourceFile {
    path: PathBuf,
    /// Its modules from the crate down: `src/ingest/wire/json.rs` is ingest, wire, json.
    module: Vec<String>,
    text: String,
}

impl SourceFile {
    fn name(&self) -> String {
        self.path
            .strip_prefix(crate_root())
            .expect("sources lie under the root")
            .display()
            .to_string()
    }

    fn top_module(&self) -> &str {
        self.module.first().map_or("lib", String::as_str)
    }

    /// The lines before the tests, as they stand.
    fn lines_before_tests(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .take_while(|line| !line.starts_with("#[cfg(test)]"))
            .enumerate()
            .map(|(number, line)| (number + 1, line))
    }

    /// The lines before the tests without comments.
    fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines_before_tests().map(|(number, line)| {
            (number, if line.trim_start().starts_with("//") { "" } else { line })
        })
    }

    /// Returns the absolute path of everything the code names in the crate, as segments from the
    /// crate down: `["domain", "time", "HOUR"]`.
    fn named_paths(&self) -> Vec<Vec<String>> {
        let code: String =
            self.code_lines().map(|(_, line)| line.trim()).collect::<Vec<_>>().join(" ");
        let mut paths = Vec::new();
        let mut rest = code.as_str();
        while let Some(at) = rest.find("use ") {
            let is_keyword = rest[..at].chars().next_back().is_none_or(|c| " ;{}".contains(c));
            rest = &rest[at + 4..];
            // Texts contain the word too: a path has no other characters than these.
            let is_path =
                |text: &&str| text.chars().all(|c| c.is_alphanumeric() || "_:{}, *".contains(c));
            if is_keyword && let Some(end) = rest.find(';').filter(|end| is_path(&&rest[..*end])) {
                flatten_use(&rest[..end], "", &mut paths);
            }
        }
        for start in ["crate::", "super::", "self::"] {
            for (at, _) in code.match_indices(start) {
                let before = code[..at].chars().next_back();
                if before.is_none_or(|c| !(c.is_alphanumeric() || "_$:".contains(c))) {
                    let is_end = |c: char| !(c.is_alphanumeric() || "_:".contains(c));
                    let end = code[at..].find(is_end).unwrap_or(code.len() - at);
                    paths.push(code[at..at + end].to_owned());
                }
            }
        }
        paths.iter().map(|path| self.absolute_path(path)).collect()
    }

    /// Returns the segments from the crate down of a path as the file writes it.
    fn absolute_path(&self, path: &str) -> Vec<String> {
        let mut base = self.module.clone();
        let first_word =
            |segment: &str| segment.split_whitespace().next().unwrap_or_default().to_owned();
        let mut segments = path.split("::").map(first_word).peekable();
        if segments.next_if(|segment| segment == "crate").is_some() {
            base.clear();
        }
        segments.next_if(|segment| segment == "self");
        while segments.next_if(|segment| segment == "super").is_some() {
            base.pop();
        }
        base.extend(segments.filter(|segment| !segment.is_empty()));
        base
    }
}

/// Collects the paths of one `use` declaration, without its braces.
fn flatten_use(tree: &str, prefix: &str, paths: &mut Vec<String>) {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        paths.push(format!("{prefix}{tree}"));
        return;
    };
    let prefix = format!("{prefix}{}", &tree[..open]);
    let (mut depth, mut item) = (0, String::new());
    for c in tree[open + 1..tree.rfind('}').unwrap_or(tree.len())].chars().chain([',']) {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if c == ',' && depth == 0 {
            if !item.trim().is_empty() {
                flatten_use(&item, &prefix, paths);
            }
            item.clear();
        } else {
            item.push(c);
        }
    }
}

/// Returns for each file the other files of the crate that it imports.
fn file_imports(sources: &[SourceFile]) -> Vec<BTreeSet<usize>> {
    let by_module: BTreeMap<&[String], usize> =
        sources.iter().enumerate().map(|(file, source)| (source.module.as_slice(), file)).collect();
    let file_of = |path: &[String]| {
        (1..=path.len()).rev().find_map(|length| by_module.get(&path[..length]).copied())
    };
    let imports = |(own, source): (usize, &SourceFile)| {
        let files = source.named_paths().into_iter().filter_map(|path| file_of(&path));
        files.filter(|file| *file != own).collect()
    };
    sources.iter().enumerate().map(imports).collect()
}

/// Returns true if one of two files is the head of a folder that holds the other.
fn is_head_and_member(first: &SourceFile, second: &SourceFile) -> bool {
    first.module.starts_with(&second.module) || second.module.starts_with(&first.module)
}

fn crate_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read_sources() -> Vec<SourceFile> {
    let mut sources = Vec::new();
    let mut folders = vec![crate_root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the sources can be listed") {
            let path = entry.expect("the sources can be listed").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let inside = path
                    .strip_prefix(crate_root().join("src"))
                    .expect("it lies there")
                    .with_extension("");
                let module = inside
                    .iter()
                    .map(|part| part.to_string_lossy().into_owned())
                    .filter(|part| part != "lib")
                    .collect();
                let text = fs::read_to_string(&path).expect("a source can be read");
                sources.push(SourceFile { path, module, text });
            }
        }
    }
    sources.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(sources.len() > 20, "the sources were not found");
    sources
}

fn assert_rule_holds(rule: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{rule}:\n{}", broken.join("\n"));
}

#[test]
fn modules_import_only_allowed_modules() {
    let may: BTreeMap<&str, &[&str]> = MAY_IMPORT.iter().copied().collect();
    let (mut broken, mut unknown) = (Vec::new(), BTreeSet::new());
    let sources = read_sources();
    for (source, imports) in sources.iter().zip(file_imports(&sources)) {
        let top = source.top_module();
        for imported in imports.iter().map(|file| &sources[*file]) {
            let import = imported.top_module();
            let fine = match may.get(top) {
                _ if import == top => true,
                Some(allowed) => allowed.contains(&import),
                None if import == "app" => MAY_IMPORT_APP.contains(&top),
                None => true,
            };
            if !fine {
                broken.push(format!("{} must not import {}", source.name(), imported.name()));
            }
        }
        if !may.contains_key(top) && !["lib", "main", "cli", "app"].contains(&top) {
            unknown.insert(top.to_owned());
        }
    }
    if !unknown.is_empty() {
        println!("no line in the table of imports for: {unknown:?}");
    }
    assert_rule_holds("imports against the flow of data", &broken);
}

/// A folder's head and its files may import each other. All other circles are forbidden.
#[test]
fn files_do_not_import_each_other_in_a_circle() {
    let sources = read_sources();
    let mut imports = file_imports(&sources);
    for (own, files) in imports.iter_mut().enumerate() {
        files.retain(|file| !is_head_and_member(&sources[own], &sources[*file]));
    }
    // Files that import none of the remaining files are removed until only circles remain, with
    // the files that import them.
    let mut remaining: BTreeSet<usize> = (0..sources.len()).collect();
    while let Some(free) =
        remaining.iter().copied().find(|file| imports[*file].is_disjoint(&remaining))
    {
        remaining.remove(&free);
    }
    let name = |file: &usize| sources[*file].name();
    let broken: Vec<String> = remaining
        .iter()
        .map(|file| {
            let imported: Vec<String> = imports[*file].intersection(&remaining).map(name).collect();
            format!("{} imports {}", name(file), imported.join(", "))
        })
        .collect();
    assert_rule_holds(
        "files that import each other in a circle, and those that import them",
        &broken,
    );
}

#[test]
fn core_folders_import_only_folders_below_them() {
    let sources = read_sources();
    let imports = file_imports(&sources);
    let rank = |source: &SourceFile| match source.module.as_slice() {
        [domain, folder, ..] if domain == "domain" => {
            CORE_ORDER.iter().position(|known| known == folder)
        }
        _ => None,
    };
    let mut broken = Vec::new();
    for (source, imports) in sources.iter().zip(&imports) {
        if source.top_module() == "domain" && source.module.len() > 1 && rank(source).is_none() {
            broken.push(format!("{}: its folder is missing in `CORE_ORDER`", source.name()));
        }
        for import in imports.iter().map(|import| &sources[*import]) {
            let (Some(from), Some(to)) = (rank(source), rank(import)) else { continue };
            let folders = (CORE_ORDER[from], CORE_ORDER[to]);
            let narrow = CORE_NARROW.iter().find(|(own, below, _)| (*own, *below) == folders);
            let is_listed = |files: &[&str]| {
                import.module.get(2).is_none_or(|file| files.contains(&file.as_str()))
            };
            if to > from || narrow.is_some_and(|(.., files)| !is_listed(files)) {
                broken.push(format!("{} must not import {}", source.name(), import.name()));
            }
        }
    }
    assert_rule_holds("imports against the order of the core", &broken);
}

#[test]
fn domain_uses_no_clock_io_or_randomness() {
    let mut broken = Vec::new();
    for source in read_sources().iter().filter(|source| source.top_module() == "domain") {
        for (line, code) in source.code_lines() {
            for word in NEVER_IN_DOMAIN.iter().filter(|word| code.contains(**word)) {
                broken.push(format!("{}:{line}: `{word}` in `{}`", source.name(), code.trim()));
            }
        }
    }
    assert_rule_holds(
        "the core has no clock, I/O, thread, chance or map whose order varies",
        &broken,
    );
}

#[test]
fn every_file_starts_with_module_documentation() {
    let headless = read_sources()
        .iter()
        .filter(|source| !source.text.starts_with("//! "))
        .map(SourceFile::name)
        .collect::<Vec<_>>();
    assert_rule_holds("files without `//!` on their first line", &headless);
}

#[test]
fn files_stay_under_line_limit_or_give_reason() {
    let mut broken = Vec::new();
    let is_test_file =
        |source: &SourceFile| source.module.last().is_some_and(|file| file == "tests");
    for source in read_sources().into_iter().filter(|source| !is_test_file(source)) {
        let lines = source.lines_before_tests().filter(|(_, line)| !line.trim().is_empty()).count();
        let excused = source
            .lines_before_tests()
            .take_while(|(_, line)| line.starts_with("//!"))
            .any(|(_, line)| line.contains("Long because"));
        if lines > CODE_LINES_MAX && !excused {
            broken.push(format!("{}: {lines} lines", source.name()));
        }
    }
    assert_rule_holds("files above the limit whose head does not say `Long because`", &broken);
}

#[test]
fn every_file_is_part_of_crate() {
    let sources = read_sources();
    let mut broken = Vec::new();
    for source in &sources {
        if source.path.ends_with("mod.rs") {
            broken.push(format!("{}: write `foo.rs` beside `foo/`, not `mod.rs`", source.name()));
        }
        let Some((own, parents)) = source.module.split_last() else { continue };
        let declares = |parent: &SourceFile| {
            parent.text.lines().any(|line| {
                let visibility = line.trim().strip_suffix(&format!("mod {own};"));
                visibility.is_some_and(|text| text.is_empty() || text.starts_with("pub"))
            })
        };
        // `main` is the program and stands beside the library.
        let found = source.module == ["main"]
            || sources.iter().filter(|parent| parent.module == parents).any(declares);
        if !found {
            broken.push(format!("{}: nothing says `mod {own};`", source.name()));
        }
    }
    assert_rule_holds("files that no module declares", &broken);
}
