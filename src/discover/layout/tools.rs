//! What a folder, and the manifests of those above it, show of the tools that run its files.

use super::Surveyor;
use crate::discover::disk::locked;
use memchr::memmem;
use std::path::Path;

/// What a folder shows of the tools that run its files.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tools {
    /// What the project's manifests mention.
    pub(super) around: Around,
    /// Atlas' checksums lie in it.
    pub(super) atlas_sum: bool,
    /// drizzle's journal lies in it.
    pub(super) journal: bool,
}

/// What the manifests of a folder and of those above it mention, up to the repository.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Around {
    pub(super) rust: bool,
    pub(super) sqlx: bool,
    pub(super) refinery: bool,
    pub(super) node: bool,
    pub(super) node_pg_migrate: bool,
    pub(super) drizzle: bool,
}

impl Around {
    fn and(self, other: Around) -> Around {
        Around {
            rust: self.rust | other.rust,
            sqlx: self.sqlx | other.sqlx,
            refinery: self.refinery | other.refinery,
            node: self.node | other.node,
            node_pg_migrate: self.node_pg_migrate | other.node_pg_migrate,
            drizzle: self.drizzle | other.drizzle,
        }
    }

    /// A package of Node is around, and none of Rust.
    pub(super) fn is_node_alone(self) -> bool {
        self.node && !self.rust
    }
}

impl Surveyor<'_> {
    pub(super) fn tools(&self, folder: &Path) -> Tools {
        let own = self.disk.folder(folder);
        let journal = own.has("meta") && self.disk.folder(&folder.join("meta")).has("_journal.json");
        Tools { around: self.around(folder), atlas_sum: own.has("atlas.sum"), journal }
    }

    /// What the manifests from a folder up to its repository mention.
    pub(super) fn around(&self, folder: &Path) -> Around {
        let (mut new, mut around) = (vec![], Around::default());
        for dir in folder.ancestors().take(32) {
            if let Some(known) = locked(&self.around).get(dir.as_os_str()) {
                around = *known;
                break;
            }
            let (own, is_repository) = self.manifests(dir);
            new.push((dir, own));
            if is_repository {
                break;
            }
        }
        for (dir, own) in new.into_iter().rev() {
            around = own.and(around);
            locked(&self.around).insert(dir.as_os_str().to_owned(), around);
        }
        around
    }

    /// What a folder's own manifests mention, and whether it is the repository's.
    fn manifests(&self, dir: &Path) -> (Around, bool) {
        let folder = self.disk.folder_above(dir);
        let mut around = Around { rust: folder.has("diesel.toml"), ..Around::default() };
        if let Some(manifest) = folder.read("Cargo.toml") {
            around.rust = true;
            around.sqlx = memmem::find(&manifest, b"sqlx").is_some();
            around.refinery = memmem::find(&manifest, b"refinery").is_some();
        }
        if let Some(manifest) = folder.read("package.json") {
            around.node = true;
            around.node_pg_migrate = memmem::find(&manifest, b"\"node-pg-migrate\"").is_some();
            around.drizzle = memmem::find(&manifest, b"\"drizzle-").is_some();
        }
        (around, folder.has(".git"))
    }
}
