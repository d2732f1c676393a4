//! What a file says of a variable before it stands in SQL: its declared type, or what it was given.
//!
//! A number cannot bring SQL of its own, and neither can what was quoted, chosen from literals, or a list of placeholders. The
//! nearest declaration decides; where the file says nothing, nothing is known. Must not know SQL's grammar.

mod given;
mod giver;
mod names;
mod types;

pub(super) use given::{is_number, is_of_literals};
pub use giver::Giver;
pub(super) use giver::{comes_from_outside, giver};
pub(super) use names::{heads, only_variable};

use given::{assigned, gives_harmless};
use names::{HEADS, has_sigils, in_signature, is_whole, is_word, mentions};
use types::{declared, typed_member};

/// How far before the hole a declaration is looked for, and how many of the name's places are looked at.
const REACH: usize = 12_000;
const PLACES: usize = 48;

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
    let sigil = has_sigils(text);
    let mut given: Option<bool> = None;
    let mut end = before.len();
    for place in before.rmatch_indices(name).map(|(place, _)| place).take(PLACES) {
        let (left, right) = (before.get(..place)?, before.get(place + name.len()..)?);
        if !is_whole(left, right) || (sigil && !left.ends_with('$')) {
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
        // what a parameter is given is but its default
        let parameter = line.trim().is_empty() && in_signature(left);
        if let Some(value) = assigned(line, right).filter(|_| !parameter) {
            // `id = int(id)`: whatever it was before
            if mentions(value, name) && gives_harmless(value, quotes) {
                return Some(given.unwrap_or(true));
            }
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
        } else if parameter {
            return Some(given.unwrap_or(false));
        }
        end = place;
    }
    given
}

/// What a name was given last before a place, as written.
pub(super) fn source<'t>(text: &'t str, at: usize, name: &str) -> Option<&'t str> {
    let before = text.get(crate::source::floor_boundary(text, at.saturating_sub(REACH))..at)?;
    let mut places = before.rmatch_indices(name).take(PLACES).filter(|_| is_word(name));
    places.find_map(|(place, _)| {
        let (left, right) = (&before[..place], &before[place + name.len()..]);
        is_whole(left, right).then(|| assigned(left.rsplit('\n').next().unwrap_or(""), right)).flatten()
    })
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
