//! Settings of a reader: a TOML file with `format = "queue_log"`.

use crate::toml_document::{TomlDocument, TomlProblem, TomlTable, TomlValue};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Verbs of lines about callers whom a queue did not take, as panels write them, with the reasons.
const REFUSALS: [(&str, &str); 5] = [
    ("FULL", "full"),
    ("JOINEMPTY", "joinempty"),
    ("CLOSED", "closed"),
    ("DIVERT_CA_RATIO", "divert_ca_ratio"),
    ("DIVERT_HOLDTIME", "divert_holdtime"),
];

/// Types of events that a verb may stand for.
const EXIT_TYPES: [&str; 2] = ["call.overflowed", "call.abandoned"];

/// Settings of a reader for queue logs.
#[derive(Clone, Debug)]
pub struct QueueLogSettings {
    /// CloudEvents source of all events. Each Asterisk server needs its own, because call ids are
    /// unique only within one server.
    pub(super) source: String,
    pub(super) verbs: BTreeMap<String, CustomVerb>,
    /// Name of each member by its interface.
    pub(super) members: BTreeMap<String, String>,
    /// Zone of times without an offset; `None` if such times are rejected.
    pub(super) zone: Option<TimeZone>,
}

/// Meaning of a verb that Asterisk does not write itself: the caller arrives and leaves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct CustomVerb {
    /// Type of the event at which the caller leaves.
    pub(super) exit_type: &'static str,
    pub(super) reason: Option<String>,
}

impl Default for QueueLogSettings {
    fn default() -> Self {
        let refusal = |(verb, reason): (&str, &str)| {
            let exit_type = EXIT_TYPES[0];
            (verb.to_owned(), CustomVerb { exit_type, reason: Some(reason.to_owned()) })
        };
        QueueLogSettings {
            source: "/asterisk".to_owned(),
            verbs: REFUSALS.into_iter().map(refusal).collect(),
            members: BTreeMap::new(),
            zone: None,
        }
    }
}

impl QueueLogSettings {
    /// Returns true if a TOML file has settings of a queue log, and no mapping.
    #[must_use]
    pub fn is_settings_file(text: &str) -> bool {
        TomlDocument::parse("", text).is_ok_and(|document| {
            let format = document.root_table().value("format");
            format.and_then(|format| format.as_str()) == Some("queue_log")
        })
    }

    /// Reads settings from the text of a TOML file.
    ///
    /// # Errors
    /// Returns all problems with their places.
    pub fn parse(file: &str, text: &str) -> Result<QueueLogSettings, Vec<TomlProblem>> {
        let document = TomlDocument::parse(file, text).map_err(|problem| vec![problem])?;
        let root = document.root_table();
        let _: Option<&str> = root.optional_choice("format", &[("queue_log", "queue_log")]);
        let settings = QueueLogSettings::read_table(&root);
        let problems = document.into_problems();
        if problems.is_empty() { Ok(settings) } else { Err(problems) }
    }

    /// Reads settings from a table and reports the problems to its document.
    pub fn read_table(table: &TomlTable<'_>) -> QueueLogSettings {
        let mut settings = QueueLogSettings::default();
        if let Some(source) = table.optional_string("source") {
            source.clone_into(&mut settings.source);
        }
        settings.zone = table.value("time_zone").and_then(|value| read_zone(&value));
        let entries = |key: &str| {
            let entries = table.optional_table(key);
            entries.into_iter().flat_map(|entries| entries.entries().collect::<Vec<_>>())
        };
        for (verb, value) in entries("verbs") {
            let Some(meaning) = value.require_string() else { continue };
            if meaning == "left_out" {
                settings.verbs.remove(verb);
                continue;
            }
            match CustomVerb::parse(meaning) {
                Some(custom) => _ = settings.verbs.insert(verb.to_owned(), custom),
                None => value.report_problem(format!(
                    "`{meaning}` is neither `left_out` nor an event with a reason, such as \
                     `{}:full` or `{}`",
                    EXIT_TYPES[0], EXIT_TYPES[1]
                )),
            }
        }
        for (interface, value) in entries("members") {
            if let Some(name) = value.require_string() {
                settings.members.insert(interface.to_owned(), name.to_owned());
            }
        }
        table.report_unknown_keys();
        settings
    }

    /// Returns the settings with this zone for times without an offset.
    #[must_use]
    pub fn with_zone(mut self, zone: TimeZone) -> QueueLogSettings {
        self.zone = Some(zone);
        self
    }

    /// Returns the name under which an agent is reported.
    pub(super) fn member_name<'n>(&'n self, agent: &'n str) -> &'n str {
        self.members.get(agent).map_or(agent, String::as_str)
    }
}

impl CustomVerb {
    /// Parses a type of event and an optional reason, as in `call.overflowed:full`.
    fn parse(text: &str) -> Option<CustomVerb> {
        let (kind, reason) = match text.split_once(':') {
            Some((_, "")) => return None,
            Some((kind, reason)) => (kind, Some(reason)),
            None => (text, None),
        };
        let exit_type = EXIT_TYPES.into_iter().find(|known| *known == kind)?;
        Some(CustomVerb { exit_type, reason: reason.map(str::to_owned) })
    }
}

fn read_zone(value: &TomlValue<'_>) -> Option<TimeZone> {
    let name = value.require_string()?;
    let zone = TimeZone::get(name).ok();
    if zone.is_none() {
        value.report_problem(format!("`{name}` is not a time zone such as \"Europe/Berlin\""));
    }
    zone
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_verbs_members_and_zone() {
        let settings = QueueLogSettings::parse(
            "asterisk.toml",
            "format = \"queue_log\"\nsource = \"/pbx/2\"\ntime_zone = \"Asia/Shanghai\"\n\
             verbs = { FULL = \"call.abandoned\", CLOSED = \"left_out\", \
             NIGHT = \"call.overflowed:night\" }\n\
             members = { \"SIP/7\" = \"Agent Seven\" }",
        )
        .expect("valid settings");
        assert_eq!(settings.source, "/pbx/2");
        assert_eq!(settings.member_name("SIP/7"), "Agent Seven");
        assert_eq!(settings.member_name("SIP/8"), "SIP/8");
        assert!(settings.zone.is_some());
        let meaning = |verb: &str| {
            let custom = settings.verbs.get(verb);
            custom.map(|custom| (custom.exit_type, custom.reason.as_deref()))
        };
        assert_eq!(meaning("FULL"), Some(("call.abandoned", None)));
        assert_eq!(meaning("NIGHT"), Some(("call.overflowed", Some("night"))));
        assert_eq!(meaning("JOINEMPTY"), Some(("call.overflowed", Some("joinempty"))));
        assert_eq!(meaning("CLOSED"), None);
    }

    #[test]
    fn reports_all_problems_of_settings() {
        let problems = QueueLogSettings::parse(
            "asterisk.toml",
            "format = \"queue_log\"\ntime_zone = \"Asia/Shanghay\"\nmember = {}\n\
             verbs = { FULL = \"call.ended\", CLOSED = \"call.overflowed:\" }",
        )
        .expect_err("invalid settings");
        let text = problems.iter().map(|problem| format!("{problem:?}")).collect::<String>();
        assert_eq!(problems.len(), 4, "{text}");
        for part in ["Shanghay", "`member`", "`call.ended`", "`call.overflowed:`"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
