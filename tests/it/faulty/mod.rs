//! Services that are out for harm, or out of order, against signing without a key.

mod advisories;
pub mod rows;
pub mod server;
pub mod sigstore;
pub mod table;
pub mod world;
