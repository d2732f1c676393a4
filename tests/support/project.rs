//! A project of its own in a scratch folder, in which the program is run; the folder goes when it is dropped. It knows nothing
//! of what is asked.
#![allow(clippy::unwrap_used, dead_code)]

use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// The folder.
pub(crate) struct Project(pub(crate) PathBuf);

impl Project {
    /// A repository with these files, by their paths in it.
    pub(crate) fn new<T: AsRef<[u8]>>(files: &[(&str, T)]) -> Project {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("pgsift-project-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let root = std::env::temp_dir().join(name);
        std::fs::create_dir_all(root.join(".git")).unwrap();
        for (path, text) in files {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Project(root)
    }

    /// Runs pgsift in it.
    pub(crate) fn run(&self, args: &[&str], stdin: impl AsRef<[u8]>) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pgsift"));
        command.args(args).current_dir(&self.0).env("NO_COLOR", "1").env_remove("LC_ALL");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(stdin.as_ref());
        child.wait_with_output().unwrap()
    }

    /// What it prints.
    pub(crate) fn printed(&self, args: &[&str]) -> (String, String) {
        let output = self.run(args, "");
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    }

    /// What it prints as JSON, and its exit code.
    pub(crate) fn json(&self, args: &[&str], stdin: impl AsRef<[u8]>) -> (Value, Option<i32>) {
        let output = self.run(args, stdin);
        (serde_json::from_slice(&output.stdout).unwrap(), output.status.code())
    }

    /// The JSON of a check.
    pub(crate) fn check(&self, args: &[&str]) -> Value {
        self.json(&[&["check", "--format", "json"], args].concat(), "").0
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
