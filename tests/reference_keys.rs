//! The reference pages of the standard and the configuration are complete and true: every key the
//! code reads is on its page, every example, default, range and choice is read as the page says, and
//! the pages in `docs/reference` are what the lists render. `UPDATE_EXPECT=1` writes the pages.

#[path = "reference_keys/sample_files.rs"]
mod sample_files;
#[path = "reference_keys/source_keys.rs"]
mod source_keys;

use firstline::access::TOKENS_MAX;
use firstline::config::read_configuration;
use firstline::domain::standard::alert_policy::{AlertPolicy, OrderRule};
use firstline::domain::standard::source::DeclaredSource;
use firstline::domain::standard::{EventSchema, FirstContactRule};
use firstline::domain::time::time_zones::TimeZones;
use firstline::domain::time::window::MAX_WINDOWS;
use firstline::reference::{
    CONFIGURATION_PAGE, KeyDefault, KeyReference, ReferencePage, STANDARD_PAGE, TableReference,
};
use firstline::standard_file::{BUILT_IN, find_warnings, parse_standard};
use firstline::toml_document::{TomlProblem, parse_duration};
use sample_files::{
    CONFIGURATION_SAMPLES, STANDARD_SAMPLES, SampleFile, configuration_text, standard_text,
};
use std::collections::BTreeSet;
use std::path::Path;

/// A reference page with what it is compared with.
struct CheckedPage {
    page: &'static ReferencePage,
    file: &'static str,
    /// The module that reads the file.
    module: &'static str,
    samples: &'static [SampleFile],
    text: fn(&SampleFile, &str) -> String,
    /// Reads a file of this name and text; returns what was read, or what is wrong.
    read: fn(&str, &str) -> Result<String, Vec<TomlProblem>>,
}

const PAGES: [CheckedPage; 2] = [
    CheckedPage {
        page: &STANDARD_PAGE,
        file: "docs/reference/standard.md",
        module: "standard_file",
        samples: STANDARD_SAMPLES,
        text: standard_text,
        read: read_standard,
    },
    CheckedPage {
        page: &CONFIGURATION_PAGE,
        file: "docs/reference/configuration.md",
        module: "config",
        samples: CONFIGURATION_SAMPLES,
        text: configuration_text,
        read: |file, text| read_configuration(file, text).map(|read| format!("{read:?}")),
    },
];

fn read_standard(file: &str, text: &str) -> Result<String, Vec<TomlProblem>> {
    let mut standard = parse_standard(file, text)?;
    // The text itself is no part of what it means.
    standard.label_texts.clear();
    standard.files = [].into();
    let warnings = find_warnings(&[(file.to_owned(), text.to_owned())]);
    if warnings.is_empty() { Ok(format!("{standard:?}")) } else { Err(warnings) }
}

impl CheckedPage {
    fn table(&self, heading: &str) -> &'static TableReference {
        let found = self.page.all_tables().find(|table| table.heading == heading);
        found.unwrap_or_else(|| panic!("{} has no table `{heading}`", self.file))
    }

    /// Every sample of a table with each combination of its keys.
    fn combinations(
        &self,
        table: &'static TableReference,
    ) -> Vec<(&SampleFile, Vec<&'static KeyReference>)> {
        let mut combinations = Vec::new();
        for sample in self.samples.iter().filter(|sample| sample.heading == table.heading) {
            if sample.combinations.is_empty() {
                combinations.push((sample, table.all_keys().collect()));
            }
            for names in sample.combinations {
                let keys = names.iter().map(|name| {
                    let found = table.all_keys().find(|key| key.key == *name);
                    found.unwrap_or_else(|| panic!("`{}` has no key `{name}`", table.heading))
                });
                combinations.push((sample, keys.collect()));
            }
        }
        assert!(!combinations.is_empty(), "no sample of `{}`", table.heading);
        combinations
    }

    /// Reads a sample with the examples of its keys, of which one is left out, and a line more.
    fn read_with(
        &self,
        (sample, keys): &(&SampleFile, Vec<&'static KeyReference>),
        without: &str,
        line: &str,
        file: &str,
    ) -> Result<String, Vec<TomlProblem>> {
        let examples = keys.iter().filter(|key| key.key != without).map(|key| key.example);
        let lines: Vec<&str> = examples.chain([line]).collect();
        (self.read)(file, &(self.text)(sample, &lines.join("\n")))
    }

    /// Returns true if a sample with the key in it is valid with this value of the key.
    fn accepts(&self, table: &'static TableReference, key: &KeyReference, value: &str) -> bool {
        let line = format!("{} = {value}", key.key);
        let files = NamedFiles::new();
        self.combinations(table).iter().any(|combination| {
            combination.1.iter().any(|known| known.key == key.key)
                && self.read_with(combination, key.key, &line, &files.beside("f.toml")).is_ok()
        })
    }

    /// Every key with its table.
    fn all_keys(&self) -> Vec<(&'static TableReference, &'static KeyReference)> {
        self.page
            .all_tables()
            .flat_map(|table| table.all_keys().map(move |key| (table, key)))
            .collect()
    }
}

/// The files that the examples name.
struct NamedFiles(tempfile::TempDir);

impl NamedFiles {
    fn new() -> NamedFiles {
        let folder = tempfile::tempdir().expect("a folder");
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a key");
        // The examples name texts of its events.
        let event = "BEGIN:VEVENT\nDTSTART:20261001\nSUMMARY:Public holiday (regional)\nCATEGORIES:Public holiday,Observance\nEND:VEVENT\n";
        let calendar = format!("BEGIN:VCALENDAR\n{event}END:VCALENDAR\n");
        for (name, text) in [
            ("holidays.ics", calendar),
            ("our-standard.toml", BUILT_IN.to_owned()),
            ("cert.pem", made.cert.pem()),
            ("key.pem", made.signing_key.serialize_pem()),
        ] {
            std::fs::write(folder.path().join(name), text).expect("a file");
        }
        NamedFiles(folder)
    }

    fn beside(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }
}

/// The keys that headings name: `notify` and `webhook` of `[notify.webhook.NAME]`.
fn heading_names(heading: &str) -> Vec<&str> {
    if !heading.starts_with('[') {
        return Vec::new();
    }
    heading.trim_matches(['[', ']']).split('.').collect()
}

fn is_key_name(name: &str) -> bool {
    !name.chars().any(|c| c.is_ascii_uppercase())
}

#[test]
fn pages_list_the_keys_that_the_sources_read() {
    for checked in PAGES {
        let read = source_keys::read_source_keys(checked.module);
        let keys = checked.all_keys();
        let headings = checked.page.all_tables().flat_map(|table| heading_names(table.heading));
        let listed: BTreeSet<String> = keys
            .iter()
            .filter(|(_, key)| !key.is_placeholder())
            .map(|(_, key)| key.key)
            .chain(headings.filter(|name| is_key_name(name)))
            .map(str::to_owned)
            .collect();
        let module = checked.module;
        // Labels come from a list of the core.
        let of_the_core = ["quality", "stage"].map(str::to_owned);
        let missing: Vec<_> = read.names.difference(&listed).collect();
        let unread: Vec<_> =
            listed.difference(&read.names).filter(|name| !of_the_core.contains(name)).collect();
        assert!(missing.is_empty(), "src/{module} reads keys that the page lacks: {missing:?}");
        assert!(unread.is_empty(), "src/{module} does not read {unread:?}; remove them");
        let earlier: BTreeSet<String> =
            keys.iter().filter_map(|(_, key)| key.earlier_name.map(str::to_owned)).collect();
        assert_eq!(earlier, read.earlier_names, "earlier names of keys");
    }
}

/// A problem about an unknown key names the keys that are allowed in its table.
#[test]
fn documented_keys_are_those_each_table_accepts() {
    let files = NamedFiles::new();
    for checked in PAGES {
        for table in checked.page.all_tables() {
            if table.all_keys().any(KeyReference::is_placeholder) {
                continue;
            }
            let mut allowed = BTreeSet::new();
            for combination in checked.combinations(table) {
                let probe =
                    checked.read_with(&combination, "", "zz_zz = 1", &files.beside("f.toml"));
                let problems = probe.expect_err("an unknown key");
                let message = problems.iter().find(|problem| problem.message.contains("`zz_zz`"));
                let (_, names) = message
                    .and_then(|problem| problem.message.split_once("; allowed "))
                    .and_then(|(_, rest)| rest.split_once(": "))
                    .unwrap_or_else(|| panic!("{}: {problems:?}", table.heading));
                allowed.extend(names.split(", ").map(|name| name.trim_matches('`').to_owned()));
            }
            let own = heading_names(table.heading);
            let below = checked.page.all_tables().filter_map(|other| {
                let names = heading_names(other.heading);
                names.starts_with(&own).then(|| names.get(own.len()).copied()).flatten()
            });
            let top = table.heading == "Top of the file" || table.heading.starts_with('[');
            let listed: BTreeSet<String> = table
                .all_keys()
                .map(|key| key.key)
                .chain(below.filter(|name| top && is_key_name(name)))
                .map(str::to_owned)
                .collect();
            assert_eq!(listed, allowed, "keys of `{}` in {}", table.heading, checked.file);
        }
    }
}

#[test]
fn examples_are_valid() {
    let files = NamedFiles::new();
    for checked in PAGES {
        if let Err(problems) = (checked.read)(&files.beside("f.toml"), checked.page.example) {
            panic!("the example of {}: {problems:#?}", checked.file);
        }
        for table in checked.page.all_tables() {
            let mut used = BTreeSet::new();
            for combination in checked.combinations(table) {
                if let Err(problems) =
                    checked.read_with(&combination, "", "", &files.beside("f.toml"))
                {
                    panic!("examples of `{}`: {problems:#?}", table.heading);
                }
                used.extend(combination.1.iter().map(|key| key.key));
            }
            let keys: BTreeSet<&str> = table.all_keys().map(|key| key.key).collect();
            assert_eq!(used, keys, "keys of `{}` in samples", table.heading);
        }
        for (table, key) in checked.all_keys() {
            let starts =
                key.is_placeholder() || key.example.starts_with(&format!("{} = ", key.key));
            assert!(starts, "`{}` of `{}`: {}", key.key, table.heading, key.example);
        }
    }
}

/// A written default changes nothing, a required key must be there, and all others may be absent.
#[test]
fn defaults_apply_to_absent_keys() {
    for checked in PAGES {
        for (table, key) in checked.all_keys() {
            let files = NamedFiles::new();
            let (mut compared, mut absent_is_valid) = (false, false);
            // First without a folder: a relative default is not relative to the file.
            for file in ["f.toml".to_owned(), files.beside("f.toml")] {
                let compared_before = compared;
                for combination in checked.combinations(table) {
                    let absent = checked.read_with(&combination, key.key, "", &file);
                    let is_own = combination.1.iter().any(|known| known.key == key.key);
                    let can_be_absent = is_own || key.default != KeyDefault::Required;
                    absent_is_valid |= absent.is_ok() && can_be_absent;
                    let KeyDefault::Value(default) = key.default else { continue };
                    let line = format!("{} = {default}", key.key);
                    let written = checked.read_with(&combination, key.key, &line, &file);
                    if let (Ok(absent), Ok(written), false) = (absent, written, compared_before) {
                        let same = absent == written;
                        assert!(same, "default of `{}` in `{}`", key.key, table.heading);
                        compared = true;
                    }
                }
            }
            let name = format!("`{}` of `{}`", key.key, table.heading);
            let has_value = matches!(key.default, KeyDefault::Value(_));
            assert_eq!(compared, has_value, "the default of {name} was not compared");
            if !key.is_placeholder() {
                let required = key.default == KeyDefault::Required;
                assert_eq!(absent_is_valid, !required, "{name} is required: {required}");
            }
        }
    }
}

/// The numbers or durations of a type such as `integer, 1 to 366`, each with whether it is valid.
fn range_bounds(value_type: &str) -> Vec<(String, bool)> {
    let Some((kind, range)) = value_type.split_once(", ") else { return Vec::new() };
    let (first, last) = range.split_once(" to ").unwrap_or((range.trim_start_matches("from "), ""));
    if kind.starts_with("duration") {
        let bounds = [(first, -1, false), (first, 0, true), (last, 0, true), (last, 1, false)];
        let values = bounds.into_iter().filter_map(|(bound, more, valid)| {
            let millis = parse_duration(bound).ok()? + more;
            (millis >= 0).then(|| (format!("\"{millis}ms\""), valid))
        });
        return values.collect();
    }
    if !kind.starts_with("integer") {
        return Vec::new();
    }
    let bounds = [(first, -1, false), (first, 0, true), (last, 0, true), (last, 1, false)];
    let values = bounds.into_iter().filter_map(|(bound, more, valid)| {
        Some(((bound.parse::<i64>().ok()? + more).to_string(), valid))
    });
    values.collect()
}

/// The words of a type that consists of choices, such as "`now` or `first`".
fn choices(value_type: &str) -> Vec<&str> {
    let between = value_type.split('`').step_by(2);
    let only_words = between.clone().all(|text| ["", ", ", " or ", " to "].contains(&text));
    let words: Vec<&str> = value_type.split('`').skip(1).step_by(2).collect();
    if only_words && words.iter().all(|word| !word.contains(' ')) { words } else { Vec::new() }
}

#[test]
fn ranges_and_choices_are_those_of_the_code() {
    let (mut ranges, mut words) = (0, 0);
    for checked in PAGES {
        for (table, key) in checked.all_keys() {
            for (value, valid) in range_bounds(key.value_type) {
                let found = checked.accepts(table, key, &value);
                assert_eq!(found, valid, "`{} = {value}` in `{}`", key.key, table.heading);
                ranges += 1;
            }
            for word in choices(key.value_type) {
                let is_bool = ["true", "false"].contains(&word);
                let value = if is_bool { word.to_owned() } else { format!("\"{word}\"") };
                // Of a condition that is alone in its table `false` is the same as none.
                let alone = ["overdue"].contains(&key.key) && word == "false";
                let found = alone || checked.accepts(table, key, &value);
                assert!(found, "`{} = {value}` in `{}`", key.key, table.heading);
                // Labels of facts are compared as text.
                let is_label = table.heading == "Entry of a list of facts";
                let other = !is_label && checked.accepts(table, key, "\"zz\"");
                assert!(!other, "`{}` in `{}` takes any word", key.key, table.heading);
                words += 1;
            }
        }
    }
    assert!(ranges > 40 && words > 40, "{ranges} bounds and {words} words were compared");
}

#[test]
fn limits_in_the_text_are_those_of_the_code() {
    let [standard, configuration] = PAGES;
    for (checked, heading, key, limit) in [
        (&standard, "Top of the file", "dimensions", EventSchema::MAX_DIMENSIONS),
        (&standard, "Top of the file", "orders", EventSchema::MAX_FAMILIES - 4),
        (&standard, "Top of the file", "windows", MAX_WINDOWS - 1),
        (&standard, "[zones]", "values", TimeZones::ZONES_MAX),
        (&standard, "[source.NAME]", "", DeclaredSource::MAX_SOURCES),
        (&standard, "[indicator.NAME]", "one_shot", FirstContactRule::MAX_RULES),
        (&standard, "[alert.NAME]", "", AlertPolicy::MAX_POLICIES),
        (&standard, "[alert.NAME]", "grades", OrderRule::MAX_GRADES),
        (&configuration, "[[access.tokens]]", "", TOKENS_MAX),
    ] {
        let table = checked.table(heading);
        let text = match table.all_keys().find(|known| known.key == key) {
            Some(key) => format!("{} {}", key.value_type, key.meaning),
            None => table.purpose.to_owned(),
        };
        let numbers = text.split(|c: char| !c.is_ascii_digit());
        let found = numbers.into_iter().any(|number| number == limit.to_string());
        assert!(found, "`{key}` of `{heading}` does not name its limit {limit}: {text}");
    }
}

#[test]
fn committed_pages_are_those_rendered() {
    for checked in PAGES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(checked.file);
        let page = checked.page.render_markdown();
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&path, &page).expect("the page can be written");
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == page, "{} is out of date; UPDATE_EXPECT=1 writes it", checked.file);
    }
}
