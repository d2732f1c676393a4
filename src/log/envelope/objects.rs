//! JSON objects and CSV tables around texts or fields. Texts become lines of a stderr log; fields become a jsonlog.

use serde_json::{Map, Value, json};

/// An object longer than this is given up.
const MAX_OBJECT: usize = 16 << 20;

/// How long the parts are into which Docker cuts a line; a shorter one without a line end is whole.
const DOCKER_PART: usize = 16_000;

/// Cuts a stream into objects, in an array or one after the other, on one line or many.
#[derive(Default)]
pub(super) struct Objects {
    object: Vec<u8>,
    depth: usize,
    in_string: bool,
    escaped: bool,
    columns: Option<Columns>,
}

/// Which columns of a table hold what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns {
    stamp: Option<usize>,
    message: usize,
    /// The messages have lost their prefix and severity.
    bare: bool,
}

/// The columns that a header names.
pub(super) fn header(line: &[u8]) -> Option<Columns> {
    let line = String::from_utf8_lossy(line).to_ascii_lowercase();
    let names: Vec<&str> = line.trim().split(',').map(|name| name.trim_matches('"')).collect();
    let find = |wanted: &[&str]| names.iter().position(|name| wanted.contains(name));
    let bare = find(&["event_message"]).is_some();
    let message = find(&["@message", "event_message", "message", "textpayload"])?;
    Some(Columns { stamp: find(&["@timestamp", "timestamp"]), message, bare })
}

impl Objects {
    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        for &b in bytes {
            if self.depth == 0 {
                if b == b'{' {
                    self.depth = 1;
                    self.object.clear();
                    self.object.push(b);
                }
                continue;
            }
            self.object.push(b);
            if self.in_string {
                match b {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
                continue;
            }
            match b {
                b'"' => self.in_string = true,
                b'{' => self.depth += 1,
                b'}' => self.depth -= 1,
                // `{"events": [` of `aws logs`: what is inside the array is wanted.
                b'[' if self.depth == 1 && is_list(&self.object) => self.depth = 0,
                _ => {}
            }
            if self.depth == 0 && b == b'}' {
                let object = std::mem::take(&mut self.object);
                object_out(&object, out);
            } else if self.object.len() > MAX_OBJECT {
                cut_out(&self.object, out);
                (self.depth, self.in_string) = (0, false);
            }
        }
    }

    /// Rows of a table: collected until quotes are even at a line's end.
    pub(super) fn table(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        for &b in bytes {
            if b == b'"' {
                self.in_string = !self.in_string;
            }
            if b == b'\n' && !self.in_string {
                let row = std::mem::take(&mut self.object);
                self.row(&row, out);
            } else if self.object.len() < MAX_OBJECT {
                self.object.push(b);
            }
        }
    }

    pub(super) fn finish(&mut self, table: bool, out: &mut Vec<u8>) {
        let rest = std::mem::take(&mut self.object);
        if table && !rest.is_empty() {
            self.row(&rest, out);
        } else if !rest.is_empty() && self.depth > 0 {
            cut_out(&rest, out);
        }
    }

    fn row(&mut self, row: &[u8], out: &mut Vec<u8>) {
        let Some(columns) = self.columns else {
            self.columns = header(row);
            return;
        };
        let row = row.strip_suffix(b"\r").unwrap_or(row);
        let cells = cells(row);
        let Some(message) = cells.get(columns.message).filter(|m| !m.is_empty()) else { return };
        let stamp = columns.stamp.and_then(|i| cells.get(i)).cloned().unwrap_or_default();
        if columns.bare {
            entry(&json!({"timestamp": stamp, "error_severity": "LOG", "message": message}), out);
        } else {
            text(message, out);
        }
    }
}

/// An object that was cut in the middle: a line that nothing reads, so that it is counted.
fn cut_out(object: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"(cut) ");
    out.extend(object.iter().take(100).map(|b| if *b == b'\n' { b' ' } else { *b }));
    out.push(b'\n');
}

fn is_list(object: &[u8]) -> bool {
    let head = object[..object.len() - 1].trim_ascii_end();
    head.strip_suffix(b":").map(<[u8]>::trim_ascii_end).is_some_and(|key| {
        const LISTS: &[&[u8]] = &[
            b"\"events\"",
            b"\"logEvents\"",
            b"\"results\"",
            b"\"result\"",
            b"\"entries\"",
            b"\"records\"",
            b"\"logs\"",
            // OpenTelemetry: one inside the other.
            b"\"resourceLogs\"",
            b"\"scopeLogs\"",
            b"\"logRecords\"",
        ];
        LISTS.iter().any(|name| key.ends_with(name))
    })
}

fn cells(row: &[u8]) -> Vec<String> {
    let mut cells = vec![];
    let mut cell = vec![];
    let (mut quoted, mut at) = (false, 0);
    while at < row.len() {
        match row[at] {
            b'"' if quoted && row.get(at + 1) == Some(&b'"') => {
                cell.push(b'"');
                at += 1;
            }
            b'"' => quoted = !quoted,
            b',' if !quoted => cells.push(String::from_utf8_lossy(&std::mem::take(&mut cell)).into_owned()),
            b => cell.push(b),
        }
        at += 1;
    }
    cells.push(String::from_utf8_lossy(&cell).into_owned());
    cells
}

/// A text as the server wrote it to stderr; line feeds that lost their tabulator get it back, but for those before a further
/// part of the entry.
fn text(message: &str, out: &mut Vec<u8>) {
    for (i, line) in message.trim_end_matches(['\n', '\r']).split('\n').enumerate() {
        let part = ["DETAIL:  ", "STATEMENT:  ", "CONTEXT:  ", "HINT:  ", "LOG:  ", "ERROR:  "].iter().any(|tag| line.contains(tag))
            && crate::log::prefix::derive(line.as_bytes()).is_some();
        if i > 0 && !line.starts_with('\t') && !part {
            out.push(b'\t');
        }
        out.extend_from_slice(line.as_bytes());
        out.push(b'\n');
    }
}

fn entry(value: &Value, out: &mut Vec<u8>) {
    out.extend_from_slice(value.to_string().as_bytes());
    out.push(b'\n');
}

fn object_out(bytes: &[u8], out: &mut Vec<u8>) {
    let parsed = serde_json::from_slice::<Map<String, Value>>(bytes).or_else(|_| serde_json::from_str(&String::from_utf8_lossy(bytes)));
    let Ok(object) = parsed else {
        return super::copy_line(&bytes[..bytes.len().min(200)], out);
    };
    // What CloudWatch Insights says of its own search.
    if object.is_empty() || object.contains_key("recordsScanned") {
        return;
    }
    let string = |key: &str| object.get(key).and_then(Value::as_str);
    let map = |key: &str| object.get(key).and_then(Value::as_object);
    if object.contains_key("error_severity") && object.contains_key("message") {
        return entry(&named(&object), out);
    }
    if let Some(record) = map("record").filter(|record| record.contains_key("error_severity")) {
        return entry(&named(record), out);
    }
    if let Some(properties) = map("properties") {
        return azure(properties, true, out);
    }
    if let Some(message) = string("event_message") {
        return supabase(&object, message, out);
    }
    if object.contains_key("record_message_s") {
        return azure(&of_log_analytics(&object), false, out);
    }
    // CloudWatch Insights: a row is a list of fields.
    if let (Some(field), Some(value)) = (string("field"), string("value")) {
        if field == "@message" {
            text(value, out);
        }
        return;
    }
    if let Some(body) = map("body").and_then(|body| body.get("stringValue")).and_then(Value::as_str) {
        return text(body, out);
    }
    // Docker cuts long lines; all but the last part have no line end.
    if let Some(part) = string("log").filter(|log| !log.ends_with('\n') && log.len() >= DOCKER_PART) {
        return out.extend_from_slice(part.as_bytes());
    }
    for key in
        ["textPayload", "log", "@message", "message", "_msg", "body", "msg", "EventName", "eventMessage", "MESSAGE", "Message", "line"]
    {
        if let Some(found) = string(key) {
            return text(found, out);
        }
    }
    match map("jsonPayload") {
        Some(payload) if payload.contains_key("error_severity") => entry(&named(payload), out),
        Some(payload) => match payload.get("message").and_then(Value::as_str) {
            Some(found) => text(found, out),
            None => super::copy_line(b"(an object without a message)", out),
        },
        None => super::copy_line(b"(an object without a message)", out),
    }
}

/// An entry with csvlog's names as jsonlog has it.
fn named(from: &Map<String, Value>) -> Value {
    const NAMES: &[(&str, &str)] = &[
        ("log_time", "timestamp"),
        ("timestamp", "timestamp"),
        ("user_name", "user"),
        ("user", "user"),
        ("database_name", "dbname"),
        ("dbname", "dbname"),
        ("process_id", "pid"),
        ("pid", "pid"),
        ("connection_from", "remote_host"),
        ("remote_host", "remote_host"),
        ("session_id", "session_id"),
        ("error_severity", "error_severity"),
        ("sql_state_code", "state_code"),
        ("state_code", "state_code"),
        ("message", "message"),
        ("detail", "detail"),
        ("hint", "hint"),
        ("context", "context"),
        ("query", "statement"),
        ("statement", "statement"),
        ("application_name", "application_name"),
    ];
    let mut to = Map::new();
    for (name, own) in NAMES {
        if let Some(value) = from.get(*name).filter(|value| !value.is_null() && value.as_str() != Some("")) {
            to.insert((*own).to_owned(), value.clone());
        }
    }
    Value::Object(to)
}

/// `prefixed`: the message repeats the prefix and the severity.
fn azure(properties: &Map<String, Value>, prefixed: bool, out: &mut Vec<u8>) {
    let string = |key: &str| properties.get(key).and_then(Value::as_str).unwrap_or("");
    let message = string("message");
    let level = ["errorLevel", "error_severity"].iter().map(|key| string(key)).find(|level| !level.is_empty()).unwrap_or("LOG");
    let marker = format!("{level}:  ");
    // A statement may hold the words too: two blanks stand behind a duration, and not in a prefix.
    let of_prefix = |(prefix, _): &(&str, &str)| prefixed && !prefix.contains("  ") && !prefix.contains('\n');
    let (prefix, bare) = message.split_once(&marker).filter(of_prefix).unwrap_or(("", message));
    let mut found = json!({"timestamp": string("timestamp"), "error_severity": level, "message": bare.trim_end()});
    for (name, own) in
        [("sqlerrcode", "state_code"), ("detail", "detail"), ("statement", "statement"), ("context", "context"), ("hint", "hint")]
    {
        if !string(name).is_empty() {
            found[own] = json!(string(name));
        }
    }
    if let Some(pid) = properties.get("processId") {
        found["pid"] = pid.clone();
    }
    let line = format!("{prefix}LOG:  x");
    let templates = crate::log::prefix::infer(&[line.as_bytes()]);
    if let Some(read) = templates.first().and_then(|t| t.read(line.as_bytes())) {
        for (bytes, own) in
            [(read.user, "user"), (read.database, "dbname"), (read.application, "application_name"), (read.host, "remote_host")]
        {
            if !bytes.is_empty() {
                found[own] = json!(String::from_utf8_lossy(bytes));
            }
        }
    }
    entry(&found, out);
}

/// Azure's names as Log Analytics has them.
fn of_log_analytics(object: &Map<String, Value>) -> Map<String, Value> {
    const NAMES: &[(&str, &str)] = &[
        ("record_log_time_s", "timestamp"),
        ("TimeGenerated", "timestamp"),
        ("errorLevel_s", "errorLevel"),
        ("record_error_severity_s", "errorLevel"),
        ("record_message_s", "message"),
        ("record_detail_s", "detail"),
        ("record_query_s", "statement"),
        ("record_context_s", "context"),
        ("sqlerrcode_s", "sqlerrcode"),
        ("processId_d", "processId"),
        ("record_process_id_d", "processId"),
    ];
    let mut properties = Map::new();
    for (name, own) in NAMES {
        if let Some(value) = object.get(*name).filter(|value| !value.is_null() && value.as_str() != Some("")) {
            properties.entry(*own).or_insert_with(|| value.clone());
        }
    }
    properties
}

fn supabase(object: &Map<String, Value>, message: &str, out: &mut Vec<u8>) {
    let first = |value: &Value| if value.is_array() { value.get(0).cloned().unwrap_or_default() } else { value.clone() };
    let metadata = object.get("metadata").map(first).unwrap_or_default();
    let parsed = metadata.get("parsed").or_else(|| object.get("parsed")).map(first).unwrap_or_default();
    // A row of a query has the fields beside the message.
    let mut found = named(parsed.as_object().unwrap_or(object));
    found["message"] = json!(message);
    if found.get("error_severity").is_none() {
        found["error_severity"] = json!("LOG");
    }
    if found.get("timestamp").is_none() {
        let stamp = object.get("timestamp").cloned().unwrap_or_default();
        // Microseconds since 1970, or a text.
        found["timestamp"] = stamp.as_i64().map_or(stamp, |micros| json!(crate::log::time::iso(micros)));
    }
    entry(&found, out);
}
