//! Verify the images of Kubernetes manifests.

pub mod verify;
