//! A sale from a desktop program: the first code of the README.
//!
//!     cargo run -p host-demo -- terminal                                 (in another window)
//!     cargo run -p transport-ws --example desktop -- ws://127.0.0.1:12345/remote_pay

use std::time::Duration;

use proto_core::driver::{Config, Outcome};
use proto_core::pos::{ExternalId, Sale};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args()
        .nth(1)
        .unwrap_or("ws://127.0.0.1:12345/remote_pay".to_owned());
    let config = Config::new("com.example.pos:1.0")
        .name("Aisle 2")
        .serial("ABC123");
    let config = config.accept_simulator(true); // for trying things out, never in a shop
    let till = transport_ws::open(&address, config)?
        .on_pairing_code(|code| println!("type {code} on the terminal"))
        .on_question(|question| question.accept_all())?;
    till.ready(Duration::from_secs(30))?;
    till.show_message("Welcome to Clover Connector!")?;

    let id = ExternalId::random()?; // one id per attempt: keep it before you charge
    match till.sale(Sale::new(10_00).external_id(id.as_str()))?.wait() {
        Outcome::Made {
            payment, remaining, ..
        } => println!("{} paid, {remaining} left", payment.id()),
        Outcome::NotMade(why) => println!("not charged: {why}"),
        Outcome::Unknown { ask, .. } => println!("unknown, ask the terminal for {ask}"),
    }
    Ok(())
}
