//! Advice for people: what to build, the most useful first, what foreign keys lack, what can go, what was left alone and why, and
//! what nobody knows.

use super::{Advice, Read, Report};
use crate::advise::{Kind, Left};
use crate::catalog::Qualified;
use crate::report::logs::human::{duration, plural};
use crate::source::Location;
use std::io::{self, Write};

/// Queries that are named for each index.
const PLACES: usize = 3;

/// Lines of what was left alone.
const LEFT: usize = 12;

type Place<'a> = &'a dyn Fn(Location) -> (String, usize);

pub(super) fn write(report: &Report, read: &Read, place: Place, out: &mut dyn Write) -> io::Result<()> {
    let of = |kind: Kind| report.advice.iter().filter(move |a| a.kind == kind).collect::<Vec<&Advice>>();
    builds(&of(Kind::Create), place, out)?;
    foreign_keys(&of(Kind::ForeignKey), place, out)?;
    let superfluous = of(Kind::Redundant);
    if !superfluous.is_empty() {
        let them = if superfluous.len() == 1 { "does nothing that another does not" } else { "do nothing that others do not" };
        writeln!(out, "{} {them}\n", plural(superfluous.len() as u64, "index", "indexes"))?;
        drops(&superfluous, out)?;
    }
    let unused = of(Kind::Unused);
    if !unused.is_empty() {
        writeln!(
            out,
            "{} nobody reads; each server counts its own scans, so look at every replica first\n",
            plural(unused.len() as u64, "index", "indexes")
        )?;
        drops(&unused, out)?;
    }
    left(&report.left, place, out)?;
    summary(report, read, out)
}

fn builds(advice: &[&Advice], place: Place, out: &mut dyn Write) -> io::Result<()> {
    if advice.is_empty() {
        return Ok(());
    }
    let order = if advice.len() == 1 { "" } else { ", the most useful first" };
    writeln!(out, "{} to build{order}\n", plural(advice.len() as u64, "index", "indexes"))?;
    for (at, one) in advice.iter().enumerate() {
        let queries = plural(one.serves.len() as u64, "query", "queries");
        let cost = if one.calls > 0 {
            format!(", {} taking {}", plural(one.calls, "call", "calls"), duration(one.total_ms))
        } else {
            String::new()
        };
        writeln!(out, "{}. {} {}", at + 1, one.table, one.index)?;
        for line in one.ddl.lines() {
            writeln!(out, "     {line}")?;
        }
        for why in one.why.iter().filter(|why| !why.ends_with("and no index serves it") && !why.ends_with("and no index serves them")) {
            writeln!(out, "   {why}")?;
        }
        writeln!(out, "   serves {queries}{cost}: {}\n", places(&one.serves, place))?;
    }
    Ok(())
}

fn places(serves: &[Location], place: Place) -> String {
    let shown: Vec<String> = serves.iter().take(PLACES).map(|at| place(*at)).map(|(file, line)| format!("{file}:{line}")).collect();
    let more = serves.len().saturating_sub(PLACES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

fn foreign_keys(advice: &[&Advice], place: Place, out: &mut dyn Write) -> io::Result<()> {
    if advice.is_empty() {
        return Ok(());
    }
    let has = if advice.len() == 1 { "has" } else { "have" };
    writeln!(
        out,
        "{} {has} no index: deleting a referenced row, or changing its key, reads the whole table",
        plural(advice.len() as u64, "foreign key", "foreign keys")
    )?;
    let deleted = advice.iter().filter(|a| !a.serves.is_empty()).count();
    if deleted > 0 && deleted < advice.len() {
        writeln!(out, "(first those whose referenced rows the code deletes)")?;
    }
    writeln!(out)?;
    for one in advice {
        for line in one.ddl.lines().filter(|line| !line.starts_with("DROP ")) {
            writeln!(out, "   {line}")?;
        }
        if let Some(at) = one.serves.first() {
            let (file, line) = place(*at);
            writeln!(out, "      rows that it refers to are deleted at {file}:{line}")?;
        }
    }
    writeln!(out, "\n   (an interrupted build leaves an invalid index: DROP INDEX CONCURRENTLY IF EXISTS it before the next try)\n")
}

fn drops(advice: &[&Advice], out: &mut dyn Write) -> io::Result<()> {
    let mut table: Option<&Qualified> = None;
    for one in advice {
        if table != Some(&one.table) {
            writeln!(out, "   {}", one.table)?;
            table = Some(&one.table);
        }
        writeln!(out, "     {}", one.ddl)?;
        let why: Vec<&str> = one.why.iter().map(String::as_str).filter(|why| !why.starts_with("each server")).collect();
        writeln!(out, "        {}", why.join("; "))?;
    }
    writeln!(out)
}

fn left(left: &[Left], place: Place, out: &mut dyn Write) -> io::Result<()> {
    if left.is_empty() {
        return Ok(());
    }
    let mut grouped: Vec<(&Left, usize)> = vec![];
    for one in left {
        match grouped.iter_mut().find(|(other, _)| other.table == one.table && other.keys == one.keys && other.why == one.why) {
            Some((_, count)) => *count += 1,
            None => grouped.push((one, 1)),
        }
    }
    grouped.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| (&a.0.table, &a.0.keys).cmp(&(&b.0.table, &b.0.keys))));
    writeln!(out, "Looked at and left alone\n")?;
    for (one, count) in grouped.iter().take(LEFT) {
        let (file, line) = place(one.at);
        let more = if *count > 1 { format!(" and {} more", count - 1) } else { String::new() };
        writeln!(out, "   {} {} ({file}:{line}{more})", one.table, one.keys)?;
        writeln!(out, "      {}", one.why)?;
    }
    if grouped.len() > LEFT {
        writeln!(out, "   and {} more", grouped.len() - LEFT)?;
    }
    writeln!(out)
}

fn summary(report: &Report, read: &Read, out: &mut dyn Write) -> io::Result<()> {
    let count = match report.advice.len() {
        0 => "no advice".to_owned(),
        1 => "1 piece of advice".to_owned(),
        n => format!("{n} pieces of advice"),
    };
    let tests = if read.in_tests > 0 {
        format!("; {} of tests left out", plural(read.in_tests as u64, "statement", "statements"))
    } else {
        String::new()
    };
    writeln!(out, "{count} on {}{tests}", plural(read.queries as u64, "query", "queries"))?;
    if !report.unknown_tables.is_empty() {
        let names: Vec<String> = report.unknown_tables.iter().take(5).map(ToString::to_string).collect();
        let more = report.unknown_tables.len().saturating_sub(names.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        writeln!(out, "of {}{more} no migration was read: nothing is said of their indexes", names.join(", "))?;
    }
    if !read.with_sizes && !report.advice.is_empty() {
        writeln!(
            out,
            "not known from files: how selective a condition is, how large a table, which index is read; `pgsift stats-query` prints what to ask the server"
        )?;
    }
    Ok(())
}
