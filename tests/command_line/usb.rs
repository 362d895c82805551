//! USB on a command line: what can be held without a cable. The rest is the stage `usb`.

use crate::contract;
use crate::support::run;

#[test]
fn the_udev_rules_are_printed_for_both_identities() {
    let ran = run(&["udev"]);
    assert_eq!(ran.status, Some(0));
    let rules: Vec<_> = ran
        .out
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    assert_eq!(rules.len(), 2);
    assert!(rules[0].contains(r#"ATTR{idVendor}=="28f3""#), "{rules:?}");
    assert!(rules[1].contains(r#"ATTR{idVendor}=="18d1""#), "{rules:?}");
    assert!(rules.iter().all(|rule| rule.contains(r#"TAG+="uaccess""#)));
}

#[test]
fn the_devices_on_the_bus_are_lines_of_the_contract() {
    // With a terminal at the cable it is 0.
    let ran = run(&["devices", "--json"]);
    assert!([Some(0), Some(13)].contains(&ran.status), "{ran:?}");
    for line in ran.out.lines() {
        assert_eq!(contract::check(line)["event"], "device");
    }
}

#[test]
fn an_identity_that_cannot_be_read_is_refused() {
    let ran = run(&["devices", "--usb-id", "28f3"]);
    assert_eq!(ran.status, Some(2));
    assert!(ran.err.contains("VENDOR:PRODUCT=merchant"), "{}", ran.err);
    let ran = run(&["devices", "--usb-ids", "/nonexistent"]);
    assert_eq!(ran.status, Some(2));
    assert!(ran.err.contains("/nonexistent"), "{}", ran.err);
}

#[test]
fn a_sale_names_the_terminal_at_a_cable_rightly_or_is_refused() {
    let ran = run(&["sale", "--amount", "1.00", "--to", "usb:", "--json"]);
    assert_eq!(ran.status, Some(2));
    assert_eq!(ran.outcome()["evidence"], "not_sent");
}

#[test]
fn a_terminal_that_is_not_there_is_not_reached() {
    let ran = run(&[
        "sale",
        "--amount",
        "1.00",
        "--to",
        "usb:NONEXISTENT",
        "--json",
    ]);
    assert_eq!(ran.status, Some(13));
    let outcome = ran.outcome();
    assert_eq!(outcome["cause"], "link_lost");
    let message = outcome["message"].as_str().unwrap();
    assert!(
        message.contains("no terminal is on the USB bus"),
        "{message}"
    );
}
