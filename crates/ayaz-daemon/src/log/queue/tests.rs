use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

/// A destination that can be full, or stuck.
#[derive(Debug, Clone, Default)]
struct Disk(Arc<(Mutex<Content>, Condvar)>);

#[derive(Debug, Default)]
struct Content {
    text: Vec<u8>,
    /// Bytes that it takes yet; unbounded without.
    room: Option<usize>,
    is_flat_line: bool,
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
        let mut content = self.0.1.wait_while(content, |c| c.is_flat_line).unwrap();
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

/// What the disk holds once the loss of `lost` lines is said, in one note or, where lines were lost while the
/// first was written, in several.
fn until_said(disk: &Disk, lost: u64) -> Vec<String> {
    let started = Instant::now();
    let said = |line: &String| -> Option<u64> {
        let (_, count) = line.contains(NOTE).then(|| line.rsplit_once(" lines="))??;
        count.parse().ok()
    };
    loop {
        let lines = disk.lines();
        let all: u64 = lines.iter().filter_map(said).sum();
        assert!(all <= lost, "{all} of {lost}: {lines:?}");
        if all == lost {
            return lines;
        }
        assert!(started.elapsed() < PATIENCE, "{lines:?}");
        thread::yield_now();
    }
}

#[test]
fn lines_that_a_full_disk_did_not_take_are_counted_and_said_once_there_is_room() {
    let disk = Disk::default();
    // The second line fits in part.
    disk.change(|content| content.room = Some(10));
    let queue = Queue::start(disk.clone(), Style::Text);
    for line in ["first\n", "second\n", "third\n"] {
        queue.push(line.as_bytes());
    }
    queue.flush(PATIENCE);
    assert_eq!(queue.lines_lost(), 2);
    assert_eq!(disk.lines(), ["first", "seco"]);

    disk.change(|content| content.room = None);
    let lines = until_said(&disk, 2);
    assert_eq!(lines[..2], ["first", "seco"], "a torn line stays apart");
    queue.push(b"fourth\n");
    queue.flush(PATIENCE);
    assert_eq!(disk.lines().last().unwrap(), "fourth");
    assert_eq!((disk.lines().len(), queue.lines_lost()), (4, 2));
}

#[test]
fn a_destination_that_takes_nothing_holds_nobody_up_and_bounds_what_waits() {
    let disk = Disk::default();
    disk.change(|content| content.is_flat_line = true);
    let queue = Queue::start(disk.clone(), Style::Text);
    let line = [&[b'x'; 1_023][..], b"\n"].concat();
    let pushed = 3_000_u64;
    for _ in 0..pushed {
        queue.push(&line);
    }
    let started = Instant::now();
    queue.flush(Duration::from_millis(50));
    assert!(
        started.elapsed() < PATIENCE,
        "the end waits no longer than it is told"
    );
    let waiting = queue.lock().bytes;
    assert!(waiting <= BYTES_MAX, "{waiting} bytes wait");
    let lost = queue.lines_lost();
    assert!(lost > 1_900, "{lost} lost");

    disk.change(|content| content.is_flat_line = false);
    until_said(&disk, lost);
    queue.push(b"later\n");
    queue.flush(PATIENCE);
    let lines = disk.lines();
    let written = lines.iter().filter(|line| line.starts_with('x')).count() as u64;
    assert_eq!((written + lost, queue.lines_lost()), (pushed, lost));
    assert_eq!(lines.last().unwrap(), "later");
}

#[test]
fn the_note_is_json_where_the_log_is() {
    let mut pen = Pen::new(Vec::new(), Style::Json);
    pen.unsaid = 3;
    assert!(pen.write(None));
    let note: serde_json::Value = serde_json::from_slice(&pen.out).unwrap();
    assert_eq!(note["level"], "WARN");
    assert_eq!(note["fields"]["lines"], 3);
    assert!(note["timestamp"].as_str().unwrap().len() > 10, "{note}");
}
