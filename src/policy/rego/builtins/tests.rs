//! No function of regorus is called, but `walk`.

use crate::policy::rego::check::here;

#[test]
fn every_function_that_may_be_called_is_one_of_ours() {
    let names: Vec<&str> = here().collect();
    assert!(names.len() > 140, "{}", names.len());
    let missing: Vec<_> = names.into_iter().filter(|name| !super::has(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
