//! The book under `docs/`: links resolve, the summary lists every page, and `console` examples print
//! what the page shows.
//!
//! A `console` block holds commands behind `$ ` and their output, standard error included. A line
//! `...` in the output matches any lines. Blocks whose info string has `file=NAME` are written to that
//! file first. The blocks of a page run in order in one empty directory.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Markdown page of the book, and the README.
fn pages() -> Vec<PathBuf> {
    let mut pages = vec![root().join("README.md"), root().join("CONTRIBUTING.md")];
    let mut folders = vec![root().join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a readable folder") {
            let path = entry.expect("a readable folder").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    pages.sort();
    pages
}

fn name(page: &Path) -> String {
    page.strip_prefix(root()).expect("a page of the repository").display().to_string()
}

/// A fenced code block: its info string, its text and the line of its fence.
struct CodeBlock {
    info: String,
    text: String,
    line: usize,
}

/// Splits a page into its code blocks and the rest.
fn split_page(text: &str) -> (Vec<CodeBlock>, String) {
    let (mut blocks, mut prose, mut open): (Vec<CodeBlock>, String, bool) =
        (Vec::new(), String::new(), false);
    for (number, line) in text.lines().enumerate() {
        match line.trim_start().strip_prefix("```") {
            Some(info) if !open => {
                let (info, text) = (info.trim().to_owned(), String::new());
                blocks.push(CodeBlock { info, text, line: number + 1 });
                open = true;
            }
            Some(_) => open = false,
            None if open => {
                let block = blocks.last_mut().expect("an open block");
                block.text.push_str(line);
                block.text.push('\n');
            }
            None => {
                prose.push_str(line);
                prose.push('\n');
            }
        }
    }
    (blocks, prose)
}

/// Returns the anchor that mdBook and GitHub make of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

/// Returns the targets of the links in a text.
fn link_targets(prose: &str) -> Vec<String> {
    let parts = prose.split("](").skip(1);
    parts.filter_map(|part| part.split_once(')').map(|(target, _)| target.to_owned())).collect()
}

#[test]
fn links_resolve() {
    let mut broken = Vec::new();
    for page in pages() {
        let (_, prose) = split_page(&fs::read_to_string(&page).expect("a readable page"));
        for target in link_targets(&prose).iter().filter(|target| !target.contains("://")) {
            let (file, fragment) = target.split_once('#').unwrap_or((target, ""));
            let path = if file.is_empty() {
                page.clone()
            } else {
                page.parent().expect("a folder").join(file)
            };
            if !path.exists() {
                broken.push(format!("{}: `{target}` does not exist", name(&page)));
            } else if !fragment.is_empty() {
                let (_, text) = split_page(&fs::read_to_string(&path).expect("a readable page"));
                let headings = text.lines().filter_map(|line| line.strip_prefix('#'));
                let headings = headings.map(|line| anchor(line.trim_start_matches('#').trim()));
                if !headings.into_iter().any(|known| known == fragment) {
                    broken.push(format!("{}: `{target}` has no such heading", name(&page)));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn summary_lists_every_page_once() {
    let docs = root().join("docs");
    let summary = fs::read_to_string(docs.join("SUMMARY.md")).expect("a readable summary");
    let listed: Vec<PathBuf> =
        link_targets(&summary).iter().map(|target| docs.join(target)).collect();
    let in_book = |page: &PathBuf| page.starts_with(&docs) && !page.ends_with("SUMMARY.md");
    let expected: BTreeSet<PathBuf> = pages().into_iter().filter(in_book).collect();
    assert_eq!(listed.iter().cloned().collect::<BTreeSet<_>>(), expected);
    assert_eq!(listed.len(), expected.len(), "a page is listed twice");
}

#[test]
fn mdbook_builds_the_book_without_warnings() {
    let target = tempfile::tempdir().expect("a directory");
    let built = Command::new("mdbook")
        .args(["build", "--dest-dir"])
        .args([target.path(), &root().join("docs")])
        .output();
    let Ok(built) = built else {
        eprintln!("skipped: `mdbook` is not installed");
        return;
    };
    let log = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success() && !log.contains("WARN") && !log.contains("ERROR"), "{log}");
}

#[test]
fn console_examples_print_what_the_pages_show() {
    let (mut examples, mut wrong) = (0, Vec::new());
    for page in pages() {
        let (blocks, _) = split_page(&fs::read_to_string(&page).expect("a readable page"));
        let folder = tempfile::tempdir().expect("a directory");
        for block in blocks {
            if let Some((_, file)) = block.info.split_once("file=") {
                fs::write(folder.path().join(file.trim()), &block.text).expect("a written file");
            } else if block.info == "console" {
                for (command, expected) in commands(&block.text) {
                    let printed = run_command(&command, folder.path());
                    examples += 1;
                    if !matches_output(&expected, &printed) {
                        wrong.push(format!(
                            "{}:{}: `{command}` printed\n{}\nnot\n{}",
                            name(&page),
                            block.line,
                            printed.join("\n"),
                            expected.join("\n")
                        ));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(examples >= 10, "only {examples} examples were found");
}

/// Splits a `console` block into commands, each with its expected output.
fn commands(text: &str) -> Vec<(String, Vec<String>)> {
    let mut commands: Vec<(String, Vec<String>)> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push((command.to_owned(), Vec::new())),
            (None, Some((command, _))) if command.ends_with('\\') => {
                command.pop();
                command.push_str(line.trim_start());
            }
            (None, Some((_, output))) => output.push(line.trim_end().to_owned()),
            (None, None) => {}
        }
    }
    commands
}

fn run_command(command: &str, folder: &Path) -> Vec<String> {
    let program = Path::new(env!("CARGO_BIN_EXE_firstline"));
    let path = format!(
        "{}:{}",
        program.parent().expect("a folder").display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let output = Command::new("sh")
        .args(["-c", &format!("{{ {command}\n}} 2>&1")])
        .current_dir(folder)
        .env("PATH", path)
        .output()
        .expect("a shell");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// Returns true if printed lines match expected ones, of which `...` stands for any lines.
fn matches_output(expected: &[String], printed: &[String]) -> bool {
    match expected.split_first() {
        None => printed.is_empty(),
        Some((first, rest)) if first == "..." => {
            (0..=printed.len()).any(|skipped| matches_output(rest, &printed[skipped..]))
        }
        Some((first, rest)) => {
            printed.first() == Some(first) && matches_output(rest, &printed[1..])
        }
    }
}
