//! Names for printing and logs.
//!
//! The values are those of `protocol/enums.json`; a value that is not listed is carried as text.

use super::names;

names! {
    /// What a printer prints (`protocol/model.md` §6).
    PrintCategory {
        Order = "ORDER",
        Receipt = "RECEIPT",
        Fiscal = "FISCAL",
        Label = "LABEL",
        TestPrint = "TEST_PRINT",
    }

    /// How a print job stands (`protocol/model.md` §6).
    PrintJobStatus {
        InQueue = "IN_QUEUE",
        Printing = "PRINTING",
        Done = "DONE",
        Error = "ERROR",
        Unknown = "UNKNOWN",
        NotFound = "NOT_FOUND",
    }

    /// How a printer is connected (`protocol/model.md` §6).
    PrinterType {
        Network = "NETWORK",
        MyLocal = "MY_LOCAL",
    }

    /// How much a log entry matters (`protocol/model.md` §6).
    LogLevel {
        Verbose = "VERBOSE",
        Debug = "DEBUG",
        Info = "INFO",
        Warn = "WARN",
        Error = "ERROR",
    }
}
