//! The application, as a process of its own.

use std::process::{Child, Command, Stdio};

use transport_usb::Mode;

use crate::cable::await_device;

pub(crate) fn both_ends() -> String {
    let simulator = Application::start(&["terminal", "--usb-gadget", "dummy_udc.0", "--once"]);
    await_device(Mode::Merchant);
    let run = |args: &[&str]| {
        let output = command(args).output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
        )
    };
    let (status, listed) = run(&["devices", "--json"]);
    assert!(
        status == Some(0) && listed.contains(r#""serial":"SIM0001","mode":"merchant""#),
        "{listed}"
    );
    let sale = ["sale", "--amount", "10.00", "--to", "usb:SIM0001", "--json"];
    let (status, said) = run(&sale);
    assert_eq!(status, Some(13), "a simulator is no terminal: {said}");
    let (status, said) = run(&[&sale[..], &["--simulator"]].concat());
    assert_eq!(status, Some(0), "{said}");
    let made = |said: &str| {
        let outcome = said.lines().last().unwrap();
        outcome.contains(r#""certainty":"made""#) && outcome.contains(r#""simulated":true"#)
    };
    assert!(made(&said), "{said}");
    // The other commands that take a terminal.
    let to = ["--to", "usb", "--simulator", "--json"];
    let (status, said) = run(&[&["message", "Back in 5 minutes"], &to[..]].concat());
    assert_eq!(status, Some(0), "{said}");
    let pay = ["pay", "--amount", "10.00", "--external-id", "INVOICE1"];
    let (status, said) = run(&[&pay, &to[..]].concat());
    let paid = said.contains(r#""event":"paid","standing":"full","external_id":"INVOICE1""#);
    assert!(status == Some(0) && paid, "{said}");
    let (status, listed) = run(&["devices"]);
    assert_eq!(status, Some(0));
    drop(simulator);
    listed.trim().replace('\n', ",")
}

pub(crate) fn command(args: &[&str]) -> Command {
    let mut program = Command::new(std::env::current_exe().unwrap());
    program.arg("host-demo").args(args).stderr(Stdio::null());
    program
}

/// The application while it runs.
struct Application(Child);

impl Application {
    fn start(args: &[&str]) -> Self {
        let mut program = command(args);
        Self(program.stdout(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
