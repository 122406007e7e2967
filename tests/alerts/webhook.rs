//! Webhooks: a receiver that is down, or busy, and a crash between telling and noting it.

use super::webhook_receiver::{ReceivedMessage, WebhookReceiver, free_address};
use super::{ProgramFolder, send_call_event, wait_for_alerts, wait_for_failed_delivery};

fn idempotency_keys(messages: &[ReceivedMessage]) -> Vec<&str> {
    messages.iter().map(|message| message.header("idempotency-key")).collect()
}

#[test]
fn webhook_retries_and_delivers_in_order() {
    let place = ProgramFolder::new();
    let address = free_address();
    let notify = format!(
        "[notify]\nexternal_url = 'https://sla.example.org'\n[notify.webhook.desk]\nurl = 'http://{address}/alerts'\ntoken = 't0ken'\nsecret = 'hush'\n"
    );
    let program = place.start_program(&notify);
    send_call_event(&program, "hefei", "offered");
    wait_for_failed_delivery(&program);
    // It begins to listen, and has no time for the first message.
    let receiver =
        WebhookReceiver::start(address, |number| Some(if number == 0 { 503 } else { 204 }));
    receiver.wait_for_messages(|heard| heard.len() == 2);
    send_call_event(&program, "hefei", "answered");
    let heard = receiver.wait_for_messages(|heard| heard.len() == 3);
    let id = heard[0].body["alert"]["id"].as_str().expect("an id");
    assert_eq!(
        idempotency_keys(&heard),
        [format!("{id}-fired"), format!("{id}-fired"), format!("{id}-ended")]
    );
    assert_eq!(heard[0].header("authorization"), "Bearer t0ken");
    assert!(
        heard
            .iter()
            .all(|message| message.header("firstline-signature").len() == "sha256=".len() + 64)
    );
    let alert = &heard[0].body["alert"];
    assert_eq!(
        (&heard[0].body["event"], &alert["policy"], &alert["runbook"]),
        (&"fired".into(), &"somebody_waits".into(), &"answer the call".into())
    );
    assert_eq!(alert["summary"]["zh"], "有人排队:hefei 1(要求不高于0)");
    assert_eq!(
        alert["explain"],
        "https://sla.example.org/v1/explain?indicator=calls%5Fwaiting&center=hefei"
    );
}

#[test]
fn crash_before_cursor_write_repeats_message_with_same_key() {
    let place = ProgramFolder::new();
    // The first message is heard and never answered: the program dies waiting.
    let receiver = WebhookReceiver::start("127.0.0.1:0".parse().expect("an address"), |number| {
        (number > 0).then_some(200)
    });
    let notify = format!("[notify.webhook.desk]\nurl = 'http://{}/'\n", receiver.address);
    let program = place.start_program(&notify);
    send_call_event(&program, "hefei", "offered");
    receiver.wait_for_messages(|heard| heard.len() == 1);
    program.kill();
    let program = place.start_program(&notify);
    receiver.wait_for_messages(|heard| heard.len() == 2);
    // What it has heard is not told again after the next crash: another alert is the next thing it hears.
    send_call_event(&program, "wuhu", "offered");
    receiver.wait_for_messages(|heard| heard.len() == 3);
    program.kill();
    let program = place.start_program(&notify);
    send_call_event(&program, "hefei", "answered");
    wait_for_alerts(&program, "state=open", |alerts| alerts.len() == 1);
    let heard = receiver
        .wait_for_messages(|heard| heard.iter().any(|message| message.body["event"] == "ended"));
    let told: Vec<(&str, &str)> = heard
        .iter()
        .map(|message| {
            (
                message.body["alert"]["scope"]["center"].as_str().expect("a center"),
                message.body["event"].as_str().expect("an event"),
            )
        })
        .collect();
    // The kill after the second alert may have come before that was noted.
    let (first, rest) = told.split_at(3);
    assert_eq!(first, [("hefei", "fired"), ("hefei", "fired"), ("wuhu", "fired")]);
    assert!(
        rest == [("hefei", "ended")] || rest == [("wuhu", "fired"), ("hefei", "ended")],
        "{told:?}"
    );
    assert_eq!(idempotency_keys(&heard)[0], idempotency_keys(&heard)[1]);
}
