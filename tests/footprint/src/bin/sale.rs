//! A till that only sells.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use proto_core::pos::{Env, Pos, Sale};
use proto_core::time::Instant;

#[entry]
fn main() -> ! {
    footprint::till::run(ask)
}

fn ask(now: Instant, pos: &mut Pos<'_>) {
    let env = Env::default();
    let amount = i64::try_from(now.as_millis()).unwrap_or(1);
    let _ = pos.sale(now, &Sale::new(amount).external_id("A"), env);
    if let Some(request) = pos.open_request() {
        let _ = pos.cancel(now, request);
    }
    if let Some(record) = pos.unresolved().cloned() {
        let _ = pos.resume(now, &record, env);
    }
}
