//! Rekor, the transparency log: version 1 (sigstore/rekor, `openapi.yaml`) and version 2 (sigstore/rekor-tiles).
