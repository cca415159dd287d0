//! Verify the images of Compose files.

pub mod verify;
