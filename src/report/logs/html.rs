//! One HTML file that needs nothing else: the template under `html/`, with the machine format's data inside.

use super::Report;
use std::io::{self, Write};

const PAGE: &str = include_str!("html/page.html");
const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/script.js");

/// Queries in the page; the machine format has all.
const MOST: usize = 1000;

/// Writes the page.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut data = serde_json::to_value(report)?;
    if let Some(queries) = data["queries"].as_array_mut() {
        queries.truncate(MOST);
    }
    // Data in a script element may not end it.
    let data = serde_json::to_string(&data)?
        .replace("</", "<\\/")
        .replace("<!--", "\\u003c!--")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029");
    let (head, rest) = PAGE.split_once("{{style}}").unwrap_or((PAGE, ""));
    let (middle, rest) = rest.split_once("{{data}}").unwrap_or((rest, ""));
    let (before_script, tail) = rest.split_once("{{script}}").unwrap_or((rest, ""));
    for part in [head, STYLE, middle, &data, before_script, SCRIPT, tail] {
        out.write_all(part.as_bytes())?;
    }
    Ok(())
}
