//! The commands that explain: `rules`, `explain`, `completions`, `man`.

use super::{Cli, Color, Failure, Format, columns, wants_color};
use crate::rules::page::front_matter;
use crate::{config, explain, rules};
use clap::{Args, CommandFactory, ValueEnum};
use std::io::{self, Write};

#[derive(Debug, Args)]
pub(super) struct RulesArgs {
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// The rule's name, or the name that another linter has for it
    #[arg(value_name = "RULE")]
    rule: String,
    /// Output format
    #[arg(long, value_enum, default_value_t = PageFormat::Human)]
    format: PageFormat,
    /// Colours; auto: on a terminal, unless NO_COLOR is set
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    color: Color,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PageFormat {
    Human,
    Markdown,
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// The command whose page is wanted; none: pgsift's own
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

pub(super) const COMPLETIONS: &str = "Examples:
  pgsift completions bash > ~/.local/share/bash-completion/completions/pgsift
  pgsift completions zsh > \"${fpath[1]}/_pgsift\"
  pgsift completions fish > ~/.config/fish/completions/pgsift.fish";

pub(super) fn rules(args: &RulesArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    let level = |rule: &rules::Rule| front_matter(rule.page, "severity").unwrap_or("off");
    match args.format {
        Format::Human => {
            let width = rules::RULES.iter().map(|rule| rule.name.len()).max().unwrap_or(0);
            for rule in rules::RULES {
                writeln!(out, "{:width$}  {:7}  {:13}  {}", rule.name, level(rule), rule.category(), rule.summary())?;
            }
        }
        Format::Json => {
            let rule = |rule: &rules::Rule| {
                serde_json::json!({
                    "name": rule.name, "category": rule.category(), "severity": level(rule), "summary": rule.summary(),
                    "since": front_matter(rule.page, "since"),
                })
            };
            let list: Vec<_> = rules::RULES.iter().map(rule).collect();
            serde_json::to_writer(&mut *out, &serde_json::json!({"schema": 1, "rules": list})).map_err(io::Error::from)?;
            out.write_all(b"\n")?;
        }
    }
    Ok(0)
}

/// The rule of this name, or of the name that another linter has for it.
pub(super) fn find_rule(name: &str) -> Option<&'static rules::Rule> {
    rules::known_as(name)
}

pub(super) fn explain(args: &ExplainArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    let unknown = || Failure::Usage(config::unknown("rule", &args.rule, rules::RULES.iter().map(|rule| rule.name)));
    let rule = find_rule(&args.rule).ok_or_else(unknown)?;
    match args.format {
        PageFormat::Human => explain::write(rule, out, explain::Style { color: wants_color(args.color), width: columns() })?,
        PageFormat::Markdown => out.write_all(explain::markdown(rule).as_bytes())?,
    }
    Ok(0)
}

pub(super) fn completions(args: &CompletionsArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    let mut script = vec![];
    clap_complete::generate(args.shell, &mut Cli::command(), "pgsift", &mut script);
    out.write_all(&script)?;
    Ok(0)
}

pub(super) fn man(args: &ManArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    let mut program = Cli::command();
    program.build();
    let page = match &args.command {
        None => program,
        Some(name) => {
            let known: Vec<String> = program.get_subcommands().map(|command| command.get_name().to_owned()).collect();
            let found = program.find_subcommand(name).cloned();
            let unknown = || Failure::Usage(config::unknown("command", name, known.iter().map(String::as_str)));
            // clap keeps names for as long as the program runs, which ends here.
            let full: &'static str = format!("pgsift-{name}").leak();
            found.ok_or_else(unknown)?.name(full)
        }
    };
    clap_mangen::Man::new(page).render(out)?;
    Ok(0)
}
