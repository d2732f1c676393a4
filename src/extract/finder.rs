//! Looks for SQL in scanned code: which strings are worth a closer look, what they are given to, and what stands around them.

use super::chain::{self, Chain};
use super::comprehension;
use super::growth;
use super::judge::{self, Standing, Verdict};
use super::repeats;
use super::scan::{self, Scan};
use super::scope;
use super::syntax::Syntax;
use super::tree::Tree;
use super::{Fragment, FragmentKind, Options, Writer, calls, holes, overlay, presence, trust};
use crate::source::{FILLER, Span};
use crate::sql::Script;
use memchr::memmem;

/// Looks for SQL in scanned code.
pub(super) struct Finder<'a, 't> {
    pub(super) text: &'t str,
    pub(super) scan: &'a Scan,
    pub(super) syntax: &'static Syntax,
    pub(super) options: Options<'a>,
    pub(super) writer: &'a mut Writer<'t>,
}

/// What stands around a chain.
#[derive(Debug, Default, Clone, Copy)]
struct Setting {
    call: Option<Span>,
    /// The call's first argument, or its tag.
    early: bool,
    /// A tag right before the quote.
    tagged: bool,
    standing: Option<Standing>,
    spoken: bool,
}

impl Finder<'_, '_> {
    pub(super) fn run(&mut self) {
        let scan = self.scan;
        for stream in &scan.streams {
            if !stream.tokens.iter().any(|t| matches!(t.kind, scan::Kind::Literal(_))) {
                continue;
            }
            let tree = Tree::new(self.text, stream);
            let mut chains = chain::chains(&tree, scan, self.syntax);
            growth::grow(&tree, self.syntax, &mut chains, |chain| judge::begins_like_sql(&self.head(chain)));
            let found: Vec<(Chain, Setting)> = chains.into_iter().filter_map(|chain| self.candidate(&tree, chain)).collect();
            let wanted: Vec<usize> = found.iter().map(|(chain, _)| chain.first).collect();
            let around = scope::around(&tree, self.syntax, &wanted);
            for ((chain, setting), around) in found.into_iter().zip(around) {
                self.take(&tree, &chain, setting, around);
            }
        }
    }

    /// Whether a chain is worth a closer look.
    fn candidate(&self, tree: &Tree, chain: Chain) -> Option<(Chain, Setting)> {
        let head = self.head(&chain);
        let sql = judge::begins_like_sql(&head) || head.starts_with(b"--") || head.starts_with(b"/*");
        let setting = self.setting(tree, &chain);
        let clause = || setting.early && setting.call.is_some_and(|call| calls::frame(call.of(self.text), self.chained(call)).is_some());
        let piece = || setting.early && setting.standing == Some(Standing::Known) && calls::piece_frame(&head).is_some();
        if !sql && !clause() && !piece() {
            return None;
        }
        if (setting.spoken && !sql) || (self.syntax.docstrings && setting.standing.is_none() && self.documents(tree, &chain)) {
            return None;
        }
        Some((chain, setting))
    }

    /// The first bytes of what the program has, without blanks.
    fn head(&self, chain: &Chain) -> Vec<u8> {
        let mut head = Vec::with_capacity(48);
        for literal in chain.literals() {
            for piece in &self.scan.literals[literal].pieces {
                let bytes = match piece.kind {
                    scan::PieceKind::Text => piece.span.of(self.text).as_bytes(),
                    scan::PieceKind::Decoded(ref bytes, len) => &bytes[..usize::from(len).min(4)],
                    scan::PieceKind::Gone => continue,
                    scan::PieceKind::Hole(..) => b"{}",
                };
                let bar = |b: &u8| chain.bar_margin && *b == b'|';
                let skip = if head.is_empty() { bytes.iter().take_while(|b| b.is_ascii_whitespace() || bar(b)).count() } else { 0 };
                head.extend(bytes[skip..].iter().take(48));
                if head.len() >= 48 {
                    return head;
                }
            }
        }
        head
    }

    /// A string that stands as a statement by itself.
    fn documents(&self, tree: &Tree, chain: &Chain) -> bool {
        tree.tokens[chain.first].first && tree.around(chain.first).is_none() && tree.tokens.get(chain.after).is_none_or(|t| t.first)
    }

    fn setting(&self, tree: &Tree, chain: &Chain) -> Setting {
        let mut setting = self.call(tree, chain);
        let path = setting.call.map_or("", |call| call.of(self.text));
        let path: String = path.split_whitespace().collect();
        let by_call = calls::standing(&path, self.options.calls);
        let named = self.assigned(tree, chain.first).is_some_and(calls::names_sql);
        let hinted = self.hinted(chain) || tagged_here_document(tree.tokens[chain.first].span.of(self.text));
        setting.spoken = !hinted && (calls::spoken(&path) || self.objects(tree, chain, &path));
        let standing = match by_call {
            _ if hinted => Standing::Known,
            Standing::Any if named => Standing::Hinted,
            other => other,
        };
        setting.standing = Some(standing).filter(|s| *s > Standing::Any);
        setting
    }

    /// Whether a call goes on from another: `.order(…)`.
    fn chained(&self, call: Span) -> bool {
        (call.start as usize).checked_sub(1).and_then(|at| self.text.as_bytes().get(at)).is_some_and(|&b| b == b'.' || b == b'>')
    }

    /// Whether a call takes a language of objects that only looks like SQL (JPQL, HQL).
    fn objects(&self, tree: &Tree, chain: &Chain, path: &str) -> bool {
        if !matches!(self.syntax.name, "java" | "kotlin") {
            return false;
        }
        let last = path.rsplit('.').next().unwrap_or(path);
        let repository = || memmem::find(self.text.as_bytes(), b"org.springframework.data.jpa").is_some();
        let native = || {
            let open = tree.around(chain.first);
            open.is_some_and(|open| (open..tree.closing(open)).any(|at| tree.word(at) == Some("nativeQuery")))
        };
        let entities = || {
            ["EntityManager", "persistence.Query"].iter().any(|word| self.text.contains(word))
                || memmem::find(self.text.as_bytes(), b"hibernate").is_some()
        };
        last == "NamedQuery"
            || (last == "createQuery" && entities())
            || (self.kept_for_objects(chain) && entities())
            || (last == "Query" && repository() && !native())
    }

    /// `String query = "…"; … createQuery(query, …)`.
    fn kept_for_objects(&self, chain: &Chain) -> bool {
        let Some(literal) = chain.literals().next().map(|i| &self.scan.literals[i]) else { return false };
        let before = self.text.get(..literal.span.start as usize).unwrap_or("");
        let statement = before.get(before.rfind([';', '{', '}']).map_or(0, |at| at + 1)..).unwrap_or("");
        let name = statement.split_once('=').and_then(|(declared, _)| declared.split_whitespace().last()).unwrap_or("");
        let after = self.text.get(literal.span.end as usize..).unwrap_or("");
        // another method may keep a query of the other kind under the same name: the next call decides
        let given = |(at, call): &(usize, &str)| {
            let given = after[at + call.len()..].trim_start();
            given.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with([',', ')']))
        };
        let call = |name| after.match_indices(name).take(8).find(given).map(|(at, _)| at);
        let native = call("createNativeQuery(").unwrap_or(usize::MAX);
        !name.is_empty() && call("createQuery(").is_some_and(|at| at < native)
    }

    /// The call that a chain is given to.
    fn call(&self, tree: &Tree, chain: &Chain) -> Setting {
        let first = chain.first;
        let literal = chain.literals().next().map(|i| &self.scan.literals[i]);
        let interpolator = literal.map(|l| l.prefix).filter(|p| !p.is_empty() && self.syntax.any_prefix.is_some());
        if let Some(prefix) = interpolator.filter(|prefix| !matches!(prefix.of(self.text), "s" | "f" | "raw")) {
            return Setting { call: Some(prefix), early: true, tagged: true, ..Setting::default() };
        }
        let before = first.checked_sub(1);
        // a tag before a template
        if let Some(at) = before.filter(|_| !tree.tokens[first].spaced && literal.is_some_and(|l| l.interpolates)) {
            let word = match () {
                () if tree.is(at, b'>') => tree.before_generics(at),
                // `(given ?? this.sql)`
                () if tree.is(at, b')') => at.checked_sub(1),
                () => Some(at),
            };
            if let Some(word) = word.filter(|&word| tree.word(word).is_some()) {
                return Setting { call: Some(tree.path(word)), early: true, tagged: true, ..Setting::default() };
            }
        }
        if self.syntax.bare_calls
            && let Some(at) = before.filter(|&at| tree.word(at).is_some() && !tree.tokens[first].first)
        {
            return Setting { call: Some(tree.path(at)), early: true, ..Setting::default() };
        }
        let mut inner = first;
        let mut early = true;
        for _ in 0..4 {
            let Some(open) = tree.around(inner) else { break };
            // `name: "…"`, `:name => "…"`
            early &= !(inner == first && (tree.is(inner - 1, b':') || (tree.is(inner - 1, b'>') && inner > 1 && tree.is(inner - 2, b'='))));
            early &= !tree.is_later(inner);
            if tree.is(open, b'(')
                && let Some(call) = tree.callee(open)
            {
                let name = call.of(self.text);
                let wrapper = matches!(
                    name.rsplit(['.', ':']).next(),
                    Some(
                        "dedent"
                            | "cleandoc"
                            | "trim"
                            | "squish"
                            | "concat!"
                            | "concatcp!"
                            | "formatcp!"
                            | "indoc!"
                            | "format!"
                            | "str"
                            | "String"
                    )
                );
                if !wrapper {
                    return Setting { call: Some(call), early, ..Setting::default() };
                }
            } else if tree.is(open, b'{') && !self.is_object(tree, open) {
                break;
            }
            inner = open;
        }
        Setting::default()
    }

    /// A brace that holds `key: value` given to a call.
    fn is_object(&self, tree: &Tree, open: usize) -> bool {
        open > 0 && matches!(tree.punct(open - 1), Some(b'(' | b',')) && tree.is(open + 2, b':')
    }

    /// The name that a string is given: `QUERY = "…"`, `sql: "…"`.
    fn assigned<'t>(&self, tree: &Tree<'t>, first: usize) -> Option<&'t str> {
        let mut at = first.checked_sub(1)?;
        if tree.is(at, b'(') {
            at = at.checked_sub(1)?;
        }
        if self.syntax.bare_calls && tree.word(at).is_some_and(|w| w.starts_with('@')) {
            return tree.word(at);
        }
        if !matches!(tree.punct(at), Some(b'=' | b':')) {
            return None;
        }
        // over the type: `const X: &str = `
        (at.saturating_sub(8)..at)
            .rev()
            .take_while(|&i| !matches!(tree.punct(i), Some(b';' | b'{' | b'}' | b',')))
            .filter_map(|i| tree.word(i))
            .find(|w| calls::names_sql(w))
    }

    /// A comment right before, or at the start, that says SQL.
    fn hinted(&self, chain: &Chain) -> bool {
        let Some(literal) = chain.literals().next().map(|i| &self.scan.literals[i]) else { return false };
        let inside = literal.content.of(self.text).trim_start();
        let says = |comment: &str| {
            let text = comment.trim_matches(['/', '*', '#', '-', ' ', '\t', '\n']).to_ascii_lowercase();
            matches!(
                text.as_str(),
                "sql"
                    | "postgres"
                    | "postgresql"
                    | "pgsql"
                    | "language=sql"
                    | "language=postgresql"
                    | "language=postgres"
                    | "language: sql"
            )
        };
        if inside.starts_with("--") && inside.lines().next().is_some_and(says) {
            return true;
        }
        let last = self.scan.comments.partition_point(|c| c.end <= literal.span.start);
        let Some(comment) = last.checked_sub(1).map(|i| self.scan.comments[i]) else { return false };
        let gap = Span::new(comment.end, literal.span.start).of(self.text);
        gap.len() < 200 && gap.trim_start().lines().count() <= 1 && !gap.contains(';') && says(comment.of(self.text))
    }

    fn take(&mut self, tree: &Tree, chain: &Chain, setting: Setting, around: scope::Around) {
        let Some(mut draft) = overlay::draft(self.text, self.scan, chain) else { return };
        let path = setting.call.map_or("", |call| call.of(self.text)).to_owned();
        let bound = self.binds(chain, setting, &path);
        let standing = setting.standing.unwrap_or(Standing::Any);
        let text = String::from_utf8_lossy(&draft.bytes).into_owned();
        let whole = Span::new(0, text.len() as u32);
        let (mut verdict, foreign) =
            if judge::begins_like_sql(&draft.bytes) { judge::judge(&text, whole, standing) } else { (Verdict::No, false) };
        let mut frame = "";
        if verdict == Verdict::No && setting.early && !setting.spoken {
            let by_call = calls::frame(&path, setting.call.is_some_and(|call| self.chained(call)));
            let by_word = || calls::piece_frame(text.trim_start_matches(FILLER as char).as_bytes()).filter(|_| standing == Standing::Known);
            frame = by_call.or_else(by_word).filter(|_| clause_like(&text)).unwrap_or("");
            verdict = if frame.is_empty() { Verdict::No } else { Verdict::IfRead };
        }
        match verdict {
            Verdict::No => return,
            // a sentence of the interface: `'Delete from history'`
            _ if standing == Standing::Any && is_sentence(&text) => return,
            Verdict::Sql if setting.spoken => verdict = Verdict::IfRead,
            // built of several pieces, as no prose is
            Verdict::IfRead if chain.grown && chain.literals().count() > 2 && judge::has_from(&text) => verdict = Verdict::Sql,
            Verdict::Sql | Verdict::IfRead => {}
        }
        self.writer.foreign += usize::from(foreign);
        let mut holes = holes::settle(&mut draft);
        for hole in &mut holes {
            hole.role = trust::role(self.text, hole);
            hole.trusted = trust::is_trusted(self.text, hole, draft.content.start, self.syntax.name);
            hole.giver = if hole.trusted { None } else { trust::giver(self.text, hole, draft.content.start, self.syntax.name) };
        }
        let kind = match frame {
            _ if foreign || setting.spoken || calls::is_another_engines(&path) => FragmentKind::Other,
            "" => FragmentKind::Statement,
            _ => FragmentKind::Clause,
        };
        let fragment = Fragment {
            span: draft.content,
            layer: 0,
            kind,
            call: setting.call,
            function: around.function,
            asks_presence: presence::is_asked(self.text, draft.content, around.function.map_or("", |name| name.of(self.text))),
            of_all: around.function.is_some_and(|name| scope::is_about_all(name.of(self.text))),
            in_loop: around
                .in_loop
                .filter(|found| repeats::repeats(tree, chain, &path, &holes, found, !frame.is_empty()))
                .or_else(|| if frame.is_empty() && self.syntax.docstrings { comprehension::around(tree, chain) } else { None }),
            holes,
            bound,
            open: growth::goes_on(tree, self.syntax, chain),
            in_test: false,
            script: Script::default(),
        };
        self.writer.add(fragment, &draft, verdict, frame);
    }

    /// Whether what is interpolated is sent as parameters.
    fn binds(&self, chain: &Chain, setting: Setting, path: &str) -> bool {
        let literal = chain.literals().next().map(|i| &self.scan.literals[i]);
        let template = literal.is_some_and(|l| l.interpolates);
        let takes_format = matches!(path.rsplit('.').next(), Some(last) if last.starts_with("FromSql") || last.starts_with("ExecuteSql") || last.starts_with("SqlQuery"));
        let t_string = self.syntax.docstrings && literal.is_some_and(|l| l.prefix.of(self.text).to_ascii_lowercase().contains('t'));
        let raw = path.to_ascii_lowercase().contains("raw") && !path.contains("$queryRaw") && !path.contains("$executeRaw");
        t_string || (template && !raw && ((setting.tagged && calls::tag_binds(path)) || takes_format))
    }
}

/// `Delete from history`, `delete from both platforms`: no keyword is written as one.
fn is_sentence(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let begins = text.starts_with("Delete from ") || text.starts_with("delete from ");
    let named = words.get(2).is_some_and(|table| table.contains(['_', '.', '"']));
    begins && !named && (words.len() == 4 || (words.len() == 3 && text.starts_with('D')))
}

/// `<<~SQL`, `<<<SQL`.
fn tagged_here_document(mark: &str) -> bool {
    mark.starts_with("<<") && mark.len() < 40 && mark.to_ascii_uppercase().contains("SQL")
}

/// Whether a query builder's string could be a condition or an ordering: more than a name.
fn clause_like(text: &str) -> bool {
    let text = text.trim();
    text.len() > 3 && text.len() < 20_000 && text.contains(['=', '<', '>', '(', ' ']) && !text.contains("://")
}
