use super::*;

fn flaw(stages: &'static [StageRow], links: &'static [LinkRow]) -> Option<&'static str> {
    Topology { stages, links }.flaw()
}

#[test]
fn wrong_tables_are_named() {
    const A: StageRow = stage("a", Does::Strategy, [0; 3]);
    const B: StageRow = stage("b", Does::Strategy, [1; 3]);
    const AB: LinkRow = link("ab", "a", "b", 8, Halt);
    assert_eq!(flaw(&[A, B], &[AB]), None);
    assert_eq!(flaw(&[A, A], &[AB]), Some("two stages of one name"));
    assert_eq!(flaw(&[A, B], &[]), Some("a stage no ring reaches"));
    assert_eq!(flaw(&[A], &[AB]), Some("a ring with an end that is no stage"));
    assert_eq!(
        flaw(&[A], &[link("aa", "a", "a", 8, Halt)]),
        Some("a ring from a stage to itself")
    );
    assert_eq!(
        flaw(&[A, B], &[link("ab", "a", "b", 9, Halt)]),
        Some("a ring whose depth is no power of two")
    );
    assert_eq!(flaw(&[A, B], &[AB, AB]), Some("two rings of one name"));
    assert_eq!(
        flaw(&[A, B], &[AB, link("ab2", "a", "b", 8, Halt)]),
        Some("two rings between the same stages")
    );
}

#[test]
fn every_layout_places_every_stage_on_a_thread_without_holes() {
    for layout in Layout::ALL {
        let threads = LIVE.threads(layout);
        for thread in 0..threads {
            assert!(LIVE.on_thread(layout, thread).count() > 0, "{layout:?} thread {thread}");
        }
    }
    assert_eq!(Layout::ALL.map(|l| LIVE.threads(l)), [7, 2, 1]);
}

#[test]
fn a_feed_leads_to_the_strategy_and_the_strategy_to_the_gateways() {
    assert_eq!(LIVE.downstream("feed-okx").collect::<Vec<_>>(), ["strategy"]);
    let gateways: Vec<_> = LIVE.downstream("strategy").collect();
    assert_eq!(gateways, ["gw-binance", "gw-okx", "gw-bybit"]);
}
