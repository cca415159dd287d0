package signature

allow {
    contains(input.predicate.Data, data.words[_])
}
