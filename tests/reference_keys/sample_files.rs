//! Small complete files around the keys of one table.

/// A file around one table, with combinations of keys that are valid together.
pub(crate) struct SampleFile {
    /// The heading of the table in the reference page.
    pub(crate) heading: &'static str,
    /// The file; `{keys}` is where the keys of the table are written.
    pub(crate) template: &'static str,
    /// Keys that are written together; without any, all keys of the table.
    pub(crate) combinations: &'static [&'static [&'static str]],
}

const fn sample(
    heading: &'static str,
    template: &'static str,
    combinations: &'static [&'static [&'static str]],
) -> SampleFile {
    SampleFile { heading, template, combinations }
}

/// What every sample of a standard but those of its top has before its table.
pub(crate) const STANDARD_HEAD: &str = r#"
name = "test"
version = "1"
time_zone = "Asia/Shanghai"
dimensions = ["center", "queue", "tier", "class"]
scopes = [[], ["center"]]
windows = ["5m", "1h", "today", "month"]
orders = ["repair", "complaint"]
"#;

/// What every sample of a standard but those of its top has beside its table.
pub(crate) const STANDARD_TABLES: &str = r#"
[calendar.field]
week = { daily = ["08:00-18:00"] }
[benchmark.industry_appeals]
title = { en = "Appeals of the industry", zh = "行业申诉量" }
unit = "count"
[population.users]
by = "center"
values = { hefei = 120000 }
[commitment.repair]
from = "repair.opened"
until = "repair.resolved"
within = "48h"
[indicator.vip_answer_rate]
title = { en = "VIP", zh = "贵宾" }
ratio = { good = ["call.answered"], of = ["call.offered"] }
[indicator.answer_rate]
title = { en = "All", zh = "全部" }
ratio = { good = ["call.answered"], of = ["call.offered"] }
target = { at_least = 0.8, warning = 0.85 }
"#;

const TITLE: &str = "title = { en = \"Test\", zh = \"测试\" }\n";

/// Returns the text of a sample of a standard.
pub(crate) fn standard_text(sample: &SampleFile, keys: &str) -> String {
    let body = sample.template.replace("{keys}", keys);
    match sample.heading {
        "Top of the file" => body,
        "[title]" => format!("{STANDARD_HEAD}{body}{STANDARD_TABLES}"),
        _ => format!("{STANDARD_HEAD}{TITLE}{STANDARD_TABLES}{body}"),
    }
}

/// Returns the text of a sample of a configuration.
pub(crate) fn configuration_text(sample: &SampleFile, keys: &str) -> String {
    sample.template.replace("{keys}", keys)
}

/// A file with one entry of a list of facts.
macro_rules! fact_limit {
    ($fact:literal) => {
        concat!(
            "[indicator.last]\ntitle = { en = \"L\", zh = \"末\" }\n",
            "ratio.of = [\"call.offered\"]\n",
            "[[indicator.last.ratio.good]]\nfact = \"",
            $fact,
            "\"\n{keys}\n"
        )
    };
}

/// A file with the table of one formula.
macro_rules! formula {
    ($formula:literal) => {
        concat!(
            "[indicator.last]\ntitle = { en = \"L\", zh = \"末\" }\n[indicator.last.",
            $formula,
            "]\n{keys}\n"
        )
    };
}

const DEADLINE_RULES: [&[&str]; 7] = [
    &["within", "calendar"],
    &["working_days", "calendar"],
    &["full_days", "calendar"],
    &["before", "otherwise"],
    &["before", "same_day_at", "next_day_at"],
    &["due"],
    &["appointment"],
];

pub(crate) const STANDARD_SAMPLES: &[SampleFile] = &[
    sample(
        "Top of the file",
        "{keys}\n[indicator.waiting]\ntitle = { en = \"W\", zh = \"等\" }\nlevel = [\"call.waiting\"]\n",
        &[
            &["name", "version", "title", "time_zone", "windows"],
            &[
                "name",
                "version",
                "date_of_effect",
                "title",
                "time_zone",
                "dimensions",
                "leg_dimensions",
                "changing",
                "holders",
                "scopes",
                "windows",
                "reuse_after",
                "contacts",
                "orders",
                "scale",
                "stale_after",
                "publish_agents",
            ],
        ],
    ),
    sample("[title]", "[title]\n{keys}\n", &[]),
    sample("[scale]", "[scale]\n{keys}\n", &[]),
    sample("[zones]", "[zones]\n{keys}\n", &[]),
    sample("[horizon]", "[horizon]\n{keys}\n", &[]),
    sample("[expire]", "[expire]\n{keys}\n", &[]),
    sample(
        "[source.NAME]",
        "[source.hefei]\n{keys}\n",
        &[
            &["source", "silent_after", "reuse_after", "where", "families"],
            &["source", "silent_after", "calendar"],
        ],
    ),
    sample("[benchmark.NAME]", "[benchmark.rivals]\n{keys}\n", &[]),
    sample("[population.NAME]", "[population.homes]\n{keys}\n", &[]),
    sample(
        "[calendar.NAME]",
        "[calendar.hall]\n{keys}\n",
        &[
            &["time_zone", "week", "holidays", "holidays_file", "workdays"],
            &["week", "holidays_file", "holidays_where"],
        ],
    ),
    sample("[calendar.NAME.week]", "[calendar.hall.week]\n{keys}\n", &[]),
    sample(
        "[[calendar.NAME.holidays]]",
        "[calendar.hall]\nweek = { daily = [\"08:00-18:00\"] }\n[[calendar.hall.holidays]]\n{keys}\n",
        &[&["from", "to"], &["yearly", "common_years"]],
    ),
    sample(
        "[calendar.NAME.holidays_where]",
        "[calendar.hall]\nweek = { daily = [\"08:00-18:00\"] }\nholidays_file = \"holidays.ics\"\n[calendar.hall.holidays_where]\n{keys}\n",
        &[],
    ),
    sample(
        "[[calendar.NAME.workdays]]",
        "[calendar.hall]\nweek = { daily = [\"08:00-18:00\"] }\n[[calendar.hall.workdays]]\n{keys}\n",
        &[&["date", "as"], &["date", "open"]],
    ),
    sample(
        "[commitment.NAME]",
        "[commitment.visit]\n{keys}\n",
        &[
            &[
                "from",
                "until",
                "void",
                "deadline",
                "pauses",
                "reopening",
                "chosen_by",
                "excused_by",
                "warn",
                "due_soon",
                "clock",
            ],
            &["from", "until", "within", "calendar"],
            &["from", "until", "working_days", "calendar"],
            &["from", "until", "full_days", "calendar"],
            &["from", "until", "before", "otherwise"],
            &["from", "until", "before", "same_day_at", "next_day_at"],
            &["from", "until", "within", "each"],
            &["from", "until", "within", "holder", "miss_counts_for"],
            &["from", "until", "due"],
            &["from", "until", "appointment"],
        ],
    ),
    sample(
        "[[commitment.NAME.deadline]]",
        "[commitment.visit]\nfrom = \"repair.opened\"\nuntil = \"repair.resolved\"\n\
         [[commitment.visit.deadline]]\nwhere = { tier = \"vip\" }\n{keys}\n",
        &DEADLINE_RULES,
    ),
    sample(
        "[[commitment.NAME.deadline]]",
        "[commitment.visit]\nfrom = \"repair.opened\"\nuntil = \"repair.resolved\"\n\
         [[commitment.visit.deadline]]\nwithin = \"1h\"\n{keys}\n",
        &[&["where"]],
    ),
    sample(
        "[[commitment.NAME.pauses]]",
        "[commitment.visit]\nfrom = \"repair.opened\"\nuntil = \"repair.resolved\"\ndue = true\n\
         [[commitment.visit.pauses]]\n{keys}\n",
        &[],
    ),
    sample(
        "[indicator.NAME]",
        "[indicator.last]\n{keys}\n",
        &[
            &["title", "ratio", "target", "targets", "small_sample", "scopes", "windows", "labels"],
            &["title", "duration"],
            &["title", "count"],
            &["title", "level"],
            &["title", "level", "oldest"],
            &["title", "mean_level"],
            &["title", "score", "weights"],
            &["title", "nps"],
            &["title", "one_shot"],
            &["title", "share"],
            &["title", "rate"],
            &["title", "difference"],
            &["title", "weighted"],
            &["title", "benchmark"],
            &["title", "estimated_wait"],
        ],
    ),
    sample(
        "Entry of a list of facts",
        "[indicator.last]\ntitle = { en = \"L\", zh = \"末\" }\n\
         [[indicator.last.duration]]\n{keys}\n",
        &[
            &["fact", "within", "where", "calendar"],
            &["fact", "below"],
            &["fact", "beyond"],
            &["fact", "from"],
        ],
    ),
    sample(
        "Entry of a list of facts",
        "[indicator.last]\ntitle = { en = \"L\", zh = \"末\" }\nweights = [0, 0, 0, 1, 1]\n\
         [[indicator.last.score]]\nfact = \"survey.rated\"\n{keys}\n",
        &[&["answers"]],
    ),
    sample("Entry of a list of facts", fact_limit!("call.overflowed"), &[&["reason"]]),
    sample("Entry of a list of facts", fact_limit!("call.transferred"), &[&["to"]]),
    sample("Entry of a list of facts", fact_limit!("call.ended"), &[&["resolved"]]),
    sample("Entry of a list of facts", fact_limit!("complaint.escalated"), &[&["level"]]),
    sample("Entry of a list of facts", fact_limit!("repair.confirmed"), &[&["satisfied"]]),
    sample("Entry of a list of facts", fact_limit!("survey.rated"), &[&["question"]]),
    sample(
        "Entry of a list of facts",
        "[commitment.promise]\nfrom = \"repair.opened\"\nuntil = \"repair.resolved\"\n\
         within = \"1h\"\nholder = \"center\"\n[indicator.last]\ntitle = { en = \"L\", zh = \"末\" }\n\
         [[indicator.last.duration]]\nfact = \"repair.held\"\n{keys}\n",
        &[&["owner"]],
    ),
    sample("Entry of a list of facts", fact_limit!("repair.warned"), &[&["at"]]),
    sample("Entry of a list of facts", fact_limit!("repair.excused"), &[&["liable"]]),
    sample("[indicator.NAME.ratio]", formula!("ratio"), &[]),
    sample("[indicator.NAME.nps]", formula!("nps"), &[]),
    sample("[indicator.NAME.one_shot]", formula!("one_shot"), &[]),
    sample("[indicator.NAME.share]", formula!("share"), &[]),
    sample("[indicator.NAME.rate]", formula!("rate"), &[]),
    sample("[indicator.NAME.difference]", formula!("difference"), &[]),
    sample("[indicator.NAME.weighted]", formula!("weighted"), &[]),
    sample(
        "[[indicator.NAME.weighted.parts]]",
        "[indicator.last]\ntitle = { en = \"L\", zh = \"末\" }\n\
         [[indicator.last.weighted.parts]]\n{keys}\n",
        &[],
    ),
    sample("[indicator.NAME.estimated_wait]", formula!("estimated_wait"), &[]),
    sample(
        "[indicator.NAME.target]",
        "[indicator.last]\ntitle = { en = \"L\", zh = \"末\" }\n\
         ratio = { good = [\"call.answered\"], of = [\"call.offered\"] }\n\
         [indicator.last.target]\n{keys}\n",
        &[&["at_least", "warning"], &["at_most"]],
    ),
    sample(
        "[[indicator.NAME.targets]]",
        "[indicator.last]\ntitle = { en = \"L\", zh = \"末\" }\n\
         ratio = { good = [\"call.answered\"], of = [\"call.offered\"] }\n\
         [[indicator.last.targets]]\n{keys}\n",
        &[&["where", "from", "at_least", "warning"], &["at_most"]],
    ),
    sample(
        "[indicator.NAME.labels]",
        "[indicator.last]\ntitle = { en = \"L\", zh = \"末\" }\nduration = [\"call.answered\"]\n\
         [indicator.last.labels]\n{keys}\n",
        &[],
    ),
    sample(
        "[alert.NAME]",
        "[alert.last]\n{keys}\n",
        &[
            &[
                "title",
                "severity",
                "to",
                "runbook",
                "follow_up",
                "indicator",
                "window",
                "by",
                "below",
                "clear",
                "for",
                "keep_firing",
                "min_count",
                "no_data",
            ],
            &["title", "indicator", "window", "above"],
            &["title", "indicator", "burn"],
            &["title", "commitment", "where", "grades"],
        ],
    ),
    sample(
        "[alert.NAME.burn]",
        "[alert.last]\ntitle = { en = \"L\", zh = \"末\" }\nindicator = \"answer_rate\"\n\
         [alert.last.burn]\n{keys}\n",
        &[&["windows", "times"], &["windows", "budget", "share", "calendar"]],
    ),
    sample(
        "[[alert.NAME.grades]]",
        "[alert.last]\ntitle = { en = \"L\", zh = \"末\" }\ncommitment = \"repair\"\n\
         [[alert.last.grades]]\n{keys}\n",
        &[&["left", "severity", "to"], &["used"], &["overdue"]],
    ),
];

pub(crate) const CONFIGURATION_SAMPLES: &[SampleFile] = &[
    sample("Top of the file", "{keys}\n", &[&["listen", "data", "standard", "publish_every"], &[]]),
    sample("[access]", "[access]\n{keys}\n", &[]),
    sample(
        "[[access.tokens]]",
        "[[access.tokens]]\n{keys}\n",
        &[&["name", "hash", "may", "sources", "expires"], &["name", "hash", "may"]],
    ),
    sample(
        "[[access.tokens]]",
        "[[access.tokens]]\nname = \"wall\"\nmay = \"read\"\n{keys}\n",
        &[&["hash", "where", "device"]],
    ),
    sample("[tls]", "[tls]\n{keys}\n", &[]),
    sample("[limits]", "[limits]\n{keys}\n", &[]),
    sample("[metrics]", "[metrics]\n{keys}\n", &[]),
    sample("[journal]", "[journal]\n{keys}\n", &[]),
    sample("[notify]", "[notify]\n{keys}\n", &[]),
    sample("[notify.alertmanager]", "[notify.alertmanager]\n{keys}\n", &[]),
    sample("[notify.webhook.NAME]", "[notify.webhook.desk]\n{keys}\n", &[]),
];
