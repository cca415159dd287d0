//! Names of files where they mean something else than on Unix. Pure functions of a name, so that the tests of what Windows does
//! run everywhere.

/// The standard streams by the names that cosign's documents use for them. Windows has no such files.
pub fn standard_stream(path: &str) -> Option<u8> {
    match path {
        "/dev/stdin" => Some(0),
        "/dev/stdout" => Some(1),
        "/dev/stderr" => Some(2),
        _ => None,
    }
}

/// Whether Windows takes the name of a file in a folder for something else: a device, whatever its extension (`nul.json`), or a
/// stream within another file (`a:b`). What was written there would be lost.
pub fn is_special_on_windows(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end_matches(' ').to_uppercase();
    let numbered = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT")).is_some_and(|number| {
        matches!(number, "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³")
    });
    numbered
        || matches!(stem.as_str(), "AUX" | "CON" | "CONIN$" | "CONOUT$" | "NUL" | "PRN")
        || name.contains(':')
}

/// A name by which two names of new files can be compared: Windows and macOS keep the case of letters and do not look at it.
pub fn folded(name: &str, case_counts: bool) -> String {
    if case_counts { name.to_owned() } else { name.to_lowercase() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_and_streams_of_windows() {
        for name in [
            "NUL",
            "nul",
            "nul.json",
            "Con.key",
            "aux.tar.gz",
            "COM1",
            "lpt9.txt",
            "com²",
            "prn .x",
            "a:b",
            "conin$",
        ] {
            assert!(is_special_on_windows(name), "{name}");
        }
        for name in
            ["null", "cosign.key", "console.txt", "COM", "COM0", "COM10", "lpt", "a.nul", "auxiliary", ""]
        {
            assert!(!is_special_on_windows(name), "{name}");
        }
    }

    #[test]
    fn streams_by_name() {
        assert_eq!(standard_stream("/dev/stdout"), Some(1));
        assert_eq!(standard_stream("dev/stdout"), None);
    }

    #[test]
    fn letters_are_one_where_their_case_does_not_count() {
        assert_eq!(folded("A.JSON", false), folded("a.json", false));
        assert_ne!(folded("A.JSON", true), folded("a.json", true));
    }
}
