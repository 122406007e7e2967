//! Tests of the reader for queue logs.

use super::agents::{AGENTS_TRACKED_MAX, QUEUES_PER_AGENT_MAX};
use super::left_out::UNSUPPORTED_VERBS_MAX;
use super::*;

fn read_log(log: &mut QueueLogReader, lines: &str) -> Vec<String> {
    let mut output = Vec::new();
    for line in lines.lines() {
        let outcome = log.read_line(line, &mut |event| {
            let data: Vec<String> = event
                .data
                .iter()
                .map(|(name, value)| match value {
                    Scalar::Text(text) => format!("{name}={text}"),
                    Scalar::Number(number) => format!("{name}={number}"),
                    Scalar::Bool(value) => format!("{name}={value}"),
                })
                .collect();
            output.push(format!(
                "{} {} {} {}",
                event.kind,
                event.subject,
                event.time.0 / SECOND,
                data.join(" ")
            ));
        });
        match outcome {
            Ok(LineOutcome::Emitted(_)) => {}
            Ok(LineOutcome::LeftOut(reason)) => output.push(format!("- {reason}")),
            Err(reason) => output.push(format!("! {reason}")),
        }
    }
    output
}

/// Reads a log and returns all but the events about agents.
fn read_calls(log: &mut QueueLogReader, lines: &str) -> Vec<String> {
    let output = read_log(log, lines);
    output.into_iter().filter(|event| !event.starts_with("agent.")).collect()
}

/// Returns the states of agents after the lines of a log, as `name state second`.
fn read_states(lines: &str) -> Vec<String> {
    let output = read_log(&mut QueueLogReader::default(), lines);
    let states = output.iter().filter_map(|event| event.strip_prefix("agent.changed "));
    states
        .map(|event| {
            let (head, state) = event.split_once(" state=").expect("every change has a state");
            let (name, second) = head.rsplit_once(' ').expect("every event has a time");
            format!("{second} {name} {}", state.split(' ').next().unwrap_or_default())
        })
        .collect()
}

#[test]
fn all_queue_stays_of_a_call_have_one_subject() {
    let output = read_calls(
        &mut QueueLogReader::default(),
        "10|7.1|sales|NONE|ENTERQUEUE||555|1\n\
         12|7.1|sales|a1|CONNECT|2|8.1|1\n\
         30|7.1|sales|a1|BLINDTRANSFER|600|ctx|2|18|1\n\
         30|7.1|repair|NONE|ENTERQUEUE||anonymous|1\n\
         31|7.1|sales|a1|COMPLETEAGENT|2|18|1\n\
         50|7.1|repair|NONE|EXITWITHKEY|2|1|1|20\n\
         60|7.1|sales|NONE|ENTERQUEUE||555|1\n\
         61|7.1|sales|NONE|ABANDON|1|1|1",
    );
    assert_eq!(
        output,
        [
            "call.offered 7.1 10 customer=555 queue=sales",
            "call.answered 7.1 12 wait_seconds=2 queue=sales agent=a1",
            "call.transferred 7.1 30 to=600 talk_seconds=18 queue=sales agent=a1",
            "call.offered 7.1 30 queue=repair",
            "- COMPLETE of a stay that was transferred: the call is in another queue",
            "call.overflowed 7.1 50 wait_seconds=20 reason=key queue=repair",
            "call.offered 7.1 60 customer=555 queue=sales",
            "call.abandoned 7.1 61 wait_seconds=1 queue=sales",
        ]
    );
}

#[test]
fn reconstructs_calls_that_began_before_the_log() {
    let output = read_calls(
        &mut QueueLogReader::default(),
        "100|1.1|sales|a1|CONNECT|7|9|1\n\
         100|1.2|sales|a2|COMPLETECALLER|5|30|1\n\
         100|1.3|sales|NONE|ABANDON|1|1|40\n\
         120|1.1|sales|a1|COMPLETECALLER|7|20|1\n\
         130|2.1|out|a2|CONNECT|9|9|1",
    );
    assert_eq!(
        output,
        [
            "call.offered 1.1 93 queue=sales",
            "call.answered 1.1 100 wait_seconds=7 queue=sales agent=a1",
            "call.offered 1.2 65 queue=sales",
            "call.answered 1.2 70 wait_seconds=5 queue=sales agent=a2",
            "call.ended 1.2 100 talk_seconds=30 queue=sales agent=a2",
            "call.offered 1.3 60 queue=sales",
            "call.abandoned 1.3 100 wait_seconds=40 queue=sales",
            "call.ended 1.1 120 talk_seconds=20 queue=sales agent=a1",
            "call.answered 2.1 130 wait_seconds=9 queue=out agent=a2",
        ]
    );
}

#[test]
fn consultation_before_attended_transfer_is_part_of_the_customers_call() {
    let output = read_calls(
        &mut QueueLogReader::default(),
        "10|1.1|q1|NONE|ENTERQUEUE||555|1\n\
         22|1.1|q1|a1|CONNECT|12|2|3\n\
         140|1.2|q2|NONE|ENTERQUEUE||700|1\n\
         142|1.2|q1|a1|ATTENDEDTRANSFER|APP|Queue|12|120|1\n\
         147|1.1|q2|a2|CONNECT|7|3|6\n\
         150|1.1|q2|a2|ATTENDEDTRANSFER|LINK|c1|c2|7|3|1",
    );
    assert_eq!(
        output[3..],
        [
            "call.merged 1.2 142 into=1.1 queue=q1 agent=a1",
            "call.transferred 1.1 142 to=Queue talk_seconds=120 queue=q1 agent=a1",
            "call.answered 1.1 147 wait_seconds=7 queue=q2 agent=a2",
            "call.transferred 1.1 150 to=c1 talk_seconds=3 queue=q2 agent=a2",
        ]
    );
}

#[test]
fn stays_within_one_second_have_ids_of_their_own() {
    let mut log = QueueLogReader::default();
    let mut ids = BTreeSet::new();
    for line in [
        "10|7.1|q|NONE|ENTERQUEUE||1|1",
        "10|7.1|q|NONE|EXITWITHKEY|1|1|1|0",
        "10|7.1|q|NONE|ENTERQUEUE||1|1",
        "10|7.1|q|NONE|EXITWITHKEY|1|1|1|0",
    ] {
        log.read_line(line, &mut |event| _ = ids.insert(event.id.into_owned()))
            .expect("a valid line");
    }
    assert_eq!(ids.len(), 4, "{ids:?}");
}

#[test]
fn reports_agent_states_and_leaves_out_other_verbs() {
    let output = read_log(
        &mut QueueLogReader::default(),
        "10|NONE|sales|a1|ADDMEMBER|\n\
         11|NONE|sales|a1|PAUSE|lunch\n\
         11|NONE|NONE|a1|PAUSEALL|lunch\n\
         12|NONE|NONE|a1|AGENTLOGOFF|SIP/1|9\n\
         13|NONE|NONE|NONE|QUEUESTART|\n\
         14|7.1|sales|z|RINGNOANSWER|1000\n\
         15|x|y|z|NEWVERB\n\n\
         16|7.9|sales|NONE|SYSCOMPAT",
    );
    assert_eq!(
        output,
        [
            "agent.changed a1 10 state=ready queue=sales agent=a1",
            "agent.changed a1 11 state=pause reason=lunch queue=sales agent=a1",
            "- PAUSEALL: the state of the agent stays the same",
            "agent.changed a1 12 state=offline agent=a1",
            "- QUEUESTART: Asterisk started and no call was open",
            "call.ring_missed 7.1 14 wait_seconds=1 queue=sales agent=z",
            "agent.changed z 14 state=ready queue=sales agent=z",
            "- NEWVERB: not supported by firstline",
            "- empty line",
            "call.overflowed 7.9 16 reason=incompatible queue=sales",
        ]
    );
}

#[test]
fn callers_refused_at_the_door_arrive_and_overflow() {
    let output = read_log(
        &mut QueueLogReader::default(),
        "10|7.1|sales|NONE|FULL|\n\
         11|7.2|sales|NONE|DIVERT_HOLDTIME|\n\
         12|7.2|repair|NONE|ENTERQUEUE||555|1\n\
         13|NONE|sales|NONE|CLOSED|\n\
         14|NONE|sales|a1|RINGINUSE|0",
    );
    assert_eq!(
        output,
        [
            "call.offered 7.1 10 queue=sales",
            "call.overflowed 7.1 10 wait_seconds=0 reason=full queue=sales",
            "call.offered 7.2 11 queue=sales",
            "call.overflowed 7.2 11 wait_seconds=0 reason=divert_holdtime queue=sales",
            "call.offered 7.2 12 customer=555 queue=repair",
            "! CLOSED names no call",
            "- RINGINUSE: a setting of a member",
        ]
    );
}

#[test]
fn unsupported_verbs_are_named_up_to_a_limit() {
    let lines: Vec<String> =
        (0..UNSUPPORTED_VERBS_MAX + 2).map(|number| format!("1|c|q|a|V{number}")).collect();
    let output = read_log(&mut QueueLogReader::default(), &lines.join("\n"));
    assert_eq!(output[UNSUPPORTED_VERBS_MAX - 1], "- V19: not supported by firstline");
    assert_eq!(output[UNSUPPORTED_VERBS_MAX], "- further verbs: not supported by firstline");
    assert_eq!(output[UNSUPPORTED_VERBS_MAX + 1], output[UNSUPPORTED_VERBS_MAX]);
}

#[test]
fn rejects_malformed_lines_with_reason() {
    for line in [
        "x",
        "1|2|3|4",
        "1|2|3|4|",
        "1.2.3|c|q|a|CONNECT|1",
        "2014-01-01 10:00:00|c|q|a|CONNECT|1",
        "1|c|q|a|CONNECT|soon",
        "1|NONE|q|a|CONNECT|1",
        "-5|c|q|a|CONNECT|1",
        "99999999999999999999|c|q|a|CONNECT|1",
        "1.é|c|q|a|CONNECT|1",
        "1|NONE|q|NONE|PAUSE|",
    ] {
        let output = read_log(&mut QueueLogReader::default(), line);
        assert!(output.len() == 1 && output[0].starts_with("! "), "{line}: {output:?}");
    }
}

#[test]
fn remembered_calls_are_bounded() {
    let mut log = QueueLogReader::default();
    for call in 0..CALLS_TRACKED_MAX + 10 {
        log.read_line(&format!("10|{call}|q|NONE|ENTERQUEUE||"), &mut |_| {}).unwrap();
    }
    assert_eq!((log.calls.len(), log.call_order.len()), (CALLS_TRACKED_MAX, CALLS_TRACKED_MAX));
}

#[test]
fn restart_marks_open_calls_lost_once() {
    let output = read_calls(
        &mut QueueLogReader::default(),
        "10|1.1|sales|NONE|ENTERQUEUE||139|1\n\
         11|1.2|sales|NONE|ENTERQUEUE||138|2\n\
         12|1.1|sales|a1|CONNECT|2|9|1\n\
         13|1.3|sales|NONE|ENTERQUEUE||137|2\n\
         14|1.3|sales|NONE|ABANDON|1|1|1\n\
         20|NONE|NONE|NONE|QUEUESTART|\n\
         21|NONE|NONE|NONE|QUEUESTART|",
    );
    let after: Vec<&str> = output[5..].iter().map(|line| line.trim_end()).collect();
    assert_eq!(
        after,
        [
            "call.lost 1.1 20",
            "call.lost 1.2 20",
            "- QUEUESTART: Asterisk started and no call was open"
        ]
    );
}

#[test]
fn pause_in_some_queues_leaves_an_agent_ready() {
    let states = read_states(
        "10|MANAGER|sales|a1|ADDMEMBER|\n\
         11|MANAGER|repair|a1|ADDMEMBER|PAUSED\n\
         12|NONE|sales|a1|PAUSE|lunch\n\
         13|NONE|repair|a1|UNPAUSE|\n\
         14|NONE|NONE|a1|PAUSEALL|\n\
         14|NONE|repair|a1|PAUSE|\n\
         14|NONE|sales|a1|PAUSE|\n\
         15|MANAGER|repair|a1|REMOVEMEMBER|\n\
         16|NONE|NONE|a1|UNPAUSEALL|\n\
         17|MANAGER|sales|a1|REMOVEMEMBER|",
    );
    assert_eq!(
        states,
        [
            "10 a1 ready",
            "12 a1 pause",
            "13 a1 ready",
            "14 a1 pause",
            "16 a1 ready",
            "17 a1 offline"
        ]
    );
}

#[test]
fn pause_of_all_queues_holds_for_queues_that_appear_later() {
    let states = read_states(
        "10|NONE|NONE|a1|PAUSEALL|\n\
         10|NONE|sales|a1|PAUSE|\n\
         11|7.1|repair|a1|RINGNOANSWER|1000\n\
         12|NONE|NONE|a1|UNPAUSEALL|",
    );
    assert_eq!(states, ["10 a1 pause", "12 a1 ready"]);
}

#[test]
fn agent_talks_from_answer_to_end_of_conversation() {
    let states = read_states(
        "10|7.1|sales|a1|CONNECT|2|8.1|1\n\
         11|NONE|sales|a1|PAUSE|\n\
         20|7.1|sales|a1|COMPLETECALLER|2|10|1\n\
         21|NONE|sales|a1|UNPAUSE|\n\
         22|7.2|sales|a1|CONNECT|2|8.2|1\n\
         25|MANAGER|sales|a1|REMOVEMEMBER|\n\
         30|7.2|sales|a1|BLINDTRANSFER|600|ctx|2|8|1",
    );
    assert_eq!(
        states,
        ["10 a1 talking", "20 a1 pause", "21 a1 ready", "22 a1 talking", "30 a1 offline"]
    );
}

#[test]
fn next_answer_ends_a_conversation_without_an_end() {
    let states = read_states(
        "10|7.1|sales|a1|CONNECT|2|8.1|1\n\
         20|7.2|sales|a1|CONNECT|2|8.2|1\n\
         25|7.1|sales|a1|COMPLETECALLER|2|15|1\n\
         30|7.2|sales|a1|COMPLETEAGENT|2|10|1",
    );
    assert_eq!(states, ["10 a1 talking", "30 a1 ready"]);
}

#[test]
fn conversation_before_the_log_is_reconstructed_for_its_agent() {
    let states = read_states(
        "100|1.2|sales|a2|COMPLETECALLER|5|30|1\n\
         100|1.4|sales|a3|RINGNOANSWER|1000\n\
         101|1.3|sales|a3|COMPLETECALLER|5|30|1",
    );
    assert_eq!(states, ["70 a2 talking", "100 a2 ready", "100 a3 ready"]);
}

#[test]
fn restart_ends_conversations_and_pauses_of_static_members() {
    let states = read_states(
        "10|NONE|sales|a1|PAUSE|\n\
         11|MANAGER|sales|a2|ADDMEMBER|PAUSED\n\
         12|7.1|sales|a3|CONNECT|2|8.1|1\n\
         20|NONE|NONE|NONE|QUEUESTART|",
    );
    assert_eq!(
        states,
        ["10 a1 pause", "11 a2 pause", "12 a3 talking", "20 a1 ready", "20 a3 ready"]
    );
}

#[test]
fn attempt_before_the_removal_proves_no_membership() {
    let states = read_states(
        "10|MANAGER|sales|a1|ADDMEMBER|\n\
         20|MANAGER|sales|a1|REMOVEMEMBER|\n\
         22|7.1|sales|a1|RINGNOANSWER|5000\n\
         40|7.2|sales|a1|RINGNOANSWER|5000",
    );
    assert_eq!(states, ["10 a1 ready", "20 a1 offline", "40 a1 ready"]);
}

#[test]
fn after_call_work_lasts_as_long_as_its_line_says() {
    let states = read_states(
        "10|7.1|sales|a1|CONNECT|2|8.1|1\n\
         20|7.1|sales|a1|WRAPUPSTART|15\n\
         20|7.1|sales|a1|COMPLETECALLER|2|10|1\n\
         50|7.2|sales|NONE|ENTERQUEUE||1|1\n\
         52|7.2|sales|a1|CONNECT|2|8.2|1\n\
         60|7.2|sales|a1|COMPLETECALLER|2|8|1\n\
         60|7.2|sales|a1|WRAPUPSTART|15\n\
         62|7.3|sales|a1|CONNECT|2|8.3|1\n\
         90|7.3|sales|a1|COMPLETECALLER|2|28|1",
    );
    assert_eq!(
        states,
        [
            "10 a1 talking",
            "20 a1 wrapup",
            "35 a1 ready",
            "52 a1 talking",
            "60 a1 ready",
            "60 a1 wrapup",
            "62 a1 talking",
            "90 a1 ready"
        ]
    );
}

#[test]
fn interface_and_member_name_are_one_agent() {
    let states = read_states(
        "10|MANAGER|sales|Local/7@agents|ADDMEMBER|\n\
         11|NONE|sales|Local/7@agents|PENALTY|2\n\
         12|7.1|sales|Agent Seven|RINGNOANSWER|1000\n\
         13|NONE|NONE|Agent Seven|PAUSEALL|\n\
         14|MANAGER|sales|Local/7@agents|REMOVEMEMBER|\n\
         15|MANAGER|sales|Local/7@agents|ADDMEMBER|",
    );
    assert_eq!(
        states,
        [
            "10 Local/7@agents ready",
            "12 Local/7@agents offline",
            "12 Agent Seven ready",
            "13 Agent Seven pause",
            "14 Agent Seven offline",
            "15 Agent Seven ready"
        ]
    );
}

#[test]
fn interface_is_not_joined_with_one_of_several_names() {
    let added = "10|MANAGER|sales|SIP/7|ADDMEMBER|\n10|MANAGER|sales|SIP/8|ADDMEMBER|\n";
    // Two interfaces come into question.
    let states = read_states(&format!("{added}12|7.1|sales|Agent Seven|RINGNOANSWER|1000"));
    assert_eq!(states, ["10 SIP/7 ready", "10 SIP/8 ready", "12 Agent Seven ready"]);
    // SIP/7 has no name of its own, so one interface remains.
    let states = read_states(&format!(
        "{added}11|7.1|sales|SIP/7|RINGNOANSWER|1000\n12|7.1|sales|Agent Eight|RINGNOANSWER|1000"
    ));
    assert_eq!(
        states,
        ["10 SIP/7 ready", "10 SIP/8 ready", "12 SIP/8 offline", "12 Agent Eight ready"]
    );
    // Members without names are never joined.
    let states = read_states(&format!("{added}11|7.1|sales|SIP/9|RINGNOANSWER|1000"));
    assert_eq!(states, ["10 SIP/7 ready", "10 SIP/8 ready", "11 SIP/9 ready"]);
}

#[test]
fn tracked_agents_and_queues_are_bounded() {
    let mut log = QueueLogReader::default();
    let mut emitted = 0;
    for agent in 0..AGENTS_TRACKED_MAX + 10 {
        let line = format!("10|MANAGER|q|a{agent}|ADDMEMBER|");
        log.read_line(&line, &mut |_| emitted += 1).expect("a valid line");
    }
    assert_eq!(emitted, AGENTS_TRACKED_MAX);
    for queue in 0..QUEUES_PER_AGENT_MAX + 10 {
        let line = format!("10|MANAGER|q{queue}|a1|ADDMEMBER|");
        log.read_line(&line, &mut |_| {}).expect("a valid line");
    }
    let removed = (0..QUEUES_PER_AGENT_MAX).map(|queue| format!("q{queue}"));
    for queue in removed.chain(["q".to_owned()]) {
        let line = format!("11|MANAGER|{queue}|a1|REMOVEMEMBER|");
        log.read_line(&line, &mut |_| emitted += 1).expect("a valid line");
    }
    assert_eq!(emitted, AGENTS_TRACKED_MAX + 1, "the agent is offline");
}

fn reader_with(settings: &str) -> QueueLogReader {
    let settings = format!("format = \"queue_log\"\n{settings}");
    let settings = QueueLogSettings::parse("asterisk.toml", &settings).expect("valid settings");
    QueueLogReader::new(Arc::new(settings))
}

#[test]
fn configured_verbs_replace_and_extend_the_defaults() {
    let verbs = "verbs = { FULL = \"call.overflowed:busy\", NIGHT = \"call.abandoned\", \
                 CLOSED = \"left_out\" }";
    let output = read_log(
        &mut reader_with(verbs),
        "10|7.1|sales|NONE|FULL|\n\
         11|7.2|sales|NONE|NIGHT|\n\
         12|7.3|sales|NONE|CLOSED|\n\
         13|7.4|sales|NONE|JOINEMPTY|",
    );
    assert_eq!(
        output,
        [
            "call.offered 7.1 10 queue=sales",
            "call.overflowed 7.1 10 wait_seconds=0 reason=busy queue=sales",
            "call.offered 7.2 11 queue=sales",
            "call.abandoned 7.2 11 wait_seconds=0 queue=sales",
            "- CLOSED: not supported by firstline",
            "call.offered 7.4 13 queue=sales",
            "call.overflowed 7.4 13 wait_seconds=0 reason=joinempty queue=sales",
        ]
    );
}

#[test]
fn configured_member_names_replace_interfaces() {
    let output = read_log(
        &mut reader_with("members = { \"Local/7@agents\" = \"Agent Seven\" }"),
        "10|MANAGER|sales|Local/7@agents|ADDMEMBER|\n\
         12|7.1|sales|Agent Seven|CONNECT|2|8.1|1\n\
         14|MANAGER|sales|Local/7@agents|REMOVEMEMBER|\n\
         20|7.1|sales|Agent Seven|COMPLETEAGENT|2|8|1",
    );
    let states: Vec<&String> = output.iter().filter(|event| event.starts_with("agent.")).collect();
    assert_eq!(
        states,
        [
            "agent.changed Agent Seven 10 state=ready queue=sales agent=Agent Seven",
            "agent.changed Agent Seven 12 state=talking queue=sales agent=Agent Seven",
            "agent.changed Agent Seven 20 state=offline queue=sales agent=Agent Seven",
        ]
    );
}

#[test]
fn rows_of_the_realtime_table_equal_lines() {
    let lines = "1772416801.120|7.1|q1|NONE|ENTERQUEUE||555|1\n\
                 1772416811.000|7.1|q1|Agent, One|CONNECT|10|8.1|2\n\
                 1772416900.999|7.1|q1|Agent, One|COMPLETECALLER|10|89|1";
    let rows = "id,time,callid,queuename,serverid,agent,event,data1,data2,data3,data4,data5\n\
                1,2026-03-02 10:00:01.120000,7.1,q1,NULL,NONE,ENTERQUEUE,,555,1,,\n\
                2,2026-03-02 10:00:11.000000,7.1,q1,NULL,\"Agent, One\",CONNECT,10,8.1,2,,\n\
                3,2026-03-02 10:01:40.999999,7.1,q1,NULL,\"Agent, One\",COMPLETECALLER,10,89,1,,";
    let zone = "time_zone = \"Asia/Shanghai\"";
    let expected = read_log(&mut reader_with(zone), lines);
    assert_eq!(expected.len(), 5, "{expected:?}");
    let with_header = |rows: &str| {
        let output = read_log(&mut reader_with(zone), rows);
        assert_eq!(output[0], "- header row");
        output[1..].to_vec()
    };
    assert_eq!(with_header(rows), expected);
    // Other delimiters, and one column with all data.
    let tabs = "TIME\tCALLID\tQUEUENAME\tAGENT\tEVENT\tDATA\n\
                2026-03-02 10:00:01.12\t7.1\tq1\tNONE\tENTERQUEUE\t|555|1\n\
                2026-03-02 10:00:11\t7.1\tq1\tAgent, One\tCONNECT\t10|8.1|2\n\
                2026-03-02 10:01:40.999\t7.1\tq1\tAgent, One\tCOMPLETECALLER\t10|89|1";
    assert_eq!(with_header(tabs), expected);
    let settings = QueueLogSettings::parse("", &format!("format = \"queue_log\"\n{zone}"));
    let settings = settings.expect("valid settings");
    assert_eq!(first_line_time(rows, &settings), first_line_time(lines, &settings));
    assert_eq!(first_line_time(rows, &QueueLogSettings::default()), None);
    // Without a zone a local time is rejected.
    let output = read_log(&mut QueueLogReader::default(), rows);
    assert_eq!(output[1], "! `2026-03-02 10:00:01.120000` is a local time; set `--zone`");
}
