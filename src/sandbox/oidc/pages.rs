//! The pages of the issuer.

use axum::http::StatusCode;
use axum::response::Response;

use super::super::html::{Document, Html, html, isolated};

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
        let code = self.user_code.map(|code| {
            html(
                "<p><label for=\"code\">Code on the device</label><input id=\"code\" name=\"user_code\" required \
                 value=\"{}\" autocomplete=\"off\"></p>",
                &[&code],
            )
        });
        let person = |email: &String| {
            html(
                "<button name=\"chosen\" value=\"{}\" formnovalidate>Log in as {}</button>",
                &[email, &isolated(email)],
            )
        };
        let people: Html = self.people.iter().map(person).collect();
        // The first button of a form is the one that the Enter key presses: it belongs to what was typed.
        let body = html(
            "<h1>Log in</h1><p>{}</p><form method=\"post\" action=\"{}\">\
             <input type=\"hidden\" name=\"form\" value=\"{}\">{}\
             <p><label for=\"email\">E-mail address</label>\
             <input id=\"email\" type=\"email\" name=\"email\" maxlength=\"254\" placeholder=\"anybody@example.com\" autofocus>\
             <button class=\"first\" name=\"decision\" value=\"typed\">Log in</button></p>\
             <p class=\"dim\">Or with one click:</p><div class=\"people\">{}</div>\
             <p><button name=\"decision\" value=\"refuse\" formnovalidate>Refuse</button></p></form>",
            &[&self.what, &self.action, &self.form, &code, &people],
        );
        page(StatusCode::OK, "Log in", body, self.then)
    }
}

/// A page that says one thing.
pub fn message(status: StatusCode, title: &str, text: &str) -> Response {
    page(status, title, html("<h1>{}</h1><p>{}</p>", &[&title, &text]), None)
}

/// A page that shows a code to be copied (`urn:ietf:wg:oauth:2.0:oob`).
pub fn code(code: &str) -> Response {
    let body = html(
        "<h1>You are logged in</h1><p>Copy this code to the program:</p><pre class=\"code\"><code>{}</code></pre>",
        &[&code],
    );
    page(StatusCode::OK, "You are logged in", body, None)
}

fn page(status: StatusCode, title: &str, body: Html, then: Option<&str>) -> Response {
    let note = html(
        "This is the test issuer of <b>rcosign sandbox</b>. Whoever uses this machine can be anybody here: trust none \
         of its identities outside of tests.",
        &[],
    );
    // Browsers hold the redirection that answers a form against form-action too.
    let forms = then.map_or_else(|| "'self'".to_owned(), |origin| format!("'self' {origin}"));
    Document { title, note, body, forms: &forms, slim: true, ..Document::default() }.response(status)
}
