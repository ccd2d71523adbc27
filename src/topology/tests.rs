use super::*;

fn flaw(stages: &'static [StageRow], links: &'static [LinkRow]) -> Option<&'static str> {
    Topology { stages, links }.flaw()
}

#[test]
fn wrong_tables_are_named() {
    const A: StageRow = stage("a", Does::Strategy);
    const B: StageRow = stage("b", Does::Strategy);
    const AB: LinkRow = link("ab", "a", "b", 8, Halt);
    const TO_ITSELF: &[LinkRow] = &[link("aa", "a", "a", 8, Halt)];
    const ODD_DEPTH: &[LinkRow] = &[link("ab", "a", "b", 9, Halt)];
    const TWICE: &[LinkRow] = &[AB, link("ab2", "a", "b", 8, Halt)];
    assert_eq!(flaw(&[A, B], &[AB]), None);
    assert_eq!(flaw(&[A, A], &[AB]), Some("two stages of one name"));
    assert_eq!(flaw(&[A, B], &[]), Some("a stage no ring reaches"));
    assert_eq!(flaw(&[A], &[AB]), Some("a ring with an end that is no stage"));
    assert_eq!(flaw(&[A], TO_ITSELF), Some("a ring from a stage to itself"));
    assert_eq!(flaw(&[A, B], ODD_DEPTH), Some("a ring whose depth is no power of two"));
    assert_eq!(flaw(&[A, B], &[AB, AB]), Some("two rings of one name"));
    assert_eq!(flaw(&[A, B], TWICE), Some("two rings between the same stages"));
}

#[test]
fn every_stage_has_its_role_under_its_name() {
    let names: Vec<_> = LIVE.roles().iter().map(|role| role.name).collect();
    assert_eq!(names, LIVE.stages.iter().map(|stage| stage.name).collect::<Vec<_>>());
}

#[test]
fn a_feed_leads_to_the_strategy_and_the_strategy_to_the_gateways() {
    assert_eq!(LIVE.downstream("feed-okx").collect::<Vec<_>>(), ["strategy", "gw-okx"]);
    let gateways: Vec<_> = LIVE.downstream("strategy").collect();
    assert_eq!(gateways, ["gw-binance", "gw-okx", "gw-bybit"]);
}

#[test]
fn on_paper_a_gateways_place_has_room_for_the_market_and_nothing_else_changes() {
    for link in LIVE.links {
        let market = link.name.replace("clk-", "md-");
        let like = LIVE.links.iter().find(|other| other.name == market).map(|other| other.depth);
        assert_eq!(link.slots(false), link.depth);
        assert_eq!(Some(link.slots(true)), like, "{}", link.name);
    }
}
