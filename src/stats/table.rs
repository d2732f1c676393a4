//! A table out of any of the shapes in which people export one.

use serde_json::Value;

/// Columns by name, rows of texts; NULL is the empty text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// In lower case.
    pub columns: Vec<String>,
    /// As many texts as columns.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// The first of these columns that is there.
    pub fn column(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.columns.iter().position(|column| column == name))
    }

    /// A row's text.
    pub fn cell<'r>(&self, row: &'r [String], column: Option<usize>) -> &'r str {
        column.and_then(|i| row.get(i)).map_or("", String::as_str)
    }

    /// A row's number; 0 where there is none.
    pub fn number(&self, row: &[String], column: Option<usize>) -> f64 {
        self.cell(row, column).trim().replace(',', "").parse().unwrap_or(0.0)
    }
}

/// Reads a table, or says that there is none.
pub fn read(text: &str) -> Result<Table, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let start = text.trim_start();
    if start.is_empty() {
        return Err("the export is empty".to_owned());
    }
    if start.starts_with('[') || start.starts_with('{') {
        return json(start);
    }
    if let Some(rule) = text.lines().take(8).position(is_rule) {
        return Ok(aligned(text, rule));
    }
    let first = start.lines().next().unwrap_or("");
    let separator = if first.contains('\t') {
        '\t'
    } else if first.contains(';') && !first.contains(',') {
        ';'
    } else {
        ','
    };
    let mut rows = separated(start, separator).into_iter();
    let columns: Vec<String> = rows.next().unwrap_or_default().into_iter().map(|name| name.trim().to_ascii_lowercase()).collect();
    if columns.iter().any(|name| name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit() || c == '-')) {
        return Err("the first line holds no names of columns: export with a header".to_owned());
    }
    Ok(Table { columns, rows: rows.filter(|row| row.len() > 1 || row.iter().any(|cell| !cell.is_empty())).collect() })
}

/// `----+-----`, also with `|` at its ends.
fn is_rule(line: &str) -> bool {
    let line = line.trim();
    line.len() > 2 && line.contains("--") && line.chars().all(|c| matches!(c, '-' | '+' | '|'))
}

/// psql's aligned output; a `+` at a cell's end means that the text goes on in the next line.
fn aligned(text: &str, rule: usize) -> Table {
    let lines: Vec<&str> = text.lines().collect();
    let marks: Vec<char> = lines[rule].chars().collect();
    let edges: Vec<usize> = marks.iter().enumerate().filter(|(_, c)| matches!(c, '+' | '|')).map(|(i, _)| i).collect();
    let cut = |line: &str| -> Vec<String> {
        let chars: Vec<char> = line.chars().collect();
        let mut cells = vec![];
        let mut from = 0;
        for edge in edges.iter().copied().chain([usize::MAX]) {
            let to = edge.min(chars.len());
            cells.push(chars.get(from.min(to)..to).unwrap_or(&[]).iter().collect::<String>());
            from = to.saturating_add(1).min(chars.len());
        }
        if edges.first() == Some(&0) {
            cells.remove(0);
            cells.pop();
        }
        cells
    };
    let header = lines.get(rule.wrapping_sub(1)).copied().unwrap_or("");
    let columns = cut(header).into_iter().map(|name| name.trim().to_ascii_lowercase()).collect();
    let mut table = Table { columns, rows: vec![] };
    let mut goes_on = false;
    for line in &lines[rule + 1..] {
        if line.starts_with('(') || is_rule(line) || line.trim().is_empty() {
            continue;
        }
        let cells = cut(line);
        let more = cells.iter().any(|cell| cell.trim_end().ends_with('+'));
        let clean = |cell: &String| cell.trim_end().strip_suffix('+').unwrap_or(cell).trim_end().to_owned();
        match table.rows.last_mut().filter(|_| goes_on) {
            Some(row) => {
                for (cell, part) in row.iter_mut().zip(&cells).filter(|(_, part)| !part.trim().is_empty()) {
                    cell.push('\n');
                    cell.push_str(&clean(part));
                }
            }
            None => table.rows.push(cells.iter().map(|cell| clean(cell).trim().to_owned()).collect()),
        }
        goes_on = more;
    }
    table
}

/// CSV as the server writes it, and its relatives with other separators.
fn separated(text: &str, separator: char) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell) = (vec![], vec![], String::new());
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                cell.push('"');
                chars.next();
            }
            '"' if quoted || cell.is_empty() => quoted = !quoted,
            '\\' if separator == '\t' && !quoted => match chars.next() {
                Some('n') => cell.push('\n'),
                Some('t') => cell.push('\t'),
                Some('N') => {}
                Some(other) => cell.push(other),
                None => {}
            },
            '\r' if !quoted => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c if c == separator && !quoted => row.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    rows
}

/// An array of objects, objects one after the other, or either in a wrapper.
fn json(text: &str) -> Result<Table, String> {
    let mut objects = vec![];
    for value in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        match value.map_err(|error| format!("not JSON: {error}"))? {
            Value::Array(list) => objects.extend(list),
            Value::Object(map) => {
                match map.values().find(|v| v.as_array().is_some_and(|list| list.first().is_some_and(Value::is_object))) {
                    Some(Value::Array(list)) => objects.extend(list.clone()),
                    _ => objects.push(Value::Object(map)),
                }
            }
            _ => return Err("expected objects".to_owned()),
        }
    }
    let mut table = Table::default();
    for object in objects.iter().filter_map(Value::as_object) {
        for key in object.keys().map(|key| key.to_ascii_lowercase()) {
            if !table.columns.contains(&key) {
                table.columns.push(key);
            }
        }
    }
    for object in objects.iter().filter_map(Value::as_object) {
        let mut row = vec![String::new(); table.columns.len()];
        for (key, value) in object {
            if let Some(i) = table.columns.iter().position(|column| column.eq_ignore_ascii_case(key)) {
                row[i] = match value {
                    Value::Null => String::new(),
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
            }
        }
        table.rows.push(row);
    }
    Ok(table)
}
