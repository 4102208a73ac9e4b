//! A private apt: fetches package lists and packages of a Debian release with the machine's own
//! `apt-get`, mirror, proxy and keys. It changes nothing in the system's apt.

use std::fmt::Write;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

use crate::command::run;

const KEYRINGS: [&str; 2] = [
    "/usr/share/keyrings/debian-archive-keyring.gpg",
    "/usr/share/keyrings/debian-archive-keyring.pgp",
];
const QUERY_LIMIT: Duration = Duration::from_secs(60);
const UPDATE_LIMIT: Duration = Duration::from_secs(180);
const DOWNLOAD_LIMIT: Duration = Duration::from_secs(900);

/// A package on the mirror.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) size_bytes: u64,
}

/// apt with lists, cache and status in a directory of its own.
#[derive(Debug)]
pub(crate) struct Apt {
    config: PathBuf,
}

impl Apt {
    pub(crate) async fn new(work: &Path, mirror: &str, suite: &str) -> Result<Self, String> {
        let keyring = KEYRINGS
            .iter()
            .find(|path| Path::new(path).is_file())
            .ok_or(
                "Debian's archive keyring is not in /usr/share/keyrings (package \
             debian-archive-keyring)",
            )?;
        let architecture = run(
            Command::new("dpkg").arg("--print-architecture"),
            QUERY_LIMIT,
        )
        .await?;
        let source = format!(
            "deb [arch={} target=Packages signed-by={keyring}] {mirror} {suite} main\n",
            architecture.trim()
        );
        let machine = run(
            Command::new("apt-config").args(["dump", "Acquire"]),
            QUERY_LIMIT,
        )
        .await?;
        let config = work.join("apt.conf");
        let written = (|| {
            // apt-get needs this mode, whatever the umask is.
            let mut folders = DirBuilder::new();
            folders.recursive(true).mode(0o755);
            folders.create(work.join("state/lists/partial"))?;
            folders.create(work.join("cache/archives/partial"))?;
            fs::write(work.join("state/status"), "")?;
            fs::write(work.join("sources.list"), source)?;
            fs::write(&config, configuration(work, &machine))
        })();
        written.map_err(|error: std::io::Error| format!("{}: {error}", work.display()))?;
        Ok(Self { config })
    }

    /// Fetches the package lists.
    pub(crate) async fn update(&self) -> Result<(), String> {
        // Without the mode, apt-get reports an unreachable mirror as a warning and succeeds.
        let arguments = ["-q", "-o", "APT::Update::Error-Mode=any", "update"];
        run(self.apt_get().args(arguments), UPDATE_LIMIT)
            .await
            .map(drop)
    }

    /// The named packages and everything they depend on.
    pub(crate) async fn resolve(&self, names: &[&str]) -> Result<Vec<Package>, String> {
        let mut command = self.apt_get();
        command.args([
            "-q",
            "-y",
            "--no-install-recommends",
            "--print-uris",
            "install",
        ]);
        let printed = run(command.args(names), QUERY_LIMIT).await?;
        Ok(printed.lines().filter_map(parse_uri_line).collect())
    }

    /// Fetches packages into `dir`. apt verifies them against the signed lists.
    pub(crate) async fn download(&self, packages: &[Package], dir: &Path) -> Result<(), String> {
        let mut command = self.apt_get();
        command
            .args(["-q", "download"])
            .args(packages.iter().map(|package| &package.name));
        run(command.current_dir(dir), DOWNLOAD_LIMIT)
            .await
            .map(drop)
    }

    fn apt_get(&self) -> Command {
        let mut command = Command::new("apt-get");
        command.env("APT_CONFIG", &self.config).env("LC_ALL", "C");
        command.stdin(std::process::Stdio::null());
        command
    }
}

/// The Debian mirror of this machine's apt.
pub(crate) async fn machine_mirror() -> Result<String, String> {
    let format = "$(REPO_URI)|$(ORIGIN)|$(RELEASE)|$(COMPONENT)";
    let mut command = Command::new("apt-get");
    command.args(["indextargets", "--format", format, "Created-By: Packages"]);
    let printed = run(command.env("LC_ALL", "C"), QUERY_LIMIT).await?;
    debian_mirror(&printed).ok_or_else(|| "this machine's apt mirror is not Debian's".to_owned())
}

/// The origin is empty until the machine has fetched its own lists; until then the address decides.
fn debian_mirror(targets: &str) -> Option<String> {
    targets.lines().find_map(|line| {
        let [uri, origin, release, component] =
            line.split('|').collect::<Vec<_>>().try_into().ok()?;
        let debian = match origin {
            "" => uri.trim_end_matches('/').ends_with("/debian"),
            origin => origin == "Debian",
        };
        // The security and backports archives do not have all packages.
        let whole = component == "main" && !release.contains(['-', '/']);
        (debian && whole && !uri.starts_with("cdrom:")).then(|| uri.to_owned())
    })
}

/// The machine's settings for fetching (such as proxies), then ours. Its other settings are left out:
/// they may have hooks that clean the system's cache.
fn configuration(work: &Path, machine: &str) -> String {
    let mut text = String::new();
    for line in machine.lines().filter(|line| line.starts_with("Acquire::")) {
        let _ = writeln!(text, "{line}");
    }
    let work = work.display();
    let _ = write!(
        text,
        r#"Acquire::Retries "1";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
APT::Sandbox::User "root";
Debug::NoLocking "true";
Dir::State "{work}/state";
Dir::State::Lists "{work}/state/lists";
Dir::State::status "{work}/state/status";
Dir::Cache "{work}/cache";
Dir::Etc::SourceList "{work}/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::Etc::Main "/dev/null";
Dir::Etc::Parts "/dev/null";
"#
    );
    text
}

/// `'URI' name_version_architecture.deb size hash`
fn parse_uri_line(line: &str) -> Option<Package> {
    let mut fields = line.strip_prefix('\'')?.split_whitespace();
    let file = fields.nth(1)?;
    let size_bytes = fields.next()?.parse().ok()?;
    Some(Package {
        name: file.split('_').next()?.to_owned(),
        size_bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_is_the_main_archive_of_debian() {
        for (targets, mirror) in [
            (
                "http://s/debian-security/|Debian|bookworm-security|main\n\
                 http://m/debian/|Debian|bookworm|main",
                Some("http://m/debian/"),
            ),
            ("http://m/debian/|Debian|bookworm-backports|main", None),
            ("http://m/debian/||bookworm|main", Some("http://m/debian/")),
            ("http://m/ubuntu/||noble|main", None),
            ("http://m/debian/|Ubuntu|noble|main", None),
            ("http://m/debian/|Debian|stable|contrib", None),
            ("cdrom:[Debian]/||bookworm|main", None),
            ("", None),
        ] {
            assert_eq!(debian_mirror(targets).as_deref(), mirror, "{targets}");
        }
    }

    #[test]
    fn packages_are_parsed_from_printed_uris() {
        let line = "'http://m/pool/libc.deb' libssl3t64_3.5.7-1~deb13u2_amd64.deb 2453872 MD5Sum:4";
        let package = Package {
            name: "libssl3t64".to_owned(),
            size_bytes: 2_453_872,
        };
        assert_eq!(parse_uri_line(line), Some(package));
        assert_eq!(parse_uri_line("Reading package lists..."), None);
    }

    #[test]
    fn only_fetch_settings_of_the_machine_are_used() {
        let machine = "Acquire::http::Proxy \"http://p:3128\";\nAPT::Update::Post-Invoke \"rm\";\n";
        let text = configuration(Path::new("/w"), machine);
        assert!(
            text.contains("http://p:3128") && !text.contains("Post-Invoke"),
            "{text}"
        );
    }
}
