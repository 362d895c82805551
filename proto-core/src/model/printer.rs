//! Printers.

use crate::wire::names::PrinterType;
use crate::wire::object::objects;

objects! {
    /// A printer (`protocol/model.md` §4). A request names it by its id alone.
    Printer, PrinterDraft {
        /// Its id.
        id: text = "id";
        /// Its hardware address.
        mac: text = "mac";
        /// Its model.
        model: text = "model";
        /// Its name.
        name: text = "name";
        /// Its network address.
        ip_address: text = "ipAddress";
        /// How it is connected.
        kind: name(PrinterType) = "type";
    }
}
