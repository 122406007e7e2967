//! The keys that the sources read: every string literal that is passed as `key` or `old_key`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Keys that are read in a loop over an array: the file, the variable, and the text before the array.
const KEY_ARRAYS: &[(&str, &str, &str)] = &[
    ("src/standard_file/fact_lists.rs", "name", "const FACT_LABEL_FIELDS: [&str; 9] ="),
    ("src/standard_file/indicator_table.rs", "kind", "let kinds ="),
];

/// Variables over keys that are not literals of these sources. Their allowed keys are compared by
/// `documented_keys_are_those_each_table_accepts`.
const OTHER_KEYS: &[(&str, &str)] = &[("src/standard_file/labels_key.rs", "key")];

/// Functions with a parameter `key` that read nothing.
const NOT_READING: &[&str] = &["report_problem"];

/// The keys that sources read.
#[derive(Default)]
pub(crate) struct SourceKeys {
    pub(crate) names: BTreeSet<String>,
    /// Earlier names of renamed keys.
    pub(crate) earlier_names: BTreeSet<String>,
}

/// For each function that takes a key: the places of `key` and `old_key` among its arguments.
type KeyFunctions = BTreeMap<String, Vec<(usize, bool)>>;

/// Collects the keys that the head file `MODULE.rs` and the files of `MODULE/` read.
pub(crate) fn read_source_keys(module: &str) -> SourceKeys {
    let table_methods = key_functions(&read_code(&root().join("src/toml_document/table.rs")));
    let files: Vec<(String, String)> =
        module_files(module).iter().map(|path| (relative_name(path), read_code(path))).collect();
    let mut functions = table_methods;
    for (_, code) in &files {
        functions.extend(key_functions(code));
    }
    let mut keys = SourceKeys::default();
    for (file, code) in &files {
        let mut in_scope = functions.clone();
        in_scope.extend(key_closures(code));
        for (name, places) in in_scope.iter().filter(|(name, _)| !NOT_READING.contains(&&***name)) {
            for arguments in calls(code, name) {
                for (place, is_earlier) in places {
                    let Some(argument) = arguments.get(*place) else { continue };
                    match argument.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
                        Some(key) if *is_earlier => _ = keys.earlier_names.insert(key.to_owned()),
                        Some(key) => _ = keys.names.insert(key.to_owned()),
                        None => keys.names.extend(keys_of_variable(file, code, name, argument)),
                    }
                }
            }
        }
    }
    assert!(keys.names.len() > 20, "the sources of `{module}` were not understood");
    keys
}

/// Returns the keys that a variable stands for: none for a parameter, whose callers are looked at.
fn keys_of_variable(file: &str, code: &str, function: &str, argument: &str) -> Vec<String> {
    let variable = argument.trim_start_matches(['&', '*']);
    if let Some((.., before)) = KEY_ARRAYS.iter().find(|(f, v, _)| (*f, *v) == (file, variable)) {
        let at = code.find(before).unwrap_or_else(|| panic!("{file} has no `{before}`"));
        let array = &code[at + before.len()..];
        let array = &array[..array.find(']').expect("an array ends")];
        return array.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    }
    let is_known =
        code.contains(&format!("{variable}: &str")) || OTHER_KEYS.contains(&(file, variable));
    assert!(is_known, "{file}: which keys are `{argument}` in `{function}(..)`? see `KEY_ARRAYS`");
    Vec::new()
}

/// Finds functions with a parameter `key: &str`.
fn key_functions(code: &str) -> KeyFunctions {
    let mut functions = KeyFunctions::new();
    for (at, _) in code.match_indices("fn ") {
        let rest = &code[at + 3..];
        let name: String = rest.chars().take_while(|c| is_word(*c)).collect();
        let Some(open) = rest.find('(') else { continue };
        let parameters = split_arguments(&rest[open + 1..]);
        let own = parameters.iter().filter(|parameter| !parameter.ends_with("self"));
        insert_places(&mut functions, name, own);
    }
    functions
}

/// Finds closures with a parameter `key: &str`: `let text = |key: &str| ..`.
fn key_closures(code: &str) -> KeyFunctions {
    let mut closures = KeyFunctions::new();
    for (at, _) in code.match_indices("|key: &str") {
        let before = code[..at].trim_end().trim_end_matches('=').trim_end();
        let start = before.rfind(|c| !is_word(c)).map_or(0, |at| at + 1);
        let rest = &code[at + 1..];
        let parameters = &rest[..rest.find('|').expect("parameters end")];
        insert_places(&mut closures, before[start..].to_owned(), parameters.split(','));
    }
    closures
}

fn insert_places(
    functions: &mut KeyFunctions,
    name: String,
    parameters: impl Iterator<Item = impl AsRef<str>>,
) {
    let places: Vec<(usize, bool)> = parameters
        .enumerate()
        .filter_map(|(place, parameter)| match parameter.as_ref().trim() {
            "key: &str" => Some((place, false)),
            "old_key: &str" => Some((place, true)),
            _ => None,
        })
        .collect();
    if !places.is_empty() {
        functions.insert(name, places);
    }
}

/// The arguments of every call of a function, without those of its declaration.
fn calls(code: &str, name: &str) -> Vec<Vec<String>> {
    let mut calls = Vec::new();
    for (at, _) in code.match_indices(name) {
        let (before, after) = (&code[..at], &code[at + name.len()..]);
        let is_whole = !before.ends_with(is_word) && !before.ends_with("fn ");
        if let (true, Some(arguments)) = (is_whole, after.strip_prefix('(')) {
            calls.push(split_arguments(arguments));
        }
    }
    calls
}

/// Splits at the commas of one level, up to the bracket that ends it.
fn split_arguments(text: &str) -> Vec<String> {
    let (mut arguments, mut current, mut depth) = (Vec::new(), String::new(), 0);
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '"' => {
                current.push(c);
                while let Some(c) = characters.next() {
                    current.push(c);
                    match c {
                        '\\' => current.extend(characters.next()),
                        '"' => break,
                        _ => {}
                    }
                }
                continue;
            }
            ')' | ']' | '}' if depth == 0 => break,
            ')' | ']' | '}' => depth -= 1,
            '(' | '[' | '{' => depth += 1,
            ',' if depth == 0 => {
                arguments.push(std::mem::take(&mut current).trim().to_owned());
                continue;
            }
            _ => {}
        }
        current.push(c);
    }
    if !current.trim().is_empty() {
        arguments.push(current.trim().to_owned());
    }
    arguments
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn relative_name(path: &Path) -> String {
    path.strip_prefix(root()).expect("it lies under the root").display().to_string()
}

/// The code of a file before its tests, without comments.
fn read_code(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("a source can be read");
    let lines = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]"));
    let code = lines.filter(|line| !line.trim_start().starts_with("//"));
    code.collect::<Vec<_>>().join("\n")
}

fn module_files(module: &str) -> Vec<PathBuf> {
    let mut files = vec![root().join(format!("src/{module}.rs"))];
    let mut folders = vec![root().join("src").join(module)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the sources can be listed") {
            let path = entry.expect("the sources can be listed").path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("tests.rs") {
                files.push(path);
            }
        }
    }
    files
}
