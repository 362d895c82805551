//! The gadget as files: making it, binding it to a controller, removing it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use super::GadgetOptions;
use super::functionfs::{ACCESSORY, ADB, Function};
use crate::identity::Mode;

/// A gadget in the kernel. Dropping it takes it out.
#[derive(Debug)]
pub(super) struct Gadget {
    root: PathBuf,
    controller: String,
    /// Functions, each with where its file system is mounted.
    functions: Vec<(String, PathBuf)>,
}

/// The functions of the two modes.
#[derive(Debug)]
pub(super) struct Functions {
    pub(super) merchant: Function,
    pub(super) accessory: Function,
}

impl Gadget {
    pub(super) fn create(options: &GadgetOptions) -> io::Result<(Self, Functions)> {
        let gadgets = Path::new(GADGETS);
        if !gadgets.exists() {
            let mounted = mount("none", CONFIGFS, "configfs", MountFlags::empty(), None);
            let what = "the kernel's gadget framework (modprobe libcomposite; needs root)";
            mounted.map_err(|error| about(what, &error.into()))?;
        }
        let controller = match &options.controller {
            Some(controller) => controller.clone(),
            None => first_controller()?,
        };
        let name = &options.name;
        let functions = ["merchant", "accessory"].map(|mode| format!("{name}-{mode}"));
        let mut gadget = Self {
            root: gadgets.join(name),
            controller,
            functions: functions
                .map(|it| (it.clone(), Path::new(MOUNTS).join(it)))
                .into(),
        };
        gadget.remove();
        let root = &gadget.root;
        fs::create_dir(root).map_err(|error| about(&root.display(), &error))?;
        put(&root.join("bcdUSB"), "0x0200")?;
        put(&root.join("bcdDevice"), "0x0001")?;
        fs::create_dir(root.join(STRINGS))?;
        let string = |name: &str, text: &str| put(&root.join(STRINGS).join(name), text);
        string("manufacturer", "SIMULATOR")?;
        string("product", "SIMULATOR of a payment terminal")?;
        string("serialnumber", &options.serial)?;
        fs::create_dir(root.join(CONFIG))?;
        let accessory: &[_] = if options.adb {
            &[ADB, ACCESSORY]
        } else {
            &[ACCESSORY]
        };
        let functions = Functions {
            merchant: gadget.function(0, &[ADB])?,
            accessory: gadget.function(1, accessory)?,
        };
        Ok((gadget, functions))
    }

    /// Plugs it in, in this mode with these ids.
    pub(super) fn bind(&self, mode: Mode, (vendor, product): (u16, u16)) -> io::Result<()> {
        self.unbind();
        let (function, _) = &self.functions[mode as usize];
        let function = format!("ffs.{function}");
        std::os::unix::fs::symlink(
            self.root.join("functions").join(&function),
            self.root.join(CONFIG).join(&function),
        )?;
        put(&self.root.join("idVendor"), &format!("{vendor:#06x}"))?;
        put(&self.root.join("idProduct"), &format!("{product:#06x}"))?;
        put(&self.root.join("UDC"), &self.controller)
    }

    /// Unplugs it, if it is plugged in.
    pub(super) fn unbind(&self) {
        // It may not be there, which is what is wanted.
        let _ = put(&self.root.join("UDC"), "\n");
        for (function, _) in &self.functions {
            let _ = fs::remove_file(self.root.join(CONFIG).join(format!("ffs.{function}")));
        }
    }

    fn function(&self, at: usize, interfaces: &[(u8, u8, u8)]) -> io::Result<Function> {
        let (name, folder) = &self.functions[at];
        fs::create_dir(self.root.join("functions").join(format!("ffs.{name}")))?;
        fs::create_dir_all(folder)?;
        let flags = MountFlags::empty();
        mount(name.as_str(), folder, "functionfs", flags, None)
            .map_err(|error| about(&folder.display(), &error.into()))?;
        Function::open(folder, interfaces)
    }

    /// Removes what there is of it, in the order that the kernel wants.
    fn remove(&mut self) {
        self.unbind();
        for (name, folder) in &self.functions {
            let _ = unmount(folder, UnmountFlags::DETACH);
            let _ = fs::remove_dir(folder);
            let _ = fs::remove_dir(self.root.join("functions").join(format!("ffs.{name}")));
        }
        for folder in [CONFIG, STRINGS, ""] {
            let _ = fs::remove_dir(self.root.join(folder));
        }
    }
}

impl Drop for Gadget {
    fn drop(&mut self) {
        self.remove();
    }
}

fn first_controller() -> io::Result<String> {
    let none = || {
        let what = "there is no USB device controller; this needs a USB device port, or dummy_hcd";
        io::Error::new(io::ErrorKind::NotFound, what)
    };
    let mut names: Vec<_> = fs::read_dir(CONTROLLERS)
        .map_err(|_| none())?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort();
    names.into_iter().next().ok_or_else(none)
}

fn put(path: &Path, value: &str) -> io::Result<()> {
    fs::write(path, value).map_err(|error| about(&path.display(), &error))
}

/// The error with what it is about.
fn about(what: &(impl std::fmt::Display + ?Sized), error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}

const CONFIGFS: &str = "/sys/kernel/config";
const GADGETS: &str = "/sys/kernel/config/usb_gadget";
const CONTROLLERS: &str = "/sys/class/udc";
const MOUNTS: &str = "/run";
/// English.
const STRINGS: &str = "strings/0x409";
const CONFIG: &str = "configs/c.1";
