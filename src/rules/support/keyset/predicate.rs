//! The predicate of a keyset page: the rows that follow the last one seen. Knows text and order, and no query.

/// One key of the order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step<'a> {
    /// The key as SQL.
    pub(super) text: &'a str,
    /// The parameter that holds the last row's value.
    pub(super) parameter: &'a str,
    pub(super) descending: bool,
    pub(super) nulls_first: bool,
    /// It may be NULL.
    pub(super) nullable: bool,
}

impl Step<'_> {
    fn op(&self) -> &'static str {
        if self.descending { "<" } else { ">" }
    }

    fn beyond(&self) -> String {
        format!("{} {} {}", self.text, self.op(), self.parameter)
    }

    fn equal(&self) -> String {
        format!("{} = {}", self.text, self.parameter)
    }

    fn has_nulls_after(&self) -> bool {
        self.nullable && !self.nulls_first
    }
}

/// The rows after a last row without NULLs: a row comparison where all keys run one way, else key by key, with a bound on the
/// first key that an index can use.
pub(super) fn after(steps: &[Step]) -> String {
    let Some(first) = steps.first() else { return String::new() };
    if is_uniform(steps) && !steps.iter().any(Step::has_nulls_after) {
        return row_comparison(steps);
    }
    let arms: Vec<String> = (0..steps.len())
        .map(|at| {
            let step = &steps[at];
            let beyond = if step.has_nulls_after() { format!("({} OR {} IS NULL)", step.beyond(), step.text) } else { step.beyond() };
            let equal = steps[..at].iter().map(Step::equal);
            all_of(equal.chain([beyond]).collect())
        })
        .collect();
    let arms = arms.join(" OR ");
    if first.has_nulls_after() || steps.len() == 1 {
        return arms;
    }
    format!("{} {}= {} AND ({arms})", first.text, first.op(), first.parameter)
}

/// The rows after a last row with a NULL; `None` where no key can be NULL. With one such key the predicate is for NULL in it,
/// with several it holds whichever are NULL.
pub(super) fn after_null(steps: &[Step]) -> Option<String> {
    let nullable: Vec<usize> = (0..steps.len()).filter(|i| steps[*i].nullable).collect();
    match nullable[..] {
        [] => None,
        [at] => Some(after_null_at(steps, at)),
        _ => Some(null_safe(steps)),
    }
}

fn after_null_at(steps: &[Step], at: usize) -> String {
    let (before, step, rest) = (&steps[..at], &steps[at], &steps[at + 1..]);
    let same_before = || before.iter().map(Step::equal);
    let mut arms: Vec<String> = (0..at).map(|i| all_of(steps[..i].iter().map(Step::equal).chain([steps[i].beyond()]).collect())).collect();
    let is_null = format!("{} IS NULL", step.text);
    if !rest.is_empty() {
        let beyond = if is_uniform(rest) { row_comparison(rest) } else { format!("({})", after(rest)) };
        arms.push(all_of(same_before().chain([is_null, beyond]).collect()));
    }
    if step.nulls_first {
        arms.push(all_of(same_before().chain([format!("{} IS NOT NULL", step.text)]).collect()));
    }
    arms.join(" OR ")
}

fn null_safe(steps: &[Step]) -> String {
    let equal = |s: &Step| if s.nullable { format!("{} IS NOT DISTINCT FROM {}", s.text, s.parameter) } else { s.equal() };
    let beyond = |s: &Step| match (s.nullable, s.nulls_first) {
        (false, _) => s.beyond(),
        (true, false) => format!("({} OR ({} IS NULL AND {} IS NOT NULL))", s.beyond(), s.text, s.parameter),
        (true, true) => format!("({} OR ({} IS NOT NULL AND {} IS NULL))", s.beyond(), s.text, s.parameter),
    };
    let arm = |at: usize| all_of(steps[..at].iter().map(equal).chain([beyond(&steps[at])]).collect());
    (0..steps.len()).map(arm).collect::<Vec<_>>().join(" OR ")
}

fn is_uniform(steps: &[Step]) -> bool {
    steps.windows(2).all(|pair| pair[0].descending == pair[1].descending)
}

/// `a > $a`, `(a, b) > ($a, $b)`.
fn row_comparison(steps: &[Step]) -> String {
    let list = |of: fn(&Step) -> String| steps.iter().map(of).collect::<Vec<_>>().join(", ");
    match steps {
        [one] => one.beyond(),
        _ => format!("({}) {} ({})", list(|s| s.text.to_owned()), steps[0].op(), list(|s| s.parameter.to_owned())),
    }
}

fn all_of(parts: Vec<String>) -> String {
    if parts.len() > 1 { format!("({})", parts.join(" AND ")) } else { parts.concat() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn step(text: &'static str, parameter: &'static str, descending: bool, nullable: bool) -> Step<'static> {
        Step { text, parameter, descending, nulls_first: descending, nullable }
    }

    #[test]
    fn one_direction_is_a_row_comparison() {
        let steps = [step("a", "$a", true, false), step("id", "$id", true, false)];
        assert_eq!(after(&steps), "(a, id) < ($a, $id)");
        assert_eq!(after_null(&steps), None);
    }

    #[test]
    fn mixed_directions_keep_a_bound_for_the_index() {
        let steps = [step("a", "$a", true, false), step("id", "$id", false, false)];
        assert_eq!(after(&steps), "a <= $a AND (a < $a OR (a = $a AND id > $id))");
    }

    #[test]
    fn nulls_that_follow_are_let_in() {
        let steps = [step("a", "$a", false, true), step("id", "$id", false, false)];
        assert_eq!(after(&steps), "(a > $a OR a IS NULL) OR (a = $a AND id > $id)");
        assert_eq!(after_null(&steps).as_deref(), Some("(a IS NULL AND id > $id)"));
    }

    #[test]
    fn a_null_in_a_later_key_keeps_the_keys_before_it() {
        let steps = [step("u", "$u", false, false), step("a", "$a", true, true), step("id", "$id", true, false)];
        assert_eq!(after_null(&steps).as_deref(), Some("u > $u OR (u = $u AND a IS NULL AND id < $id) OR (u = $u AND a IS NOT NULL)"));
    }
}
