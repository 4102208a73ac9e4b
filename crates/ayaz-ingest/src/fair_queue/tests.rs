use ayaz_model::UnixMicroseconds;
use proptest::prelude::*;

use super::*;
use crate::ack::AckLedger;

const VEHICLE_MAX_BYTES: usize = 1_000_000;

/// A numbered message of a vehicle with this size in bytes.
fn delivery(ledger: &mut AckLedger, vehicle: &str, number: u64, bytes: usize) -> Delivery {
    Delivery {
        topic: Bytes::from(format!("ayaz/v1/fleet/{vehicle}/telemetry")),
        payload: Bytes::copy_from_slice(&number.to_be_bytes()),
        received_at: UnixMicroseconds(0),
        token: ledger.receive(1, bytes),
    }
}

fn names(waiting: &mut FairQueue) -> Vec<String> {
    std::iter::from_fn(|| waiting.pop())
        .map(|it| String::from_utf8_lossy(vehicle(&it.topic)).replace("ayaz/v1/fleet/", ""))
        .collect()
}

#[test]
fn a_vehicle_that_floods_does_not_delay_a_calm_one() {
    let mut ledger = AckLedger::new(1);
    let mut waiting = FairQueue::new(VEHICLE_MAX_BYTES);
    let start = Instant::now();
    let mut floods = Vec::new();
    // 30 MB of one vehicle, and three messages of a calm one.
    for number in 0..300 {
        let flood = delivery(&mut ledger, "wild", number, 100_000);
        floods.extend(waiting.push(flood, start));
        if number % 100 == 50 {
            // Only now it is a flood, since another vehicle waits.
            let calm = delivery(&mut ledger, "calm", number, 400);
            floods.extend(waiting.push(calm, start));
            assert_eq!(floods.len(), 1);
        }
    }
    assert_eq!(waiting.over(), 1);
    assert_eq!(waiting.take_held_back(), 300 - 10);
    assert_eq!(waiting.take_held_back(), 0);
    assert_eq!(floods.len(), 1, "reported once: {floods:?}");
    assert_eq!(floods[0].topic, "ayaz/v1/fleet/wild");
    assert_eq!(floods[0].bytes, 51 * 100_000);
    let order = names(&mut waiting);
    assert_eq!(order.len(), 303);
    let last = order.iter().rposition(|name| name == "calm").unwrap();
    assert!(last <= 5, "{:?}", &order[..=last]);
    assert_eq!((waiting.over(), waiting.is_empty()), (0, true));

    // After a minute without a flood it is reported again.
    let later = start + QUIET + Duration::from_secs(1);
    let mut again = |at: Instant| {
        (0..30)
            .filter_map(|number| {
                let other = delivery(&mut ledger, "calm", number, 400);
                let wild = delivery(&mut ledger, "wild", number, 100_000);
                let floods = [waiting.push(other, at), waiting.push(wild, at)];
                floods.into_iter().flatten().next()
            })
            .count()
    };
    assert_eq!(again(later), 1);
    assert_eq!(again(later + Duration::from_secs(30)), 0);
    assert_eq!(
        again(later + Duration::from_secs(80)),
        0,
        "the flood continues"
    );
}

#[test]
fn a_backlog_of_all_vehicles_or_of_the_only_one_is_no_flood() {
    let mut ledger = AckLedger::new(1);
    let now = Instant::now();
    for vehicles in [1, 12] {
        let mut waiting = FairQueue::new(VEHICLE_MAX_BYTES);
        for number in 0..1_000 {
            let of = format!("bus-{}", number % vehicles);
            let one = delivery(&mut ledger, &of, number, 50_000);
            assert_eq!(waiting.push(one, now), None, "{vehicles} vehicles");
        }
        assert_eq!(names(&mut waiting).len(), 1_000);
    }
}

#[test]
fn a_short_queue_keeps_the_order_of_receipt() {
    let mut ledger = AckLedger::new(1);
    let mut waiting = FairQueue::new(VEHICLE_MAX_BYTES);
    for number in 0..9 {
        let of = ["a", "a", "b"][number as usize % 3];
        waiting.push(delivery(&mut ledger, of, number, 100_000), Instant::now());
    }
    assert_eq!(names(&mut waiting), ["a", "a", "b"].repeat(3));
    assert!(waiting.lanes.is_empty() && waiting.reports.is_empty());
}

#[test]
fn the_number_of_remembered_reports_is_limited() {
    let mut ledger = AckLedger::new(1);
    let now = Instant::now();
    let mut reported = 0;
    for vehicle in 0..200 {
        let mut waiting = FairQueue::new(VEHICLE_MAX_BYTES);
        waiting.push(delivery(&mut ledger, "calm", 0, VEHICLE_MAX_BYTES), now);
        for number in 0..3 {
            let of = format!("wild-{vehicle}");
            let one = delivery(&mut ledger, &of, number, VEHICLE_MAX_BYTES);
            reported += usize::from(waiting.push(one, now).is_some());
        }
        assert!(waiting.reports.len() <= REPORTS_MAX);
    }
    assert_eq!(reported, 200);
    let mut waiting = FairQueue::new(1);
    for vehicle in 0..1_000 {
        for number in 0..2 {
            let of = format!("wild-{vehicle}");
            waiting.push(delivery(&mut ledger, &of, number, 1 << (vehicle % 40)), now);
        }
    }
    assert!(waiting.reports.len() <= REPORTS_MAX);
}

proptest! {
    /// No message is lost or duplicated, and the messages of each vehicle stay in order.
    #[test]
    fn every_message_is_delivered_once_in_the_order_of_its_vehicle(
        // Vehicle, bytes, and the number of messages removed afterwards.
        steps in proptest::collection::vec((0..6_u8, 1..300_000_usize, 0..3_usize), 1..300),
        vehicle_max_bytes in 1..2_000_000_usize,
    ) {
        let mut ledger = AckLedger::new(1);
        let mut waiting = FairQueue::new(vehicle_max_bytes);
        let now = Instant::now();
        let number_of = |it: &Delivery| u64::from_be_bytes(it.payload[..].try_into().unwrap());
        let mut out: Vec<(Bytes, u64)> = Vec::new();
        let count = steps.len() as u64;
        for (number, (vehicle, bytes, take)) in steps.into_iter().enumerate() {
            let of = format!("bus-{vehicle}");
            waiting.push(delivery(&mut ledger, &of, number as u64, bytes), now);
            out.extend((0..take).filter_map(|_| waiting.pop()).map(|it| (it.topic.clone(), number_of(&it))));
        }
        while let Some(it) = waiting.pop() {
            out.push((it.topic.clone(), number_of(&it)));
        }
        prop_assert!(waiting.is_empty() && waiting.bytes == 0 && waiting.over() == 0);
        let mut numbers: Vec<u64> = out.iter().map(|(_, number)| *number).collect();
        numbers.sort_unstable();
        prop_assert!(numbers.into_iter().eq(0..count));
        let mut last: HashMap<Bytes, u64> = HashMap::new();
        for (topic, number) in out {
            let before = last.insert(topic, number);
            prop_assert!(before.is_none_or(|before| before < number));
        }
    }
}
