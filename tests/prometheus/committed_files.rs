//! Tests that the committed files match the program's output and pass their own tools and schemas.
//!
//! The schemas of Grafana, of the Compose specification and of OpenSLO are copies from these
//! projects, under the Apache License 2.0. The OpenSLO schema is the last one published for v1, on
//! 2024-09-02. OpenSLO has since replaced it with Go types.

use crate::{built_in_standard, is_installed, project_root, rules_directory};
use firstline::domain::standard::Standard;
use firstline::export::grafana;
use firstline::export::openslo;
use firstline::export::prometheus_rules;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

/// Compares generated files with the committed ones. `UPDATE_EXPECT=1` writes them instead.
fn assert_committed(directory: &str, generated: &[(String, String)]) {
    for (name, text) in generated {
        let path = project_root().join(directory).join(name);
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&path, text).expect("the file is writable");
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == *text,
            "{} is outdated; run the test with UPDATE_EXPECT=1 to write it",
            path.display()
        );
    }
}

#[test]
fn committed_rules_match_built_in_standard() {
    assert_committed(
        "dashboards/prometheus",
        &prometheus_rules::rule_files(&built_in_standard()).expect("the export is encoded as YAML"),
    );
}

#[test]
fn committed_dashboards_match_built_in_standard() {
    assert_committed("dashboards/grafana", &grafana::dashboard_files(&built_in_standard()));
}

#[test]
fn every_indicator_with_target_has_alert_rules() {
    for file in ["every_formula.toml", "technion.toml", "orders.toml", "formulas.toml"] {
        let text = fs::read_to_string(project_root().join("tests/standards").join(file))
            .expect("the standard is readable");
        let standard = firstline::standard_file::parse_standard(file, &text)
            .unwrap_or_else(|problems| panic!("{problems:#?}"));
        let generated =
            prometheus_rules::rule_files(&standard).expect("the export is encoded as YAML");
        let alerts = &generated
            .iter()
            .find(|(name, _)| name == "alerts.yml")
            .expect("the file is accessible")
            .1;
        let with_target = standard.indicators.iter().filter(|indicator| indicator.has_target());
        for indicator in with_target {
            assert!(
                alerts.contains(&format!("sla_{}_level", indicator.name)),
                "{file}: {}",
                indicator.name
            );
        }
        assert!(!grafana::dashboard_files(&standard).is_empty());
        if !is_installed("promtool") {
            continue;
        }
        let folder = tempfile::tempdir().expect("the temporary directory is created");
        for (name, text) in generated {
            let path = folder.path().join(name);
            fs::write(&path, text).expect("the file is accessible");
            run_promtool(&["check", "rules", &path.display().to_string()]);
        }
    }
}

fn run_promtool(arguments: &[&str]) {
    let output = Command::new("promtool")
        .args(arguments)
        .current_dir(project_root())
        .output()
        .expect("promtool runs");
    let messages = [output.stdout, output.stderr]
        .map(|text| String::from_utf8_lossy(&text).into_owned())
        .concat();
    assert!(output.status.success(), "promtool {arguments:?}: {messages}");
}

#[test]
fn promtool_accepts_rules_and_rule_tests_pass() {
    if !is_installed("promtool") {
        return;
    }
    for name in ["recording.yml", "alerts.yml", "firstline.yml"] {
        run_promtool(&["check", "rules", &rules_directory().join(name).display().to_string()]);
    }
    run_promtool(&[
        "check",
        "config",
        "--syntax-only",
        &rules_directory().join("prometheus.yml").display().to_string(),
    ]);
    run_promtool(&["test", "rules", "tests/prometheus/rules.test.yml"]);
}

#[test]
fn amtool_accepts_alertmanager_configuration() {
    if !is_installed("amtool") {
        return;
    }
    let output = Command::new("amtool")
        .arg("check-config")
        .arg(project_root().join("dashboards/alertmanager/alertmanager.yml"))
        .output();
    let output = output.expect("amtool runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn dashboards_match_grafana_schema() {
    let schema = include_str!("grafana-dashboard.schema.json");
    let schema =
        jsonschema::validator_for(&serde_json::from_str(schema).expect("the text is valid JSON"))
            .expect("the schema is valid");
    let generated = grafana::dashboard_files(&built_in_standard());
    assert_eq!(generated.len(), 6);
    let with_scoped_targets = grafana::dashboard_files(&standard_file("scoped_targets.toml"));
    let mut uids = BTreeSet::new();
    for (place, (name, text)) in generated.into_iter().chain(with_scoped_targets).enumerate() {
        let mut dashboard: Value = serde_json::from_str(&text).expect("the text is valid JSON");
        // The schema covers annotations of any data source. These keys are specific to Prometheus.
        let annotation = dashboard["annotations"]["list"][0]
            .as_object_mut()
            .expect("the dashboard has an annotation");
        ["expr", "step", "titleFormat"]
            .iter()
            .for_each(|key| assert!(annotation.remove(*key).is_some(), "{key}"));
        let problems: Vec<String> = schema
            .iter_errors(&dashboard)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(problems.is_empty(), "{name}: {problems:#?}");
        let uid = dashboard["uid"].as_str().map(str::to_owned);
        assert!(uids.insert(uid) || place >= 6, "{name}");
        let ids: Vec<&Value> = dashboard["panels"]
            .as_array()
            .expect("the value is an array")
            .iter()
            .map(|panel| &panel["id"])
            .collect();
        assert_eq!(
            ids.iter().map(|id| id.to_string()).collect::<BTreeSet<_>>().len(),
            ids.len(),
            "{name}: panel ids must be unique"
        );
    }
    // The schema must reject an invalid document.
    assert!(!schema.is_valid(&serde_json::json!({ "schemaVersion": "thirty-nine" })));
}

fn parse_yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}"))
}

/// Reads a standard of `tests/standards`.
fn standard_file(file: &str) -> Standard {
    let text = fs::read_to_string(project_root().join("tests/standards").join(file))
        .expect("the standard is readable");
    firstline::standard_file::parse_standard(file, &text)
        .unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// Returns the OpenSLO documents of a standard.
fn openslo_objectives(standard: &Standard) -> Vec<Value> {
    openslo::export_openslo(standard)
        .expect("the export is encoded as YAML")
        .split("---\n")
        .skip(1)
        .map(parse_yaml)
        .collect()
}

#[test]
fn objectives_match_openslo_schema() {
    let schema = include_str!("openslo.schema.json");
    let schema =
        jsonschema::validator_for(&serde_json::from_str(schema).expect("the text is valid JSON"))
            .expect("the schema is valid");
    let from_files = [
        "every_formula.toml",
        "formulas.toml",
        "versions_2026.toml",
        "alerts.toml",
        "scoped_targets.toml",
    ]
    .map(standard_file);
    let standards = from_files.into_iter().chain([built_in_standard()]);
    let documents: Vec<Value> =
        standards.flat_map(|standard| openslo_objectives(&standard)).collect();
    for document in &documents {
        let problems: Vec<String> = schema
            .iter_errors(document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(problems.is_empty(), "{document}: {problems:#?}");
    }
    // The schema must reject an error in each kind of document, including nested fields.
    for (kind, path, wrong) in [
        ("DataSource", "/spec/connectionDetails", "localhost"),
        ("Service", "/metadata/name", "answer_rate"),
        ("SLI", "/spec/ratioMetric/total", "a counter"),
        ("SLO", "/spec/timeWindow/0/duration", "a month"),
    ] {
        let mut document =
            documents.iter().find(|document| document["kind"] == kind).expect(kind).clone();
        *document.pointer_mut(path).expect(path) = wrong.into();
        assert!(!schema.is_valid(&document), "{document}");
    }
}

#[test]
fn objectives_reference_existing_indicators_and_services() {
    let documents = openslo_objectives(&built_in_standard());
    let of_kind = |kind: &str| -> Vec<&Value> {
        documents.iter().filter(|document| document["kind"] == kind).collect()
    };
    let names = |kind: &str| -> BTreeSet<&str> {
        of_kind(kind).iter().filter_map(|document| document["metadata"]["name"].as_str()).collect()
    };
    let (slis, services) = (names("SLI"), names("Service"));
    assert!(
        of_kind("SLO").len() >= 15 && slis.len() == of_kind("SLO").len(),
        "{} objectives",
        of_kind("SLO").len()
    );
    for document in &documents {
        assert_eq!(document["apiVersion"], "openslo/v1");
        let name = document["metadata"]["name"].as_str().expect("the name is a string");
        assert!(
            name.len() <= 63
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'),
            "{name}"
        );
    }
    for slo in of_kind("SLO") {
        let spec = &slo["spec"];
        assert!(
            services.contains(spec["service"].as_str().expect("the objective names a service")),
            "{slo}"
        );
        assert!(
            slis.contains(spec["indicatorRef"].as_str().expect("the objective names an indicator")),
            "{slo}"
        );
        let target = spec["objectives"][0]["target"].as_f64().expect("the objective has a target");
        assert!((0.0..1.0).contains(&target), "{slo}");
        assert_eq!(spec["timeWindow"][0]["duration"], "1M");
        assert_eq!(spec["timeWindow"][0]["calendar"]["timeZone"], "Asia/Shanghai");
        assert_eq!(spec["budgetingMethod"], "Occurrences");
    }
    let sli = |name: &str| {
        of_kind("SLI").into_iter().find(|sli| sli["metadata"]["name"] == name).expect(name)["spec"]
            ["ratioMetric"]
            .clone()
    };
    assert_eq!(
        sli("answer-rate")["good"]["metricSource"]["spec"]["query"],
        "sum(sla_answer_rate_good_total{scope=\"all\"})"
    );
    assert!(
        sli("abandonment-rate")["bad"].is_object() && sli("abandonment-rate").get("good").is_none()
    );
}

#[test]
fn compose_file_matches_compose_schema() {
    let schema = include_str!("compose-spec.schema.json");
    let schema =
        jsonschema::validator_for(&serde_json::from_str(schema).expect("the text is valid JSON"))
            .expect("the schema is valid");
    let mut compose = parse_yaml(
        &fs::read_to_string(project_root().join("docker-compose.yml"))
            .expect("the file is accessible"),
    );
    let problems: Vec<String> = schema
        .iter_errors(&compose)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(problems.is_empty(), "{problems:#?}");
    // The schema must reject an invalid document.
    compose["services"]["firstline"]["port"] = "8080".into();
    assert!(!schema.is_valid(&compose));
}

#[test]
fn compose_file_pins_images_and_mounts_existing_files() {
    let compose = parse_yaml(
        &fs::read_to_string(project_root().join("docker-compose.yml"))
            .expect("the file is accessible"),
    );
    let services = compose["services"].as_object().expect("the value is an object");
    assert_eq!(
        services.keys().map(String::as_str).collect::<Vec<_>>(),
        ["alertmanager", "firstline", "grafana", "prometheus"]
    );
    for (name, service) in services {
        let image = service["image"].as_str().expect("the service has an image");
        let tag = image.split_once(':').map(|(_, tag)| tag).unwrap_or_default();
        assert!(
            name == "firstline" || tag.trim_start_matches('v').split('.').count() == 3,
            "{name}: `{image}` is not pinned"
        );
        assert!(
            name == "firstline" || service["healthcheck"]["test"].is_array(),
            "{name} has no health check"
        );
        for volume in service["volumes"].as_array().into_iter().flatten().filter_map(Value::as_str)
        {
            let source = volume.split(':').next().expect("the volume has a source");
            match source.strip_prefix("./") {
                Some(path) => assert!(project_root().join(path).exists(), "{name}: {source}"),
                None => assert!(compose["volumes"].get(source).is_some(), "{name}: {source}"),
            }
        }
        for needed in service["depends_on"].as_object().into_iter().flat_map(|needed| needed.keys())
        {
            assert!(services.contains_key(needed), "{name}: {needed}");
        }
        assert!(service["ports"].as_array().is_some_and(|ports| {
            ports
                .iter()
                .all(|port| port.as_str().is_some_and(|port| port.starts_with("127.0.0.1:")))
        }));
    }
    let prometheus = parse_yaml(
        &fs::read_to_string(rules_directory().join("prometheus.yml"))
            .expect("the file is accessible"),
    );
    assert_eq!(prometheus["scrape_configs"][0]["job_name"], "firstline");
    assert_eq!(
        prometheus["scrape_configs"][0]["static_configs"][0]["targets"][0],
        "firstline:8080"
    );
    for file in prometheus["rule_files"].as_array().expect("the value is an array") {
        assert!(
            rules_directory().join(file.as_str().expect("the name is a string")).exists(),
            "{file}"
        );
    }
}

#[test]
fn objectives_of_scopes_have_their_own_targets() {
    let documents = openslo_objectives(&standard_file("scoped_targets.toml"));
    let targets: Vec<(&str, f64)> = documents
        .iter()
        .filter(|document| document["kind"] == "SLO")
        .filter_map(|slo| {
            let name = slo["metadata"]["name"].as_str()?;
            Some((name, slo["spec"]["objectives"][0]["target"].as_f64()?))
        })
        .collect();
    assert_eq!(
        targets,
        [
            ("answer-rate", 0.85),
            ("answer-rate-bengbu-vip", 0.95),
            ("answer-rate-hefei", 0.9),
            ("answer-rate-hefei-vip", 0.95),
            ("answer-rate-gold", 0.6),
        ]
    );
    let sli = documents
        .iter()
        .find(|document| {
            document["kind"] == "SLI" && document["metadata"]["name"] == "answer-rate-hefei"
        })
        .expect("each objective has an indicator");
    assert_eq!(
        sli["spec"]["ratioMetric"]["good"]["metricSource"]["spec"]["query"],
        "sum(sla_answer_rate_good_total{scope=\"center\",center=\"hefei\"})"
    );
}
