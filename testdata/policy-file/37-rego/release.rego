package signature

allow {
    contains(input.predicate.Data, "release")
}
