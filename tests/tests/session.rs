//! Pairing, discovery, liveness: from the socket to ready.

use proto_core::link::LinkKind;
use proto_core::message::DiscoveryResponseDraft;
use proto_core::pos::Config;
use proto_core::wire::names::PairingState;
use serde_json::{Value, json};
use system_tests::{Pairs, World, test_config};

fn payload(world: &World, method: &str) -> Vec<Value> {
    world
        .wire
        .iter()
        .filter_map(|(_, text)| {
            let envelope: Value = serde_json::from_str(text).unwrap();
            (envelope["method"] == method)
                .then(|| serde_json::from_str(envelope["payload"].as_str().unwrap()).unwrap())
        })
        .collect()
}

#[test]
fn a_first_pairing_shows_a_code_and_then_discovers() {
    let mut world = World::default();
    world.join();
    world.expect(
        "event: Connected
         pos: PAIRING_REQUEST
         terminal: PAIRING_CODE
         event: PairingCode
         terminal: PAIRING_RESPONSE PAIRED
         event: Paired
         pos: DISCOVERY_REQUEST
         terminal: ACK
         terminal: DISCOVERY_RESPONSE
         event: BecameReady",
    );
    let request = &payload(&world, "PAIRING_REQUEST")[0];
    assert_eq!(request["name"], "Aisle 2");
    assert_eq!(request["serialNumber"], "ABC123");
    assert_eq!(request.get("authenticationToken"), None);
    let envelope: Value = serde_json::from_str(&world.wire[0].1).unwrap();
    assert_eq!(
        envelope["packageName"],
        "com.clover.remote_protocol_broadcast.app"
    );
    assert_eq!(envelope["remoteApplicationID"], "com.example.test:1.0");
    assert_eq!(envelope["version"], 1);
}

#[test]
fn every_reconnect_uses_the_newest_token_and_needs_no_code() {
    let mut world = World::default();
    world.join();
    for round in 1..4 {
        world.cut();
        world.forget();
        world.join();
        world.expect(
            "event: Connected
             pos: PAIRING_REQUEST
             terminal: PAIRING_RESPONSE PAIRED
             event: Paired
             pos: DISCOVERY_REQUEST
             terminal: ACK
             terminal: DISCOVERY_RESPONSE
             event: BecameReady",
        );
        let request = payload(&world, "PAIRING_REQUEST").pop().unwrap();
        assert_eq!(request["authenticationToken"], format!("token-{round}"));
    }
}

#[test]
fn a_stored_token_is_sent_first() {
    let mut world = World::new(Config {
        token: Some("token-0"),
        ..test_config()
    });
    world.join();
    assert!(world.pos.is_ready());
    let requests = payload(&world, "PAIRING_REQUEST");
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0]["authenticationToken"], "token-0");
    assert!(payload(&world, "PAIRING_CODE").is_empty());
}

#[test]
fn a_refused_token_is_forgotten_and_the_pairing_tried_once_more_at_once() {
    let mut world = World::new(Config {
        token: Some("stale"),
        ..test_config()
    });
    world.pairs = Pairs::Never;
    world.join();
    world.expect(
        "event: Connected
         pos: PAIRING_REQUEST
         terminal: PAIRING_RESPONSE FAILED
         event: TokenRefused
         pos: PAIRING_REQUEST
         terminal: PAIRING_RESPONSE FAILED
         event: PairingFailed",
    );
    let requests = payload(&world, "PAIRING_REQUEST");
    assert_eq!(requests[0]["authenticationToken"], "stale");
    assert_eq!(requests[1].get("authenticationToken"), None);
}

#[test]
fn a_refused_pairing_is_tried_ever_more_slowly() {
    let mut world = World::default();
    world.pairs = Pairs::Never;
    world.join();
    for pause in [2_000, 5_000, 10_000, 30_000, 30_000] {
        let before = payload(&world, "PAIRING_REQUEST").len();
        world.wait(pause - 1);
        assert_eq!(payload(&world, "PAIRING_REQUEST").len(), before);
        world.wait(1);
        assert_eq!(
            payload(&world, "PAIRING_REQUEST").len(),
            before + 1,
            "{pause}"
        );
    }
    world.pairs = Pairs::WithCode;
    world.wait(30_000);
    assert!(world.pos.is_ready());
}

#[test]
fn other_states_are_told_initial_means_paired_and_pings_are_answered_meanwhile() {
    let mut world = World::default();
    world.pairs = Pairs::Silently;
    world.join();
    world
        .terminal
        .pairing_state(PairingState::Authenticating)
        .unwrap();
    world.settle();
    world.inject(r#"{"type":"PING"}"#);
    world.inject_command(
        "UI_STATE",
        &json!({"uiState": "WELCOME_SCREEN", "uiDirection": "ENTER"}),
    );
    world.inject_command(
        "PAIRING_RESPONSE",
        &json!({"pairingState": "INITIAL", "authenticationToken": "t"}),
    );
    world.expect(
        "event: Connected
         pos: PAIRING_REQUEST
         terminal: PAIRING_RESPONSE AUTHENTICATING
         event: PairingState
         pos: PONG
         event: Paired
         pos: DISCOVERY_REQUEST",
    );
}

#[test]
fn a_pairing_that_nobody_finishes_is_told_and_goes_on() {
    let mut world = World::default();
    world.pairs = Pairs::Silently;
    world.join();
    world.forget();
    world.wait(14_999);
    world.expect("");
    world.wait(1);
    world.expect("pos: PAIRING_REQUEST"); // nothing at all was answered: it may be lost
    world.wait(164_999);
    world.forget();
    world.wait(1);
    world.expect("event: PairingTimedOut\npos: PAIRING_REQUEST");
    world.terminal.accept_pairing("late", None).unwrap();
    world.settle();
    assert!(world.pos.is_ready());
}

#[test]
fn cables_need_no_pairing() {
    for kind in [LinkKind::Usb, LinkKind::Serial] {
        let mut world = World::default();
        world.over(kind);
        world.join();
        world.expect(
            "event: Connected
             pos: DISCOVERY_REQUEST
             terminal: ACK
             terminal: DISCOVERY_RESPONSE
             event: BecameReady",
        );
        let envelope: Value = serde_json::from_str(&world.wire[0].1).unwrap();
        assert_eq!(envelope["packageName"], "com.clover.remote.protocol.usb");
    }
}

#[test]
fn discovery_is_asked_again_until_the_terminal_is_ready() {
    let mut world = World::default();
    world.over(LinkKind::Usb);
    world.terminal = proto_core::terminal::Terminal::new(
        proto_core::terminal::Identity {
            ready: false,
            ping: None,
            ..proto_core::terminal::Identity::SIMULATOR
        },
        Box::leak(vec![0; 8_192].into_boxed_slice()),
    );
    world.join();
    world.expect(
        "event: Connected
         pos: DISCOVERY_REQUEST
         terminal: ACK
         terminal: DISCOVERY_RESPONSE
         event: NotReady",
    );
    world.wait(5_000);
    world.expect(
        "pos: DISCOVERY_REQUEST
         terminal: ACK
         terminal: DISCOVERY_RESPONSE
         event: NotReady",
    );
    world.terminal.announce(true).unwrap();
    world.settle();
    world.expect("terminal: DISCOVERY_RESPONSE\nevent: BecameReady");
    world.wait(60_000);
    world.expect("");
}

#[test]
fn a_lost_discovery_is_asked_again_on_every_ping() {
    let mut world = World::default();
    world.pairs = Pairs::Silently;
    world.join();
    // The terminal does not take this pairing for done, so it does not answer the discovery.
    world.inject_command("PAIRING_RESPONSE", &json!({"pairingState": "PAIRED"}));
    world.forget();
    for _ in 0..3 {
        world.inject(r#"{"type":"PING"}"#);
        world.expect("pos: PONG\npos: DISCOVERY_REQUEST");
        world.now = world
            .now
            .after(proto_core::time::Duration::from_millis(1_000));
    }
}

#[test]
fn pings_are_answered_at_most_every_800_ms() {
    let mut world = World::ready();
    for _ in 0..10 {
        world.inject(r#"{"type":"PING"}"#);
        world.wait(100);
    }
    world.expect("pos: PONG\npos: PONG");
    let pong: Value = serde_json::from_str(&world.wire.last().unwrap().1).unwrap();
    assert_eq!(pong["type"], "PONG");
    assert_eq!(pong["remoteApplicationID"], "com.example.test:1.0");
    assert_eq!(pong.get("method"), None);
}

#[test]
fn ready_fires_on_the_edge_only() {
    let mut world = World::ready();
    world.terminal.announce(true).unwrap();
    world.settle();
    world.expect("terminal: DISCOVERY_RESPONSE");
    world.terminal.announce(false).unwrap();
    world.settle();
    world.terminal.announce(true).unwrap();
    world.settle();
    world.expect(
        "terminal: DISCOVERY_RESPONSE
         event: NotReady
         terminal: DISCOVERY_RESPONSE
         event: BecameReady",
    );
}

#[test]
fn a_simulator_is_no_terminal_unless_told() {
    let mut world = World::new(Config {
        accept_simulator: false,
        ..test_config()
    });
    world.join();
    assert!(!world.pos.is_ready());
    world.wait(60_000);
    assert!(!world.pos.is_ready());
}

#[test]
fn absent_flags_are_read_as_decided() {
    let mut world = World::ready();
    let info = DiscoveryResponseDraft {
        merchant_id: Some("MERCHANT".into()),
        ready: Some(true),
        supports_tip_adjust: Some(false),
        ..DiscoveryResponseDraft::default()
    };
    world.tell(&info);
    let terminal = world.pos.terminal();
    assert!(!terminal.simulated && !terminal.acknowledges && !terminal.void_payment_response);
    assert!(!terminal.auth && !terminal.pre_auth && !terminal.tip_adjust);
    assert!(terminal.manual_refund && terminal.vault_card);
}

#[test]
fn a_terminal_that_refuses_and_closes_is_not_asked_in_a_circle() {
    let mut world = World::default();
    world.pairs = Pairs::Never;
    let mut asked = 0;
    for pause in [0, 2_000, 5_000, 10_000, 30_000, 30_000] {
        world.join();
        if pause > 0 {
            world.wait(pause - 1);
            assert_eq!(payload(&world, "PAIRING_REQUEST").len(), asked, "{pause}");
            world.wait(1);
        }
        asked += 1;
        assert_eq!(payload(&world, "PAIRING_REQUEST").len(), asked, "{pause}");
        world.cut();
    }
}
