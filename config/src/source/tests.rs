mod consul;
mod postgres;
mod stub;

use super::is_file_name;

#[test]
fn no_name_leads_out_of_the_folder_of_a_copy() {
    for good in ["main.yaml", "environments/production.yaml", "a-b_c.1"] {
        assert!(is_file_name(good), "{good}");
    }
    for bad in ["", "/etc/x", "../x", "a/../b", "a/b/c", ".hidden", "a/.b", "a\\b", "a b", "a\0"] {
        assert!(!is_file_name(bad), "{bad}");
    }
}
