//! Runs helper programs that end by themselves, such as `apt-get`, `initdb` and `psql`.

use std::time::Duration;

use tokio::process::Command;

use crate::files::last_lines;

/// How many of the last lines of a failed program the error shows.
const SHOWN_LINES: usize = 6;

/// Runs a command to its end and returns its output. The error has the last lines. The command is killed
/// when it takes longer than `limit`.
pub(crate) async fn run(command: &mut Command, limit: Duration) -> Result<String, String> {
    let name = command
        .as_std()
        .get_program()
        .to_string_lossy()
        .into_owned();
    let output = match tokio::time::timeout(limit, command.kill_on_drop(true).output()).await {
        Err(_) => {
            return Err(format!(
                "{name} did not finish within {} s",
                limit.as_secs()
            ));
        }
        Ok(Err(error)) => return Err(format!("cannot run {name}: {error}")),
        Ok(Ok(output)) => output,
    };
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(printed);
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    let shown = if errors.trim().is_empty() {
        &*printed
    } else {
        &*errors
    };
    Err(format!(
        "{name} failed ({}):\n{}",
        output.status,
        last_lines(shown, SHOWN_LINES)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_error_shows_the_last_lines_and_a_hanging_program_is_killed() {
        let mut failing = Command::new("sh");
        failing.args(["-c", "echo out; echo first >&2; echo last >&2; exit 3"]);
        let error = run(&mut failing, Duration::from_secs(10))
            .await
            .unwrap_err();
        assert!(
            error.contains("first\nlast") && error.contains('3'),
            "{error}"
        );

        let mut hanging = Command::new("sleep");
        let error = run(hanging.arg("60"), Duration::from_millis(100))
            .await
            .unwrap_err();
        assert!(error.contains("did not finish"), "{error}");
    }
}
