//! The captured minutes.

use std::io::Read as _;
use std::path::Path;

/// The frames of a capture with the times they were received at, in nanoseconds since 1970.
pub(crate) fn frames(name: &str) -> Vec<(u64, Vec<u8>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/captures").join(name);
    let file = std::fs::File::open(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("a capture of text");
    text.lines()
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(time, frame)| Some((time.parse().ok()?, frame.as_bytes().to_vec())))
        .collect()
}
