//! Reading and writing take no memory but what they are given.

use allocation_counter::measure;
use bench::cases;

#[test]
fn a_message_is_read_and_written_without_an_allocation() {
    for case in cases() {
        // What the caller lends is there, as it is after the first message.
        let mut room = Vec::new();
        case.ours(&mut room);
        let ours = measure(|| _ = case.ours(&mut room));
        let mut room = Vec::new();
        case.theirs(&mut room);
        let theirs = measure(|| _ = case.theirs(&mut room));
        println!(
            "{:<24} allocations: {} with ours, {} with serde_json ({} bytes)",
            case.name, ours.count_total, theirs.count_total, theirs.bytes_total
        );
        assert_eq!(ours.count_total, 0, "{}", case.name);
    }
}
