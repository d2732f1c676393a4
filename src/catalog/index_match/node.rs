//! Expressions as the planner compares them: typed, with the conversions that the parser adds, constants folded, negations
//! pushed down, columns told apart by whether they are of the table asked about.
//!
//! Why: `payload ->> 'k'`, `(payload->>'k'::text)` and `e.payload->>'k'` are one expression to PostgreSQL, while
//! `(payload->>'n')::int` and `::bigint` are two. Equality of nodes is that sameness. Must not know indexes.

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Its type by internal name; `None` where it is not known.
    pub ty: Option<String>,
    /// Its collation, where it is not the database's default.
    pub collation: Option<String>,
}

/// The kinds of expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// A column of the table asked about.
    Column(String),
    /// A column of another relation: fixed while one row of that relation is looked up.
    Outside(String),
    /// A constant by its text; `None` is NULL.
    Const(Option<String>),
    /// A parameter.
    Param(String),
    /// An operator with one or two operands.
    Op(String, Vec<Node>),
    /// A function; whether it may give another value for each row (VOLATILE).
    Call(String, Vec<Node>, bool),
    /// A conversion to a type (with its modifiers); whether it only relabels.
    Cast(Box<Node>, String, bool),
    /// All of these.
    And(Vec<Node>),
    /// Any of these.
    Or(Vec<Node>),
    /// Not.
    Not(Box<Node>),
    /// IS NULL, or IS NOT NULL (true).
    IsNull(Box<Node>, bool),
    /// IS TRUE, IS NOT FALSE, ….
    Truth(Box<Node>, String),
    /// `x op ANY (array)`; an IN list is an [`Kind::Array`].
    Any(String, Box<Node>, Box<Node>),
    /// `(a, b) op (x, y)` with an ordering operator.
    RowCompare(String, Vec<Node>, Vec<Node>),
    /// ARRAY[…], or the values of IN.
    Array(Vec<Node>),
    /// A subquery; whether it reads columns of the table asked about, and where it stands.
    Subquery(bool, u32),
    /// Anything else, by a name for its form.
    Other(String, Vec<Node>),
}

impl Node {
    /// A node of a type.
    pub fn new(kind: Kind, ty: Option<&str>) -> Self {
        Node { kind, ty: ty.map(str::to_owned), collation: None }
    }

    /// A truth value.
    pub fn boolean(value: bool) -> Self {
        Node::new(Kind::Const(Some(if value { "t" } else { "f" }.to_owned())), Some("bool"))
    }

    /// A node that gives a truth value.
    pub fn condition(kind: Kind) -> Self {
        Node::new(kind, Some("bool"))
    }

    /// The nodes directly inside.
    pub fn children(&self) -> Vec<&Node> {
        use Kind::*;
        match &self.kind {
            Column(_) | Outside(_) | Const(_) | Param(_) | Subquery(..) => vec![],
            Op(_, list) | Call(_, list, _) | And(list) | Or(list) | Array(list) | Other(_, list) => list.iter().collect(),
            Cast(inner, ..) | Not(inner) | IsNull(inner, _) | Truth(inner, _) => vec![inner],
            Any(_, left, right) => vec![left, right],
            RowCompare(_, left, right) => left.iter().chain(right).collect(),
        }
    }

    /// Visits this node and all inside it.
    pub fn walk<'n>(&'n self, visit: &mut impl FnMut(&'n Node)) {
        visit(self);
        for child in self.children() {
            child.walk(visit);
        }
    }

    /// Whether it reads a column of the table asked about, or may differ from row to row without doing so.
    pub fn is_value(&self) -> bool {
        let mut value = true;
        self.walk(&mut |node| {
            value &= !matches!(node.kind, Kind::Column(_) | Kind::Call(_, _, true) | Kind::Subquery(true, _));
        });
        value
    }

    /// Whether a column of another relation stands inside: a condition of a join.
    pub fn reads_outside(&self) -> bool {
        let mut found = false;
        self.walk(&mut |node| found |= matches!(node.kind, Kind::Outside(_)));
        found
    }

    /// The columns of the table asked about that stand inside, each once.
    pub fn columns(&self) -> Vec<&str> {
        let mut found: Vec<&str> = vec![];
        self.walk(&mut |node| {
            if let Kind::Column(name) = &node.kind
                && !found.contains(&name.as_str())
            {
                found.push(name);
            }
        });
        found
    }

    /// Whether it is a constant that was there before any row was read.
    pub fn is_const(&self) -> bool {
        matches!(self.kind, Kind::Const(_))
    }

    /// The text of a constant that is not NULL.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Const(text) => text.as_deref(),
            _ => None,
        }
    }

    /// Whether it is the constant NULL.
    pub fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Const(None))
    }

    /// The truth value, where it is one.
    pub fn truth(&self) -> Option<bool> {
        (self.ty.as_deref() == Some("bool")).then(|| self.text().map(|t| t == "t")).flatten()
    }

    /// Without conversions that only relabel.
    pub fn unlabelled(&self) -> &Node {
        match &self.kind {
            Kind::Cast(inner, _, true) => inner.unlabelled(),
            _ => self,
        }
    }

    /// Whether both are one expression, whatever they are relabelled or collated to.
    pub fn is_operand(&self, other: &Node) -> bool {
        self.unlabelled().kind == other.unlabelled().kind
    }

    /// The conditions that must all hold.
    pub fn conjuncts(self) -> Vec<Node> {
        match self.kind {
            Kind::And(list) => list,
            _ => vec![self],
        }
    }
}

/// The operator with its operands exchanged (`<` for `>`).
pub fn commuted(op: &str) -> Option<&'static str> {
    Some(match op {
        "=" => "=",
        "<>" => "<>",
        "<" => ">",
        ">" => "<",
        "<=" => ">=",
        ">=" => "<=",
        "<@" => "@>",
        "@>" => "<@",
        "&&" => "&&",
        "@@" => "@@",
        "%" => "%",
        "<%" => "%>",
        "%>" => "<%",
        "<<%" => "%>>",
        "%>>" => "<<%",
        "<<" => ">>",
        ">>" => "<<",
        "<<=" => ">>=",
        ">>=" => "<<=",
        "-|-" => "-|-",
        "~=" => "~=",
        "+" => "+",
        "*" => "*",
        _ => return None,
    })
}

/// The operator that holds where this one does not (`>=` for `<`), for operands that are not NULL.
pub fn negated(op: &str) -> Option<&'static str> {
    Some(match op {
        "=" => "<>",
        "<>" => "=",
        "<" => ">=",
        ">" => "<=",
        "<=" => ">",
        ">=" => "<",
        "~~" => "!~~",
        "!~~" => "~~",
        "~~*" => "!~~*",
        "!~~*" => "~~*",
        "~" => "!~",
        "!~" => "~",
        "~*" => "!~*",
        "!~*" => "~*",
        _ => return None,
    })
}
