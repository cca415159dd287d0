//! Registries that are out for harm, against every command that talks to one.

mod absence;
mod advisories;
mod faults;
mod memory;
mod table;
mod watched;
mod world;
