use super::*;
use proptest::prelude::*;

#[test]
fn an_instance_is_four_capitals_or_digits() {
    assert!(Instance::new("FA01").is_some());
    for bad in ["fa01", "FA0", "FA012", "FA-1", "ÄÄ"] {
        assert!(Instance::new(bad).is_none(), "{bad}");
    }
}

#[test]
fn venue_numbers_read_back() {
    for venue in VenueId::ALL {
        assert_eq!(VenueId::from_u8(venue as u8), Some(venue));
        assert_eq!(VenueId::ALL[venue.index()], venue);
    }
    assert_eq!(VenueId::from_u8(4), None);
}

proptest! {
    #[test]
    fn client_order_ids_read_back_and_are_legal_everywhere(epoch in 0_u32..1 << 24, seq in 0_u64..1 << 40) {
        let instance = Instance::new("A7B2").unwrap();
        let order = OrderId::new(epoch, seq);
        let text = ClientOrderId::new(instance, order);
        prop_assert!(text.as_bytes().iter().all(u8::is_ascii_alphanumeric));
        prop_assert_eq!(ClientOrderId::parse(instance, text.as_bytes()), Some(order));
        prop_assert_eq!(ClientOrderId::parse(Instance::new("A7B3").unwrap(), text.as_bytes()), None);
    }

    #[test]
    fn foreign_ids_are_foreign(text in "[A-Za-z0-9_-]{0,36}") {
        let instance = Instance::new("ZZZZ").unwrap();
        if let Some(order) = ClientOrderId::parse(instance, text.as_bytes()) {
            let again = ClientOrderId::new(instance, order);
            prop_assert_eq!(again.as_str(), text);
        }
    }
}
