//! Shared subscriptions: each client that joins the group takes messages from it.

use anyhow::{Context, Result, ensure};
use ayaz_local::MosquittoRelease;
use system_tests::Program;
use system_tests::broker::{self, Broker, Files, PASSWORD};
use system_tests::mqtt::{Connect, Message};
use tokio::process::Command;

use crate::broker::login;

const BUS: &str = "astana/b1";
const THIEF: &str = "astana/thief";
const GROUP: &str = "$share/store/ayaz/v1/+/+/telemetry";
const MESSAGES: usize = 20;
const NOT_AUTHORIZED: u8 = 0x87;

/// How many messages of a bus the daemon gets while another bus tries to join the group, and the broker's
/// reason code for that bus.
async fn received(broker: &Broker) -> Result<(usize, u8)> {
    let group = [GROUP.to_owned()];
    let mut store = Connect::transient(broker.port, login("ayaz-ingest"), "store")
        .open()
        .await?;
    assert_eq!(store.subscribe(&group, 1).await?, [1]);
    let mut thief = Connect::transient(broker.port, login(THIEF), "thief")
        .open()
        .await?;
    let granted = thief.subscribe(&group, 1).await?[0];
    let mut bus = Connect::transient(broker.port, login(BUS), "bus")
        .open()
        .await?;
    for _ in 0..MESSAGES {
        let reason = bus
            .publish(&Message {
                topic: format!("ayaz/v1/{BUS}/telemetry"),
                payload: b"x".to_vec(),
            })
            .await?;
        // Nobody notices the loss.
        ensure!(reason < 0x80, "refused: {reason:#04x}");
    }
    Ok((store.deliveries().await?.len(), granted))
}

#[tokio::test]
async fn with_an_acl_file_every_bus_can_join_a_group_and_messages_are_lost() -> Result<()> {
    for release in broker::releases().await {
        println!("{}", release.suite());
        let broker = Broker::start(&release, &Files::shipped(&release, &[BUS, THIEF])?).await?;
        let (received, granted) = received(&broker).await?;
        println!("{received} of {MESSAGES} reached the daemon");
        assert_eq!(granted, 1);
        assert!(received < MESSAGES);
    }
    Ok(())
}

/// As deploy/ingest.example.toml describes.
#[tokio::test]
async fn dynamic_security_keeps_others_out_of_a_group() -> Result<()> {
    for release in broker::releases().await {
        println!("{}", release.suite());
        let Some(broker) = with_dynamic_security(&release).await? else {
            println!("skipped: {} has no such plugin", release.suite());
            continue;
        };
        assert_eq!(received(&broker).await?, (MESSAGES, NOT_AUTHORIZED));
    }
    Ok(())
}

async fn with_dynamic_security(release: &MosquittoRelease) -> Result<Option<Broker>> {
    let Some(plugin) = release.plugin("mosquitto_dynamic_security.so") else {
        return Ok(None);
    };
    let plugin = format!(
        "plugin {}\nplugin_opt_config_file /mosquitto/config/dynamic-security.json",
        plugin.display()
    );
    let files = Files::shipped(release, &[])?
        .with("password_file /mosquitto/users/passwd", &plugin)?
        .with("acl_file /mosquitto/config/acl", "")?;
    let mut broker = Broker::prepare(release, &files).await?;
    let configuration = broker.path("dynamic-security.json");
    let configuration = configuration.to_str().context("a path in UTF-8")?;
    control(&broker, &["init", configuration, "admin", PASSWORD]).await?;
    broker.run().await?;
    for command in [
        "createRole store",
        "addRoleACL store subscribePattern $share/store/ayaz/v1/# allow",
        "createRole bus",
        "addRoleACL bus publishClientSend ayaz/v1/astana/b1/+ allow",
        "createClient ayaz-ingest",
        "addClientRole ayaz-ingest store",
        "createClient astana/b1",
        "addClientRole astana/b1 bus",
        "createClient astana/thief",
        "addClientRole astana/thief bus",
    ] {
        let mut arguments: Vec<_> = command.split(' ').collect();
        if arguments[0] == "createClient" {
            arguments.extend(["-p", PASSWORD]);
        }
        control(&broker, &arguments).await?;
    }
    Ok(Some(broker))
}

async fn control(broker: &Broker, arguments: &[&str]) -> Result<()> {
    let mut command = Command::new(broker.tools().join("mosquitto_ctrl"));
    if arguments[0] != "init" {
        let port = broker.port.to_string();
        command.args([
            "-h",
            "127.0.0.1",
            "-p",
            &port,
            "-u",
            "admin",
            "-P",
            PASSWORD,
        ]);
    }
    let output = command.arg("dynsec").args(arguments).output().await?;
    ensure!(output.status.success(), "{arguments:?}: {output:?}");
    Ok(())
}

#[tokio::test]
async fn ingest_refuses_a_group_until_the_operator_confirms_that_it_is_protected() -> Result<()> {
    let environment = [
        ("AYAZ_MQTT_URL", "mqtt://127.0.0.1:1".to_owned()),
        ("AYAZ_DATABASE_URL", "postgres://127.0.0.1:1/x".to_owned()),
        ("AYAZ__MQTT__SHARED_GROUP", "store".to_owned()),
    ];
    let refused = Program::finished("ayaz-ingest", &[], &environment).await?;
    let error = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(64), "{error}");
    assert!(
        error.contains("$share/store/") && error.contains("mqtt.shared_group_is_protected = true"),
        "{error}"
    );
    Ok(())
}
