//! Pages for people: plain HTML, nothing from elsewhere, everything that somebody sent escaped.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::crypto::{UnixTime, base64, sha256};

/// The one style, which the policy of each page names by its hash.
const STYLE: &str = include_str!("html/style.css");

/// Of a text in a line, so many bytes are shown.
const LONGEST: usize = 1024;
/// Of a list in a line, so many.
const MOST: usize = 64;

/// Markup. Text gets into it escaped, in no other way: [`html`] takes markup that is written in this program alone.
#[derive(Debug, Clone, Default)]
pub struct Html(String);

/// The template with these values in the places of its `{}`.
pub fn html(template: &'static str, values: &[&dyn Show]) -> Html {
    debug_assert_eq!(template.matches("{}").count(), values.len(), "{template}");
    let mut out = Html::default();
    let mut values = values.iter();
    for (at, part) in template.split("{}").enumerate() {
        if let Some(value) = (at > 0).then(|| values.next()).flatten() {
            value.show(&mut out);
        }
        out.0.push_str(part);
    }
    out
}

impl Html {
    /// This, and that behind it.
    #[must_use]
    pub fn and(mut self, more: impl Show) -> Self {
        more.show(&mut self);
        self
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Self> for Html {
    fn from_iter<I: IntoIterator<Item = Self>>(parts: I) -> Self {
        Self(parts.into_iter().map(|part| part.0).collect())
    }
}

/// What can stand in a page.
pub trait Show {
    /// Puts it at the end of the markup.
    fn show(&self, out: &mut Html);
}

impl Show for Html {
    fn show(&self, out: &mut Html) {
        out.0.push_str(&self.0);
    }
}

impl Show for &str {
    fn show(&self, out: &mut Html) {
        escape(self, &mut out.0);
    }
}

impl Show for String {
    fn show(&self, out: &mut Html) {
        escape(self, &mut out.0);
    }
}

impl Show for u64 {
    fn show(&self, out: &mut Html) {
        out.0.push_str(&self.to_string());
    }
}

impl Show for usize {
    fn show(&self, out: &mut Html) {
        out.0.push_str(&self.to_string());
    }
}

impl Show for UnixTime {
    fn show(&self, out: &mut Html) {
        escape(&self.to_string(), &mut out.0);
    }
}

impl<T: Show> Show for Option<T> {
    fn show(&self, out: &mut Html) {
        if let Some(value) = self {
            value.show(out);
        }
    }
}

/// Text as it stands in HTML, in attributes too. Characters that cannot be seen, or that turn the direction of the text around
/// them, are spelt out.
fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || is_hidden(c) => out.extend(c.escape_unicode()),
            other => out.push(other),
        }
    }
}

/// Whether a character only directs how others are shown (Unicode's Bidi_Control, and spaces without a width).
fn is_hidden(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A table. On a narrow screen each cell stands behind the name of its column.
pub fn table<const N: usize>(columns: [&'static str; N], rows: impl IntoIterator<Item = [Html; N]>) -> Html {
    let head: Html = columns.iter().map(|name| html("<th>{}</th>", &[name])).collect();
    let cell = |(name, value): (&&'static str, Html)| {
        let class = if matches!(*name, "Index" | "Time" | "Size") { " class=\"number\"" } else { "" };
        // The value stands in one element of its own, as the grid of a narrow screen wants it.
        let cell = html("<td data-label=\"{}\"{}>", &[name, &Html(class.to_owned())]);
        if value.is_empty() {
            cell.and(html("</td>", &[]))
        } else {
            cell.and(html("<div>{}</div></td>", &[&value]))
        }
    };
    let row = |row: [Html; N]| html("<tr>{}</tr>", &[&columns.iter().zip(row).map(cell).collect::<Html>()]);
    let body: Html = rows.into_iter().map(row).collect();
    html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", &[&head, &body])
}

/// Names with what they stand for.
pub fn facts(facts: impl IntoIterator<Item = (&'static str, Html)>) -> Html {
    let fact = |(name, value): (&'static str, Html)| html("<dt>{}</dt><dd>{}</dd>", &[&name, &value]);
    html("<dl>{}</dl>", &[&facts.into_iter().map(fact).collect::<Html>()])
}

/// Text that a program wrote or reads.
pub fn code(text: &str) -> Html {
    let (shown, rest) = beginning(text);
    html("<code>{}</code>{}", &[&shown, &rest])
}

/// Text that somebody chose: it does not turn what is around it.
pub fn isolated(text: &str) -> Html {
    let (shown, rest) = beginning(text);
    if text.is_empty() { Html::default() } else { html("<bdi>{}</bdi>{}", &[&shown, &rest]) }
}

/// As much of a text as is shown, and a word on the rest.
fn beginning(text: &str) -> (&str, Option<Html>) {
    let end = text.char_indices().map(|(at, _)| at).find(|at| *at >= LONGEST);
    match end.and_then(|end| text.get(..end)) {
        Some(shown) => (shown, Some(html("\u{2026} <span class=\"dim\">({} bytes)</span>", &[&text.len()]))),
        None => (text, None),
    }
}

/// A list, or what is in it where that is one thing.
pub fn list(mut items: Vec<Html>) -> Html {
    if items.len() < 2 {
        return items.pop().unwrap_or_default();
    }
    let more = items.len().checked_sub(MOST).filter(|more| *more > 0);
    let more = more.map(|more| html("<li class=\"dim\">and {} more</li>", &[&more]));
    let items: Html = items.iter().take(MOST).map(|item| html("<li>{}</li>", &[item])).collect();
    html("<ul>{}{}</ul>", &[&items, &more])
}

/// A page.
#[derive(Debug, Default)]
pub struct Document<'a> {
    /// Its title, to which the name of the program is added.
    pub title: &'a str,
    /// What is above it: where else one can go.
    pub navigation: Html,
    /// What is said in each page, above all else.
    pub note: Html,
    /// All that is its own.
    pub body: Html,
    /// What is below it.
    pub footer: Html,
    /// After how many seconds the browser asks again.
    pub refresh: Option<u64>,
    /// Whether it is a page of few words.
    pub slim: bool,
    /// Where its forms may go, as a policy has it.
    pub forms: &'a str,
}

impl Document<'_> {
    /// The page with its headers: no script, nothing from elsewhere, in no frame, kept by nobody.
    pub fn response(&self, status: StatusCode) -> Response {
        let refresh =
            self.refresh.map(|seconds| html("<meta http-equiv=\"refresh\" content=\"{}\">", &[&seconds]));
        let page = html(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{} - rcosign sandbox</title>\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <link rel=\"icon\" type=\"image/svg+xml\" href=\"/favicon.svg\">{}<style>{}</style></head>\
             <body{}><header>{}<p class=\"note\">{}</p></header><main>{}</main><footer>{}</footer></body></html>\n",
            &[
                &self.title,
                &refresh,
                &Html(STYLE.to_owned()),
                &self.slim.then(|| html(" class=\"slim\"", &[])),
                &self.navigation,
                &self.note,
                &self.body,
                &self.footer,
            ],
        );
        let style = base64::encode(sha256(STYLE.as_bytes()));
        let forms = if self.forms.is_empty() { "'none'" } else { self.forms };
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{style}'; img-src 'self'; form-action {forms}; \
             frame-ancestors 'none'; base-uri 'none'"
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
        (status, headers, page.0).into_response()
    }
}

/// The picture that browsers show beside the title: they ask for one, and complain where there is none.
pub async fn icon() -> Response {
    const ICON: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 16 16\"><rect width=\"16\" height=\"16\" \
                        rx=\"3\" fill=\"#d9a21b\"/><path d=\"M4 8.5l3 3 5-7\" fill=\"none\" stroke=\"#fff\" \
                        stroke-width=\"2\"/></svg>";
    ([(header::CONTENT_TYPE, "image/svg+xml"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")], ICON)
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_escaped() {
        let shown = html("<b title=\"{}\">{}</b>", &[&"\"'{}", &"<a href='x'>\"&"]);
        assert_eq!(shown.0, "<b title=\"&quot;&#39;{}\">&lt;a href=&#39;x&#39;&gt;&quot;&amp;</b>");
        assert_eq!(html("{}", &[&"a\u{202e}b\u{7}\u{200b}"]).0, "a\\u{202e}b\\u{7}\\u{200b}");
    }

    #[test]
    fn what_is_long_is_cut() {
        let text = "\u{e4}".repeat(600);
        assert_eq!(isolated(&text).0.matches('\u{e4}').count(), 512);
        assert!(code(&text).0.ends_with("(1200 bytes)</span>"));
        let items = list((0..66_u64).map(|number| html("{}", &[&number])).collect()).0;
        assert!(items.contains("<li>63</li>") && items.contains("and 2 more") && !items.contains("<li>64"));
    }

    #[test]
    fn the_style_cannot_end_its_element() {
        assert!(!STYLE.contains('<') && !STYLE.contains("url(") && !STYLE.contains("@import"));
    }
}
