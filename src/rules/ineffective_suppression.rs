//! A suppression comment that silences nothing: found by the engine once every other rule has spoken.

use super::Check;

pub(super) const CHECK: Check = Check::Engine;
