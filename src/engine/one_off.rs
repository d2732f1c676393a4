//! Functions that a migration makes, calls and drops again: their bodies run there and then, as a DO block's do.

use crate::facts::{Action, BodyKind, ExprKind, ObjectName, Statement};

/// So many statements after its definition are looked at for a function's call.
const NEAR: usize = 32;

/// The definition of such a function as the block that it is.
pub(super) fn as_block(statement: &Statement, following: &[Statement]) -> Option<Statement> {
    let [Action::CreateFunction(create), ..] = statement.actions.as_slice() else { return None };
    let near = following.get(..following.len().min(NEAR)).unwrap_or_default();
    let called = near.iter().position(|statement| calls(statement, &create.name))?;
    near.get(called..)?.iter().find(|statement| drops(statement, &create.name))?;
    let mut block = statement.clone();
    block.bodies.iter_mut().for_each(|body| body.kind = BodyKind::Do);
    Some(block)
}

fn calls(statement: &Statement, name: &ObjectName) -> bool {
    if statement.actions.iter().any(|action| matches!(action, Action::Call { name: called } if called == name)) {
        return true;
    }
    let select = statement.query.as_ref().and_then(|query| query.select()).filter(|select| select.from.is_empty());
    select.is_some_and(|select| select.items.iter().any(|item| matches!(&item.expr.kind, ExprKind::Call(call) if call.name == *name)))
}

fn drops(statement: &Statement, name: &ObjectName) -> bool {
    statement.actions.iter().any(|action| {
        let Action::Drop(drop) = action else { return false };
        matches!(drop.kind.as_str(), "FUNCTION" | "PROCEDURE" | "ROUTINE") && drop.names.contains(name)
    })
}
