//! Tests that run the program. One file per subject; `support` runs it in a folder and an environment of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests")]

mod bundle_create;
mod bundle_diff;
mod bundle_inspect;
mod bundle_upgrade;
mod cli;
mod conformance;
mod conformance_commands;
mod copying;
mod docs;
mod downloads;
mod examples;
mod fixtures;
mod forgery;
mod inputs;
mod key_urls;
mod kit;
mod layers;
mod library;
mod mutants;
mod mutation;
mod offline;
mod oracle;
mod outputs;
mod passwords;
mod peers;
mod public_api;
mod registry;
mod round_trip;
mod shell;
mod signing_config;
mod support;
mod tls;
mod transcripts;
mod trusted_root;
mod verify_images;
