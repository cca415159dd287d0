package signature

allow {
    contains(input.predicate.Data, "fixture")
}
