//! What several rules share: the columns that a statement defines, the user's own spelling, JSON predicates, joins that multiply. Must not report anything itself.

pub(super) mod access;
pub(super) mod anew;
pub(super) mod columns;
pub(super) mod dictionary;
pub(super) mod enums;
pub(super) mod ground;
pub(super) mod joins;
pub(super) mod json;
pub(super) mod keyset;
pub(super) mod locks;
pub(super) mod mentions;
pub(super) mod ranges;
pub(super) mod reshape;
pub(super) mod rows;
pub(super) mod spelling;
pub(super) mod views;
pub(super) mod writes;
