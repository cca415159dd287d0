package signature

# What this program asks, by what policy-controller asks.
allow { data.sigstore.isCompliant == true }
