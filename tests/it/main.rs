//! Tests that run the program. One file per subject; `support` runs it in a folder and an environment of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests")]

mod appending;
mod bundle_create;
mod bundle_diff;
mod bundle_inspect;
mod bundle_upgrade;
mod clean;
mod cli;
mod clusters;
mod conformance;
mod conformance_commands;
mod copying;
mod debug;
mod docs;
mod downloads;
mod examples;
mod faulty;
mod fixtures;
mod forgery;
mod hostile;
mod image_files;
mod initialize;
mod inputs;
mod kept_registry;
mod key_services;
mod key_urls;
mod keyless;
mod kit;
mod layers;
mod layouts;
mod library;
mod lookup;
mod mutants;
mod mutation;
mod offline;
mod oracle;
mod outputs;
mod passwords;
mod peers;
#[cfg(all(unix, feature = "piv"))]
mod piv;
mod public_api;
#[cfg(unix)]
mod read_only;
mod registry;
mod replacing;
mod round_trip;
mod said;
mod sandbox;
mod sandbox_commands;
mod sandbox_killed;
mod sandbox_words;
mod shell;
mod sign_images;
#[cfg(unix)]
mod signals;
mod signing_config;
mod support;
mod timestamp_tls;
mod tls;
mod transcripts;
mod trusted_root;
mod tuf_conformance;
mod turns;
mod upload;
mod verify_images;
