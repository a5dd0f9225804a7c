//! Every number agrees with theory, and a fault is found.

use super::{assert_code, chatsim, said};

#[test]
fn every_number_agrees_with_its_closed_form() {
    let output = chatsim("check --messages 20000 --seed 1");
    assert_code(&output, 0);
    let said = said(&output);
    assert!(!said.contains("DISAGREES"), "{said}");
    // The worked table of the design: R = 2, T = 600 ms, 50 to 250 ms.
    for numbers in ["0.99900", "0.99314", "0.00586", "1.2261", "0.1045", "214.9", "0.57812"] {
        assert!(said.contains(numbers), "{numbers}: {said}");
    }
}

#[test]
fn a_simulator_that_loses_no_ack_is_found() {
    assert_found("no-ack-loss");
}

#[test]
fn a_simulator_that_repeats_once_too_often_is_found() {
    assert_found("retries-off-by-one");
}

#[test]
fn a_simulator_that_ignores_its_timeout_is_found() {
    assert_found("timeout-ignored");
}

#[track_caller]
fn assert_found(fault: &str) {
    let output = chatsim(&format!("check --messages 20000 --seed 1 --break {fault}"));
    assert_code(&output, 1);
    assert!(said(&output).contains("DISAGREES"), "{}", said(&output));
}
