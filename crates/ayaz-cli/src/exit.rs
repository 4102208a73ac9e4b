//! Errors that decide what the process exits with.

use ayaz_daemon::config::ConfigError;
use ayaz_daemon::exit;

/// What was wrong with what the user asked for, as against what went wrong at work.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadConfig(pub String);

/// What was wrong with the arguments, which only shows when they are taken together.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadUsage(pub String);

/// The exit code that an error stands for.
pub(crate) fn code(error: &anyhow::Error) -> u8 {
    if error.chain().any(|cause| cause.is::<BadUsage>()) {
        exit::BAD_USAGE
    } else if error.chain().any(is_of_configuration) {
        exit::BAD_CONFIG
    } else {
        exit::FAILED
    }
}

fn is_of_configuration(cause: &(dyn std::error::Error + 'static)) -> bool {
    cause.is::<BadConfig>() || cause.is::<ConfigError>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_says_who_has_to_mend_what() {
        let config = || anyhow::Error::from(BadConfig("no such key".to_owned()));
        assert_eq!(code(&config()), exit::BAD_CONFIG);
        assert_eq!(
            code(&config().context("read the mapping")),
            exit::BAD_CONFIG
        );
        let daemon = ConfigError::Invalid("no such key".to_owned());
        assert_eq!(code(&daemon.into()), exit::BAD_CONFIG);
        assert_eq!(code(&BadUsage("--from".to_owned()).into()), exit::BAD_USAGE);
        assert_eq!(code(&anyhow::anyhow!("the broker is gone")), exit::FAILED);
    }
}
