//! How fast: each figure beside a bare one of the same run.

pub(crate) fn run() -> bool {
    false
}
