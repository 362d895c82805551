//! Payments that were taken offline, until they are sent to the bank.

use std::collections::VecDeque;

use proto_core::time::Instant;
use proto_core::wire::names::PaymentResult;

use super::Simulator;
use super::plan::Plan;
use super::seen::Seen;

/// What waits to be sent. It outlives a restart of the terminal, as the books do.
#[derive(Debug, Default)]
pub(super) struct Uploads(VecDeque<Upload>);

#[derive(Debug)]
struct Upload {
    /// The terminal's id of the payment.
    payment: String,
    due: Instant,
    approved: bool,
}

/// As many as are kept; the oldest one is never sent then.
const UPLOADS: usize = 256;

impl Uploads {
    /// A payment waits from now on, if it does not wait already.
    pub(super) fn add(&mut self, now: Instant, payment: &str, plan: &Plan) {
        if self.0.iter().any(|waits| waits.payment == payment) {
            return;
        }
        if self.0.len() == UPLOADS {
            self.0.pop_front();
        }
        self.0.push_back(Upload {
            payment: payment.to_owned(),
            due: now.after(plan.upload),
            approved: !plan.upload_declined,
        });
    }
}

impl Simulator<'_> {
    /// When the next payment is due.
    pub(super) fn next_upload(&self) -> Option<Instant> {
        let waits = self.uploads.0.iter();
        waits
            .filter(|upload| !self.is_running(upload))
            .map(|upload| upload.due)
            .min()
    }

    /// Sends what is due.
    pub(super) fn upload(&mut self, now: Instant) {
        let is_due =
            |simulator: &Self, upload: &Upload| upload.due <= now && !simulator.is_running(upload);
        while let Some(at) = self.uploads.0.iter().position(|it| is_due(self, it)) {
            let Some(upload) = self.uploads.0.remove(at) else {
                return;
            };
            let books = self.terminal.books_mut();
            let booked = books.payment(&upload.payment);
            // It may be voided by now.
            let Some(booked) = booked.filter(|booked| booked.pending) else {
                continue;
            };
            let result = if upload.approved {
                booked.result
            } else {
                PaymentResult::Fail
            };
            books.send_offline(&upload.payment, result);
            self.see(Seen::Sent(upload.payment, upload.approved));
        }
    }

    /// Whether its transaction has not ended yet.
    fn is_running(&self, upload: &Upload) -> bool {
        let sale = self.stage.sale.as_ref();
        sale.is_some_and(|sale| sale.sold.payment_id == upload.payment)
    }
}
