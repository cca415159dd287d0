//! Fulcio, the certificate authority (sigstore/fulcio, `fulcio.proto` and the older `POST /api/v1/signingCert`).
