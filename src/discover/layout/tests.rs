use super::down::is_down;
use super::names::{file_name, flyway_version};
use super::order::{Natural, diesel_version};
use crate::discover::disk::Disk;
use std::path::Path;

#[test]
fn digits_sort_as_numbers() {
    let mut names = ["10_a", "9_b", "0009_a", "2024-01-02", "a2", "a10"].map(|s| Natural(s.to_owned()));
    names.sort();
    assert_eq!(names.map(|n| n.0), ["0009_a", "9_b", "10_a", "2024-01-02", "a2", "a10"]);
}

#[test]
fn diesel_versions_sort_without_their_dashes() {
    let folders = ["20170304182614_a", "2017-10-08-193512_b", "2026-05-11-183755-0000_c", "20260512000000_d"];
    let mut versions: Vec<_> =
        folders.iter().rev().map(|f| Natural(diesel_version(&Path::new(f).join("up.sql")).unwrap_or_default())).collect();
    versions.sort();
    let found: Vec<_> = versions.iter().map(|v| v.0.rsplit('_').next().unwrap_or_default()).collect();
    assert_eq!(found, ["a", "b", "c", "d"]);
    assert_eq!(diesel_version(Path::new("1_a/up.sql")), None);
    assert_eq!(diesel_version(Path::new("2023-05-23-1715-a-b/up.sql")).as_deref(), Some("20230523171500.a-b"));
}

#[test]
fn flyway_versions() {
    assert_eq!(flyway_version("v1_2__x.sql"), Some(Some("1.2".into())));
    assert_eq!(flyway_version("v1.0__x.sql"), flyway_version("v01__y.sql"));
    assert_eq!(flyway_version("r__views.sql"), Some(None));
    assert_eq!(flyway_version("view__x.sql"), None);
}

#[test]
fn down_files() {
    let down = |path: &str| is_down(Path::new(path), &file_name(Path::new(path)), &Disk::default());
    for path in ["1_a.down.sql", "x/down.sql", "U1__a.sql", "rollback.sql", "revert/a.sql", "01.undo.a.sql"] {
        assert!(down(path), "{path}");
    }
    for path in
        ["1_a.up.sql", "1_add_shutdown.sql", "1_drop_rollback_log.sql", "users__a.sql", "V2__a_revert.sql", "2_a_undo.sql", "01.do.a.sql"]
    {
        assert!(!down(path), "{path}");
    }
}
