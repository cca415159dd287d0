//! The faults of `faulty` in front of services that are not ours: `mock-sigstore`.

use super::services::Services;
use crate::faulty::rows;
use crate::faulty::sigstore::PLACES;
use crate::faulty::table::check;
use crate::faulty::world::{Backend, World};

#[test]
fn every_service_of_others_against_what_any_server_can_do() {
    let Some(services) = Services::start() else { return };
    let read = |name: &str| std::fs::read(services.file(name)).unwrap();
    let places: Vec<u16> = (0..6).collect();
    assert_eq!(places.len(), PLACES.len());
    let urls = places.iter().map(|place| services.url(*place)).collect::<Vec<_>>().try_into().unwrap();
    let backend =
        Backend::Others { urls, trusted_root: read("trusted_root.json"), tuf_root: read("root.json") };
    let world = World::new(backend);
    check(&world, &rows::of_servers());
    // What needs no key to be forged.
    let forged = [rows::of_rekor1(), rows::of_rekor2(), rows::of_tsa(), rows::of_oidc(), rows::of_fulcio()];
    let forged: Vec<_> = forged.into_iter().flatten().filter(|row| !row.needs_keys).collect();
    assert!(forged.len() > 30, "{}", forged.len());
    check(&world, &forged);
}
