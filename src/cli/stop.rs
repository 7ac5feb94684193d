//! Signals that end a run early: an interrupt (Ctrl+C) and a request to end.

use super::output;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_shutdown};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

static STOPPED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Lets the first signal end the run with its report, and the second one end the program at once.
pub(super) fn listen() {
    for signal in [SIGINT, SIGTERM] {
        let first = register_conditional_shutdown(signal, 128 + signal, STOPPED.clone());
        let second = first.and_then(|_| register(signal, STOPPED.clone()));
        if let Err(error) = second {
            output::error_line(format!("a signal will end the run without a report: {error}"));
        }
    }
}

/// Returns whether a signal has asked the run to end.
pub(super) fn is_stopped() -> bool {
    STOPPED.load(Ordering::Relaxed)
}
