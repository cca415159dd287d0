//! The names that the language declares: the specification, "Predeclared identifiers" and "Builtin functions".

/// Types, which are no concrete values.
const TYPES: &[&str] = &[
    "_", "bool", "bytes", "float", "float32", "float64", "int", "int128", "int16", "int32", "int64", "int8",
    "number", "rune", "string", "uint", "uint128", "uint16", "uint32", "uint64", "uint8",
];

/// Functions.
const FUNCTIONS: &[&str] =
    &["and", "close", "div", "error", "len", "matchIf", "matchN", "mod", "or", "quo", "rem"];

/// The predeclared name that is meant; `__len` is `len`.
pub fn name(written: &str) -> Option<&'static str> {
    let name = written.strip_prefix("__").filter(|name| *name != "_").unwrap_or(written);
    TYPES.iter().chain(FUNCTIONS).find(|known| **known == name).copied()
}

/// Whether it is a type.
pub fn is_type(name: &str) -> bool {
    TYPES.contains(&name)
}

/// What the user may have meant by a name that nothing declares.
pub fn hint(name: &str) -> String {
    let word = match name {
        "True" | "TRUE" => Some("true"),
        "False" | "FALSE" => Some("false"),
        "None" | "NULL" | "Null" | "nil" => Some("null"),
        _ => None,
    };
    if let Some(word) = word {
        return format!(": CUE writes it `{word}`");
    }
    if matches!(name, "predicate" | "predicateType" | "subject") {
        return format!(": a policy that refers to the statement's `{name}` has to declare it (`{name}: _`)");
    }
    let paths = ["", "encoding/", "crypto/", "math/"].map(|folder| format!("{folder}{name}"));
    match paths.iter().find(|path| super::super::pkg::exists(path)) {
        Some(path) => format!(": it needs `import \"{path}\"` at the head of the file"),
        None => String::new(),
    }
}
