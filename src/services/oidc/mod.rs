//! Identity tokens (OpenID Connect Core 1.0): from the environment, from the user, from files.
