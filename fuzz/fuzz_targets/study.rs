//! Studies. Every study without errors must run, with finite results and a closed heat balance.
#![no_main]

use cupola_fuzz::{document, text};
use cupola_physics::run::Run;
use cupola_physics::study::check;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(mut study) = text(bytes).and_then(document).and_then(|document| document.physics) else { return };
    if check(&study).iter().any(|finding| finding.is_error) {
        return;
    }
    // A day without warm-up, in steps of an hour, keeps the run short.
    study.start.warm_up_days = 0;
    study.step_minutes = Some(60.0);
    let report = Run::new(&study, None).report(86_400.0, |_| {});
    assert!(report.heating_kwh.is_finite() && report.cooling_kwh.is_finite(), "{report:?}");
    assert!(report.balance_error < 1e-3, "{}", report.balance_error);
});
