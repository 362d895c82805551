//! `host-demo devices`

use serde_json::json;
use transport_usb::{Device, devices, hotplug_is_told};

use super::usb;
use crate::cli::DevicesArgs;
use crate::report::{self, Report, status};

pub(super) fn run(args: &DevicesArgs) -> u8 {
    let report = Report::new(args.json);
    let complain = |code, message: &str, remedy: &str, status| {
        report.line(&report::error(code, message, remedy));
        report.complain(&format!("{message} {remedy}"));
        status
    };
    let identities = match usb::identities(&args.usb) {
        Ok(identities) => identities,
        Err(error) => return complain("usage", &error, "", status::USAGE),
    };
    let devices = match devices(&identities) {
        Ok(devices) => devices,
        Err(down) => {
            let message = format!("The bus cannot be listed: {down}.");
            return complain("not_listed", &message, down.reason.remedy(), status::ERROR);
        }
    };
    if !hotplug_is_told() {
        report.complain("No udevd runs here: connecting takes up to 2 s longer.");
    }
    for device in &devices {
        report.both(&line(device), &text(device));
    }
    if devices.is_empty() {
        report.say("No terminal is on USB. Plug one in, and wait until it has started.");
    }
    if devices.iter().any(|device| device.trouble.is_none()) {
        status::OK
    } else {
        status::ERROR
    }
}

fn line(device: &Device) -> serde_json::Value {
    let trouble = device.trouble.as_ref();
    json!({
        "event": "device",
        "id": format!("{:04x}:{:04x}", device.vendor, device.product),
        "model": device.model,
        "serial": device.serial,
        "mode": device.mode.map(|mode| mode.to_string()),
        "port": device.port,
        "trouble": trouble.map(ToString::to_string),
        "remedy": trouble.map(|down| down.reason.remedy()),
    })
}

fn text(device: &Device) -> String {
    let Device {
        vendor,
        product,
        model,
        port,
        ..
    } = device;
    let serial = device.serial.as_deref().unwrap_or("none");
    let mode = match device.mode {
        Some(mode) => format!("{mode} mode"),
        None => "not known".to_owned(),
    };
    let state = match &device.trouble {
        None => "can be used".to_owned(),
        Some(down) => format!("{down}: {}", down.reason.remedy()),
    };
    format!(
        "{model}, {mode} ({vendor:04x}:{product:04x}, port {port})\n  serial number: {serial}\n  {state}"
    )
}
