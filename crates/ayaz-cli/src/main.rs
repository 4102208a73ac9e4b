//! `ayaz`: demo, local servers, migrations, replay, reports.

use std::process::ExitCode;

fn main() -> ExitCode {
    ayaz_cli::cli::main()
}
