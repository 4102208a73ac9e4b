//! Publisher, broker, daemon, database: from the first publish to the last commit.

use std::net::{SocketAddr, TcpListener};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use ayaz_local::LocalStack;
use ayaz_publisher::{Publisher, PublisherOptions};
use procfs::process::Process;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::figures::Run;
use super::load::Load;
use super::reference::Fresh;

/// A run that takes longer is given up.
const DEADLINE: Duration = Duration::from_secs(300);

pub(super) async fn run(stack: &LocalStack, load: &Load) -> Result<Run> {
    let fresh = Fresh::create(stack).await?;
    let mut daemon = Daemon::start(stack, &fresh).await?;
    let mut options = PublisherOptions::new(stack.mqtt_url().parse()?, "ayaz-bench");
    options.inflight_max = 5_000;
    let publisher = Publisher::connect(options).await?;
    let before = daemon.cpu_seconds()?;
    let started = Instant::now();
    for (topic, payload) in &load.messages {
        publisher.publish(topic.as_str(), payload.clone()).await?;
    }
    publisher.finish().await?;
    let rows = load.readings.len() as u64;
    while daemon.readings_written().await? < rows {
        daemon.must_run()?;
        ensure!(
            started.elapsed() < DEADLINE,
            "the run took longer than {DEADLINE:?}"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let seconds = started.elapsed().as_secs_f64();
    let run = Run {
        readings_per_second: rows as f64 / seconds,
        daemon_cpu_microseconds_per_reading: (daemon.cpu_seconds()? - before) * 1e6 / rows as f64,
        daemon_memory_peak_bytes: daemon.memory_peak_bytes()?,
    };
    daemon.stop().await?;
    fresh.verify(load).await?;
    fresh.remove().await?;
    Ok(run)
}

/// The ingest daemon in a process of its own, as in service.
struct Daemon {
    child: Child,
    process: Process,
    admin: SocketAddr,
}

impl Daemon {
    async fn start(stack: &LocalStack, fresh: &Fresh) -> Result<Self> {
        let admin = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        // A session of its own: no messages of an earlier run wait in it.
        let client_id = format!("ayaz-bench-{}", admin.port());
        let child = Command::new(std::env::current_exe()?)
            .args(["daemon", "ingest"])
            .env("AYAZ_MQTT_URL", stack.mqtt_url())
            .env("AYAZ_DATABASE_URL", fresh.url.expose())
            .env("AYAZ__MQTT__CLIENT_ID", client_id)
            .env("AYAZ__MQTT__SESSION_EXPIRY_S", "600")
            .env("AYAZ__ADMIN__LISTEN", admin.to_string())
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("start the daemon")?;
        let pid = child.id().context("the daemon ended at once")?;
        let process = Process::new(pid as i32)?;
        let mut daemon = Self {
            child,
            process,
            admin,
        };
        let deadline = Instant::now() + Duration::from_secs(30);
        while !daemon
            .get("/readyz")
            .await
            .is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
        {
            daemon.must_run()?;
            ensure!(Instant::now() < deadline, "the daemon did not get ready");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(daemon)
    }

    fn must_run(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            Some(status) => bail!("the daemon ended with {status}"),
            None => Ok(()),
        }
    }

    async fn readings_written(&self) -> Result<u64> {
        let text = self.get("/metrics").await?;
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix("ayaz_ingest_readings_written_total "))
            .and_then(|value| value.parse().ok());
        Ok(value.unwrap_or(0))
    }

    fn cpu_seconds(&self) -> Result<f64> {
        let stat = self.process.stat()?;
        Ok((stat.utime + stat.stime) as f64 / procfs::ticks_per_second() as f64)
    }

    fn memory_peak_bytes(&self) -> Result<u64> {
        let peak_kb = self
            .process
            .status()?
            .vmhwm
            .context("the kernel tells no memory peak")?;
        Ok(peak_kb * 1_024)
    }

    async fn get(&self, path: &str) -> Result<String> {
        let mut stream = TcpStream::connect(self.admin).await?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    }

    async fn stop(mut self) -> Result<()> {
        self.child.kill().await.context("end the daemon")
    }
}
