//! A machine as a handful of written files.

use std::collections::HashMap;

#[derive(Clone, Debug, Default)]
pub(crate) struct Fixture(HashMap<String, String>);

impl Fixture {
    pub(crate) fn put(&mut self, path: &str, text: &str) {
        self.0.insert(path.to_owned(), text.to_owned());
    }

    /// A processor's place in its core.
    pub(crate) fn core(&mut self, cpu: u32, package: u32, core: u32, siblings: &str) {
        let dir = format!("/sys/devices/system/cpu/cpu{cpu}/topology");
        self.put(&format!("{dir}/physical_package_id"), &format!("{package}\n"));
        self.put(&format!("{dir}/core_id"), &format!("{core}\n"));
        self.put(&format!("{dir}/thread_siblings_list"), &format!("{siblings}\n"));
    }

    pub(crate) fn read(&self, path: &str) -> Option<String> {
        self.0.get(path).cloned()
    }
}
