//! What the commands share about USB.

use proto_core::driver::Config;
use transport_usb::{Identities, Target, UsbBuilder, UsbOptions, open_target};

use crate::cli::UsbArgs;

/// The terminal at a cable that `to` names, if it names one.
pub(super) fn target(to: &str) -> Option<Result<Target, String>> {
    let is_usb = to == "usb" || to.starts_with("usb:");
    is_usb.then(|| to.parse().map_err(|error| format!("{error}")))
}

/// A connector to it that is being set up.
pub(super) fn open(target: Target, args: &UsbArgs, config: Config) -> Result<UsbBuilder, String> {
    let mut options = UsbOptions::default();
    options.identities = identities(args)?;
    Ok(open_target(target, options, config))
}

/// The identities of the table, of the arguments and of their file.
pub(super) fn identities(args: &UsbArgs) -> Result<Identities, String> {
    let mut identities = Identities::default();
    if let Some(file) = &args.usb_ids {
        let about = |what: String| format!("{}: {what}", file.display());
        let text = std::fs::read_to_string(file).map_err(|error| about(error.to_string()))?;
        let added = identities.add_lines(&text);
        added.map_err(|error| about(error.to_string()))?;
    }
    for identity in &args.usb_id {
        identities.add(identity.clone());
    }
    identities.low_digit_rule(args.usb_low_digit);
    Ok(identities)
}
