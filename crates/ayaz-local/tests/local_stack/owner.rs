//! A process that owns servers and ends in different ways. It is this test binary.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tokio::time::sleep;

/// The variable that makes the test binary own servers; its value says how it ends.
pub(crate) const OWNER: &str = "AYAZ_LOCAL_TEST_OWNER";
/// The variable with its data directory.
pub(crate) const DATA_DIR: &str = "AYAZ_LOCAL_TEST_DATA";
const PATIENCE: Duration = Duration::from_secs(60);

/// Another process that owns servers.
pub(crate) struct Owner {
    pub(crate) process: std::process::Child,
    pub(crate) servers: Vec<u32>,
    home: PathBuf,
}

impl Owner {
    pub(crate) fn spawn(end: &str, data_dir: Option<&Path>) -> Self {
        Self::spawn_by(
            Command::new(std::env::current_exe().unwrap()),
            end,
            data_dir,
        )
    }

    /// Starts the owner by a command that ends with the name of this binary.
    pub(crate) fn spawn_by(mut command: Command, end: &str, data_dir: Option<&Path>) -> Self {
        command
            .args(["owner_process", "--exact", "--nocapture"])
            .env(OWNER, end);
        if let Some(data_dir) = data_dir {
            command.env(DATA_DIR, data_dir);
        }
        if end == "panic" {
            // Its panic message is expected. It would look like a failure of this test.
            command.stderr(Stdio::null());
        }
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = lines
            .map_while(Result::ok)
            .find_map(|line| Some(line.split_once("owner ")?.1.to_owned()))
            .expect("the owner's servers");
        let mut words = line.split(' ');
        Self {
            process,
            home: words.next().unwrap().into(),
            servers: words.map(|pid| pid.parse().unwrap()).collect(),
        }
    }

    /// The folder with the folders of the servers.
    pub(crate) fn data_dir(&self) -> &Path {
        self.home.parent().unwrap()
    }

    pub(crate) async fn leaves_nothing(mut self) {
        self.process.wait().unwrap();
        wait_until_gone(&self.servers).await;
        wait_until_removed(self.home.parent().unwrap()).await;
    }
}

pub(crate) async fn wait_until_removed(dir: &Path) {
    let deadline = Instant::now() + PATIENCE;
    while dir.exists() {
        assert!(Instant::now() < deadline, "{} is left", dir.display());
        sleep(Duration::from_millis(50)).await;
    }
}

pub(crate) fn kill(pid: u32) {
    let status = Command::new("kill")
        .args(["-9", &pid.to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

/// Waits until no process with one of these ids runs.
pub(crate) async fn wait_until_gone(pids: &[u32]) {
    let deadline = Instant::now() + PATIENCE;
    for pid in pids {
        while is_running(*pid) {
            assert!(Instant::now() < deadline, "process {pid} still runs");
            sleep(Duration::from_millis(50)).await;
        }
    }
}

/// A zombie does not run: it has ended, and its parent has not read the status yet.
fn is_running(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ")
        .is_some_and(|(_, state)| !state.starts_with(['Z', 'X']))
}
