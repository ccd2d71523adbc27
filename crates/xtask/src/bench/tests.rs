use super::*;

#[test]
fn options_reach_the_bench_program_as_it_reads_them() {
    assert!(Options::default().arguments().is_empty());
    let options =
        Options { quick: true, only: Some("ring".to_owned()), out: Some("x/y.json".into()) };
    assert_eq!(options.arguments(), ["--quick", "--only", "ring", "--out", "x/y.json"]);
}
