//! Timestamp authorities (RFC 3161; sigstore/timestamp-authority).
