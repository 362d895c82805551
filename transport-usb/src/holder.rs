//! Who holds a terminal's interface, where the system says so.

use nusb::DeviceInfo;

/// The drivers and programs that hold the device or one of its interfaces, for people. Programs of other users
/// are seen by the administrator only.
#[cfg(target_os = "linux")]
pub(crate) fn holder(info: &DeviceInfo) -> Option<String> {
    let mut holders = drivers(info);
    holders.extend(programs(info));
    (!holders.is_empty()).then(|| holders.join(", "))
}

/// Only Linux says so.
#[cfg(not(target_os = "linux"))]
pub(crate) fn holder(_info: &DeviceInfo) -> Option<String> {
    None
}

/// Drivers of the kernel that are bound to an interface.
#[cfg(target_os = "linux")]
fn drivers(info: &DeviceInfo) -> Vec<String> {
    let device = info.sysfs_path();
    let Some(name) = device.file_name().and_then(|name| name.to_str()) else {
        return Vec::new();
    };
    let Ok(entries) = device.read_dir() else {
        return Vec::new();
    };
    let interface = |entry: std::fs::DirEntry| {
        let own = entry.file_name();
        own.to_str()?.strip_prefix(name)?.strip_prefix(':')?;
        let driver = entry.path().join("driver").read_link().ok()?;
        let driver = driver.file_name()?.to_str()?;
        // That is a program, which is found below.
        (driver != "usbfs").then(|| format!("the driver {driver}"))
    };
    entries.flatten().filter_map(interface).collect()
}

/// Programs that have the device open, other than this one.
#[cfg(target_os = "linux")]
fn programs(info: &DeviceInfo) -> Vec<String> {
    let (bus, address) = (info.busnum(), info.device_address());
    let node = std::path::PathBuf::from(format!("/dev/bus/usb/{bus:03}/{address:03}"));
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    let holds = |entry: std::fs::DirEntry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let mut files = entry.path().join("fd").read_dir().ok()?.flatten();
        files.find(|file| file.path().read_link().is_ok_and(|to| to == node))?;
        let name = std::fs::read_to_string(entry.path().join("comm")).ok()?;
        (pid != std::process::id()).then(|| format!("{} (process {pid})", name.trim()))
    };
    processes.flatten().filter_map(holds).collect()
}
