//! The private servers: they answer, keep data over a restart, hold messages for a disconnected reader,
//! and stop when their owner ends.

#![allow(clippy::unwrap_used, reason = "a failing helper is a failing test")]

mod links;
mod owner;

use std::path::{Path, PathBuf};
use std::time::Duration;

use ayaz_local::{LocalStack, Options, skips_server_tests};
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet, QoS};
use tokio::time::timeout;
use tokio_postgres::{Client, NoTls};
use url::Url;

use owner::{DATA_DIR, OWNER, Owner, kill, wait_until_gone, wait_until_removed};

const PATIENCE: Duration = Duration::from_secs(60);
/// The progress line before a new cluster is created, up to the directory.
const CREATING: &str = "creating a database cluster in ";

async fn start(options: Options) -> LocalStack {
    LocalStack::start(options, |line| println!("{line}"))
        .await
        .unwrap_or_else(|e| panic!("{e}"))
}

fn only_broker() -> Options {
    Options {
        database: false,
        ..Options::default()
    }
}

fn only_database() -> Options {
    Options {
        broker: false,
        ..Options::default()
    }
}

async fn sql(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

fn mqtt(url: &str, id: &str, clean: bool) -> (AsyncClient, EventLoop) {
    let url = Url::parse(url).unwrap();
    let mut options = MqttOptions::new(id, url.host_str().unwrap(), url.port().unwrap());
    options.set_credentials(url.username(), url.password().unwrap());
    options
        .set_clean_session(clean)
        .set_inflight(1000)
        .set_keep_alive(Duration::from_secs(30));
    AsyncClient::new(options, 2000)
}

/// Polls until `count` packets of the wanted kind have arrived.
async fn wait_for(events: &mut EventLoop, count: usize, wanted: fn(&Packet) -> bool) {
    let mut seen = 0;
    let polling = async {
        while seen < count {
            if let Event::Incoming(packet) = events.poll().await.unwrap() {
                seen += usize::from(wanted(&packet));
            }
        }
    };
    let in_time = timeout(PATIENCE, polling).await.is_ok();
    assert!(in_time, "{seen} of {count} packets within {PATIENCE:?}");
}

#[tokio::test]
async fn both_servers_answer_and_passwords_are_not_shown() {
    if skips_server_tests() {
        return;
    }
    let mut stack = start(Options::default()).await;
    let client = sql(stack.database_url()).await;
    client
        .batch_execute("create extension timescaledb")
        .await
        .unwrap();
    let row = client.query_one("show fsync", &[]).await.unwrap();
    assert_eq!(row.get::<_, String>(0), "on");
    let zone =
        "select extract(hour from timestamptz '2026-01-01Z' at time zone 'Asia/Almaty')::int";
    assert_eq!(
        client.query_one(zone, &[]).await.unwrap().get::<_, i32>(0),
        5
    );

    let (publisher, mut events) = mqtt(stack.mqtt_url(), "bus", true);
    publisher
        .publish("a", QoS::AtLeastOnce, false, "1")
        .await
        .unwrap();
    wait_for(&mut events, 1, |packet| matches!(packet, Packet::PubAck(_))).await;

    let shown = format!("{stack:?}");
    let pids = [
        stack.database().unwrap().pid(),
        stack.broker().unwrap().pid(),
    ];
    for url in [stack.database_url(), stack.mqtt_url()] {
        let password = Url::parse(url).unwrap().password().unwrap().to_owned();
        assert!(!shown.contains(&password));
        for pid in pids {
            let arguments = std::fs::read(format!("/proc/{}/cmdline", pid.unwrap())).unwrap();
            assert!(!String::from_utf8_lossy(&arguments).contains(&password));
        }
    }
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn a_wrong_password_is_refused() {
    if skips_server_tests() {
        return;
    }
    let stack = start(Options::default()).await;
    let mut url = Url::parse(stack.database_url()).unwrap();
    url.set_password(Some("wrong")).unwrap();
    assert!(tokio_postgres::connect(url.as_str(), NoTls).await.is_err());
    let mut url = Url::parse(stack.mqtt_url()).unwrap();
    url.set_password(Some("wrong")).unwrap();
    let (_client, mut events) = mqtt(url.as_str(), "stranger", true);
    assert!(events.poll().await.is_err());
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn a_database_keeps_port_and_rows_after_a_restart_and_a_kill() {
    if skips_server_tests() {
        return;
    }
    let mut stack = start(only_database()).await;
    let url = stack.database_url().to_owned();
    assert_eq!(stack.mqtt_url(), "");
    sql(&url)
        .await
        .batch_execute("create table t (i int); insert into t values (1)")
        .await
        .unwrap();

    let server = stack.database().unwrap();
    let first = server.pid().unwrap();
    server.stop().await.unwrap();
    assert_eq!(server.pid(), None);
    assert!(tokio_postgres::connect(&url, NoTls).await.is_err());
    server.start().await.unwrap();
    let second = server.pid().unwrap();
    assert_ne!(first, second);
    sql(&url)
        .await
        .batch_execute("insert into t values (2)")
        .await
        .unwrap();

    kill(second);
    wait_until_gone(&[second]).await;
    server.start().await.unwrap();
    server.start().await.unwrap();
    let row = sql(&url)
        .await
        .query_one("select count(*) from t", &[])
        .await
        .unwrap();
    assert_eq!(row.get::<_, i64>(0), 2);
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn the_broker_keeps_messages_for_a_disconnected_reader_over_a_restart() {
    const MESSAGES: usize = 20_000;
    if skips_server_tests() {
        return;
    }
    let mut stack = start(only_broker()).await;
    let url = stack.mqtt_url().to_owned();
    let (reader, mut events) = mqtt(&url, "reader", false);
    reader.subscribe("bus/#", QoS::AtLeastOnce).await.unwrap();
    wait_for(&mut events, 1, |packet| matches!(packet, Packet::SubAck(_))).await;
    drop((reader, events));

    let (publisher, mut events) = mqtt(&url, "bus", true);
    let publishing = tokio::spawn(async move {
        for number in 0..MESSAGES {
            let payload = number.to_string();
            publisher
                .publish("bus/1", QoS::AtLeastOnce, false, payload)
                .await
                .unwrap();
        }
        publisher
    });
    wait_for(&mut events, MESSAGES, |packet| {
        matches!(packet, Packet::PubAck(_))
    })
    .await;
    drop(publishing.await.unwrap());

    let server = stack.broker().unwrap();
    server.stop().await.unwrap();
    server.start().await.unwrap();
    let (_reader, mut events) = mqtt(&url, "reader", false);
    wait_for(&mut events, MESSAGES, |packet| {
        matches!(packet, Packet::Publish(_))
    })
    .await;
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_start_in_a_directory_has_the_same_rows_ports_and_passwords() {
    if skips_server_tests() {
        return;
    }
    let parent = reachable_tempdir();
    let options = Options {
        data_dir: Some(parent.path().join("new/data")),
        ..Options::default()
    };
    let stack = start(options.clone()).await;
    let urls = [stack.database_url(), stack.mqtt_url()].map(str::to_owned);
    sql(stack.database_url())
        .await
        .batch_execute("create table kept ()")
        .await
        .unwrap();
    stack.stop().await.unwrap();

    // The owner of these servers is killed, so they are still stopping at the next start.
    let stack = Owner::spawn("wait", Some(options.data_dir.as_deref().unwrap()));
    kill(stack.process.id());
    let again = start(options).await;
    assert_eq!([again.database_url(), again.mqtt_url()], urls);
    sql(again.database_url())
        .await
        .batch_execute("select from kept")
        .await
        .unwrap();
    again.stop().await.unwrap();
    wait_until_gone(&stack.servers).await;
}

#[tokio::test]
async fn stacks_that_start_at_the_same_time_are_independent() {
    if skips_server_tests() {
        return;
    }
    let (one, two) = tokio::join!(start(Options::default()), start(Options::default()));
    assert_ne!(one.database_url(), two.database_url());
    one.stop().await.unwrap();
    sql(two.database_url())
        .await
        .batch_execute("select 1")
        .await
        .unwrap();
    two.stop().await.unwrap();
}

#[tokio::test]
async fn a_killed_owner_leaves_no_servers_and_no_data() {
    if skips_server_tests() {
        return;
    }
    let owner = Owner::spawn("wait", None);
    kill(owner.process.id());
    owner.leaves_nothing().await;
}

#[tokio::test]
async fn a_panicking_owner_leaves_no_servers_and_no_data() {
    if skips_server_tests() {
        return;
    }
    Owner::spawn("panic", None).leaves_nothing().await;
}

#[tokio::test]
async fn an_owner_killed_during_the_start_leaves_no_servers_and_no_data() {
    if skips_server_tests() {
        return;
    }
    Owner::spawn("abort in initdb", None).leaves_nothing().await;
}

#[tokio::test]
async fn a_cancelled_start_leaves_no_servers_and_no_data() {
    if skips_server_tests() {
        return;
    }
    let (creating, mut created) = tokio::sync::mpsc::unbounded_channel();
    let progress = move |line: &str| {
        if let Some(data) = line.strip_prefix(CREATING) {
            creating.send(PathBuf::from(data)).unwrap();
        }
    };
    let data = tokio::select! {
        stack = LocalStack::start(Options::default(), progress) => panic!("{stack:?}"),
        data = created.recv() => data.unwrap(),
    };
    let stack_dir = data.parent().unwrap().parent().unwrap();
    wait_until_removed(stack_dir).await;
}

#[tokio::test]
async fn a_server_that_ends_by_itself_is_reported() {
    if skips_server_tests() {
        return;
    }
    let mut stack = start(only_broker()).await;
    kill(stack.broker().unwrap().pid().unwrap());
    let error = timeout(PATIENCE, stack.server_ended()).await.unwrap();
    assert!(error.to_string().contains("Mosquitto has ended"), "{error}");
    stack.stop().await.unwrap();
}

/// Not a test: the tests above run it as a process that owns servers.
#[tokio::test]
async fn owner_process() {
    let Ok(end) = std::env::var(OWNER) else {
        return;
    };
    let data_dir = std::env::var_os(DATA_DIR).map(PathBuf::from);
    let options = Options {
        data_dir,
        ..Options::default()
    };
    let progress = |line: &str| {
        if let Some(data) = line.strip_prefix(CREATING)
            && end == "abort in initdb"
        {
            println!("owner {}", Path::new(data).parent().unwrap().display());
            std::process::abort();
        }
    };
    let mut stack = LocalStack::start(options, progress).await.unwrap();
    let home = stack
        .database()
        .unwrap()
        .log_path()
        .parent()
        .unwrap()
        .to_owned();
    let pids = [
        stack.database().unwrap().pid(),
        stack.broker().unwrap().pid(),
    ];
    println!(
        "owner {} {} {}",
        home.display(),
        pids[0].unwrap(),
        pids[1].unwrap()
    );
    assert_ne!(end, "panic", "the test asks for a panic");
    std::future::pending::<()>().await;
}

/// A directory that the servers' user can enter when the tests run as root.
fn reachable_tempdir() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    dir
}
