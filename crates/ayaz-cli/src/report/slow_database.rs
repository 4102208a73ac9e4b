//! Messages while the database does not answer, and when its time limit ends a report.

use std::time::Duration;

use anyhow::Result;

/// How long a report may take before a message is shown.
const SILENCE_MAX: Duration = Duration::from_secs(5);

/// Awaits the work. `limit` is the `statement_timeout` of the connection, as PostgreSQL writes it.
pub(super) async fn watch(work: impl Future<Output = Result<()>>, limit: &str) -> Result<()> {
    watch_with(work, limit, SILENCE_MAX, |text| {
        ayaz_daemon::note!("{text}")
    })
    .await
}

async fn watch_with(
    work: impl Future<Output = Result<()>>,
    limit: &str,
    silence_max: Duration,
    say: impl FnOnce(String),
) -> Result<()> {
    tokio::pin!(work);
    let ended = tokio::select! {
        ended = &mut work => ended,
        () = tokio::time::sleep(silence_max) => {
            say(still_waiting(limit, silence_max));
            work.await
        }
    };
    ended.map_err(|error| match error.chain().any(is_cancelled) {
        true => error.context(ended_by(limit)),
        false => error,
    })
}

/// "0" means no limit.
fn has_limit(limit: &str) -> bool {
    limit != "0"
}

fn still_waiting(limit: &str, silence: Duration) -> String {
    let holds = match has_limit(limit) {
        true => format!("its statement_timeout of {limit} cancels a statement that takes longer"),
        false => "no statement_timeout cancels it".to_owned(),
    };
    let seconds = silence.as_secs();
    format!(
        "the database has not answered for {seconds} s: {holds}; if its server has stopped, Ctrl-C \
         ends the wait"
    )
}

/// `query_canceled`, by its SQLSTATE: the server's message depends on its language.
fn is_cancelled(error: &(dyn std::error::Error + 'static)) -> bool {
    error.to_string().contains("(SQLSTATE 57014)")
}

fn ended_by(limit: &str) -> String {
    format!(
        "the server cancelled the report's statement. If it took longer than the statement_timeout of \
         {limit}, choose less with --from, --to or --vehicle, or raise it for this login (alter role … set \
         statement_timeout)"
    )
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    async fn message(is_slow: bool, work: Result<()>, limit: &str) -> (Result<()>, String) {
        let said = RefCell::new(String::new());
        let silence_max = Duration::from_secs(if is_slow { 0 } else { 3_600 });
        let work = async {
            if is_slow {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            work
        };
        let say = |text| *said.borrow_mut() = text;
        let ended = watch_with(work, limit, silence_max, say).await;
        (ended, said.into_inner())
    }

    #[tokio::test]
    async fn the_message_about_a_silent_database_names_the_time_limit() {
        assert_eq!(message(false, Ok(()), "30s").await.1, "");
        let said = message(true, Ok(()), "30s").await.1;
        assert!(
            said.contains("for 0 s: its statement_timeout of 30s"),
            "{said}"
        );
        let said = message(true, Ok(()), "0").await.1;
        assert!(said.contains("no statement_timeout cancels it"), "{said}");
    }

    #[tokio::test]
    async fn a_report_over_the_time_limit_says_what_to_do() {
        for text in [
            "canceling statement due to statement timeout (SQLSTATE 57014)",
            "выполнение оператора отменено из-за тайм-аута (SQLSTATE 57014)",
        ] {
            let server = Err(anyhow::anyhow!(text));
            let error = message(false, server, "30s").await.0.unwrap_err();
            assert!(
                error.to_string().contains("choose less with --from"),
                "{error:#}"
            );
        }
        let other = message(false, Err(anyhow::anyhow!("disk full")), "30s")
            .await
            .0;
        assert_eq!(other.unwrap_err().to_string(), "disk full");
    }
}
