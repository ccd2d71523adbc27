use super::{Body, Source, Tape, TapeError};
use std::path::Path;

#[test]
fn the_built_in_captures_are_whole() {
    let tape = Tape::built_in().expect("the captures the program was built with");
    let frames = tape.sources.each_ref().map(|s| s.frames.len());
    // One line of each file is the REST snapshot.
    assert_eq!(frames, [41_248, 93_953]);
    let seconds = (tape.end - tape.start) / 1_000_000_000;
    assert!((345..348).contains(&seconds), "{seconds} s");
}

#[test]
fn no_frame_is_due_before_the_time_written_in_it() {
    let tape = Tape::built_in().expect("the captures the program was built with");
    for frame in tape.sources.iter().flat_map(|s| &s.frames) {
        assert!(frame.at >= frame.event_ms * 1_000_000, "{}", frame.whole);
    }
}

#[test]
fn the_payload_is_what_stands_between_the_envelopes_braces() {
    let tape = Tape::built_in().expect("the captures the program was built with");
    for frame in tape.sources.iter().flat_map(|s| s.frames.iter().take(500)) {
        let rebuilt = frame.whole.as_str().split_once("\"data\":").map(|(_, rest)| rest);
        assert_eq!(rebuilt, Some(format!("{}}}", frame.data).as_str()));
    }
}

#[test]
fn the_depth_frames_of_the_capture_leave_no_gap() {
    let tape = Tape::built_in().expect("the captures the program was built with");
    for source in [Source::Spot, Source::Perpetual] {
        let mut before = None;
        for frame in &tape.sources[source as usize].frames {
            let Body::Depth { first, last, prev, .. } = frame.body else { continue };
            if let Some(before) = before {
                let follows =
                    if source == Source::Spot { first == before + 1 } else { prev == before };
                assert!(follows, "{}", frame.whole);
            }
            before = Some(last);
        }
    }
}

#[test]
fn a_missing_capture_is_named() {
    let gone = Tape::from_dir(Path::new("/nonexistent")).expect_err("there is no such folder");
    assert!(matches!(gone, TapeError::Read(..)));
    assert!(
        gone.to_string().contains("/nonexistent/binance-spot-btcusdt-20240808.rec.gz"),
        "{gone}"
    );
}
