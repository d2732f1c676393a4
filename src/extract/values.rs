//! What a file says of a variable before it stands in SQL: its declared type, or what it was given.
//!
//! A number cannot bring SQL of its own, and neither can what was quoted, chosen from literals, or a list of placeholders. The
//! nearest declaration decides; where the file says nothing, nothing is known. Must not know SQL's grammar.

/// How far before the hole a declaration is looked for, and how many of the name's places are looked at.
const REACH: usize = 12_000;
const PLACES: usize = 48;

/// Types whose values are written as digits, fixed words or hexadecimal groups.
const PLAIN: &[&str] = &[
    "int",
    "integer",
    "int2",
    "int4",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "usize",
    "isize",
    "long",
    "short",
    "byte",
    "number",
    "float",
    "float32",
    "float64",
    "f32",
    "f64",
    "double",
    "decimal",
    "bigdecimal",
    "biginteger",
    "bigint",
    "bool",
    "boolean",
    "uuid",
    "guid",
    "date",
    "datetime",
    "localdate",
    "localdatetime",
    "offsetdatetime",
    "zoneddatetime",
    "naivedate",
    "naivedatetime",
    "instant",
    "duration",
    "timedelta",
    "timespan",
    "yearmonth",
    "datetimeoffset",
    "nat",
    "char",
    "rune",
    "timestamp",
    "positiveint",
];

/// What holds values of the types inside it, and words around a type.
const AROUND: &[&str] = &[
    "list",
    "vec",
    "option",
    "optional",
    "set",
    "array",
    "arraylist",
    "sequence",
    "iterable",
    "collection",
    "seq",
    "nullable",
    "null",
    "none",
    "undefined",
    "final",
    "const",
    "readonly",
    "mut",
    "ref",
    "time",
    "datetime",
    "uuid",
    "java",
    "util",
    "lang",
    "chrono",
    "public",
    "private",
    "protected",
    "static",
    "internal",
    "val",
    "var",
    "let",
    "typing",
    "pydantic",
    "std",
    "primitive",
    "numpy",
    "math",
    "big",
];

/// Words that begin a function: before it the name is another's.
const HEADS: &[&str] = &["def ", "defp ", "function ", "fn ", "func ", "fun ", "sub "];

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
    ".toint",
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

/// Whether what the file says of `name`, used at `at`, leaves no room for SQL of somebody else's. `None` where it says nothing.
pub(super) fn is_harmless(text: &str, at: usize, name: &str, quotes: &dyn Fn(&str) -> bool) -> Option<bool> {
    let name = name.trim_start_matches(['$', '&', '*']);
    let own = ["self.", "this.", "this->", "@"].iter().find_map(|of| name.strip_prefix(of));
    if let Some(member) = own.filter(|member| is_word(member)) {
        return typed_member(text, member);
    }
    if !is_word(name) {
        return None;
    }
    let from = crate::source::floor_boundary(text, at.saturating_sub(REACH));
    let before = text.get(from..at)?;
    let mut given: Option<bool> = None;
    let mut end = before.len();
    for place in before.rmatch_indices(name).map(|(place, _)| place).take(PLACES) {
        let (left, right) = (before.get(..place)?, before.get(place + name.len()..)?);
        if !is_whole(left, right) {
            continue;
        }
        // another function began since
        if before.get(place..end).is_some_and(|between| heads(between) > 0) {
            return given;
        }
        let line = left.rsplit('\n').next().unwrap_or("");
        if cleans(line, right) {
            return Some(given.unwrap_or(true));
        }
        let declared = declared(line, right);
        if let Some(value) = assigned(line, right) {
            given = Some(
                given.unwrap_or(true)
                    && (declared == Some(true)
                        || gives_harmless(value, quotes)
                        || prints_harmless(text, from + place, name, value, quotes)),
            );
            let declares = ["let ", "const ", "var ", "val ", "my ", ":="]
                .iter()
                .any(|word| line.contains(word) || right.trim_start().starts_with(word));
            if declares || declared.is_some() {
                return given;
            }
        } else if declared.is_some() {
            return given.or(declared);
        } else if HEADS.iter().any(|head| line.trim_start().contains(head)) {
            // a parameter without a type, but for what a specification before the function says
            return Some(given.unwrap_or_else(|| is_specified(before.get(..place).unwrap_or(""), right)));
        }
        end = place;
    }
    given
}

/// `fmt.Sprintf("'%v'::xid8", value)` of a number.
fn prints_harmless(text: &str, at: usize, name: &str, value: &str, quotes: &dyn Fn(&str) -> bool) -> bool {
    let printed = value.contains("printf(").then(|| only_variable(value)).flatten();
    printed.is_some_and(|other| other != name && is_harmless(text, at, other, quotes) == Some(true))
}

/// Elixir: `@spec find(integer(), String.t()) :: …` above `def find(`. `before` ends where the parameter's name begins.
fn is_specified(before: &str, right: &str) -> bool {
    let line = before.rsplit('\n').next().unwrap_or("");
    let Some((head, parameters)) = line.split_once('(') else { return false };
    let Some(function) = head.trim_start().strip_prefix("defp ").or_else(|| head.trim_start().strip_prefix("def ")) else { return false };
    let spec = format!("@spec {}(", function.trim());
    let types = before.rfind(&spec).map(|at| &before[at + spec.len()..]);
    let Some(types) = types.filter(|types| heads(types) <= 1 && !right.is_empty()) else { return false };
    let number = parameters.matches(',').count();
    let ty = types.split([',', '\n']).nth(number).unwrap_or("").split("::").next().unwrap_or("");
    let ty = ty.trim().trim_end_matches([')', '(', ' ']);
    [
        "integer",
        "non_neg_integer",
        "pos_integer",
        "neg_integer",
        "float",
        "number",
        "boolean",
        "Date.t",
        "DateTime.t",
        "NaiveDateTime.t",
        "Ecto.UUID.t",
    ]
    .contains(&ty)
}

/// Who gives what becomes part of SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Giver {
    /// A caller: it is a parameter of the function.
    Caller,
    /// A request, an argument of the program, or what it reads.
    Request,
}

/// Whether what becomes part of SQL may be chosen by a caller or by what the program reads.
pub(super) fn comes_from_outside(text: &str, at: usize, code: &str) -> bool {
    giver(text, at, code).is_some()
}

/// Who outside of the function gives it; `None` where the file does not show anybody.
pub(super) fn giver(text: &str, at: usize, code: &str) -> Option<Giver> {
    const BRINGS: &[&str] = &[
        "req.",
        "request.",
        "request[",
        "request(",
        "params.",
        "params[",
        "params(",
        "args.",
        "args[",
        "argv",
        "input(",
        "input[",
        "$_get",
        "$_post",
        "$_request",
        "query.",
        "body.",
        "body[",
        "$1",
        "$2",
        "getenv",
        "environ",
        "readline",
    ];
    let brings = |code: &str| {
        let lower = code.to_ascii_lowercase();
        let begins = |at: usize| !lower[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        BRINGS.iter().any(|word| lower.match_indices(word).any(|(at, _)| begins(at)))
    };
    let name = code.trim_start_matches(['$', '&', '*', '{', '#', ' ']).split("!r").next().unwrap_or("");
    let root: String = name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    if brings(code) {
        return Some(Giver::Request);
    }
    // a property of C#, a constant of Go
    if root.is_empty()
        || root.starts_with(|c: char| c.is_uppercase())
        || ["self", "this"].contains(&root.as_str())
        || code.contains(['(', '.'])
        || code.contains("->")
        || code.contains("::")
    {
        return None;
    }
    let from = crate::source::floor_boundary(text, at.saturating_sub(REACH));
    let before = text.get(from..at)?;
    for (place, _) in before.rmatch_indices(root.as_str()).take(PLACES) {
        let (Some(left), Some(right)) = (before.get(..place), before.get(place + root.len()..)) else { continue };
        if !is_whole(left, right) {
            continue;
        }
        let line = left.rsplit('\n').next().unwrap_or("");
        if let Some(value) = assigned(line, right) {
            // `n = str(n)`: made of what it was before
            if !brings(value) && value.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == root) {
                continue;
            }
            return brings(value).then_some(Giver::Request);
        }
        if declared(line, right) == Some(false) || HEADS.iter().any(|head| line.trim_start().contains(head)) {
            return Some(Giver::Caller);
        }
    }
    None
}

/// `$this->clean($name)`: a call that makes its argument safe where it stands.
fn cleans(line: &str, right: &str) -> bool {
    let call = line.trim_end_matches(['$', '&']).to_ascii_lowercase();
    let adds_mark = [".append('?')", ".append(\"?\")", ".push('?')", ".push(\"?\")", ".append('%s')", ".append(\"%s\")"];
    const CHECKS: &[&str] = &["clean(", "is_integer(", "isinteger(", "is_numeric(", "is_int(", "isnumber(", "is_number("];
    // `assert re.match(r'^\w+$', name)`
    let matched =
        ["re.match(", "re.fullmatch(", "matchstring(", "preg_match("].iter().any(|check| call.contains(check)) || call.ends_with(".test(");
    let checked =
        matched || CHECKS.iter().any(|check| call.ends_with(check)) || (call.ends_with("isinstance(") && right.starts_with(", int)"));
    checked || adds_mark.iter().any(|mark| right.starts_with(mark))
}

/// The one variable that a call is given: `strings.Join(names, "','")`.
pub(super) fn only_variable(code: &str) -> Option<&str> {
    let mut found: Option<&str> = None;
    let (mut quote, mut start, mut member) = (None, None, false);
    for (i, c) in code.char_indices().chain([(code.len(), ' ')]) {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c.is_alphanumeric() || c == '_' => start = start.or(Some(i)),
            None => {
                if let Some(from) = start.take() {
                    let word = &code[from..i];
                    // a function, or what it belongs to
                    let named = c == '(' || c == '.' || member;
                    if !named && !word.starts_with(|c: char| c.is_ascii_digit()) {
                        if found.is_some_and(|found| found != word) {
                            return None;
                        }
                        found = Some(word);
                    }
                }
                member = c == '.' || c == '>';
                if matches!(c, '"' | '\'' | '`') {
                    quote = Some(c);
                }
            }
        }
    }
    found.filter(|_| code.contains('('))
}

fn is_word(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

fn is_whole(left: &str, right: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    !left.ends_with(part) && !right.starts_with(part) && !left.ends_with(['.', '>'])
}

/// How many functions begin in a piece of code.
pub(super) fn heads(code: &str) -> usize {
    code.lines().skip(1).filter(|line| HEADS.iter().any(|head| begins_function(line.trim_start(), head))).count()
}

fn begins_function(line: &str, head: &str) -> bool {
    let visibility = [
        "public ",
        "private ",
        "protected ",
        "static ",
        "async ",
        "export ",
        "pub ",
        "pub(crate) ",
        "pub(super) ",
        "override ",
        "suspend ",
    ];
    let mut line = line;
    while let Some(rest) = visibility.iter().find_map(|word| line.strip_prefix(word)) {
        line = rest;
    }
    line.starts_with(head)
}

/// The type that stands beside a name, and whether its values are plain.
fn declared(line: &str, right: &str) -> Option<bool> {
    let after = right.trim_start_matches('?');
    if let Some(ty) = after.strip_prefix(": ").or_else(|| after.strip_prefix(':').filter(|ty| ty.starts_with(|c: char| c.is_alphabetic())))
    {
        let ty = ty.split([',', ')', '=', '{', '}', '\n', ';']).next().unwrap_or("").trim();
        // `{ name: value }` of an object tells no type
        return is_plain_type(ty)
            .or_else(|| (ty.starts_with(['\'', '"']) && ty.contains('|')).then_some(true))
            .or_else(|| is_text_type(ty).then_some(false));
    }
    // Go: `name type,`
    if let Some(ty) = after.strip_prefix(' ').and_then(|ty| ty.split([',', ')', '\n', '=']).next())
        && !ty.is_empty()
        && ty.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '[' | ']' | '*'))
        && (is_plain_type(ty) == Some(true) || ty == "string")
    {
        return is_plain_type(ty).or(Some(false));
    }
    // `Type name`
    let ty = line.trim_end().rsplit(['(', ',', '{', ';']).next().unwrap_or("").trim().trim_end_matches('$').trim();
    let spaced = line.ends_with(' ') || line.ends_with('$');
    if spaced
        && !ty.is_empty()
        && ty.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '<' | '>' | '[' | ']' | '?' | ' ' | '@' | '_'))
    {
        return is_plain_type(ty).filter(|plain| *plain).or_else(|| is_text_type(ty.rsplit(' ').next().unwrap_or(ty)).then_some(false));
    }
    None
}

fn is_text_type(ty: &str) -> bool {
    let ty = ty.trim_start_matches(['&', '*']).trim_start_matches("mut ");
    ["string", "str", "charsequence", "impl asref<str>", "any", "object"].contains(&ty.to_ascii_lowercase().trim_end_matches('?'))
}

/// Whether a type is made of plain ones only; `None` for one that is none.
fn is_plain_type(ty: &str) -> Option<bool> {
    let words: Vec<String> =
        ty.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).map(str::to_ascii_lowercase).collect();
    let plain = |word: &String| PLAIN.contains(&word.as_str());
    let known = |word: &String| plain(word) || AROUND.contains(&word.as_str());
    (words.iter().any(plain) && words.iter().all(known)).then_some(true)
}

/// What a name is given right here: the text after `=` or `:=`.
fn assigned<'t>(line: &str, right: &'t str) -> Option<&'t str> {
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
fn gives_harmless(value: &str, quotes: &dyn Fn(&str) -> bool) -> bool {
    let lower = value.to_ascii_lowercase();
    let cast = ["int(", "(int(", " int(", "=int(", "str(int("]
        .iter()
        .any(|word| if word.starts_with("int") { lower.starts_with(word) } else { lower.contains(word) });
    let printed = value.contains("\"%d\"");
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

/// Whether code gives digits, hexadecimal digits or a moment as text: a conversion, or arithmetic with a number.
pub(super) fn is_number(code: &str) -> bool {
    let lower = code.trim().to_ascii_lowercase();
    let computed = lower.rsplit_once([' ']).and_then(|(left, last)| {
        let sum = left.ends_with(['+', '-', '*', '/']) && !last.is_empty() && last.chars().all(|c| c.is_ascii_digit() || c == '_');
        sum.then_some(())
    });
    computed.is_some() || lower.starts_with("int(") || NUMBERS.iter().any(|word| lower.contains(word))
}

/// A literal, or a choice among literals.
pub(super) fn is_of_literals(value: &str) -> bool {
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

/// Whether every declaration of a member in the file gives it a plain type.
fn typed_member(text: &str, member: &str) -> Option<bool> {
    let mut found = None;
    for (place, _) in text.match_indices(member).take(PLACES) {
        let (left, right) = (&text[..place], &text[place + member.len()..]);
        if !is_whole(left, right) {
            continue;
        }
        let line = left.rsplit('\n').next().unwrap_or("");
        if line.contains('"') || line.trim_start().starts_with(['#', '/', '*', '.']) {
            continue;
        }
        if let Some(plain) = declared(line, right) {
            found = Some(found.unwrap_or(true) && plain);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::is_harmless;

    fn of(code: &str, name: &str) -> Option<bool> {
        is_harmless(code, code.len(), name, &|value| value.contains("quote"))
    }

    #[test]
    fn declared_types_are_read_in_every_language() {
        for code in [
            "async function f(name: string, hours: number = 24): Promise<void> {\n  q(`",
            "fn f(name: &str, hours: Option<i64>) {\n  format!(\"",
            "def f(cur, name: str, hours: int):\n    cur.execute(f\"",
            "func f(ctx context.Context, name string, hours int) error {\n q(\"",
            "private List<X> f(final String name, final Long hours) {\n q(\"",
            "public function f(string $name, int $hours) { q(\"",
            "fun f(name: String, hours: UUID?) { q(\"",
        ] {
            assert_eq!(of(code, "hours"), Some(true), "{code}");
            assert_eq!(of(code, "name"), Some(false), "{code}");
        }
        assert_eq!(of("def f(cur, name):\n    q(\"", "name"), Some(false));
        assert_eq!(of("struct Q { block: i32, name: String }\nfn f() { q(\"", "self.block"), Some(true));
        assert_eq!(of("struct Q { block: i32, name: String }\nfn f() { q(\"", "self.name"), Some(false));
    }

    #[test]
    fn what_a_variable_was_given_decides() {
        for code in [
            "def f(cur, x):\n    x = int(x)\n    q(\"",
            "function f() {\n $x = $this->db->quoteValue($table->name);\n q(\"",
            "def f(desc):\n    x = \"DESC\" if desc else \"ASC\"\n    q(f\"",
            "const x = desc ? 'DESC' : 'ASC';\n q(`",
            "const x =\n  desc\n    ? 'DESC'\n    : 'ASC';\n q(`",
            "x = COLUMNS[key]\n q(f\"",
            "x := 12\n q(\"",
            "x = f\" AND name = %s\"\n q(f\"",
        ] {
            assert_eq!(of(code, "x"), Some(true), "{code}");
        }
        for code in [
            "x = request.args['x']\n q(f\"",
            "const x = `${y}%`;\n q(`",
            "x = \"a\"\nx = given\n q(f\"",
            "x := r.URL.Query().Get(\"x\")\n q(\"",
        ] {
            assert_eq!(of(code, "x"), Some(false), "{code}");
        }
        // of another function
        assert_eq!(of("def f():\n    x = 1\n\ndef g():\n    q(f\"", "x"), None);
    }
}
