//! What runs as a process of its own: another user, another program.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdout, Command, Stdio};

use nusb::MaybeFuture as _;
use proto_core::driver::Outcome;
use transport_usb::CLOVER;

use crate::cable::{PATIENCE, quick, till_with};

/// A user without rights, in a group that the udev rule names or not.
pub(crate) const NOBODY: u32 = 65_534;
pub(crate) const PLUGDEV: u32 = 46;

/// Takes a sale; says how it went in one line.
pub(crate) fn sale() -> bool {
    let till = till_with("usb", quick(), |question| question.accept_all());
    let (_, first) = till.log.wait(0, "");
    if first.starts_with("down") {
        println!("{first}");
        return true;
    }
    match till.connector.ready(PATIENCE) {
        Ok(_) => {
            let made = matches!(till.sale("USER1"), Outcome::Made { .. });
            println!("{}", if made { "made" } else { "not made" });
        }
        Err(error) => println!("{error}"),
    }
    true
}

/// That, as a user in this group.
pub(crate) fn sale_as_nobody(group: u32) -> String {
    User::start("sale-as-user", group).said()
}

/// Takes a sale when a terminal is there; says everything it was told on the way.
pub(crate) fn wait() -> bool {
    let till = till_with("usb", quick(), |question| question.accept_all());
    till.log.wait(0, "down NoTerminal");
    println!("waits");
    till.ready();
    let made = matches!(till.sale("USER2"), Outcome::Made { .. });
    println!("{}; {}", till.log, if made { "made" } else { "not made" });
    true
}

/// A process of another user.
pub(crate) struct User {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl User {
    fn start(what: &str, group: u32) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg(what).uid(NOBODY).gid(group);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Self { child, out }
    }

    /// One that waits for a terminal, in this group.
    pub(crate) fn waits_for_a_terminal(group: u32) -> Self {
        let mut user = Self::start("wait-as-user", group);
        let mut line = String::new();
        user.out.read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "waits");
        user
    }

    /// What it says until it ends.
    pub(crate) fn said(mut self) -> String {
        let mut said = String::new();
        self.out.read_to_string(&mut said).unwrap();
        self.child.wait().unwrap();
        said.trim().to_owned()
    }
}

/// Holds the interface of the first terminal in accessory mode until it is killed.
pub(crate) fn hold() -> bool {
    let mut devices = nusb::list_devices().wait().unwrap();
    let device = devices.find(|info| info.vendor_id() == CLOVER).unwrap();
    let device = device.open().wait().unwrap();
    let _interface = device.claim_interface(0).wait().unwrap();
    println!("held");
    let _ = std::io::stdin().read(&mut [0]);
    true
}

/// Another program that holds the interface, until it is dropped.
pub(crate) struct Holder(Child);

impl Holder {
    pub(crate) fn start() -> Self {
        let program = std::env::current_exe().unwrap();
        let mut command = Command::new(program);
        command
            .arg("hold")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "held");
        Self(child)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
