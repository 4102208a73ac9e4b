use clap::{Command, CommandFactory as _};

use super::Cli;

/// Each visible command, with its name as a user writes it.
fn all_commands(command: &Command, name: &str) -> Vec<(String, Command)> {
    let mut found = vec![(name.to_owned(), command.clone())];
    for below in command.get_subcommands().filter(|it| !it.is_hide_set()) {
        found.extend(all_commands(below, &format!("{name} {}", below.get_name())));
    }
    found
}

/// Lines that end too early although the text continues. This happens if the text has its own line
/// break, and clap wraps it again.
fn leftovers(help: &str, width: usize) -> Vec<String> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let lines: Vec<&str> = help.lines().collect();
    let is_leftover = |pair: &&[&str]| {
        let (line, next) = (pair[0], pair[1]);
        let Some(word) = next.split_whitespace().next() else {
            return false;
        };
        // Headings, rows of two columns, lists and examples do not continue.
        let is_row = line.trim().contains("  ");
        let begins = ["ayaz", "ssh", "-"];
        let is_example = line.trim_start().starts_with("ayaz ");
        !line.trim().is_empty()
            && !line.ends_with(':')
            && !is_row
            && !is_example
            && !begins.contains(&word)
            && indent(line) == indent(next)
            && line.chars().count() + 1 + word.chars().count() <= width
    };
    let found = lines.windows(2).filter(is_leftover);
    found.map(|pair| pair.join(" / ")).collect()
}

#[test]
fn long_help_has_no_hard_line_breaks() {
    let mut root = Cli::command();
    root.build();
    let mut wrong = Vec::new();
    for (name, command) in all_commands(&root, "ayaz") {
        for width in [60, 80] {
            let help = command.clone().term_width(width).render_long_help();
            let help = help.to_string();
            // A list of names with descriptions.
            let help = help.replace("Commands:", "Commands:\n");
            for leftover in leftovers(&help, width) {
                wrong.push(format!("{name} at {width}: {leftover}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_text_with_a_hard_line_break_is_found() {
    let text = "begins here and is long\nenough\nto be broken\ntwice\n";
    assert_eq!(
        leftovers(text, 24),
        ["enough / to be broken", "to be broken / twice"]
    );
    assert!(leftovers("a whole line here\nand its end\n", 20).is_empty());
}
