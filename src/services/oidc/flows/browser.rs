//! The browser of the platform.

use std::ffi::OsString;
use std::io;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::super::Browser;

/// What opens a page, with the arguments before its address.
const OPENER: (&str, &[&str]) = if cfg!(target_os = "macos") {
    ("/usr/bin/open", &[])
} else if cfg!(windows) {
    ("rundll32", &["url.dll,FileProtocolHandler"])
} else {
    ("xdg-open", &[])
};

/// The browser of the platform, by the platform's own opener.
#[derive(Debug)]
pub struct SystemBrowser {
    has_display: bool,
}

impl SystemBrowser {
    /// The one of this environment. Without a display there is none, but for what the variable BROWSER names.
    pub fn new(variables: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let is_set = |name: &&str| variables(name).is_some_and(|value| !value.is_empty());
        let always = cfg!(any(target_os = "macos", windows));
        Self { has_display: always || ["DISPLAY", "WAYLAND_DISPLAY", "BROWSER"].iter().any(is_set) }
    }
}

impl Browser for SystemBrowser {
    fn open(&mut self, url: &str) -> io::Result<()> {
        /// An opener that finds nothing to open with says so at once.
        const SOON: Duration = Duration::from_millis(500);
        if !self.has_display {
            return Err(io::Error::new(io::ErrorKind::NotFound, "there is no display"));
        }
        // Openers take anything, files and options too.
        if !url.starts_with("https://") && !url.starts_with("http://") {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let (program, arguments) = OPENER;
        let mut child = Command::new(program)
            .args(arguments)
            .arg(url)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| io::Error::new(error.kind(), format!("{program}: {error}")))?;
        let started = Instant::now();
        while started.elapsed() < SOON {
            match child.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(io::Error::other(format!("{program} ended with {status}"))),
                None => thread::sleep(Duration::from_millis(20)),
            }
        }
        // It may last as long as the browser does.
        thread::spawn(move || drop(child.wait()));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_display_is_no_browser_and_nothing_but_pages_is_opened() {
        let mut browser = SystemBrowser { has_display: false };
        assert_eq!(browser.open("https://a.example").unwrap_err().kind(), io::ErrorKind::NotFound);
        let mut browser = SystemBrowser { has_display: true };
        for url in ["file:///etc/passwd", "-version", "javascript:x", ""] {
            assert_eq!(browser.open(url).unwrap_err().kind(), io::ErrorKind::InvalidInput, "{url}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_display_is_what_the_variables_say() {
        let with = |set: &'static str| SystemBrowser::new(&move |name| (name == set).then(|| ":0".into()));
        assert!(
            with("DISPLAY").has_display && with("WAYLAND_DISPLAY").has_display && with("BROWSER").has_display
        );
        assert!(!with("HOME").has_display);
    }
}
