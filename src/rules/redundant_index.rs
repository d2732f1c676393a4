//! An index whose keys another one begins with.

use super::duplicate_index::superfluous;
use super::{Check, Report};
use crate::advise::audit::Superfluous;
use crate::catalog::Catalog;

pub(super) const CHECK: Check = Check::Schema(check);

fn check(catalog: &Catalog) -> Vec<Report> {
    superfluous(catalog, Superfluous::Prefix)
}
