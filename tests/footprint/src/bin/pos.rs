//! A till with everything that there is to ask for.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use proto_core::pos::{Auth, Env, ManualRefund, Pos, PreAuth, RefundPayment, Sale, VoidPayment};
use proto_core::time::Instant;
use proto_core::wire::names::VoidReason;

#[entry]
fn main() -> ! {
    footprint::till::run(ask)
}

/// One after the other: each is refused while another is open, and all are linked.
fn ask(now: Instant, pos: &mut Pos<'_>) {
    let env = Env::default();
    let amount = i64::try_from(now.as_millis()).unwrap_or(1);
    let sale = |id| Sale::new(amount).external_id(id);
    let _ = pos.sale(now, &sale("A"), env);
    let _ = pos.auth(now, &Auth::new(sale("B")), env);
    let _ = pos.pre_auth(now, &PreAuth::new(sale("C")), env);
    let _ = pos.manual_refund(now, &ManualRefund::new(sale("D")), env);
    let _ = pos.refund_payment(now, &RefundPayment::full("P").external_id("E"), env);
    let void = VoidPayment::new("P", VoidReason::UserCancel).external_id("F");
    let _ = pos.void_payment(now, &void, env);
    let _ = pos.show_message(now, "Welcome");
    let _ = pos.retrieve_device_status(now, true);
    let _ = pos.retrieve_pending_payments(now);
    if let Some(request) = pos.open_request() {
        let _ = pos.cancel(now, request);
    }
    if let Some(record) = pos.unresolved().cloned() {
        let _ = pos.retrieve_payment(now, &record.external_id);
        let _ = pos.park(&record.external_id);
        let _ = pos.resume(now, &record, env);
    }
    let _ = pos.reset_terminal(now);
}
