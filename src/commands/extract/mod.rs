//! Images that files name: Dockerfiles and Kubernetes manifests.

mod dockerfile;
mod kubernetes;
