//! The schema as SQL that PostgreSQL loads (being written).
use super::Catalog;

impl Catalog {
    /// The whole schema as SQL, in an order that loads into an empty database.
    pub fn to_sql(&self) -> String {
        String::new()
    }
}
