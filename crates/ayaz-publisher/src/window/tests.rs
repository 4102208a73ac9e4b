//! Compares the window with a model: a plain list of unacknowledged messages.

use proptest::prelude::*;

use super::*;

#[test]
fn a_message_is_kept_until_its_own_acknowledgement() {
    let mut window = AckWindow::default();
    for message in ["a", "b", "c"] {
        window.push(message);
    }
    assert_eq!(
        [window.sent(1), window.sent(2), window.sent(3)],
        [Some(false); 3]
    );
    assert_eq!(window.message_of(2), Some(&"b"));
    assert_eq!(window.acknowledged(2), Some("b"), "out of order");
    assert_eq!([window.message_of(2), window.message_of(9)], [None; 2]);
    assert_eq!(window.acknowledged(2), None, "twice");
    assert_eq!(window.acknowledged(9), None, "never sent");
    assert_eq!(window.messages().copied().collect::<Vec<_>>(), ["a", "c"]);
    assert_eq!(window.acknowledged(1), Some("a"));
    assert_eq!(window.len(), 1);

    window.push("d");
    window.start_epoch();
    assert_eq!(
        window.acknowledged(3),
        None,
        "a packet id of an earlier connection has no message"
    );
    assert_eq!([window.sent(1), window.sent(2)], [Some(true), Some(false)]);
    assert_eq!(window.sent(3), None, "nothing left to send");
    assert_eq!(window.acknowledged(1), Some("c"));
    assert_eq!(window.acknowledged(2), Some("d"));
    assert!(window.is_empty());
}

#[derive(Debug, Clone)]
enum Step {
    Push,
    Send,
    Acknowledge(usize),
    Foreign(u16),
    Reconnect,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Push),
        4 => Just(Step::Send),
        3 => any::<usize>().prop_map(Step::Acknowledge),
        1 => (20_000u16..).prop_map(Step::Foreign),
        1 => Just(Step::Reconnect),
    ]
}

proptest! {
    #[test]
    fn no_message_is_lost_reordered_or_acknowledged_by_mistake(
        steps in prop::collection::vec(step(), 0..300)
    ) {
        let mut window = AckWindow::default();
        // The model: unacknowledged messages in order, and packet ids of this connection.
        let mut kept: Vec<u64> = Vec::new();
        let mut in_flight: Vec<(u16, u64)> = Vec::new();
        let mut sent_this_epoch: Vec<u64> = Vec::new();
        let mut next_message = 0;
        let mut next_id = 0u16;
        for step in steps {
            match step {
                Step::Push => {
                    window.push(next_message);
                    kept.push(next_message);
                    next_message += 1;
                }
                Step::Send => {
                    let due = kept.iter().copied().find(|m| !sent_this_epoch.contains(m));
                    next_id += 1;
                    prop_assert_eq!(window.sent(next_id).is_some(), due.is_some());
                    if let Some(message) = due {
                        sent_this_epoch.push(message);
                        in_flight.push((next_id, message));
                    }
                }
                Step::Acknowledge(choice) => {
                    if in_flight.is_empty() {
                        continue;
                    }
                    let (id, message) = in_flight.remove(choice % in_flight.len());
                    prop_assert_eq!(window.acknowledged(id), Some(message));
                    kept.retain(|m| *m != message);
                }
                Step::Foreign(id) => prop_assert_eq!(window.acknowledged(id), None),
                Step::Reconnect => {
                    window.start_epoch();
                    in_flight.clear();
                    sent_this_epoch.clear();
                }
            }
            prop_assert_eq!(window.messages().copied().collect::<Vec<_>>(), kept.clone());
            prop_assert_eq!(window.len(), kept.len());
        }
    }
}
