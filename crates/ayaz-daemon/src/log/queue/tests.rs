use super::*;

const TIMEOUT: Duration = Duration::from_secs(20);

/// A destination that can be full or blocked.
#[derive(Debug, Clone, Default)]
struct Disk(Arc<(Mutex<Content>, Condvar)>);

#[derive(Debug, Default)]
struct Content {
    text: Vec<u8>,
    /// Free bytes; `None` means unlimited.
    room: Option<usize>,
    is_blocked: bool,
}

impl Disk {
    fn change(&self, change: impl FnOnce(&mut Content)) {
        change(&mut self.0.0.lock().unwrap());
        self.0.1.notify_all();
    }

    fn lines(&self) -> Vec<String> {
        let content = self.0.0.lock().unwrap();
        let text = String::from_utf8(content.text.clone()).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

impl Write for Disk {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let content = self.0.0.lock().unwrap();
        let mut content = self.0.1.wait_while(content, |c| c.is_blocked).unwrap();
        let taken = content.room.map_or(text.len(), |room| room.min(text.len()));
        if taken == 0 {
            return Err(ErrorKind::StorageFull.into());
        }
        content.room = content.room.map(|room| room - taken);
        content.text.extend(&text[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Waits until the log reports `lost` lost lines in one or more notes, and returns all its lines.
fn wait_for_report(disk: &Disk, lost: u64) -> Vec<String> {
    let started = Instant::now();
    let reported = |line: &String| -> Option<u64> {
        let (_, count) = line.contains(NOTE).then(|| line.rsplit_once(" lines="))??;
        count.parse().ok()
    };
    loop {
        let lines = disk.lines();
        let all: u64 = lines.iter().filter_map(reported).sum();
        assert!(all <= lost, "{all} of {lost}: {lines:?}");
        if all == lost {
            return lines;
        }
        assert!(started.elapsed() < TIMEOUT, "{lines:?}");
        thread::yield_now();
    }
}

#[test]
fn lines_lost_on_a_full_disk_are_counted_and_reported_later() {
    let disk = Disk::default();
    // Only a part of the second line fits.
    disk.change(|content| content.room = Some(10));
    let queue = Queue::start(disk.clone(), Style::Text);
    for line in ["first\n", "second\n", "third\n"] {
        queue.push(line.as_bytes());
    }
    queue.flush(TIMEOUT);
    assert_eq!(queue.lines_lost(), 2);
    assert_eq!(disk.lines(), ["first", "seco"]);

    disk.change(|content| content.room = None);
    let lines = wait_for_report(&disk, 2);
    assert_eq!(lines[..2], ["first", "seco"], "a cut line has its own line");
    queue.push(b"fourth\n");
    queue.flush(TIMEOUT);
    assert_eq!(disk.lines().last().unwrap(), "fourth");
    assert_eq!((disk.lines().len(), queue.lines_lost()), (4, 2));
}

#[test]
fn a_blocked_destination_delays_nobody_and_memory_stays_bounded() {
    let disk = Disk::default();
    disk.change(|content| content.is_blocked = true);
    let queue = Queue::start(disk.clone(), Style::Text);
    let line = [&[b'x'; 1_023][..], b"\n"].concat();
    let pushed = 3_000_u64;
    for _ in 0..pushed {
        queue.push(&line);
    }
    let started = Instant::now();
    queue.flush(Duration::from_millis(50));
    assert!(started.elapsed() < TIMEOUT, "flush keeps its time limit");
    let waiting = queue.lock().bytes;
    assert!(waiting <= BYTES_MAX, "{waiting} bytes wait");
    let lost = queue.lines_lost();
    assert!(lost > 1_900, "{lost} lost");

    disk.change(|content| content.is_blocked = false);
    wait_for_report(&disk, lost);
    queue.push(b"later\n");
    queue.flush(TIMEOUT);
    let lines = disk.lines();
    let written = lines.iter().filter(|line| line.starts_with('x')).count() as u64;
    assert_eq!((written + lost, queue.lines_lost()), (pushed, lost));
    assert_eq!(lines.last().unwrap(), "later");
}

#[test]
fn the_note_is_json_in_a_json_log() {
    let mut writer = LineWriter::new(Vec::new(), Style::Json);
    writer.unreported = 3;
    assert!(writer.write(None));
    let note: serde_json::Value = serde_json::from_slice(&writer.out).unwrap();
    assert_eq!(note["level"], "WARN");
    assert_eq!(note["fields"]["lines"], 3);
    assert!(note["timestamp"].as_str().unwrap().len() > 10, "{note}");
}
