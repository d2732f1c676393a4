#![allow(clippy::unwrap_used)]
use super::*;
use proptest::prelude::*;

fn all(text: &str, dialect: Dialect) -> Vec<Token> {
    lex(text, Span::new(0, text.len() as u32), dialect)
}

fn kinds(text: &str, dialect: Dialect) -> Vec<(TokenKind, &str)> {
    all(text, dialect).into_iter().filter(|t| t.kind != K::Whitespace).map(|t| (t.kind, t.span.of(text))).collect()
}

#[test]
fn strings_of_every_kind() {
    let text = r#"'a''b' E'a\'b' U&'d\0061t' $q$ $ $$ $q$ B'01' x'1F' "A""b" U&"x" N'n'"#;
    let found: Vec<_> = kinds(text, Dialect::Server).into_iter().map(|(k, _)| k).collect();
    let expected = [
        K::String,
        K::EscapeString,
        K::UnicodeString,
        K::DollarString,
        K::BitString,
        K::HexString,
        K::QuotedIdent,
        K::UnicodeIdent,
        K::NationalString,
    ];
    assert_eq!(found, expected);
    let values: Vec<_> =
        all(text, Dialect::Server).iter().filter(|t| t.kind != K::Whitespace).map(|t| t.value(text).into_owned()).collect();
    assert_eq!(values, ["a'b", "a'b", "dat", " $ $$ ", "01", "1F", "A\"b", "x", "n"]);
}

#[test]
fn operators_are_cut_as_postgres_cuts_them() {
    let text = "a->>'k'@>b<=-1 ?| x::int*-2 a=@-1 1..3 a[1:2]/*c*/--x";
    let found: Vec<_> = kinds(text, Dialect::Server).into_iter().filter(|(k, _)| *k == K::Operator).map(|(_, t)| t).collect();
    assert_eq!(found, ["->>", "@>", "<=", "-", "?|", "::", "*", "-", "=@-", ".."]);
}

#[test]
fn nested_comments_and_unclosed_quotes_cost_only_themselves() {
    assert_eq!(kinds("/* a /* b */ c */ x", Dialect::Server)[1], (K::Word, "x"));
    let found = kinds("select 'oops\n; select 1", Dialect::Psql);
    assert_eq!(found[1], (K::Unterminated, "'oops"));
    assert_eq!(found.last().unwrap(), &(K::Number, "1"));
}

#[test]
fn psql_commands_variables_and_copy_data() {
    let text = "\\set x 1\nSELECT :x, :'y', a[1:2];\nCOPY t (a) FROM stdin;\n1\t'\n\\.\nSELECT 2;";
    let found = kinds(text, Dialect::Psql);
    assert_eq!(found[0], (K::MetaCommand, "\\set x 1"));
    assert!(found.contains(&(K::Placeholder, ":x")) && found.contains(&(K::Placeholder, ":'y'")) && found.contains(&(K::Colon, ":")));
    assert!(found.contains(&(K::CopyData, "\n1\t'\n\\.")));
    assert_eq!(found.last().unwrap().0, K::Semicolon);
}

#[test]
fn placeholders_of_drivers() {
    let glued = "a=? AND b>=@p AND c=%s AND d<>%(n)s AND e->>? AND f @? g AND h=#{i}";
    let found: Vec<&str> = all(glued, Dialect::Host).iter().filter(|t| t.kind == K::Placeholder).map(|t| t.text(glued)).collect();
    assert_eq!(found, ["?", "@p", "%s", "%(n)s", "?", "#{i}"]);
    let text = "a = ? AND b = %s AND c = %(n)s AND d = :name AND e = @p AND f ? 'k' AND g = {} LIMIT ? OFFSET ${x} a::int";
    let found: Vec<_> = kinds(text, Dialect::Host).into_iter().filter(|(k, _)| *k == K::Placeholder).map(|(_, t)| t).collect();
    assert_eq!(found, ["?", "%s", "%(n)s", ":name", "@p", "{}", "?", "${x}"]);
}

#[test]
fn an_array_holds_placeholders_and_a_slice_bounds() {
    let text = "unnest(ARRAY[:months]::date[]), a[:x], b[1:n]";
    let found: Vec<_> = kinds(text, Dialect::Host).into_iter().filter(|(k, _)| *k == K::Placeholder).map(|(_, t)| t).collect();
    assert_eq!(found, [":months"]);
}

#[test]
fn parts_to_be_filled_in_stand_between_percent_signs() {
    let text = "a % b, 5 %c, %x%, (1) %y% FROM %s ORDER BY %order% LIMIT %d";
    let found: Vec<_> = kinds(text, Dialect::Psql).into_iter().filter(|(k, _)| *k == K::Placeholder).map(|(_, t)| t).collect();
    assert_eq!(found, ["%x%", "%s", "%order%", "%d"]);
}

#[test]
fn a_hole_and_the_word_beside_it_are_one_name() {
    let text = "ALTER TABLE {{.prefix}}orders, i_{suffix}_x, ${schema}.t, a_${b}, {{if .x}}IF {{end}}, '{a}'b";
    let found: Vec<_> = kinds(text, Dialect::Psql).into_iter().filter(|(k, _)| *k == K::Placeholder).map(|(_, t)| t).collect();
    assert_eq!(found, ["{{.prefix}}orders", "i_{suffix}_x", "${schema}", "a_${b}", "{{if .x}}", "{{end}}"]);
}

#[test]
fn a_named_dollar_parameter_in_a_file_of_queries_is_a_placeholder() {
    let found = kinds("a = $name AND b = $1 AND c = $t$x$t$", Dialect::Psql);
    assert!(
        found.contains(&(K::Placeholder, "$name")) && found.contains(&(K::Param, "$1")) && found.contains(&(K::DollarString, "$t$x$t$"))
    );
}

#[test]
fn fillers_join_words_and_vanish_from_values() {
    let text = "us\0ers 'a\0b'";
    let tokens = all(text, Dialect::Host);
    assert_eq!((tokens[0].value(text).as_ref(), tokens[2].value(text).as_ref()), ("users", "ab"));
}

proptest! {
    #[test]
    fn tokens_cover_any_text_without_gaps(text in "(\\PC|[-'\"$\\\\;:/*{}\n]){0,80}") {
        for dialect in [Dialect::Psql, Dialect::Server, Dialect::Host] {
            let tokens = all(&text, dialect);
            let joined: String = tokens.iter().map(|t| t.text(&text)).collect();
            prop_assert_eq!(&joined, &text);
            for token in &tokens {
                let _ = token.value(&text);
            }
        }
    }
}
