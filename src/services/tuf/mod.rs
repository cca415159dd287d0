//! The repository of trust material (The Update Framework, specification 1.0.34).
