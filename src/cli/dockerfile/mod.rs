//! Verify the images of Dockerfiles.

pub mod verify;
