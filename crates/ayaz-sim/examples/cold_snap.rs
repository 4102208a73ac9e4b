//! Streams the cold snap of a fleet, writes its ground truth as CSV into a folder, and prints what it
//! took: `cold_snap [FOLDER [BUSES [DAYS]]]`.

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use ayaz_sim::Scenario;
use ayaz_sim::truth::csv;
use jiff::civil::date;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder: Option<PathBuf> = arguments.next().map(PathBuf::from);
    let buses = arguments.next().map_or(Ok(20), |n| n.parse())?;
    let days = arguments.next().map_or(Ok(14), |n| n.parse())?;
    let scenario = Scenario::cold_snap(1, buses, date(2025, 1, 6)).days(days);
    let began = Instant::now();
    let mut deliveries = scenario.deliveries();
    let (mut messages, mut readings, mut held_max) = (0_u64, 0, 0);
    while let Some(message) = deliveries.next() {
        messages += 1;
        readings += message.readings.len() as u64;
        held_max = held_max.max(deliveries.held_readings());
    }
    let truth = deliveries.truth();
    println!(
        "{readings} readings in {messages} messages in {:.1} s; {held_max} held at most; {} faults",
        began.elapsed().as_secs_f64(),
        truth.iter().map(|bus| bus.data_faults.len()).sum::<usize>()
    );
    // Where the system tells it, the most memory that the process had.
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        let peak = status.lines().find(|line| line.starts_with("VmHWM"));
        println!("{}", peak.unwrap_or_default());
    }
    if let Some(folder) = folder {
        let mut text = [String::new(), String::new(), String::new()];
        csv::write_days(&mut text[0], &truth)?;
        csv::write_sessions(&mut text[1], &truth)?;
        csv::write_faults(&mut text[2], &truth)?;
        std::fs::create_dir_all(&folder)?;
        for (name, text) in ["days", "sessions", "faults"].iter().zip(text) {
            std::fs::write(folder.join(format!("truth_{name}.csv")), text)?;
        }
    }
    Ok(())
}
