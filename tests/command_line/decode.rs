//! `host-demo decode`: every vector against another reader, and whatever is no message.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use proto_core::redact::SECRET_NAMES;
use serde_json::{Map, Value, json};

use crate::support::{Ran, Running, program, run};

#[test]
fn every_vector_is_what_another_reader_finds() {
    for messages in recordings() {
        let text = messages.join("\n");
        assert_eq!(decoded(&text), read(&messages), "{text}");
    }
    let all = one_recording();
    assert!(all.len() > 250, "{}", all.len());
    assert_eq!(decoded(&all.join("\r\n")), read(&all), "all in one");
}

#[test]
fn a_pretty_printed_message_is_the_same_message_and_so_are_several() {
    let messages = one_recording();
    let pretty: Vec<_> = messages
        .iter()
        .map(|text| serde_json::to_string_pretty(&value(text)).unwrap())
        .collect();
    let expected = read(&messages);
    assert_eq!(decoded(&pretty.join("\n")), expected);
    let flat = r#"
        {"method":
            "ACK",
        "payload":
            {
        "sourceMessageId": "7",
        "list": [
            {"elements": [
        {}]}
        ]}}"#;
    let message = json!({"method": "ACK", "type": "COMMAND", "id": null, "message": {"sourceMessageId": "7", "list": [[{}]]}});
    let expected = std::slice::from_ref(&message);
    assert_eq!(decoded(flat), expected, "indented as a whole");
    let flush = "{\n\"method\":\"ACK\",\n\"payload\":{\n\"sourceMessageId\":\"7\",\n\"list\":[[{\n}]]\n}\n}";
    assert_eq!(decoded(flush), expected, "not indented at all");
}

#[test]
fn every_packet_stream_gives_its_messages() {
    let discovery = "DISCOVERY_REQUEST";
    for (name, told) in [
        ("usb-01-discovery-request.hex", vec![Ok(discovery)]),
        ("usb-02-pong.hex", vec![Ok("PONG")]),
        ("usb-03-one-byte.hex", vec![Err((0, "not JSON"))]),
        ("usb-04-two-packets-16382.hex", vec![Ok("TERMINAL_MESSAGE")]),
        ("usb-05-two-packets-16384.hex", vec![Ok("TERMINAL_MESSAGE")]),
        ("usb-07-coalesced.hex", vec![Ok("PING"), Ok(discovery)]),
        ("usb-08-split-transfer.hex", vec![Ok(discovery)]),
        ("usb-09-zlp.hex", vec![Ok(discovery)]),
        (
            "usb-10-garbage-then-message.hex",
            vec![Err((0, "6 bytes were no message")), Ok(discovery)],
        ),
        ("usb-11-bad-length-zero.hex", vec![Err((0, "10 bytes"))]),
        (
            "usb-12-bad-length-over-4MiB.hex",
            vec![Err((0, "10 bytes"))],
        ),
        ("usb-13-bad-packet-length.hex", vec![Err((0, "319 bytes"))]),
        (
            "usb-14-little-endian-magic.hex",
            vec![Err((0, "319 bytes"))],
        ),
        ("usb-15-exactly-512.hex", vec![Ok("TERMINAL_MESSAGE")]),
        // No packet stream.
        (
            "usb-16-aoa-handshake.hex",
            vec![Err((8, "line 3")), Err((0, "149 bytes"))],
        ),
    ] {
        let file = vectors().join("link").join(name);
        let ran = run(&["decode", "--hex", file.to_str().unwrap()]);
        let failed = told.iter().any(Result::is_err);
        assert_eq!(ran.status, Some(if failed { 3 } else { 0 }), "{name}");
        same(&lines(&ran), &told, name);
    }
    let two_packets = std::fs::read_to_string(vectors().join("link/usb-06-two-packets.json"));
    let expected = read(&[two_packets.unwrap()]);
    for name in [
        "usb-04-two-packets-16382.hex",
        "usb-05-two-packets-16384.hex",
    ] {
        let file = vectors().join("link").join(name);
        let ran = run(&["decode", "--hex", file.to_str().unwrap()]);
        assert_eq!(lines(&ran), expected, "{name}");
    }
}

#[test]
fn in_a_packet_stream_the_place_is_that_of_its_bytes_and_the_rest_goes_on() {
    let ping = packet(b"{\"type\":\"PING\"}");
    let bad = packet(b"{\"type\":@}");
    let cut = &ping[..12];
    let pieces = [
        (hex(&ping), vec![Ok("PING")]),
        // Without spaces, in capitals, and with a comment.
        (
            hex(&bad).replace(' ', "").to_uppercase() + "#f0",
            vec![Err((25, "not JSON at byte 8"))],
        ),
        (
            "de ad be ef".into(),
            vec![Err((45, "4 bytes were no message"))],
        ),
        (hex(&ping), vec![Ok("PING")]),
        ("c".into(), vec![Err((74, "line 5 is no hexadecimal text"))]),
        (
            "zz 00 01".into(),
            vec![Err((74, "line 6 is no hexadecimal text"))],
        ),
        ("# nothing".into(), vec![]),
        (hex(&ping), vec![Ok("PING")]),
        (hex(cut), vec![Err((99, "within a message of 15 bytes"))]),
    ];
    let text: Vec<_> = pieces.iter().map(|(text, _)| text.as_str()).collect();
    let told: Vec<_> = pieces.iter().flat_map(|(_, told)| told.clone()).collect();
    let ran = decode(&["--hex"], text.join("\n").as_bytes());
    assert_eq!(ran.status, Some(3));
    // The skipped bytes are told when the stream makes sense again.
    same(&lines(&ran), &told, &text.join("\n"));
    let ran = decode(&["--hex"], b"00 0");
    same(
        &lines(&ran),
        &[Err((1, "line 1")), Err((0, "1 bytes"))],
        "half a byte at the end",
    );
}

#[test]
fn a_line_that_is_no_message_says_where_and_the_rest_goes_on() {
    let long = "x".repeat(5 * 1024 * 1024);
    let long_message = format!(r#"{{"method":"ACK","x":"{}"}}"#, "x".repeat(MAX));
    let longest = format!(r#"{{"method":"ACK","x":"{}"}}"#, "x".repeat(MAX - 23));
    assert_eq!(longest.len(), MAX);
    let cases: Vec<(&[u8], usize, &str)> = vec![
        (b"hello", 0, "the message is unreadable: not JSON at byte 0"),
        (b"  7", 0, "the message is no JSON object"),
        (b"[{}]", 0, "the message is no JSON object"),
        (br#"{"a":@}"#, 5, "not JSON at byte 5"),
        (br#"{"a":1} {"#, 8, "something follows the JSON value"),
        (b"{\"a\":\"\xFF\"}", 6, "not UTF-8 at byte 6"),
        (br#"{"method":"PI"#, 13, "the text ends too early"),
        (br#"{"method":"PING","#, 17, "the text ends too early"),
        (br#"{"method":"#, 10, "the text ends too early"),
        (
            br#"{"method":"ACK","payload":"{\"a\":@}"}"#,
            34,
            "ACK: the payload is unreadable: not JSON at byte 5",
        ),
        (
            br#"{"method":"ACK","payload":"\u007b\u0022\u00e4\":@}"}"#,
            48,
            "ACK: the payload is unreadable: not JSON at byte 6",
        ),
        (br#"{"payload" : [1]}"#, 13, "the payload is unreadable"),
        (
            br#"{"id":"1","method":"PRINT_TEXT","fragmentIndex":1,"payload":"x"}"#,
            0,
            "PRINT_TEXT: the message came in pieces: number 1 came where number 0 should have",
        ),
        (
            long.as_bytes(),
            MAX,
            "the message is longer than 4194304 bytes",
        ),
        (
            long_message.as_bytes(),
            MAX,
            "the message is longer than 4194304 bytes",
        ),
        ("{\"a\":\n\"b\"\n@}".as_bytes(), 10, "not JSON at byte 10"),
    ];
    let good = br#"{"method":"ACK","payload":"{}"}"#;
    let (mut input, mut told) = (Vec::new(), Vec::new());
    for (text, at, what) in &cases {
        told.push(Err((input.len() + at, *what)));
        input.extend_from_slice(text);
        input.extend_from_slice(b"\n\n");
        told.push(Ok("ACK"));
        input.extend_from_slice(good);
        input.push(b'\n');
    }
    told.push(Ok("ACK"));
    input.extend_from_slice(longest.as_bytes());
    let ran = decode(&[], &input);
    assert_eq!(ran.status, Some(3));
    same(&lines(&ran), &told, "lines");
    assert!(ran.err.is_empty(), "{}", ran.err);
}

#[test]
fn a_message_cut_anywhere_costs_no_other() {
    let good =
        r#"{"method":"FINISH_OK","id":"1","payload":"{\"payment\":\"{\\\"id\\\":\\\"P\\\"}\"}"}"#;
    let pretty = serde_json::to_string_pretty(&value(good)).unwrap();
    let (mut input, mut told) = (String::new(), Vec::new());
    for text in [good, &pretty] {
        for len in 1..text.len() {
            input.push_str(&text[..len]);
            input.push('\n');
            input.push_str(good);
            input.push('\n');
            told.push(Ok("FINISH_OK"));
        }
    }
    let ran = decode(&[], input.as_bytes());
    let messages: Vec<_> = lines(&ran)
        .into_iter()
        .filter(|line| line.get("error").is_none())
        .collect();
    same(&messages, &told, "good ones");
    assert_eq!(lines(&ran).len(), 2 * messages.len(), "one error a cut");
}

#[test]
fn fragments_that_do_not_end_are_told_at_the_end_or_by_the_next_message() {
    let piece = |index: u32, payload: &str| {
        json!({"id": "1", "method": "PRINT_TEXT", "fragmentIndex": index, "lastFragment": false, "payload": payload})
            .to_string()
    };
    let whole = [piece(0, "{\"textLines\":"), piece(1, "[\"a\"]}")].join("\n");
    assert_eq!(
        decoded(&whole)[0]["message"],
        json!({"textLines": ["a"]}),
        "an end that was not marked"
    );
    let cut = piece(0, "{\"textLines\":");
    let next = r#"{"id":"2","method":"ACK"}"#;
    let ran = decode(&[], format!("{cut}\n{next}\n{cut}\n").as_bytes());
    let (second, end) = (cut.len() + 1, 2 * cut.len() + next.len() + 3);
    let what = "PRINT_TEXT: the payload is unreadable: the text ends too early at byte 13";
    let told = [Err((second, what)), Ok("ACK"), Err((end, what))];
    same(&lines(&ran), &told, "cut");
}

#[test]
fn lists_are_bare_and_opaque_strings_stay_strings() {
    let text = json!({
        "method": "ACTIVITY_RESPONSE",
        "payload": json!({
            "payload": "{\"a\":{\"elements\":[]}}",
            "unknown": {"elements": [{"elements": [1]}, {"elements": null}, {"elements": {}}]},
            "other": [{"elements": [], "href": "x"}, {}],
            "text": "a/b \u{2028}\"\\",
            "number": 1.50,
        }).to_string().replace('/', "\\/"),
    });
    let ran = decode(&[], text.to_string().as_bytes());
    assert_eq!(
        ran.out.trim_end(),
        concat!(
            r#"{"method":"ACTIVITY_RESPONSE","type":"COMMAND","id":null,"message":{"#,
            r#""payload":"{\"a\":{\"elements\":[]}}","#,
            r#""unknown":[[1],{"elements":null},{"elements":{}}],"#,
            r#""other":[{"elements":[],"href":"x"},{}],"#,
            "\"text\":\"a/b \u{2028}\\\"\\\\\",",
            r#""number":1.5}}"#
        )
    );
    let numbers = r#"{"id":7,"payload":{"n":12345678901234567890123,"f":1.500,"e":1E+2}}"#;
    let ran = decode(&[], numbers.as_bytes());
    let message = r#""message":{"n":12345678901234567890123,"f":1.500,"e":1E+2}}"#;
    assert!(ran.out.contains(message), "{}", ran.out);
}

#[test]
fn fields_open_also_in_messages_that_nobody_sends() {
    for (method, field) in [
        ("VOID_CREDIT_RESPONSE", "credit"),
        ("ORDER_ACTION_ADD_DISCOUNT", "addDiscountAction"),
        ("ORDER_ACTION_REMOVE_DISCOUNT", "removeDiscountAction"),
        ("ORDER_ACTION_ADD_LINE_ITEM", "addLineItemAction"),
        ("ORDER_ACTION_REMOVE_LINE_ITEM", "removeLineItemAction"),
        ("ORDER_ACTION_REMOVE_LINE_ITEM", "removeLineItem"),
        ("ORDER_ACTION_RESPONSE", "orderActionResponse"),
    ] {
        let payload = json!({field: "{\"id\":\"X\"}"}).to_string();
        let text = json!({"method": method, "payload": payload}).to_string();
        let lines = decoded(&text);
        assert_eq!(lines[0]["message"][field], json!({"id": "X"}), "{method}");
        assert_eq!(lines, read(&[text]));
    }
    let payload = json!({"activities": ["{\"id\":1}", "{\"id\":2}"]}).to_string();
    let text = json!({"method": "RETRIEVE_CUSTOM_ACTIVITIES_RESPONSE", "payload": payload});
    let activities = json!([{"id": 1}, {"id": 2}]);
    assert_eq!(
        decoded(&text.to_string())[0]["message"]["activities"],
        activities
    );
}

#[test]
fn secrets_are_masked_unless_they_are_asked_for() {
    const PAN: &str = "4111111111111111";
    for name in SECRET_NAMES {
        let secret = format!("SECRET-{name}");
        let inner = json!({"deep": {name: secret}, "note": format!("card \u{2014}{PAN}")});
        let payload = json!({
            name: secret,
            "payment": inner.to_string(),
            "opaque": inner.to_string(),
            "list": [{name: [secret]}, {name: 1228}],
            "number": PAN.parse::<u64>().unwrap(),
            PAN: null,
        });
        let text = json!({"method": "FINISH_OK", "payload": payload.to_string()}).to_string();
        let masked = decode(&[], text.as_bytes());
        assert_eq!(masked.status, Some(0));
        for secret in ["SECRET", PAN, "1228"] {
            assert!(!masked.out.contains(secret), "{name}: {}", masked.out);
        }
        let message = &lines(&masked)[0]["message"];
        assert_eq!(message[name], "***");
        assert_eq!(message["payment"]["deep"], json!({name: "***"}));
        assert_eq!(message["payment"]["note"], "card \u{2014}***1111");
        assert_eq!(message["opaque"], "***");
        assert_eq!(message["number"], "***1111");

        let shown = &decoded(&text)[0]["message"];
        assert_eq!(shown[name], secret.as_str());
        assert_eq!(shown["payment"], inner);
        assert_eq!(shown["opaque"], inner.to_string());
    }
    let token = vectors().join("link/pairing-08-response-paired.json");
    let ran = run(&["decode", token.to_str().unwrap()]);
    assert!(!ran.out.contains("tok-0002"), "{}", ran.out);
    // Nor in what is said of a message that cannot be read.
    let ran = decode(
        &[],
        br#"{"method":"4111111111111111","payload":"{\"pan\":\"SECRET"}"#,
    );
    assert_eq!(ran.status, Some(3));
    let all = format!("{}{}", ran.out, ran.err);
    assert!(!all.contains("SECRET") && !all.contains(PAN), "{all}");
}

#[test]
fn a_line_is_printed_as_soon_as_its_message_is_there() {
    let mut running = Running::start(&["decode"]);
    for id in ["1", "2"] {
        running.type_line(&json!({"method": "ACK", "id": id}).to_string());
        running.line(&format!("\"id\":\"{id}\""));
    }
    running.type_line("{\n  \"method\": \"ACK\",\n  \"id\": \"3\"\n}");
    running.line("\"id\":\"3\"");
    running.stdin = None;
    assert_eq!(running.end().status, Some(0));
}

#[test]
fn nothing_to_read_is_no_error_and_nothing_there_is_one() {
    for input in ["", "\n", " \r\n\n", "\n\n  "] {
        for args in [&[][..], &["--hex"], &["-"]] {
            let ran = decode(args, input.as_bytes());
            assert_eq!((ran.status, ran.out.as_str()), (Some(0), ""), "{input:?}");
        }
    }
    for file in ["no-such-file", "."] {
        let ran = run(&["decode", file]);
        assert_eq!((ran.status, ran.out.as_str()), (Some(2), ""));
        assert!(ran.err.contains("cannot be read"), "{}", ran.err);
    }
}

/// With lines three times as long as what it may have, in a file whose middle was never written: that reads as
/// zeros and takes no place on the disk.
#[cfg(target_os = "linux")]
#[test]
fn whatever_is_read_is_read_in_bounded_memory() {
    use std::io::Seek as _;

    const ROOM: usize = 48 << 20;
    let folder = tempfile::tempdir().unwrap();
    let decoded = |args: &[&str], before: &str, behind: &str| {
        let path = folder.path().join("long");
        let mut file = std::fs::File::create(&path).unwrap();
        file.write_all(before.as_bytes()).unwrap();
        file.seek(std::io::SeekFrom::Current(3 * ROOM as i64))
            .unwrap();
        file.write_all(behind.as_bytes()).unwrap();
        let limited = format!("ulimit -v {} && exec \"$@\"", ROOM >> 10);
        let ended = std::process::Command::new("sh")
            .args(["-c", &limited, "sh"])
            .arg(program().get_program())
            .arg("decode")
            .args(args)
            .arg(path)
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let ran = Ran {
            status: ended.status.code(),
            out: text(ended.stdout),
            err: text(ended.stderr),
        };
        assert_eq!((ran.status, ran.err.as_str()), (Some(3), ""));
        lines(&ran)
    };

    let ping = "{\"type\":\"PING\"}\n";
    let longest = format!(r#"{{"method":"ACK","x":"{}"}}"#, "x".repeat(MAX - 23));
    let behind = format!("\n{longest}\n{ping}");
    let told = [
        Ok("PING"),
        Err((ping.len() + MAX, "the message is longer")),
        Ok("ACK"),
        Ok("PING"),
    ];
    same(&decoded(&[], ping, &behind), &told, "lines");

    let ping = hex(&packet(ping.trim().as_bytes()));
    let told = [
        Ok("PING"),
        Err((25, "line 2 is no hexadecimal text")),
        Ok("PING"),
    ];
    let lines = decoded(&["--hex"], &format!("{ping}\n"), &format!("\n{ping}"));
    same(&lines, &told, "packets");
}

#[test]
fn a_closed_pipe_ends_it_in_silence() {
    let mut child = program()
        .arg("decode")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    // Without an end: it stops by itself.
    while stdin.write_all(b"{\"method\":\"ACK\"}\n").is_ok() {}
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(ended.stderr.is_empty(), "{ended:?}");
}

/// The longest message.
const MAX: usize = proto_core::wire::MAX_MESSAGE;

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors")
}

/// The messages of the vectors as JSON text: each file that has one or more.
fn recordings() -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for folder in ["messages", "own", "link", "peers/javascript"] {
        for file in std::fs::read_dir(vectors().join(folder)).unwrap() {
            let path = file.unwrap().path();
            let ending = path.extension().and_then(|ending| ending.to_str());
            if let Some("json" | "jsonl") = ending {
                all.push(std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let index = std::fs::read_to_string(vectors().join("fragments.index.json")).unwrap();
    for entry in value(&index).as_array().unwrap() {
        let parts = entry["parts"].as_array().unwrap().iter();
        let text: Vec<_> = parts
            .map(|part| vectors().join("fragments").join(part.as_str().unwrap()))
            .map(|part| std::fs::read_to_string(part).unwrap().trim_end().to_owned())
            .collect();
        all.push(text.join("\n"));
    }
    let split = |text: String| text.lines().map(str::to_owned).collect();
    all.into_iter().map(split).collect()
}

/// All of them, one after the other. Between them stands another message: some end in fragments whose last one is
/// not marked, and the next ones have the same id.
fn one_recording() -> Vec<String> {
    let between = || r#"{"id":"between","method":"ACK"}"#.to_owned();
    let mut recordings = recordings();
    for messages in &mut recordings {
        messages.push(between());
    }
    recordings.concat()
}

/// Decodes what must be messages without a fault.
#[track_caller]
fn decoded(input: &str) -> Vec<Value> {
    let ran = decode(&["--show-secrets"], input.as_bytes());
    assert_eq!((ran.status, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    lines(&ran)
}

fn decode(args: &[&str], input: &[u8]) -> Ran {
    let mut running = Running::start(&[&["decode"], args].concat());
    let mut stdin = running.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let ran = running.end();
    writer.join().unwrap().unwrap();
    ran
}

/// The lines, which have the members of one kind or the other, in this order.
#[track_caller]
fn lines(ran: &Ran) -> Vec<Value> {
    let members = |value: &Value| -> Vec<String> {
        let members = value.as_object().unwrap();
        members.keys().cloned().collect()
    };
    let lines: Vec<_> = ran.out.lines().map(value).collect();
    for line in &lines {
        if let Some(error) = line.get("error") {
            assert_eq!(members(line), ["error"]);
            assert_eq!(members(error), ["at", "what"]);
        } else {
            assert_eq!(members(line), ["method", "type", "id", "message"]);
        }
    }
    lines
}

/// What a line tells: the message's method, or type if it has none; or the place of an error and what it says.
#[track_caller]
fn same(lines: &[Value], told: &[Result<&str, (usize, &str)>], of: &str) {
    assert_eq!(lines.len(), told.len(), "{of}: {lines:?}");
    for (line, told) in lines.iter().zip(told) {
        match told {
            Ok(name) => {
                let method = line["method"].as_str().or(line["type"].as_str());
                assert_eq!(method, Some(*name), "{of}: {line}");
            }
            Err((at, what)) => {
                assert_eq!(line["error"]["at"], *at, "{of}: {line}");
                let text = line["error"]["what"].as_str().unwrap_or_default();
                assert!(text.contains(what), "{of}: {line}");
            }
        }
    }
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn packet(text: &[u8]) -> Vec<u8> {
    let len = u32::try_from(text.len()).unwrap().to_be_bytes();
    let head = [&[0, text.len() as u8 + 8, 0xCC, 0x77, 0x11, 0x22], &len[..]].concat();
    [&head, text].concat()
}

fn hex(bytes: &[u8]) -> String {
    let bytes: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(" ")
}

/// Another reader: what the lines of these messages must be, by `serde_json` and the specification's tables.
fn read(messages: &[String]) -> Vec<Value> {
    let tables = Tables::new();
    let (mut lines, mut pieces) = (Vec::new(), Vec::<Value>::new());
    for text in messages {
        let message = value(text);
        let first = pieces.first();
        if first.is_some_and(|first| first["id"] != message["id"]) {
            lines.push(tables.line(&joined(&pieces)));
            pieces.clear();
        }
        let last = message["lastFragment"] == true;
        match message["fragmentIndex"].is_number() {
            true => pieces.push(message),
            false => lines.push(tables.line(&message)),
        }
        if last && !pieces.is_empty() {
            lines.push(tables.line(&joined(&pieces)));
            pieces.clear();
        }
    }
    if !pieces.is_empty() {
        lines.push(tables.line(&joined(&pieces)));
    }
    lines
}

/// A message from its fragments.
fn joined(pieces: &[Value]) -> Value {
    let payload: String = pieces
        .iter()
        .filter_map(|piece| piece["payload"].as_str())
        .collect();
    let mut message = pieces[0].clone();
    message["payload"] = payload.into();
    message
}

/// Which fields are JSON in a string: those of messages by method, and those of `PayIntent`.
struct Tables {
    methods: Vec<Value>,
    intent: Map<String, Value>,
}

impl Tables {
    fn new() -> Self {
        let table =
            |name| value(&std::fs::read_to_string(vectors().join("protocol").join(name)).unwrap());
        Self {
            methods: table("methods.json").as_array().unwrap().clone(),
            intent: table("plain.json")["PayIntent"]
                .as_object()
                .unwrap()
                .clone(),
        }
    }

    fn line(&self, envelope: &Value) -> Value {
        let payload = match &envelope["payload"] {
            Value::String(text) => value(text),
            Value::Null => json!({}),
            other => other.clone(),
        };
        let method = match &envelope["method"] {
            Value::Null => payload["method"].clone(),
            method => method.clone(),
        };
        let kind = envelope["type"].as_str().unwrap_or("COMMAND");
        let message = payload.as_object().unwrap().iter().map(|(name, field)| {
            let mut field = opened(field, &self.kind(&method, name));
            if let (true, Some(intent)) = (name == "payIntent", field.as_object_mut()) {
                for (name, value) in intent {
                    *value = opened(value, self.intent[name]["type"].as_str().unwrap());
                }
            }
            (name.clone(), bare(field))
        });
        json!({
            "method": method,
            "type": kind,
            "id": envelope["id"],
            "message": message.collect::<Map<_, _>>(),
        })
    }

    /// The type of a message's field.
    fn kind(&self, method: &Value, name: &str) -> String {
        let of_method = self
            .methods
            .iter()
            .filter(|entry| entry["method"] == *method);
        let mut fields = of_method.flat_map(|entry| entry["payload"].as_array().unwrap());
        let field = fields.find(|field| field["name"] == name);
        field.map_or(String::new(), |field| {
            field["type"].as_str().unwrap().into()
        })
    }
}

fn opened(field: &Value, kind: &str) -> Value {
    match (field, kind.starts_with("json:")) {
        (Value::String(text), true) => value(text),
        (Value::Array(items), false) if kind.starts_with("list:json:") => {
            let items = items.iter();
            items.map(|item| opened(item, "json:")).collect()
        }
        _ => field.clone(),
    }
}

/// Without `{"elements":[…]}`, at any depth.
fn bare(value: Value) -> Value {
    let all = |items: &[Value]| items.iter().cloned().map(bare).collect();
    match &value {
        Value::Array(items) => all(items),
        Value::Object(members) => match (members.len(), members.get("elements")) {
            (1, Some(Value::Array(items))) => all(items),
            _ => {
                let members = members.clone().into_iter();
                Value::Object(members.map(|(name, value)| (name, bare(value))).collect())
            }
        },
        _ => value,
    }
}
