//! Paths into JSON as the planner compares them: by what they mean, not by how they are written.
//!
//! Must not know what a path is used for.

/// A path in one spelling: white space between its steps gone, quotes around plain keys too (`$."a"` is `$.a`).
pub fn canonical(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path.trim();
    while let Some(at) = rest.find('"') {
        let Some(len) = closing(&rest[at + 1..]) else { break };
        let (before, key) = (&rest[..at], &rest[at + 1..at + 1 + len]);
        out.push_str(before);
        // only behind a dot is it a key
        if before.ends_with('.') && is_plain(key) {
            out.push_str(key);
        } else {
            out.push_str(&rest[at..at + len + 2]);
        }
        rest = &rest[at + len + 2..];
    }
    out.push_str(rest);
    out
}

/// The keys of a path that leads from key to key and does nothing else: `$.a.b`.
pub fn keys(path: &str) -> Option<Vec<String>> {
    let path = canonical(path);
    let path = path.strip_prefix("lax ").unwrap_or(&path).trim();
    let steps = path.strip_prefix("$.")?;
    steps.split('.').map(|key| is_plain(key).then(|| key.to_owned())).collect()
}

fn is_plain(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// How many bytes stand before the quote that closes a string.
fn closing(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}

#[cfg(test)]
mod tests {
    use super::{canonical, keys};

    #[test]
    fn quotes_around_plain_keys_go() {
        assert_eq!(canonical(" $.\"a\".b "), "$.a.b");
        assert_eq!(canonical("$.\"a b\".c"), "$.\"a b\".c");
        assert_eq!(canonical("$ ? (@.a == \"x\")"), "$ ? (@.a == \"x\")");
        assert_eq!(canonical("$.\"open"), "$.\"open");
    }

    #[test]
    fn a_path_of_keys_is_told_from_others() {
        assert_eq!(keys("$.a.\"b\""), Some(vec!["a".to_owned(), "b".to_owned()]));
        for other in ["$", "$.a[0]", "$.a ? (@ > 1)", "strict $.a", "$.a.size()", ""] {
            assert_eq!(keys(other), None, "{other}");
        }
    }
}
