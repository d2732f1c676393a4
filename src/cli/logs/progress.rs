//! A bar on a terminal: how far, how fast, how long still.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;

pub(super) struct Bar(Option<ProgressBar>);

impl Bar {
    /// Shown where standard error is a terminal and there is enough to wait for.
    pub(super) fn new(bytes: u64) -> Bar {
        if !std::io::stderr().is_terminal() || (bytes > 0 && bytes < 64 << 20) {
            return Bar(None);
        }
        let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr_with_hz(8));
        let template = if bytes > 0 {
            "{bar:30} {bytes} of {total_bytes} at {binary_bytes_per_sec}, {eta} left"
        } else {
            "{spinner} {bytes} at {binary_bytes_per_sec}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Bar(Some(bar))
    }

    pub(super) fn advance(&self, bytes: u64) {
        if let Some(bar) = &self.0 {
            bar.inc(bytes);
        }
    }

    pub(super) fn finish(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
