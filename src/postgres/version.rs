//! The major versions of PostgreSQL that pgsift speaks of.

/// A major version, 12 to 18.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version(u8);

impl Version {
    /// The oldest version known.
    pub const OLDEST: Version = Version(12);
    /// The newest version known.
    pub const NEWEST: Version = Version(18);

    /// The version of that major number, where pgsift knows it.
    pub fn new(major: u32) -> Option<Version> {
        u8::try_from(major).ok().map(Version).filter(|v| (Self::OLDEST..=Self::NEWEST).contains(v))
    }

    /// The major number.
    pub fn major(self) -> u8 {
        self.0
    }

    /// Whether this is `major` or newer.
    pub fn at_least(self, major: u8) -> bool {
        self.0 >= major
    }
}

impl Default for Version {
    /// 16: old enough that advice for it also runs on the servers in wide use.
    fn default() -> Self {
        Version(16)
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
