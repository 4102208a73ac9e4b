//! Errors that decide the exit code of the process.

use ayaz_daemon::config::ConfigError;
use ayaz_daemon::exit;

/// A mistake in the configuration or the input of the user, not a failure at run time.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadConfig(pub String);

/// Arguments that are valid alone but not together.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadUsage(pub String);

/// The exit code of an error.
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
    fn each_kind_of_error_has_its_exit_code() {
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
