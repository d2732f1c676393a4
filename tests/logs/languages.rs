//! Logs of servers that speak other languages than English, each with the same 150 executions.

use super::{figures, report};
use std::io::Read;

fn log(language: &str) -> Vec<u8> {
    let mut bytes = vec![];
    let path = super::fixture(&format!("languages/{language}.log.gz"));
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    bytes
}

/// Microseconds of executions, and of parse and bind, were added up from the servers' csvlogs.
#[test]
fn counts_and_times_are_exact_in_every_language() {
    for (language, total, prepare) in [
        ("de", 534165, 10734),
        ("es", 468994, 9735),
        ("fr", 454082, 12108),
        ("it", 498781, 12658),
        ("ja", 450794, 10060),
        ("ko", 480220, 12763),
        ("ru", 575891, 13666),
        ("sv", 454871, 11800),
        ("uk", 458934, 10362),
        ("zh", 486317, 12498),
    ] {
        let report = report(&log(language), &[]);
        assert_eq!(figures(&report), (150, total, prepare), "{language}: {}", report["files"]);
        assert_eq!(report["summary"]["stray"], 0, "{language}");
        assert!(report["summary"]["foreign"].as_u64().unwrap() < 2, "{language}");
        let count = |name: &str| report["events"][name]["count"].as_u64().unwrap();
        assert_eq!((count("deadlocks"), count("cancelled"), count("temp_files") > 0), (1, 2, true), "{language}");
        let known = report["queries"].as_array().unwrap().iter().find(|q| q["text"].as_str().unwrap().contains("id = ? and n")).unwrap();
        assert_eq!(known["example"]["parameters"][1], "-1", "{language}: {known}");
    }
}
