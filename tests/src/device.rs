//! What a terminal answers when it is asked what happened: from books that the test keeps.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::{Value, json};

use crate::World;

/// The books of a terminal, and what it is doing. Clones share them.
#[derive(Clone)]
pub struct Device(Rc<RefCell<Books>>);

struct Books {
    state: &'static str,
    running: Option<String>,
    payments: Vec<(String, Value)>,
    pending: Vec<Value>,
    in_progress: bool,
    last: Option<(&'static str, Value)>,
    silent: bool,
}

impl Device {
    /// An idle terminal with empty books that answers what it is asked in this world from now on.
    pub fn answers(world: &mut World) -> Self {
        let device = Self(Rc::new(RefCell::new(Books {
            state: "IDLE",
            running: None,
            payments: Vec::new(),
            pending: Vec::new(),
            in_progress: false,
            last: None,
            silent: false,
        })));
        let answers = device.clone();
        world.on_message(move |method, payload| answers.0.borrow_mut().answer(method, payload));
        device
    }

    /// It is idle, or busy with the payment that has this external id.
    pub fn is_doing(&self, state: &'static str, external_id: Option<&str>) {
        let mut books = self.0.borrow_mut();
        books.state = state;
        books.running = external_id.map(str::to_owned);
    }

    /// It has this payment on its books.
    pub fn has(&self, payment: Value) {
        let id = payment["externalPaymentId"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        self.has_under(&id, payment);
    }

    /// Asked for the payment under this id, it shows this one.
    pub fn has_under(&self, id: &str, payment: Value) {
        self.0.borrow_mut().payments.push((id.to_owned(), payment));
    }

    /// It does not say what it is doing.
    pub fn says_no_state(&self) {
        self.0.borrow_mut().state = "";
    }

    /// It has nothing on its books.
    pub fn forgets(&self) {
        let mut books = self.0.borrow_mut();
        books.payments.clear();
        books.pending.clear();
    }

    /// These payments wait to be sent.
    pub fn pending(&self, entries: Vec<Value>) {
        self.0.borrow_mut().pending = entries;
    }

    /// Look-ups are in progress.
    pub fn in_progress(&self, yes: bool) {
        self.0.borrow_mut().in_progress = yes;
    }

    /// This was its last message.
    pub fn said_last(&self, method: &'static str, payload: Value) {
        self.0.borrow_mut().last = Some((method, payload));
    }

    /// It answers nothing.
    pub fn silent(&self, yes: bool) {
        self.0.borrow_mut().silent = yes;
    }
}

impl Books {
    fn answer(&mut self, method: &str, payload: &Value) -> Vec<(&'static str, Value)> {
        if self.silent {
            return Vec::new();
        }
        match method {
            "RETRIEVE_DEVICE_STATUS_REQUEST" => {
                let mut status = json!({
                    "result": "SUCCESS",
                    "data": {"externalPaymentId": self.running},
                });
                if !self.state.is_empty() {
                    status["state"] = json!(self.state);
                }
                let mut answers = vec![("RETRIEVE_DEVICE_STATUS_RESPONSE", status)];
                if payload["sendLastMessage"] == true {
                    answers.extend(self.last.clone());
                }
                answers
            }
            "RETRIEVE_PAYMENT_REQUEST" => {
                let id = &payload["externalPaymentId"];
                let found = self
                    .payments
                    .iter()
                    .rfind(|(under, _)| *under == *id)
                    .map(|(_, payment)| payment);
                let status = match found {
                    Some(_) => "FOUND",
                    None if self.in_progress => "IN_PROGRESS",
                    None => "NOT_FOUND",
                };
                let payment = found.map(Value::to_string);
                vec![(
                    "RETRIEVE_PAYMENT_RESPONSE",
                    json!({"queryStatus": status, "externalPaymentId": id, "payment": payment}),
                )]
            }
            "RETRIEVE_PENDING_PAYMENTS" => vec![(
                "RETRIEVE_PENDING_PAYMENTS_RESPONSE",
                json!({"status": "SUCCESS", "pendingPaymentEntries": self.pending}),
            )],
            _ => Vec::new(),
        }
    }
}
