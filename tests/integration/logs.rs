//! If the log cannot be written, only its lines are lost.

use std::fs::File;
use std::io::{self, Write as _};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use ayaz_test_db::or_skip;
use system_tests::{Program, TestBed, wait};

use crate::fixtures::{readings, vehicle};

const LOST: &str = "ayaz_log_lines_lost_total";

/// A log that cannot be written.
enum Log {
    FullDisk,
    PipeWithoutReader,
    /// A write to it blocks.
    FullPipe,
}

#[tokio::test]
async fn a_full_disk_for_the_log_does_not_end_the_daemon() -> Result<()> {
    store_all_without(Log::FullDisk).await
}

#[tokio::test]
async fn a_log_pipe_without_a_reader_does_not_end_the_daemon() -> Result<()> {
    store_all_without(Log::PipeWithoutReader).await
}

#[tokio::test]
async fn a_full_log_pipe_does_not_block_the_daemon() -> Result<()> {
    store_all_without(Log::FullPipe).await
}

async fn store_all_without(log: Log) -> Result<()> {
    let bed = or_skip!(TestBed::new());
    let (reader, mut writer) = io::pipe()?;
    let (out, reader) = match log {
        Log::FullDisk => (File::create("/dev/full")?.into(), None),
        Log::PipeWithoutReader => {
            drop(reader);
            (writer.into(), None)
        }
        Log::FullPipe => {
            // The default capacity of a pipe.
            writer.write_all(&[b'\n'; 1 << 16])?;
            (writer.into(), Some(reader))
        }
    };
    let ingest = bed.ingest_logging_to(out)?;
    ingest.until_ready().await?;
    let publisher = bed.publisher("bus").await?;
    let bus = vehicle("bus");
    bed.publish(&publisher, &bus, &readings(1, 60)).await?;
    publisher.finish().await?;
    let stored = "select count(*) from reading";
    wait::until("the first readings", 20, async || {
        Ok(bed.number(stored).await? == 60)
    })
    .await?;

    // The daemon logs the loss of its connections.
    let ended = bed
        .number(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity
             where datname = current_database() and pid <> pg_backend_pid()",
        )
        .await?;
    assert!(ended > 0, "the daemon was connected");
    let publisher = bed.publisher("bus").await?;
    bed.publish(&publisher, &bus, &readings(100, 60)).await?;
    publisher.finish().await?;
    wait::until("the other readings", 20, async || {
        Ok(bed.number(stored).await? == 120)
    })
    .await?;
    ingest.until_ready().await?;
    let answer = ingest.get("/metrics").await?;
    assert!(answer.contains(LOST), "{answer}");
    // Lines for a full pipe may still be waiting, so they are not lost yet.
    if reader.is_none() {
        assert!(ingest.metric(LOST).await? > 0.0);
    }
    ingest.terminate().await
}

#[tokio::test]
async fn the_worker_and_the_commands_work_without_a_log_too() -> Result<()> {
    let bed = or_skip!(TestBed::new());
    let full = || -> Result<File> { Ok(File::create("/dev/full")?) };
    let worker =
        Program::daemon_logging_to(full()?.into(), "ayaz-analytics", &bed.environment(), "")?;
    worker.until_ready().await?;
    worker.terminate().await?;

    // Each of these prints a remark that there is nothing to show.
    for arguments in [
        &["report", "winter-range"][..],
        &["context", "list"],
        &["dead-letters", "list"],
    ] {
        let (without_reader, writer) = io::pipe()?;
        drop(without_reader);
        for remarks in [Stdio::from(full()?), Stdio::from(writer)] {
            let status = Command::new(Program::path("ayaz")?)
                .args(arguments)
                .envs(bed.environment())
                .stdout(Stdio::null())
                .stderr(remarks)
                .status()
                .context("run ayaz")?;
            assert!(status.success(), "{arguments:?}: {status}");
        }
    }
    // A daemon that cannot print its error ends with the same code.
    let status = Command::new(Program::path("ayaz-ingest")?)
        .env("AYAZ_DATABASE_URL", "mysql://x")
        .stderr(full()?)
        .status()?;
    assert_eq!(status.code(), Some(64));
    Ok(())
}
