//! Webhook tests: a receiver that is down or busy, and a crash before the delivery is recorded.

use super::webhook_receiver::{ReceivedMessage, WebhookReceiver, free_address};
use super::{ProgramFolder, send_call_event, wait_for_alerts, wait_for_failed_delivery};

fn idempotency_keys(messages: &[ReceivedMessage]) -> Vec<&str> {
    messages.iter().map(|message| message.header("idempotency-key")).collect()
}

#[test]
fn webhook_retries_and_delivers_in_order() {
    let folder = ProgramFolder::new();
    let address = free_address();
    let notify = format!(
        "[notify]\nexternal_url = 'https://sla.example.org'\n[notify.webhook.desk]\nurl = 'http://{address}/alerts'\ntoken = 't0ken'\nsecret = 'hush'\n"
    );
    let program = folder.start_program(&notify);
    send_call_event(&program, "hefei", "offered");
    wait_for_failed_delivery(&program);
    // The receiver starts now and refuses the first message with 503.
    let receiver =
        WebhookReceiver::start(address, |number| Some(if number == 0 { 503 } else { 204 }));
    receiver.wait_for_messages(|messages| messages.len() == 2);
    send_call_event(&program, "hefei", "answered");
    let messages = receiver.wait_for_messages(|messages| messages.len() == 3);
    let id = messages[0].body["alert"]["id"].as_str().expect("the alert has an id");
    assert_eq!(
        idempotency_keys(&messages),
        [format!("{id}-fired"), format!("{id}-fired"), format!("{id}-ended")]
    );
    assert_eq!(messages[0].header("authorization"), "Bearer t0ken");
    assert!(
        messages
            .iter()
            .all(|message| message.header("firstline-signature").len() == "sha256=".len() + 64)
    );
    let alert = &messages[0].body["alert"];
    assert_eq!(
        (&messages[0].body["event"], &alert["policy"], &alert["runbook"]),
        (&"fired".into(), &"somebody_waits".into(), &"answer the call".into())
    );
    assert_eq!(alert["summary"]["zh"], "有人排队：hefei 1（要求不高于0）");
    assert_eq!(
        alert["explain"],
        "https://sla.example.org/v1/explain?indicator=calls%5Fwaiting&center=hefei"
    );
}

#[test]
fn crash_before_cursor_write_repeats_message_with_same_key() {
    let folder = ProgramFolder::new();
    // The first message gets no response, so the program is killed while it waits.
    let receiver =
        WebhookReceiver::start("127.0.0.1:0".parse().expect("the address is valid"), |number| {
            (number > 0).then_some(200)
        });
    let notify = format!("[notify.webhook.desk]\nurl = 'http://{}/'\n", receiver.address);
    let program = folder.start_program(&notify);
    send_call_event(&program, "hefei", "offered");
    receiver.wait_for_messages(|messages| messages.len() == 1);
    program.kill();
    let program = folder.start_program(&notify);
    receiver.wait_for_messages(|messages| messages.len() == 2);
    // A delivered message is not repeated after the next crash. The next message is another alert.
    send_call_event(&program, "wuhu", "offered");
    receiver.wait_for_messages(|messages| messages.len() == 3);
    program.kill();
    let program = folder.start_program(&notify);
    send_call_event(&program, "hefei", "answered");
    wait_for_alerts(&program, "state=open", |alerts| alerts.len() == 1);
    let messages = receiver.wait_for_messages(|messages| {
        messages.iter().any(|message| message.body["event"] == "ended")
    });
    let deliveries: Vec<(&str, &str)> = messages
        .iter()
        .map(|message| {
            (
                message.body["alert"]["scope"]["center"].as_str().expect("the alert has a center"),
                message.body["event"].as_str().expect("the message has an event type"),
            )
        })
        .collect();
    // The kill may have preceded the record of the second delivery, which then repeats.
    let (first, rest) = deliveries.split_at(3);
    assert_eq!(first, [("hefei", "fired"), ("hefei", "fired"), ("wuhu", "fired")]);
    assert!(
        rest == [("hefei", "ended")] || rest == [("wuhu", "fired"), ("hefei", "ended")],
        "{deliveries:?}"
    );
    assert_eq!(idempotency_keys(&messages)[0], idempotency_keys(&messages)[1]);
}
