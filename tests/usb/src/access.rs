//! Who may use a terminal, who holds it, and whether it is known.

use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nusb::MaybeFuture as _;
use proto_core::link::DownReason;
use transport_usb::{GadgetOptions, Identities, Mode, Target, UsbLink, devices};

use crate::application;
use crate::cable::{
    PATIENCE, Terminal, await_device, await_other, books_agree, options, quick, terminal, till,
    till_with,
};
use crate::rig::Rig;
use crate::user::{Holder, NOBODY, PLUGDEV, User, sale_as_nobody};

/// A terminal in accessory mode that no till is connected to.
fn switched(options: GadgetOptions) -> Terminal {
    let terminal = terminal(options, &["approve"]);
    terminal.cable.plug_accessory();
    await_device(Mode::Accessory);
    terminal
}

pub(crate) fn held() -> String {
    let terminal = switched(options(0));
    let holder = Holder::start();
    let till = till("usb");
    let (_, said) = till.log.wait(0, "down InUse");
    assert!(said.contains("usb-machine (process"), "{said}");
    let listed = devices(&Identities::default()).unwrap();
    let trouble = listed[0].trouble.clone().unwrap();
    assert_eq!(trouble.reason, DownReason::InUse);
    let listed = application::command(&["devices"]).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let remedy = DownReason::InUse.remedy();
    assert!(
        listed.contains("usb-machine (process") && listed.contains(remedy),
        "{listed}"
    );
    drop(holder);
    till.ready();
    let outcome = till.sale("HELD1");
    assert!(books_agree(&outcome, "HELD1", &terminal.books));
    said
}

pub(crate) fn bound_driver() -> String {
    // An identity of its own: the kernel does not forget it.
    let mut gadget = options(0);
    gadget.accessory.1 = 0x3004;
    let terminal = switched(gadget);
    // The kernel's driver for any serial adapter takes whatever it is told to take.
    let generic = "/sys/bus/usb-serial/drivers/generic/new_id";
    std::fs::write(generic, "28f3 3004").unwrap();
    let driver = || {
        let info = nusb::list_devices().wait().unwrap();
        let mut info = info.filter(|info| info.product_id() == 0x3004);
        let path = info.next().unwrap().sysfs_path().to_owned();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let driver = path.join(format!("{name}:1.0/driver")).read_link();
        driver
            .ok()
            .map(|to| to.file_name().unwrap().to_str().unwrap().to_owned())
    };
    assert_eq!(driver().as_deref(), Some("usbserial_generic"));
    let till = till("usb");
    till.ready();
    let outcome = till.sale("BOUND1");
    assert!(books_agree(&outcome, "BOUND1", &terminal.books));
    assert_eq!(driver().as_deref(), Some("usbfs"));
    drop(till);
    let after = driver();
    let generic = "/sys/bus/usb-serial/drivers/generic/remove_id";
    let _ = std::fs::write(generic, "28f3 3004");
    assert_eq!(after.as_deref(), Some("usbserial_generic"));
    "detached, and attached again".to_owned()
}

pub(crate) fn permission() -> String {
    let terminal = switched(options(0));
    let refused = sale_as_nobody(NOBODY);
    assert!(refused.contains("down NotPermitted"), "{refused}");
    let listed = |group| {
        let mut command = application::command(&["devices"]);
        let output = command.uid(NOBODY).gid(group).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let remedy = listed(NOBODY);
    assert!(
        remedy.contains(DownReason::NotPermitted.remedy()),
        "{remedy}"
    );
    // The rule is there: the group may.
    let until = Instant::now() + PATIENCE;
    let mut allowed = sale_as_nobody(PLUGDEV);
    while allowed.contains("NotPermitted") && Instant::now() < until {
        sleep(Duration::from_millis(50));
        allowed = sale_as_nobody(PLUGDEV);
    }
    assert_eq!(allowed, "made");
    assert_eq!(terminal.books.charges("USER1").len(), 1);
    let usable = listed(PLUGDEV);
    assert!(usable.contains("can be used"), "{usable}");
    refused
}

/// Permissions come some time after the device: that is waited for, and not told.
pub(crate) fn late_permission() -> String {
    const RULES: &str = "/run/udev/rules.d/99-late.rules";
    let udevadm = |args: &[&str]| {
        let ran = Command::new("/bin/udevadm").args(args).status().unwrap();
        assert!(ran.success(), "{args:?}");
    };
    std::fs::create_dir_all("/run/udev/rules.d").unwrap();
    let rule = r#"SUBSYSTEM=="usb", ATTR{idVendor}=="28f3", GROUP="root", MODE="0600""#;
    std::fs::write(RULES, rule).unwrap();
    udevadm(&["control", "--reload"]);
    let user = User::waits_for_a_terminal(PLUGDEV);
    let terminal = switched(options(0));
    let node = || {
        let info = nusb::list_devices().wait().unwrap();
        let mut info = info.filter(|info| info.product_id() == 0x3002);
        let info = info.next().unwrap();
        format!(
            "/dev/bus/usb/{}/{:03}",
            info.bus_id(),
            info.device_address()
        )
    };
    sleep(Duration::from_millis(400));
    assert_eq!(terminal.books.charges(""), []);
    let anybody = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    std::fs::set_permissions(node(), anybody).unwrap();
    let said = user.said();
    std::fs::remove_file(RULES).unwrap();
    udevadm(&["control", "--reload"]);
    assert!(
        said.ends_with("made") && !said.contains("NotPermitted"),
        "{said}"
    );
    said
}

pub(crate) fn nothing_claimed() -> &'static str {
    let terminal = terminal(options(0), &["approve"]);
    for _ in 0..3 {
        let mut pos = Rig::new(UsbLink::new(Target::Only, quick()));
        pos.up();
        // Something is on its way in both directions.
        terminal.cable.inject(vec![0; 100]);
        drop(pos);
        let info = nusb::list_devices().wait().unwrap();
        let mut info = info.filter(|info| info.product_id() == 0x3002);
        let device = info.next().unwrap().open().wait().unwrap();
        let claimed = device.claim_interface(0).wait();
        assert!(claimed.is_ok(), "{claimed:?}");
    }
    ""
}

pub(crate) fn unknown_product() -> String {
    let mut gadget = options(0);
    gadget.merchant.1 = 0x9003;
    let _terminal = terminal(gadget, &["approve"]);
    await_other(0x9003);
    let till = till("usb");
    let (_, said) = till.log.wait(0, "down NoTerminal");
    assert!(said.contains("28f3:9003 SIMULATOR"), "{said}");
    drop(till);
    let listed = devices(&Identities::default()).unwrap();
    assert!(listed.len() == 1 && listed[0].mode.is_none(), "{listed:?}");
    let listed = |args: &[&str]| {
        let output = application::command(&[&["devices"], args].concat()).output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    };
    let unknown = listed(&[]);
    assert!(
        unknown.contains("28f3:9003 SIMULATOR") && unknown.contains("not known"),
        "{unknown}"
    );
    let next = "28f3:9003=merchant Clover Next";
    let file = "/tmp/identities";
    std::fs::write(file, format!("# a new model\n{next}\n")).unwrap();
    for (args, model) in [
        (&["--usb-id", next][..], "Clover Next, merchant mode"),
        (&["--usb-ids", file], "Clover Next, merchant mode"),
        (&["--usb-low-digit"], "unknown Clover model, merchant mode"),
    ] {
        let known = listed(args);
        assert!(
            known.contains(model) && known.contains("can be used"),
            "{known}"
        );
    }
    let mut options = quick();
    options.identities.add(next.parse().unwrap());
    let till = till_with("usb", options, |question| question.accept_all());
    till.ready();
    said
}
