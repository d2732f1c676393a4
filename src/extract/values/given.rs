//! What a variable is given, and whether that is a number, something quoted, one of several literals, or a piece of SQL. Must not
//! know where the variable goes.

/// What turns its argument into a number, or a moment into text.
const NUMBERS: &[&str] = &[
    "parseint(",
    "parsefloat(",
    "number(",
    "intval(",
    "floatval(",
    ".to_i",
    ".to_f",
    "math.",
    ".tofixed(",
    "floor(",
    "ceil(",
    "abs(",
    "(int)",
    "(float)",
    ".toint",
    ".tolong",
    "parse::<i",
    "parse::<u",
    "parse::<f",
    " as i32",
    " as i64",
    " as u32",
    " as u64",
    "atoi(",
    "$(date",
    ".as_millis(",
    ".as_secs(",
    ".as_micros(",
    ".as_nanos(",
    ".milliseconds()",
    ".seconds()",
    "itoa(",
    "parsebool(",
    "formatint(",
    "string.to_integer",
    "integer(",
    "float(",
    ".to_s(:db)",
    ".to_fs(:db)",
    "strftime(",
    "isoformat(",
    ".toisostring(",
    "toepoch",
    "epochmilli",
    ".tohex",
    "hexdigest",
    ".toseconds",
    ".tomillis",
    "total_seconds(",
    ".totalseconds",
    ".totalmilliseconds",
    ".totalminutes",
    ".totalhours",
    ".totaldays",
    "formatter.format(",
    "dateutils",
    ".getid()",
    "len(",
    ".length",
    ".size",
    ".count",
];

/// What a name is given right here: the text after `=` or `:=`.
pub(super) fn assigned<'t>(line: &str, right: &'t str) -> Option<&'t str> {
    let rest = right.trim_start();
    // `list, err := build(len(ids))`
    let rest = rest.strip_prefix(", err").map_or(rest, str::trim_start);
    // over a type
    let rest = match rest.strip_prefix(':') {
        Some(ty) if !ty.starts_with(['=', ':']) => ty.get(ty.find('=').filter(|&equals| equals < 60 && !ty[..equals].contains('\n'))?..)?,
        _ => rest.trim_start_matches(':'),
    };
    let value = rest.strip_prefix('=')?;
    if value.starts_with(['=', '>', '~']) || line.trim_end().ends_with(['(', ',', '.']) {
        return None;
    }
    let value = value.trim_start();
    // to the end of the statement, or of the lines that go on
    let mut end = 0;
    for piece in value.split_inclusive('\n').take(6) {
        end += piece.len();
        let open = value[..end].matches('(').count() > value[..end].matches(')').count();
        let trimmed = piece.trim_end();
        if !open && !trimmed.ends_with(['(', '?', ':', '+', '.', ',', '|', '&', '=', '[']) && !next_goes_on(&value[end..]) {
            break;
        }
    }
    value.get(..end).map(|value| value.trim_end().trim_end_matches(';'))
}

fn next_goes_on(rest: &str) -> bool {
    rest.trim_start().starts_with(['?', ':', '.', '+']) && !rest.trim_start().starts_with("::")
}

/// Whether an expression gives a number, something quoted, a constant or one of several literals, placeholders, or a piece of SQL.
pub(super) fn gives_harmless(value: &str, quotes: &dyn Fn(&str) -> bool) -> bool {
    let lower = value.to_ascii_lowercase();
    let cast = ["int(", "(int(", " int(", "=int(", "str(int("]
        .iter()
        .any(|word| if word.starts_with("int") { lower.starts_with(word) } else { lower.contains(word) });
    let printed = prints_numbers(value);
    // made of how many there are
    let counted = lower.contains("(len(");
    if cast || printed || counted || NUMBERS.iter().any(|word| lower.contains(word)) || quotes(value) {
        return true;
    }
    let digits = |c: char| c.is_ascii_digit() || matches!(c, '_' | '.' | '-' | ' ' | '*' | '+' | '/' | '(' | ')');
    if !value.is_empty() && value.chars().all(digits) {
        return true;
    }
    if ["null", "nil", "None", "undefined", "true", "false"].contains(&value.trim()) {
        return true;
    }
    // `Kinds.ONE`
    let last = value.trim().rsplit(['.', ':']).next().unwrap_or("");
    if last.len() > 2 && last.len() < value.len() && last.chars().all(|c| c.is_ascii_uppercase() || c == '_' || c.is_ascii_digit()) {
        return true;
    }
    // `MAP[key]`, `Kind.VALUE`
    let root = value.split(['[', '.', '(', ' ']).next().unwrap_or("");
    if root.len() > 2 && root.len() < value.len() && root.chars().all(|c| c.is_ascii_uppercase() || c == '_' || c.is_ascii_digit()) {
        return true;
    }
    is_of_literals(value) || is_piece(value)
}

/// `"%d"`, `String.format("level%d", n)`: a text into which nothing but numbers is printed.
fn prints_numbers(value: &str) -> bool {
    let formats = ["format", "printf", "% "].iter().any(|word| value.to_ascii_lowercase().contains(word));
    let marks = value.matches('%').count() - usize::from(value.contains("% "));
    (formats && marks > 0 && marks == value.matches("%d").count() && !value.contains(['{', '$'])) || value.contains("\"%d\"")
}

/// Whether code gives digits, hexadecimal digits or a moment as text: a conversion, or arithmetic with a number.
pub(in crate::extract) fn is_number(code: &str) -> bool {
    let lower = code.trim().to_ascii_lowercase();
    let computed = lower.rsplit_once([' ']).and_then(|(left, last)| {
        let sum = left.ends_with(['+', '-', '*', '/']) && !last.is_empty() && last.chars().all(|c| c.is_ascii_digit() || c == '_');
        sum.then_some(())
    });
    computed.is_some() || lower.starts_with("int(") || NUMBERS.iter().any(|word| lower.contains(word))
}

/// A literal, or a choice among literals.
pub(in crate::extract) fn is_of_literals(value: &str) -> bool {
    let mut rest = String::new();
    let (mut quote, mut holds, mut literals) = (None, false, 0);
    let mut chars = value.chars().peekable();
    while let Some(c) = chars.next() {
        match quote {
            Some(open) if c == open => quote = None,
            // `$1` is a placeholder
            Some(_) => holds |= matches!(c, '{' | '#') || (c == '$' && !chars.peek().is_some_and(char::is_ascii_digit)),
            None if matches!(c, '"' | '\'' | '`') => {
                quote = Some(c);
                literals += 1;
                rest.push('\u{1}');
            }
            None => rest.push(c),
        }
    }
    if holds || literals == 0 || quote.is_some() {
        return false;
    }
    let rest = rest.trim();
    let choice = (rest.contains('?') && rest.ends_with('\u{1}') && rest.contains(':')) // a ? "x" : "y"
        || (rest.starts_with('\u{1}') && rest.contains(" if ") && rest.ends_with('\u{1}')) // "x" if a else "y"
        || (rest.starts_with('\u{1}') && rest.contains(" if ") && !rest.contains(';')) // "x" if a
        || (rest.starts_with("if") && rest.contains("else") && !rest.contains(';')); // if a { "x" } else { "y" }
    rest.chars().all(|c| c == '\u{1}' || c.is_whitespace()) || choice
}

/// A string that begins as a piece of SQL does, whatever it holds.
fn is_piece(value: &str) -> bool {
    const BEGIN: &[&str] = &[
        "where",
        "and ",
        "or ",
        "order by",
        "group by",
        "limit",
        "offset",
        "join",
        "left join",
        "inner join",
        "having",
        "returning",
        "select",
        "with ",
        "as ",
        "on ",
        "set ",
        "case ",
        "coalesce(",
        "from ",
    ];
    let Some(start) = value.find(['"', '\'', '`']).filter(|&start| start < 12 || value.starts_with("if ")) else { return false };
    let inside = value[start..].trim_start_matches(['"', '\'', '`']).trim_start().to_ascii_lowercase();
    let call: String = inside.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    BEGIN.iter().any(|word| inside.starts_with(word)) || (call.starts_with("st_") && inside[call.len()..].starts_with('('))
}
