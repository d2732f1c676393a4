//! An index whose keys another one begins with.

use super::duplicate_index::superfluous;
use super::{Check, Report};
use crate::advise::audit::Superfluous;
use crate::catalog::{Catalog, Qualified};

pub(super) const CHECK: Check = Check::Schema(check);

fn check(catalog: &Catalog, relation: &Qualified) -> Vec<Report> {
    superfluous(catalog, relation, Superfluous::Prefix)
}
