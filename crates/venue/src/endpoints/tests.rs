use super::{Endpoints, Environment};
use base::VenueId;

#[test]
fn every_default_address_is_encrypted_and_has_no_trailing_slash() {
    for venue in VenueId::ALL {
        for environment in [Environment::Production, Environment::Testnet] {
            let at = Endpoints::of(venue, environment);
            assert!(at.rest.starts_with("https://"), "{venue}: {}", at.rest);
            for stream in [&at.public, &at.market, &at.private, &at.trade] {
                assert!(stream.starts_with("wss://"), "{venue}: {stream}");
                assert!(!stream.ends_with('/'), "{venue}: {stream}");
            }
        }
    }
}

#[test]
fn no_test_address_is_a_production_address() {
    for venue in VenueId::ALL {
        let (real, test) =
            (Endpoints::production(venue), Endpoints::of(venue, Environment::Testnet));
        assert_ne!(real.public, test.public, "{venue}");
        assert_ne!(real.private, test.private, "{venue}");
        assert_ne!(real.trade, test.trade, "{venue}");
        // OKX demo shares the REST host and is told apart by a header.
        assert!(real.rest != test.rest || test.simulated_header, "{venue}");
        assert!(!real.simulated_header, "{venue}");
    }
}

#[test]
fn usdm_marks_are_asked_of_another_group_than_its_books() {
    let usdm = Endpoints::production(VenueId::BinanceUsdm);
    assert!(usdm.public.ends_with("/public"));
    assert!(usdm.market.ends_with("/market"));
    assert!(usdm.private.ends_with("/private"));
}
