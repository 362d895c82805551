//! What is on the bus, and hearing of a change.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use futures_core::Stream as _;
use nusb::hotplug::{HotplugEvent, HotplugWatch};
use nusb::{DeviceId, DeviceInfo, Error, MaybeFuture as _};

use crate::identity::{CLOVER, Identities};
use crate::terminal::{Place, Terminal};

/// The bus as one link sees it.
pub(crate) struct Bus {
    watch: Option<HotplugWatch>,
    bell: Arc<Bell>,
    /// Devices that have gone: the system lists them for a moment longer.
    gone: Vec<DeviceId>,
    /// Devices that came while we watched, the newest last.
    arrived: Vec<(DeviceId, Instant)>,
    /// When to list again, if nobody tells of changes.
    list_again: Option<Instant>,
}

/// A terminal on the bus, with what opens it.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) terminal: Terminal,
    pub(crate) info: DeviceInfo,
}

impl Bus {
    /// Nothing is watched before the first listing.
    pub(crate) fn new() -> Self {
        Self {
            watch: None,
            bell: Arc::default(),
            gone: Vec::new(),
            arrived: Vec::new(),
            list_again: None,
        }
    }

    /// The terminals that are there, and how other products of the vendor call themselves. The watch is made
    /// first, so that nothing can come in between unseen.
    pub(crate) fn list(
        &mut self,
        identities: &Identities,
    ) -> Result<(Vec<Found>, Vec<String>), Error> {
        if self.watch.is_none() {
            // Without one there are the listings.
            self.watch = nusb::watch_devices().ok();
            self.bell.rung.store(true, Ordering::Release);
        }
        let again = Instant::now() + LIST_AGAIN;
        let listed = list();
        self.list_again = (!self.is_told() || listed.is_err()).then_some(again);
        let mut found = Vec::new();
        let mut others = Vec::new();
        for info in listed? {
            if self.gone.contains(&info.id()) {
                continue;
            }
            match identify(&info, identities) {
                Some(terminal) => found.push(Found { terminal, info }),
                None if info.vendor_id() == CLOVER => others.push(unknown(&info)),
                None => {}
            }
        }
        Ok((found, others))
    }

    /// Whether the system tells of changes by itself.
    pub(crate) fn is_told(&self) -> bool {
        self.watch.is_some() && system_tells()
    }

    /// Whether the bus has changed, or may have; wakes when it does.
    pub(crate) fn poll_changed(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut changed = self.list_again.is_some_and(|at| at <= Instant::now());
        if let Some(watch) = &mut self.watch
            && self.bell.has_rung(context.waker())
        {
            let waker = Waker::from(Arc::clone(&self.bell));
            let mut context = Context::from_waker(&waker);
            while let Poll::Ready(event) = Pin::new(&mut *watch).poll_next(&mut context) {
                changed = true;
                match event {
                    Some(HotplugEvent::Connected(info)) => {
                        let id = info.id();
                        self.gone.retain(|gone| *gone != id);
                        self.arrived.retain(|(arrived, _)| *arrived != id);
                        remember(&mut self.arrived, (id, Instant::now()));
                    }
                    Some(HotplugEvent::Disconnected(id)) => remember(&mut self.gone, id),
                    None => {
                        self.watch = None;
                        break;
                    }
                }
            }
        }
        if changed {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Whether the device was reported to be gone.
    pub(crate) fn is_gone(&self, id: DeviceId) -> bool {
        self.gone.contains(&id)
    }

    /// When the device came, if we saw that.
    pub(crate) fn arrived(&self, id: DeviceId) -> Option<Instant> {
        let mut arrived = self.arrived.iter();
        arrived.find(|(it, _)| *it == id).map(|(_, at)| *at)
    }

    /// When to look again at the latest.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.list_again
    }
}

/// The devices on the bus; none on a machine that has no USB.
pub(crate) fn list() -> Result<Vec<DeviceInfo>, Error> {
    match nusb::list_devices().wait() {
        Ok(devices) => Ok(devices.collect()),
        // ENOENT: the folder of the bus is not there.
        Err(error) if cfg!(target_os = "linux") && error.os_error() == Some(2) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// What the device is, if it is a terminal.
pub(crate) fn identify(info: &DeviceInfo, identities: &Identities) -> Option<Terminal> {
    let identity = identities.find(info.vendor_id(), info.product_id())?;
    Some(Terminal {
        identity,
        place: Place {
            serial: info.serial_number().map(str::to_owned),
            bus: info.bus_id().to_owned(),
            ports: info.port_chain().to_vec(),
        },
        network: info.interfaces().any(|it| it.class() == CDC_DATA),
    })
}

/// A product of the vendor that is not in the table, for people.
pub(crate) fn unknown(info: &DeviceInfo) -> String {
    let (vendor, product) = (info.vendor_id(), info.product_id());
    match info.product_string() {
        Some(name) => format!("{vendor:04x}:{product:04x} {name}"),
        None => format!("{vendor:04x}:{product:04x}"),
    }
}

fn remember<T>(list: &mut Vec<T>, item: T) {
    if list.len() == REMEMBERED {
        list.remove(0);
    }
    list.push(item);
}

/// On Linux udevd tells of devices, when its rules have set their permissions. libudev looks for it this way.
pub(crate) fn system_tells() -> bool {
    cfg!(not(target_os = "linux")) || std::path::Path::new("/run/udev/control").exists()
}

/// Remembers that it was rung, so that the watch is looked at only then and not at every step.
#[derive(Debug, Default)]
struct Bell {
    rung: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Bell {
    /// Whether it was rung since the last time; rings for `waker` from now on.
    fn has_rung(&self, waker: &Waker) -> bool {
        let mut kept = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
        if !kept.as_ref().is_some_and(|kept| kept.will_wake(waker)) {
            *kept = Some(waker.clone());
        }
        self.rung.swap(false, Ordering::AcqRel)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.rung.store(true, Ordering::Release);
        let kept = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waker) = &*kept {
            waker.wake_by_ref();
        }
    }
}

/// The interface class of a device that is configured for networking (RNDIS).
const CDC_DATA: u8 = 0x0A;

/// How often the bus is listed where nobody tells of changes.
const LIST_AGAIN: Duration = Duration::from_secs(2);

/// Devices that are remembered to have come or gone.
const REMEMBERED: usize = 64;
