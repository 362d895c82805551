//! Times: each case by us and by `serde_json`, in turns, and how they compare.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bench::cases;
use criterion::{Criterion, Throughput};

const OURS: &str = "ours";
const THEIRS: &str = "serde_json";

fn main() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("criterion");
    let mut criterion = Criterion::default()
        .output_directory(&folder)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .without_plots()
        .configure_from_args();
    let cases = cases();
    for case in &cases {
        let mut group = criterion.benchmark_group(case.name);
        group.throughput(Throughput::Bytes(case.message.len() as u64));
        let mut room = Vec::new();
        group.bench_function(OURS, |run| run.iter(|| black_box(case).ours(&mut room)));
        let mut room = Vec::new();
        group.bench_function(THEIRS, |run| run.iter(|| black_box(case).theirs(&mut room)));
    }

    println!(
        "\n{:<24} {:>7} {:>9} {:>9} {:>9} {:>9} {:>6}",
        "", "bytes", "ours ns", "MB/s", "theirs ns", "MB/s", "ratio"
    );
    for case in &cases {
        let (Some(ours), Some(theirs)) = (
            nanoseconds(&folder, case.name, OURS),
            nanoseconds(&folder, case.name, THEIRS),
        ) else {
            // Left out on the command line.
            continue;
        };
        let bytes = case.message.len();
        let rate = |ns: f64| bytes as f64 * 1e3 / ns;
        println!(
            "{:<24} {bytes:>7} {ours:>9.0} {:>9.0} {theirs:>9.0} {:>9.0} {:>6.2}",
            case.name,
            rate(ours),
            rate(theirs),
            theirs / ours,
        );
    }
}

/// The least of what was measured: what else the machine does makes it only more.
fn nanoseconds(folder: &Path, case: &str, side: &str) -> Option<f64> {
    let file: PathBuf = [
        folder.as_os_str(),
        case.as_ref(),
        side.as_ref(),
        "new/sample.json".as_ref(),
    ]
    .iter()
    .collect();
    let sample: serde_json::Value = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    let numbers = |name: &str| {
        let list = sample[name].as_array()?;
        Some(list.iter().filter_map(serde_json::Value::as_f64))
    };
    let runs = numbers("times")?.zip(numbers("iters")?);
    runs.map(|(time, times)| time / times).reduce(f64::min)
}
