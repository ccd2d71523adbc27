//! A journal recorded by a release build in the paired layout, replayed by this build.

use crate::engine::replay;
use flate2::read::GzDecoder;
use std::fs;
use std::io;
use std::path::Path;

#[test]
fn another_build_profile_and_layout_reach_the_same_hash() {
    let golden = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/journal"));
    let journal = tempfile::tempdir().expect("a folder");
    for entry in fs::read_dir(golden).expect("the recorded journal") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "gz") {
            let name = path.file_stem().expect("a name");
            let mut plain = fs::File::create(journal.path().join(name)).expect("a file");
            let packed = fs::File::open(&path).expect("a packed file");
            io::copy(&mut GzDecoder::new(packed), &mut plain).expect("its content");
        }
    }
    let hash = fs::read_to_string(golden.join("hash")).expect("the recorded hash");
    let replayed = replay(journal.path());
    assert_eq!(
        replayed["hash"],
        hash.trim(),
        "`cargo xtask golden` records anew what changed on purpose"
    );
    assert!(replayed["checkpoints"].as_u64() > Some(0) && replayed["outputs"].as_u64() > Some(20));
}
