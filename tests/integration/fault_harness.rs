//! A short run of the fault harness. `ayaz-faults` runs it for any time.

use std::time::Duration;

use anyhow::Result;
use ayaz_local::skips_server_tests;
use rand::RngExt;
use system_tests::faults::{Fault, Plan};

#[tokio::test]
async fn nothing_is_lost_or_stored_twice_whatever_fails() -> Result<()> {
    if skips_server_tests() {
        return Ok(());
    }
    let seed = rand::rng().random_range(0..1_000_000);
    println!("seed {seed}");
    let plan = Plan {
        seed,
        duration: Duration::from_secs(20),
        faults: Fault::ALL.to_vec(),
        messages_max: 60_000,
    };
    let outcome = plan.run(|line| println!("{line}")).await?;
    println!("{outcome:?}");
    assert!(
        outcome.readings > 1_000 && outcome.dead_letters > 10,
        "{outcome:?}"
    );
    Ok(())
}
