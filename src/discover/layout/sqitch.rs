//! sqitch's changes: `deploy`, `revert` and `verify` beside the plan, which says the order.

use super::Surveyor;
use super::names::file_name;
use super::order::{Folder, Group, Natural, Order};
use crate::discover::disk::locked;
use crate::engine::{InputKind, MigrationInfo};
use crate::session::Transaction;
use std::collections::HashMap;
use std::path::Path;

impl Surveyor<'_> {
    /// A change of sqitch: `deploy`, `revert` and `verify` beside the plan, which says the order. Its scripts hold their own
    /// transactions.
    pub(super) fn sqitch(&self, path: &Path) -> Option<(Order, InputKind)> {
        let what = |dir: &&Path| matches!(&*file_name(dir), "deploy" | "revert" | "verify");
        let folder = path.ancestors().skip(1).take(4).find(what)?;
        let top = folder.parent()?;
        let mut plans = locked(&self.plans);
        if !plans.contains_key(top) {
            plans.insert(top.to_owned(), plan(&self.disk.folder(top).text("sqitch.plan")?));
        }
        if folder.ends_with("verify") {
            return Some((Order::new(Group::Script, path), InputKind::Sql));
        }
        let change = path.strip_prefix(folder).ok()?.with_extension("").to_string_lossy().replace('\\', "/");
        let place = plans.get(top)?.get(&change).copied().unwrap_or(usize::MAX);
        let name = Natural(format!("{place:020} {change}"));
        let order = Order { group: Group::Migration, set: Folder(top.to_owned()), phase: 0, name, path: path.to_owned(), home: None };
        let down = folder.ends_with("revert");
        let info = MigrationInfo { framework: "sqitch", down, transaction: Transaction::None, sections: None };
        Some((order, InputKind::Migration(info)))
    }
}

/// The changes of a sqitch plan in their order: lines that begin with a name, pragmas (%) and comments aside. A change that is
/// reworked stands twice; its first script has in its name the last tag before that.
fn plan(text: &str) -> HashMap<String, usize> {
    let (mut places, mut tag) = (HashMap::new(), "");
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['%', '#']));
    for (place, name) in lines.filter_map(|line| line.split_whitespace().next()).enumerate() {
        if name.starts_with('@') {
            tag = name;
        } else if let Some(before) = places.insert(name.trim_start_matches('+').to_owned(), place) {
            places.insert(format!("{}{tag}", name.trim_start_matches('+')), before);
        }
    }
    places
}
