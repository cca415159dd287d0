# Who built it.
package sigstore

default isCompliant = false

isCompliant {
    input.predicate.runDetails.builder.id == "https://ci.example/release"
}
