//! Transaction control.

use crate::facts::{Action, Statement};
use crate::sql::cursor::{Cursor, Parse};
use crate::sql::token::TokenKind;

/// BEGIN, START TRANSACTION: the modes are read and dropped.
pub(super) fn begin(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    let mark = c.mark();
    if !c.eat("START TRANSACTION") {
        c.expect("BEGIN")?;
        c.eat_any(&["WORK", "TRANSACTION"]);
    }
    let span = c.since(mark);
    modes(c)?;
    // what begins a body of PL/pgSQL begins no transaction
    c.expect_end()?;
    s.actions.push(Action::Begin { span });
    Ok(())
}

/// ISOLATION LEVEL, READ ONLY, DEFERRABLE and their kin.
pub(super) fn modes(c: &mut Cursor<'_>) -> Parse<()> {
    const MODES: &[&str] = &[
        "ISOLATION LEVEL SERIALIZABLE",
        "ISOLATION LEVEL REPEATABLE READ",
        "ISOLATION LEVEL READ COMMITTED",
        "ISOLATION LEVEL READ UNCOMMITTED",
        "READ ONLY",
        "READ WRITE",
        "NOT DEFERRABLE",
        "DEFERRABLE",
    ];
    while c.eat_any(MODES).is_some() {
        c.eat_kind(TokenKind::Comma);
    }
    Ok(())
}

/// COMMIT, END.
pub(super) fn commit(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    let chain = end(c)?;
    c.expect_end()?;
    s.actions.push(Action::Commit { chain });
    Ok(())
}

/// ROLLBACK, ABORT, ROLLBACK TO.
pub(super) fn rollback(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    let mark = c.mark();
    c.bump();
    c.eat_any(&["WORK", "TRANSACTION"]);
    if c.eat("TO") {
        c.eat("SAVEPOINT");
        let name = c.name()?;
        s.actions.push(Action::RollbackTo { name });
        return Ok(());
    }
    c.rewind(mark);
    let chain = end(c)?;
    s.actions.push(Action::Rollback { chain });
    Ok(())
}

fn end(c: &mut Cursor<'_>) -> Parse<bool> {
    c.bump();
    c.eat_any(&["WORK", "TRANSACTION"]);
    let chain = c.eat("AND CHAIN");
    if !chain {
        c.eat("AND NO CHAIN");
    }
    Ok(chain)
}

/// SAVEPOINT.
pub(super) fn savepoint(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.expect("SAVEPOINT")?;
    let name = c.name()?;
    s.actions.push(Action::Savepoint { name });
    Ok(())
}

/// RELEASE.
pub(super) fn release(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.expect("RELEASE")?;
    c.eat("SAVEPOINT");
    let name = c.name()?;
    s.actions.push(Action::Release { name });
    Ok(())
}

/// PREPARE TRANSACTION: this session's transaction ends here.
pub(super) fn prepare(c: &mut Cursor<'_>, s: &mut Statement) -> Parse<()> {
    c.expect("PREPARE TRANSACTION")?;
    c.string()?;
    s.actions.push(Action::Commit { chain: false });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::actions;
    use crate::facts::Action;

    #[test]
    fn transaction_control_in_every_spelling() {
        for sql in ["BEGIN", "begin work", "START TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"] {
            assert!(matches!(actions(sql)[..], [Action::Begin { .. }]), "{sql}");
        }
        for sql in ["COMMIT", "END", "commit work and no chain", "PREPARE TRANSACTION 'x'"] {
            assert_eq!(actions(sql), [Action::Commit { chain: false }], "{sql}");
        }
        assert_eq!(actions("ROLLBACK AND CHAIN"), [Action::Rollback { chain: true }]);
        assert!(matches!(&actions("ROLLBACK TO SAVEPOINT S1")[..], [Action::RollbackTo { name }] if *name == "s1"));
        assert!(matches!(&actions("RELEASE b")[..], [Action::Release { name }] if *name == "b"));
    }
}
