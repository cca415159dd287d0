//! Pages for people: plain HTML, nothing from elsewhere, everything that somebody sent escaped.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::crypto::{base64, sha256};

/// The one style, which the policy of the page names by its hash.
const STYLE: &str = "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem}\
button,input{font:inherit;padding:.4rem .8rem}form{margin:.6rem 0}code{font-size:1.3rem}.note{color:#666;font-size:.9rem}";
const NOTE: &str = "This is the test issuer of <b>rcosign sandbox</b>. Whoever uses this machine can be anybody here: trust \
none of its identities outside of tests.";

/// The page on which somebody chooses who to be.
pub struct Choice<'a> {
    /// What is to be approved, in words.
    pub what: &'a str,
    /// Where the form goes.
    pub action: &'a str,
    /// The key of the form.
    pub form: &'a str,
    /// The code of a device; `None` when the form has none.
    pub user_code: Option<&'a str>,
    /// Who can be chosen by one click.
    pub people: &'a [String],
    /// Where the answer to the form may send the browser, beside this issuer: an origin.
    pub then: Option<&'a str>,
}

impl Choice<'_> {
    pub fn page(&self) -> Response {
        let hidden = format!("<input type=\"hidden\" name=\"form\" value=\"{}\">", escape(self.form));
        let code = self.user_code.map(|code| {
            format!(
                "<p><label>Code on the device: <input name=\"user_code\" required value=\"{}\" \
                 autocomplete=\"off\"></label></p>",
                escape(code)
            )
        });
        let people: String = self
            .people
            .iter()
            .map(|email| {
                let email = escape(email);
                format!("<p><button name=\"chosen\" value=\"{email}\" formnovalidate>Log in as {email}</button></p>")
            })
            .collect();
        let (what, action) = (escape(self.what), escape(self.action));
        let code = code.unwrap_or_default();
        // The first button of a form is the one that the Enter key presses: it belongs to what was typed.
        let body = format!(
            "<h1>Log in</h1><p>{what}</p><form method=\"post\" action=\"{action}\">{hidden}{code}\
             <p><label>E-mail address: <input type=\"email\" name=\"email\" maxlength=\"254\" autofocus></label> \
             <button name=\"decision\" value=\"typed\">Log in</button></p>{people}\
             <p><button name=\"decision\" value=\"refuse\" formnovalidate>Refuse</button></p></form>"
        );
        page(StatusCode::OK, "Log in", &body, self.then)
    }
}

/// A page that says one thing. `text` is escaped.
pub fn message(status: StatusCode, title: &str, text: &str) -> Response {
    let body = format!("<h1>{}</h1><p>{}</p>", escape(title), escape(text));
    page(status, title, &body, None)
}

/// A page that shows a code to be copied (`urn:ietf:wg:oauth:2.0:oob`).
pub fn code(code: &str) -> Response {
    let code = escape(code);
    let body =
        format!("<h1>You are logged in</h1><p>Copy this code to the program:</p><p><code>{code}</code></p>");
    page(StatusCode::OK, "You are logged in", &body, None)
}

fn page(status: StatusCode, title: &str, body: &str, then: Option<&str>) -> Response {
    let title = escape(title);
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} - rcosign sandbox</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head>\
         <body>{body}<p class=\"note\">{NOTE}</p></body></html>\n"
    );
    let style = base64::encode(sha256(STYLE.as_bytes()));
    // Browsers hold the redirection that answers a form against form-action too.
    let then = then.map(|origin| format!(" {origin}")).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'{then}; frame-ancestors 'none'; \
         base-uri 'none'"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, policy.as_str()),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Without any, a browser would not say of its own form where it is from.
        (header::REFERRER_POLICY, "same-origin"),
    ];
    (status, headers, html).into_response()
}

/// Text as it stands in HTML, in attributes too.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_escaped() {
        assert_eq!(escape("<a href='x'>\"&"), "&lt;a href=&#39;x&#39;&gt;&quot;&amp;");
    }
}
