//! Finds the prefix of a file that does not say it: one in use, or one made up from the lines.

use super::{Line, MAX_PREFIX, Template};
use crate::log::{language, time};

/// Prefixes in use, the most telling first; tried before one is made up from the lines.
pub const KNOWN: &[&str] = &[
    "%m [%p] ",
    "%t [%p] ",
    "%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ",
    "%m [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ",
    "%t [%p]: [%l-1] user=%u,db=%d - PG-%e ",
    "%t [%p]: [%l-1] user=%u,db=%d ",
    "%m [%p]: [%l-1] db=%d,user=%u ",
    "%m [%p] %q[user=%u,db=%d,app=%a,host=%h] ",
    "%m [%p] %q[user=%u,db=%d,app=%a] ",
    "%m [%p][%v] : [%l-1] %q[app=%a] ",
    "%m [%p] %q%u@%d/%a ",
    "%m [%p] %q%u@%d ",
    "%t [%p-%l] %q%u@%d ",
    "%t:%r:%u@%d:[%p]:",
    "%m:%r:%u@%d:[%p]:",
    "pid=%p,user=%u,db=%d,app=%a,client=%h ",
    "user=%u,db=%d,app=%a,client=%h ",
    "%h %m [%p] %q%u@%d ",
    "%t-%c-",
    "%n %c ",
    "%m ",
    "%t ",
    " sql_error_code = %e ",
    " sql_error_code = %e time_ms=\"%m\" pid=\"%p\" proc_start_time=\"%s\" session_id=\"%c\" vtid=\"%v\" tid=\"%x\" log_line=\"%l\" database=\"%d\" connection_source=\"%r\" user=\"%u\" application_name=\"%a\" ",
    "[%p]: [%l-1] db=%d,user=%u ",
    "",
];

/// The templates that read most of these lines: known prefixes, and ones made from the lines. The best first.
pub fn infer(lines: &[&[u8]]) -> Vec<Template> {
    choose(KNOWN.iter().map(|source| Template::new(source)).collect(), lines)
}

/// The same from these candidates.
pub(in crate::log) fn choose(mut candidates: Vec<Template>, lines: &[&[u8]]) -> Vec<Template> {
    for line in lines.iter().take(60) {
        if let Some(template) = derive(line).filter(|t| !candidates.contains(t)) {
            candidates.push(template);
        }
    }
    let mut left: Vec<&[u8]> = lines.to_vec();
    let mut chosen = vec![];
    while chosen.len() < 4 && !left.is_empty() {
        let score = |t: &Template| {
            left.iter().filter_map(|line| t.read(line)).fold((0, 0), |(lines, told), line| (lines + 1, told + told_by(&line)))
        };
        // Among equals the one that tells more; among those the earlier.
        let best = candidates.iter().rev().map(|t| (score(t), t)).max_by_key(|best| best.0);
        let Some(((count, _), template)) = best.filter(|best| best.0.0 > 0) else { break };
        if count * 50 < lines.len() && !chosen.is_empty() {
            break;
        }
        left.retain(|line| template.read(line).is_none());
        chosen.push(template.clone());
    }
    chosen
}

/// How much of a line a template has read.
fn told_by(line: &Line<'_>) -> usize {
    let named = [line.user, line.database, line.application, line.host, line.sqlstate].iter().filter(|field| !field.is_empty()).count();
    named + usize::from(line.time.is_some()) + usize::from(line.pid != 0) + usize::from(line.session != 0)
}

/// Makes a template from one line: recognises stamps, numbers and `key=` in front of a severity.
pub(in crate::log) fn derive(line: &[u8]) -> Option<Template> {
    let line = &line[..line.len().min(MAX_PREFIX)];
    let english = ["LOG", "ERROR", "FATAL", "WARNING", "DETAIL", "STATEMENT"].into_iter();
    let at = |word: &str| memchr::memmem::find(line, word.as_bytes()).filter(|i| line[i + word.len()..].starts_with(b":  "));
    let end = english.filter_map(at).min().or_else(|| language::severities().filter_map(at).min())?;
    let prefix = &line[..end];
    let mut source = String::new();
    let mut at = 0;
    let mut pid_seen = false;
    while at < prefix.len() {
        let rest = &prefix[at..];
        if let Some((_, len)) = time::stamp(rest) {
            source.push_str("%m");
            at += len;
            continue;
        }
        let key_len = rest.iter().take_while(|b| b.is_ascii_alphabetic() || **b == b'_').count();
        if key_len > 0 && rest.get(key_len) == Some(&b'=') {
            let key = std::str::from_utf8(&rest[..key_len]).unwrap_or("");
            let escape = match key.to_ascii_lowercase().as_str() {
                "user" | "usr" | "u" | "username" => "%u",
                "db" | "database" | "d" | "dbname" => "%d",
                "app" | "application" | "a" | "application_name" => "%a",
                "client" | "host" | "h" | "remote" | "ip" | "c" | "addr" => "%h",
                "pid" | "p" | "process" => "%p",
                "session" | "sid" => "%c",
                _ => "%i",
            };
            source.push_str(&format!("{key}={escape}"));
            at += key_len + 1;
            at += prefix[at..]
                .iter()
                .take_while(|b| !matches!(b, b',' | b' ' | b'>' | b'}' | b']' | b')' | b';' | b'|' | b'"' | b'\''))
                .count();
            continue;
        }
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        if digits > 0 && !rest.get(digits).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'.') {
            source.push_str(if pid_seen { "%l" } else { "%p" });
            pid_seen = true;
            at += digits;
            continue;
        }
        let word = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b':' | b'-' | b'@')).count();
        if word > 0 && digits == 0 && memchr::memchr(b'@', &rest[..word]).is_some() {
            source.push_str("%u@%d");
            at += word - usize::from(rest[word - 1] == b':');
        } else if word > 0 {
            source.push_str("%i");
            at += word;
        } else {
            if rest[0] == b'%' {
                source.push('%');
            }
            source.push_str(&String::from_utf8_lossy(&rest[..1]));
            at += 1;
        }
    }
    let template = Template::new(&source);
    template.read(line).is_some().then_some(template)
}
