//! Printing, printers, the cash drawer.

use super::messages;
use crate::model::{Printer, PrinterDraft};
use crate::wire::names::{PrintCategory, PrintJobStatus};

messages! {
    /// Prints lines of text (`protocol/messages.md` §3).
    PrintText, PrintTextDraft = PrintText, ToTerminal, 1 {
        /// The lines.
        text_lines: texts = "textLines";
        /// The point of sale's id of the job.
        external_print_job_id: text = "externalPrintJobId";
        /// The printer, by its id; absent is the usual one.
        printer: json(Printer) = "printer";
    }

    /// Prints an image (`protocol/messages.md` §3).
    PrintImage, PrintImageDraft = PrintImage, ToTerminal, 1 {
        /// The image as PNG, in Base64; absent if it comes in fragments (`protocol/link.md` §4.14) or from
        /// a URL.
        png: base64 = "png";
        /// Where the terminal finds the image.
        url_string: text = "urlString";
        /// The point of sale's id of the job.
        external_print_job_id: text = "externalPrintJobId";
        /// The printer, by its id; absent is the usual one.
        printer: json(Printer) = "printer";
    }

    /// Opens the cash drawer (`protocol/messages.md` §3).
    OpenCashDrawer, OpenCashDrawerDraft = OpenCashDrawer, ToTerminal, 1 {
        /// Why, for the log.
        reason: text = "reason";
        /// The printer that the drawer is at, by its id.
        printer: json(Printer) = "printer";
    }

    /// Asks for the printers (`protocol/messages.md` §3).
    GetPrintersRequest, GetPrintersRequestDraft = GetPrintersRequest, ToTerminal, 1 {
        /// What they print. A name that is not listed (one SDK says NONE, one writes small letters) stands
        /// for all.
        category: name(PrintCategory) = "category";
    }

    /// The printers (`protocol/messages.md` §3).
    GetPrintersResponse, GetPrintersResponseDraft = GetPrintersResponse, ToPos, 1 {
        /// The printers.
        printers: jsons(Printer, PrinterDraft) = "printers";
    }

    /// Asks how a print job stands (`protocol/messages.md` §3).
    PrintJobStatusRequest, PrintJobStatusRequestDraft = PrintJobStatusRequest, ToTerminal, 1 {
        /// The point of sale's id of the job.
        external_print_job_id: text = "externalPrintJobId";
    }

    /// How a print job stands; also sent when that changes (`protocol/messages.md` §3).
    PrintJobStatusResponse, PrintJobStatusResponseDraft = PrintJobStatusResponse, ToPos, 1 {
        /// The point of sale's id of the job.
        external_print_job_id: text = "externalPrintJobId";
        /// How it stands.
        status: name(PrintJobStatus) = "status";
    }
}
