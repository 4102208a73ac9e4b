//! Rules of the repository itself that no compiler checks.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

const LINES_MAX: usize = 400;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every file of these kinds below a folder.
fn files(folder: &Path, extensions: &[&str], found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let extension = path.extension().and_then(|of| of.to_str());
        if path.is_dir() {
            if !path.ends_with("target") {
                files(&path, extensions, found)?;
            }
        } else if extension.is_some_and(|of| extensions.contains(&of)) {
            found.push(path);
        }
    }
    Ok(())
}

#[test]
fn no_file_of_code_is_longer_than_400_lines() -> Result<()> {
    let mut found = Vec::new();
    for folder in ["crates", "tests"] {
        files(&root().join(folder), &["rs"], &mut found)?;
    }
    assert!(found.len() > 300, "{} files", found.len());
    let mut long = Vec::new();
    for path in &found {
        let lines = fs::read_to_string(path)?.lines().count();
        if lines > LINES_MAX {
            long.push(format!("{}: {lines} lines", path.display()));
        }
    }
    assert!(
        long.is_empty(),
        "split by what they are about:\n{}",
        long.join("\n")
    );
    Ok(())
}

/// The walks of ARCHITECTURE.md name folders as "(`folder`…):" and steps as `file:function`.
#[test]
fn the_walks_of_the_architecture_exist() -> Result<()> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md"))?;
    let walks = text
        .split_once("## Three walks through the code")
        .context("no walks")?
        .1;
    let walks = walks.split("\n## ").next().context("an end")?;
    let mut folder = PathBuf::new();
    let mut steps = 0;
    let mut missing = Vec::new();
    for line in walks.lines() {
        let quoted: Vec<&str> = line.split('`').skip(1).step_by(2).collect();
        if line.ends_with("):") {
            folder = root().join(quoted.last().context("a folder")?);
            continue;
        }
        for step in quoted {
            let (file, function) = step.split_once(':').unwrap_or((step, ""));
            if file == "file" || !line.starts_with('-') {
                continue;
            }
            steps += 1;
            let code = fs::read_to_string(folder.join(file)).unwrap_or_default();
            let exists = match function {
                "" => !code.is_empty(),
                _ => ["(", "<"]
                    .iter()
                    .any(|next| code.contains(&format!("fn {function}{next}"))),
            };
            if !exists {
                missing.push(format!("{}: {step}", folder.display()));
            }
        }
    }
    assert!(steps > 40, "{steps} steps");
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
    Ok(())
}
