//! The declarations against the facts of the specification (`tests/vectors/protocol`): nothing is missing, nothing
//! is made up, and what differs has its reason beside it. `tests/vectors/coverage.md` says so method by method.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use proto_core::message::{Direction, FAMILIES, declared};
use proto_core::redact::is_secret;
use proto_core::wire::names::{MessageType, Method};
use proto_core::wire::{Field, Kind, Shape, open};
use serde_json::Value;

/// Things of the specification that have another name here.
const OTHER_NAMES: [(&str, &str); 11] = [
    ("AVSResult", "AvsResult"),
    ("DCCInfo", "DccInfo"),
    ("ExternalDeviceState", "DeviceState"),
    ("ExternalDeviceStateData", "DeviceStateData"),
    ("ExternalDeviceSubState", "DeviceSubState"),
    ("LogLevelEnum", "LogLevel"),
    ("Result", "PaymentResult"),
    ("Signature2", "Signature"),
    ("TxRequestInfo", "RequestInfo"),
    ("TxStartResponseResult", "TxStartResult"),
    ("Type", "AuthorizationType"),
];

/// Fields that are declared with another type than the specification's, and why.
const OTHER_TYPES: [(&str, &str); 2] = [
    (
        "LoyaltyDataConfig.type",
        "a text whose usual values are listed: an open enumeration reads both",
    ),
    (
        "Address.phoneNumber",
        "the specification does not know its type: a text or a number is read",
    ),
];

/// Names that are read beside those of the specification's tables, and who writes them.
const OTHER_SPELLINGS: [(&str, &str); 6] = [
    (
        "CLOVER_DEVICE_LOG_REQUEST.Message",
        "Windows (messages.md §3)",
    ),
    ("DeviceStateData.customerActivityId", "iOS (messages.md §5)"),
    (
        "INVALID_STATE_TRANSITION.status",
        "the JavaScript model for other answers (messages.md §5)",
    ),
    (
        "INVALID_STATE_TRANSITION.subState",
        "iOS for other answers (messages.md §5)",
    ),
    ("PayIntent.taxableAmountRates", "cloud (messages.md §5)"),
    (
        "RETRIEVE_DEVICE_STATUS_RESPONSE.subState",
        "iOS (messages.md §5)",
    ),
];

/// Objects of the specification that have no view, and why.
const NO_VIEW: [(&str, &[&str]); 1] = [(
    "only in messages that nobody sends",
    &[
        "AddDiscountAction",
        "AddLineItemAction",
        "CustomActivity",
        "OrderActionResponse",
        "RemoveDiscountAction",
        "RemoveLineItemAction",
        "VasConfig",
        "VasPayload",
    ],
)];

/// Enumerations of the specification that no field has, and why.
const NO_FIELD: [(&str, &[&str]); 6] = [
    (
        "part of the envelope",
        &["AttachmentEncoding", "Method", "RemoteMessageType"],
    ),
    (
        "only in the programming interfaces of SDKs (model.md §6.2)",
        &[
            "CloverDeviceErrorType",
            "DeviceErrorEventCode",
            "DeviceEventState",
            "ErrorType",
            "ResponseCode",
            "SdkTipMode",
        ],
    ),
    (
        "only in messages that nobody sends",
        &[
            "VasDataTypeType",
            "VasMode",
            "VasPayloadResponseType",
            "VasProtocol",
            "VasPushMode",
            "VasResponseFormat",
            "VasState",
        ],
    ),
    (
        "names or values in a map of texts",
        &["CVVResult", "CvmResult", "VasConfigKey"],
    ),
    (
        "the field is a text that may hold more than these (ISO 4217)",
        &["Currency"],
    ),
    (
        "in no object that the specification describes",
        &[
            "CardlessPaymentDataType",
            "CardlessPaymentNetwork",
            "ClientEventType",
            "FailureReason",
            "GatewayTxType",
            "GiftCardState",
            "GwTxResult",
            "PcTaxIndicator",
            "ServiceCode1",
            "ServiceCode2",
            "ServiceCode3",
            "Status",
            "TokenRequestType",
            "TransactionStatus",
            "TxResult",
            "TxType",
            "pay.ErrorCode",
        ],
    ),
];

/// Methods and directions that are typed and have no vector, and why.
const NO_VECTOR: [(&str, Direction, &str); 1] = [(
    "ACK",
    Direction::ToTerminal,
    "no SDK sends it to a terminal (messages.md §3)",
)];

#[test]
fn every_method_is_known_by_its_name() {
    let facts = facts("methods");
    let methods: BTreeSet<&str> = methods(facts)
        .map(|method| text(method, "method"))
        .collect();
    let known: BTreeSet<&str> = Method::NAMES.iter().copied().collect();
    assert_eq!(known, methods);
    let enums = self::facts("enums");
    assert!(values(&enums["Method"]).is_subset(&known));
    let types = MessageType::NAMES.iter().copied().collect();
    assert_eq!(values(&enums["RemoteMessageType"]), types);
}

#[test]
fn what_is_in_use_is_typed_and_the_rest_is_not() {
    for method in methods(facts("methods")) {
        let name = text(method, "method");
        let Some(declared) = declared(Method::from_name(name.into())) else {
            assert!(!in_use(method), "{name} is not typed");
            continue;
        };
        assert!(in_use(method), "{name} is typed");
        let direction = match text(method, "direction") {
            "POS->device" => Direction::ToTerminal,
            "device->POS" => Direction::ToPos,
            _ => Direction::Both,
        };
        assert_eq!(declared.direction, direction, "{name}");
        assert_eq!(Some(declared.version), method["version"].as_i64(), "{name}");
        assert_eq!(declared.kind.name(), text(method, "type"), "{name}");
    }
}

#[test]
fn every_field_of_every_message_is_declared_as_its_table_says() {
    for method in methods(facts("methods")).filter(|method| in_use(method)) {
        let name = text(method, "method");
        let shape = declared(Method::from_name(name.into())).unwrap().shape;
        let fields = method["payload"].as_array().unwrap();
        let fields = fields
            .iter()
            // The codec reads and writes it in every payload.
            .filter(|field| field["name"] != "method")
            .map(|field| (text(field, "name"), spelled_out(field)))
            .collect();
        check_fields(name, shape, &fields);
    }
}

#[test]
fn every_object_that_travels_is_declared_as_its_table_says() {
    let (model, plain) = (facts("model"), facts("plain"));
    let facts: BTreeMap<&str, &Value> = [model, plain]
        .into_iter()
        .flat_map(|facts| facts.as_object().unwrap())
        .map(|(name, fields)| (ours(name), fields))
        .collect();
    let shapes = shapes();
    for (name, shape) in &shapes {
        let fields = facts
            .get(name)
            .unwrap_or_else(|| panic!("{name} is made up"));
        let fields = fields
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, field)| (name.as_str(), spelled_out(field)))
            .collect();
        check_fields(name, shape, &fields);
    }
    let missing: BTreeSet<&str> = facts
        .into_keys()
        .filter(|name| !shapes.contains_key(name))
        .collect();
    assert_eq!(missing, all_of(&NO_VIEW));
}

#[test]
fn every_enumeration_has_every_value() {
    let facts = facts("enums");
    let mut held = BTreeMap::new();
    let payloads = FAMILIES
        .iter()
        .flat_map(|family| family.iter())
        .map(|declared| declared.shape);
    for shape in payloads.chain(shapes().into_values()) {
        for field in shape.fields {
            if let Kind::Name(name, values) = field.kind {
                held.insert(name, values);
            }
        }
    }
    let mut missing = BTreeSet::new();
    for (name, listed) in facts.as_object().unwrap() {
        match held.remove(ours(name)) {
            Some(known) => {
                let known = known.iter().copied().collect();
                assert_eq!(values(listed), known, "{name}");
            }
            None => {
                missing.insert(name.as_str());
            }
        }
    }
    assert_eq!(held.keys().next(), None, "made up");
    assert_eq!(missing, all_of(&NO_FIELD));
}

#[test]
fn a_field_with_a_secret_name_is_a_secret_and_no_other_is() {
    let payloads = FAMILIES
        .iter()
        .flat_map(|family| family.iter())
        .map(|declared| declared.shape);
    for shape in payloads.chain(shapes().into_values()) {
        for field in shape.fields {
            for name in names(field) {
                // Whether the tracks are encrypted is no secret, but nothing is lost if it is masked.
                let secret = is_secret(name.into()) && name != "encrypted";
                let declared = matches!(field.kind, Kind::Secret);
                assert_eq!(declared, secret, "{}.{name}", shape.name);
            }
        }
    }
}

#[test]
fn exceptions_that_are_none_are_taken_out() {
    let shapes = shapes();
    for (place, why) in OTHER_TYPES.into_iter().chain(OTHER_SPELLINGS) {
        let (owner, name) = place.split_once('.').unwrap();
        let shape = shapes
            .get(owner)
            .copied()
            .or_else(|| declared(Method::from_name(owner.into())).map(|declared| declared.shape));
        let field = shape.and_then(|shape| shape.field(name.into()));
        assert!(field.is_some() && !why.is_empty(), "{place}");
    }
    for (theirs, ours) in OTHER_NAMES {
        let known = ["model", "plain", "enums"].map(|file| facts(file)[theirs].is_null());
        assert!(known.contains(&false) && theirs != ours, "{theirs}");
    }
}

#[test]
fn the_coverage_table_is_up_to_date() {
    let file = vectors().join("coverage.md");
    let table = coverage();
    if std::env::var_os("UPDATE_COVERAGE").is_some() {
        std::fs::write(&file, &table).unwrap();
    }
    let stored = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        stored == table,
        "UPDATE_COVERAGE=1 cargo test --test coverage writes {}",
        file.display()
    );
}

fn coverage() -> String {
    let facts = facts("methods");
    let found = vectors_by_method();
    let mut table = String::from(HEAD);
    let (mut typed, mut opaque) = (0, 0);
    for method in methods(facts) {
        let name = text(method, "method");
        let directions = match text(method, "direction") {
            "POS->device" => vec![Direction::ToTerminal],
            "device->POS" => vec![Direction::ToPos],
            _ => vec![Direction::ToTerminal, Direction::ToPos],
        };
        for direction in directions {
            let to = match direction {
                Direction::ToTerminal => "POS → terminal",
                _ => "terminal → POS",
            };
            let row = if let Some(declared) = declared(Method::from_name(name.into())) {
                typed += 1;
                let fields = declared.shape.fields.len();
                let vectors = found.get(&(name.to_owned(), to)).copied().unwrap_or(0);
                let vectors = if vectors > 0 {
                    vectors.to_string()
                } else {
                    let (.., why) = NO_VECTOR
                        .iter()
                        .find(|(method, at, _)| *method == name && *at == direction)
                        .unwrap_or_else(|| panic!("{name} {to} has no vector"));
                    (*why).to_owned()
                };
                format!("| {name} | {to} | {fields} fields | {vectors} | every field |")
            } else {
                opaque += 1;
                let why = text(method, "status");
                format!("| {name} | {to} | no: {why} | | as it came |")
            };
            writeln!(table, "{row}").unwrap();
        }
    }
    writeln!(table, "\n{typed} typed, {opaque} opaque.").unwrap();
    let section = |title: &str, rows: Vec<String>| format!("\n## {title}\n\n{}\n", rows.join("\n"));
    let pairs = |pairs: &[(&str, &str)], between: &str| {
        pairs
            .iter()
            .map(|(what, why)| format!("- {what}{between}{why}"))
            .collect()
    };
    let groups = |groups: &[(&str, &[&str])]| {
        groups
            .iter()
            .map(|(why, what)| format!("- {}: {why}", what.join(", ")))
            .collect()
    };
    table += &section("Objects without a view", groups(&NO_VIEW));
    table += &section("Enumerations that no field has", groups(&NO_FIELD));
    table += &section(
        "Fields with another type than the specification's",
        pairs(&OTHER_TYPES, ": "),
    );
    table += &section("Spellings that are read too", pairs(&OTHER_SPELLINGS, ": "));
    table += &section("Other names here", pairs(&OTHER_NAMES, " is "));
    table
}

const HEAD: &str = "# What is covered

Written by `UPDATE_COVERAGE=1 cargo test -p system-tests --test coverage`; the same test fails when this is out of
date. Every declared field of every typed message is read and written (`tests/tests/declared.rs`); the vectors are
read, compared field by field with what `serde_json` finds, and written again (`tests/tests/vectors.rs`). The facts
are in `protocol/`: methods, model and enums of the specification, and in `plain.json`, in the same form, its tables of
objects that are never JSON in a string (model.md §2 and §5). Vectors in `own/` are for what the specification has none.

| method | direction | typed | vectors | round trip |
|---|---|---|---|---|
";

/// How many vectors there are of each method and direction.
fn vectors_by_method() -> BTreeMap<(String, &'static str), usize> {
    let mut found = BTreeMap::new();
    for folder in ["messages", "link", "own"] {
        for file in std::fs::read_dir(vectors().join(folder)).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_none_or(|ending| ending != "json") {
                continue;
            }
            let mut text = std::fs::read(&path).unwrap();
            let Ok(message) = open(&mut text) else {
                continue;
            };
            let Some(declared) = message.method.and_then(declared) else {
                continue;
            };
            // Only a point of sale says which application it is.
            let by_pos = message.source_sdk.is_some() || message.application_id.is_some();
            let to = match declared.direction {
                Direction::Both if by_pos => "POS → terminal",
                Direction::ToTerminal => "POS → terminal",
                _ => "terminal → POS",
            };
            *found
                .entry((declared.method.name().to_string(), to))
                .or_default() += 1;
        }
    }
    found
}

/// The objects that travel in a typed message, by name.
fn shapes() -> BTreeMap<&'static str, &'static Shape> {
    fn collect(shape: &Shape, into: &mut BTreeMap<&'static str, &'static Shape>) {
        for inside in shape.fields.iter().filter_map(|field| field.kind.shape()) {
            if into.insert(inside.name, inside).is_none() {
                collect(inside, into);
            }
        }
    }
    let mut shapes = BTreeMap::new();
    for declared in FAMILIES.iter().flat_map(|family| family.iter()) {
        collect(declared.shape, &mut shapes);
    }
    shapes
}

/// Every field of the table is declared with its type, and no other is.
fn check_fields(owner: &str, shape: &Shape, facts: &BTreeMap<&str, String>) {
    for (name, spec) in facts {
        let field = shape
            .field((*name).into())
            .unwrap_or_else(|| panic!("{owner}.{name} is not declared"));
        let place = format!("{owner}.{name}");
        if !OTHER_TYPES.iter().any(|(known, _)| *known == place) {
            assert!(
                types(field).contains(spec),
                "{place} is {:?} and not {spec}",
                types(field)
            );
        }
    }
    for name in shape.fields.iter().flat_map(names) {
        let place = format!("{owner}.{name}");
        let known =
            facts.contains_key(name) || OTHER_SPELLINGS.iter().any(|(known, _)| *known == place);
        assert!(known, "{place} is made up");
    }
}

/// The specification's types for a field that is declared so.
fn types(field: &Field) -> Vec<String> {
    let one = |name: &str| vec![name.to_owned()];
    match field.kind {
        Kind::Text | Kind::Secret => one("string"),
        Kind::Base64 => one("base64"),
        Kind::Flag => one("bool"),
        Kind::Integer | Kind::Time => one("int"),
        Kind::Money => vec!["money".into(), "int".into()],
        Kind::Number => one("number"),
        Kind::Name(name, _) => vec![format!("enum {}", theirs(name))],
        Kind::Map => vec!["map".into(), "map<string,string>".into()],
        Kind::Opaque => one("opaque"),
        Kind::Object(shape) => vec![format!("object:{}", theirs(shape.name))],
        Kind::InString(shape) | Kind::Either(shape) => vec![format!("json:{}", theirs(shape.name))],
        Kind::Texts => one("list:string"),
        Kind::List(shape) => vec![format!("list:{}", theirs(shape.name))],
        Kind::InStrings(shape) | Kind::Eithers(shape) => {
            vec![format!("list:json:{}", theirs(shape.name))]
        }
        Kind::Elements(shape) => vec![format!("elements<{}>", theirs(shape.name))],
        Kind::ElementTexts => one("elements<string>"),
        Kind::Opaques => one("elements<opaque>"),
    }
}

/// The type of a field in the facts; what is not described is `opaque`.
fn spelled_out(field: &Value) -> String {
    let (model, plain) = (facts("model"), facts("plain"));
    let described = |name: &str| !model[name].is_null() || !plain[name].is_null();
    let spec = text(field, "type");
    if let Some(name) = field["enum"].as_str() {
        return format!("enum {name}");
    }
    if spec == "map<string,object>" {
        return "opaque".into();
    }
    match spec.split_once([':', '<']) {
        Some(("object", name)) if !described(name) => "opaque".into(),
        Some(("elements", name)) => {
            let name = name.trim_end_matches('>');
            if name == "string" || described(name) {
                spec.into()
            } else {
                "elements<opaque>".into()
            }
        }
        _ => spec.into(),
    }
}

fn names(field: &'static Field) -> impl Iterator<Item = &'static str> {
    std::iter::once(field.name).chain(field.other_names.iter().copied())
}

fn ours(theirs: &str) -> &str {
    let known = OTHER_NAMES.iter().find(|(name, _)| *name == theirs);
    known.map_or(theirs, |(_, ours)| ours)
}

fn theirs(ours: &str) -> &str {
    let known = OTHER_NAMES.iter().find(|(_, name)| *name == ours);
    known.map_or(ours, |(theirs, _)| theirs)
}

fn all_of(groups: &[(&'static str, &[&'static str])]) -> BTreeSet<&'static str> {
    groups
        .iter()
        .flat_map(|(_, names)| names.iter().copied())
        .collect()
}

fn methods(facts: &Value) -> impl Iterator<Item = &Value> {
    facts.as_array().unwrap().iter()
}

/// Whether a method is in use (`protocol/messages.md` §2), over the cloud's proxy at least.
fn in_use(method: &Value) -> bool {
    matches!(text(method, "status"), "active" | "cloud-only")
}

fn values(listed: &Value) -> BTreeSet<&str> {
    listed
        .as_array()
        .unwrap()
        .iter()
        .map(|value| value.as_str().unwrap())
        .collect()
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name}: {value}"))
}

/// A file of facts.
fn facts(name: &str) -> &'static Value {
    static FACTS: LazyLock<[(&str, Value); 4]> = LazyLock::new(|| {
        ["methods", "model", "plain", "enums"].map(|name| {
            let file = vectors().join("protocol").join(name).with_extension("json");
            let facts = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
            (name, facts)
        })
    });
    let (_, facts) = FACTS.iter().find(|(known, _)| *known == name).unwrap();
    facts
}

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}
