//! Nothing that any test here makes the program print holds a secret of its run: every output is looked through when
//! the program has ended.

use std::fs;

use serde_json::Value;

use crate::support::Ran;

/// Looks through what a run with these arguments has printed.
#[track_caller]
pub(crate) fn look(args: &[String], ran: &Ran) {
    // Who asks to see them sees them.
    if args.iter().any(|arg| arg == "--show-secrets") {
        return;
    }
    let text = format!("{}{}", ran.out, ran.err);
    let none: [&str; 0] = [];
    assert_eq!(
        tokens_of_simulators(&text),
        none,
        "a pairing token is printed"
    );
    for secret in kept_in_files(args) {
        assert!(!text.contains(&secret), "{secret} is printed: {ran:?}");
    }
    assert_eq!(card_numbers(&text), none, "a card number is printed");
    // The authorisation code belongs to the result, and to nothing else.
    for code in authorisation_codes(&ran.out) {
        let elsewhere = ran
            .out
            .lines()
            .filter(|line| !line.contains(r#""auth_code""#))
            .chain(ran.err.lines().filter(|line| !line.contains("Auth code")))
            .find(|line| {
                line.split(|c: char| !c.is_ascii_alphanumeric())
                    .any(|word| word == code)
            });
        assert_eq!(elsewhere, None, "the authorisation code is printed");
    }
}

/// The tokens that simulators give are recognised by their form.
fn tokens_of_simulators(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .filter(|word| {
            word.strip_prefix("SIM-")
                .is_some_and(|rest| rest.len() == 32 && rest.chars().all(|c| c.is_ascii_hexdigit()))
        })
        .collect()
}

/// Pairing tokens, and the token of a card that is charged.
fn kept_in_files(args: &[String]) -> Vec<String> {
    let mut secrets = Vec::new();
    for pair in args.windows(2) {
        if !matches!(pair[0].as_str(), "--token-file" | "--vaulted-card") {
            continue;
        }
        let text = fs::read_to_string(&pair[1]).unwrap_or_default();
        collect(
            &serde_json::from_str(&text).unwrap_or_default(),
            &mut secrets,
        );
    }
    secrets
}

fn collect(value: &Value, secrets: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(secret) if name.contains("token") && secret.len() >= 8 => {
                        secrets.push(secret.clone());
                    }
                    value => collect(value, secrets),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, secrets)),
        _ => {}
    }
}

/// Runs of 13 to 19 digits with a right check digit, points in time aside.
fn card_numbers(text: &str) -> Vec<&str> {
    let times: Vec<&str> = text
        .match_indices("_ms\":")
        .map(|(at, found)| &text[at + found.len()..])
        .map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next().unwrap())
        .collect();
    text.split(|c: char| !c.is_ascii_digit())
        .filter(|digits| (13..=19).contains(&digits.len()) && has_check_digit(digits))
        .filter(|digits| !times.contains(digits))
        .collect()
}

fn has_check_digit(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, byte)| {
            let digit = u32::from(byte - b'0') * if at % 2 == 1 { 2 } else { 1 };
            digit / 10 + digit % 10
        })
        .sum();
    sum.is_multiple_of(10)
}

fn authorisation_codes(out: &str) -> Vec<String> {
    out.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|line| line["payment"]["auth_code"].as_str().map(str::to_owned))
        .filter(|code| !code.is_empty())
        .collect()
}

#[test]
fn a_secret_that_is_printed_is_noticed() {
    let ran = |out: &str| Ran {
        status: Some(0),
        out: out.to_owned(),
        err: String::new(),
    };
    for out in [
        "token SIM-0123456789ABCDEF0123456789ABCDEF",
        "pan 4111111111111111",
        "{\"event\":\"outcome\",\"payment\":{\"auth_code\":\"A1B2C3\"}}\nlog A1B2C3",
    ] {
        let out = ran(out);
        let noticed = std::panic::catch_unwind(|| look(&[], &out));
        assert!(noticed.is_err(), "{out:?}");
    }
    look(
        &[],
        &ran(
            "{\"event\":\"outcome\",\"payment\":{\"auth_code\":\"A1B2C3\",\"created_ms\":1795622491103}}",
        ),
    );
}
