//! A table of text, from CSV, JSON or what psql prints. Must not know what the columns mean.

/// Rows with the names of their columns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    /// Column names in order.
    pub columns: Vec<String>,
    /// Values; `None` is NULL or nothing.
    pub rows: Vec<Vec<Option<String>>>,
}

/// Reads a table in whichever of the formats it is, or says why not.
pub fn parse(text: &str) -> Result<Rows, String> {
    let text = text.trim_start_matches('\u{feff}');
    match text.trim_start().as_bytes().first() {
        Some(b'[' | b'{') => json(text),
        None => Err("the file is empty".to_owned()),
        _ if text.lines().take(4).any(|line| line.starts_with("---") && line.contains("-+-")) => Ok(aligned(text)),
        _ => csv(text),
    }
}

/// An array of objects, or one object a line.
fn json(text: &str) -> Result<Rows, String> {
    let mut objects = vec![];
    for value in serde_json::Deserializer::from_str(text).into_iter::<serde_json::Value>() {
        match value.map_err(|error| format!("not JSON: {error}"))? {
            serde_json::Value::Array(list) => objects.extend(list),
            other => objects.push(other),
        }
    }
    let mut found = Rows::default();
    for object in &objects {
        for key in object.as_object().into_iter().flat_map(|o| o.keys()) {
            if !found.columns.contains(key) {
                found.columns.push(key.clone());
            }
        }
    }
    let value = |value: &serde_json::Value| match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    found.rows = objects.iter().map(|o| found.columns.iter().map(|c| o.get(c).and_then(value)).collect()).collect();
    Ok(found)
}

/// What psql prints by default: names, a rule, values between bars.
fn aligned(text: &str) -> Rows {
    let cells = |line: &str| -> Vec<String> { line.split('|').map(|cell| cell.trim().to_owned()).collect() };
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let columns = lines.next().map(cells).unwrap_or_default();
    let rows = lines
        .skip(1)
        .filter(|line| line.contains('|'))
        .map(|line| cells(line).into_iter().map(|c| Some(c).filter(|c| !c.is_empty())).collect());
    Rows { rows: rows.collect(), columns }
}

fn csv(text: &str) -> Result<Rows, String> {
    let mut lines = records(text).into_iter();
    let columns: Vec<String> = lines.next().unwrap_or_default();
    if columns.len() < 2 {
        return Err("neither CSV with a header, nor JSON, nor a table as psql prints it".to_owned());
    }
    let rows =
        lines.filter(|record| record.len() > 1).map(|record| record.into_iter().map(|c| Some(c).filter(|c| !c.is_empty())).collect());
    Ok(Rows { rows: rows.collect(), columns })
}

/// The records of CSV: quoted fields may hold commas, line ends and doubled quotes.
fn records(text: &str) -> Vec<Vec<String>> {
    let (mut all, mut record, mut field, mut quoted) = (vec![], vec![], String::new(), false);
    let separator = text.lines().next().map_or(',', |first| {
        if first.contains(',') {
            ','
        } else if first.contains('\t') {
            '\t'
        } else {
            ';'
        }
    });
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            c if c == separator && !quoted => record.push(std::mem::take(&mut field)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                record.push(std::mem::take(&mut field));
                all.push(std::mem::take(&mut record));
            }
            c => field.push(c),
        }
    }
    if !field.is_empty() || !record.is_empty() {
        record.push(field);
        all.push(record);
    }
    all
}
