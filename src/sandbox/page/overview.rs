//! The first page: what is newest everywhere; and the addresses, and what to type.

use std::sync::Arc;

use axum::extract::State;

use super::super::html::{Html, code, facts, html, table};
use super::super::service::Service;
use super::entries::WhichLog;
use super::{Page, Refused, Shown, images, text};
use crate::program::shell::quoted;

/// So many of each are on the first page.
const NEWEST: u64 = 5;

/// `GET /`: what is newest.
pub(super) async fn show(State(page): State<Arc<Page>>) -> Result<Shown, Refused> {
    let mut logs = Html::default();
    let named: [(&str, &str, &str, WhichLog<'_>); 2] = [
        ("Log v1", "/log/1", "Rekor v1", WhichLog::V1(&page.rekor)),
        ("Log v2", "/log/2", "Rekor v2", WhichLog::V2(&page.rekor2)),
    ];
    let mut checkpoints = Html::default();
    for (name, path, service, log) in named {
        let size = log.size();
        logs = logs.and(html(
            "<h2><a href=\"{}\">{}</a> <span class=\"dim\">{}</span></h2>{}",
            &[&path, &name, &counted(size, "entry", "entries"), &log.table(newest(size))?],
        ));
        let checkpoint = log.checkpoint()?;
        checkpoints = checkpoints
            .and(html("<h3 class=\"dim\">{}</h3>{}", &[&service, &text::document(checkpoint.as_bytes())]));
    }
    let size = page.certificates.log().size();
    let (repositories, all) = images::newest(&page, NEWEST);
    let body = html(
        "<h1>A Sigstore on this machine</h1>\
         <p>Whatever is signed here is in a log, by whom and when, for everybody to see. <a href=\"/use\">How to use it</a></p>{}\
         <h2><a href=\"/certificates\">Certificates</a> <span class=\"dim\">{}</span></h2>{}\
         <h2><a href=\"/images\">Images</a> <span class=\"dim\">{}</span></h2>{}\
         <h2>Checkpoints</h2>{}",
        &[
            &logs,
            &counted(size, "certificate", "certificates"),
            &page.certificate_table(newest(size))?,
            &counted(all, "repository", "repositories"),
            &repositories,
            &checkpoints,
        ],
    );
    Ok(Shown { title: "Overview".to_owned(), place: "/", live: true, body })
}

fn newest(size: u64) -> std::ops::Range<u64> {
    size.saturating_sub(NEWEST)..size
}

/// A number of things, in words.
pub(super) fn counted(number: u64, one: &'static str, more: &'static str) -> Html {
    html("{} {}", &[&number, if number == 1 { &one } else { &more }])
}

/// Where the services are.
pub(super) fn addresses(page: &Page) -> Html {
    let about = |service| match service {
        Service::Page => "This page",
        Service::Oidc => "Identity provider: log-in page and tokens (OpenID Connect)",
        Service::Fulcio => "Certificate authority (Fulcio)",
        Service::Ct => "Certificate log (RFC 6962)",
        Service::RekorV1 => "Transparency log (Rekor v1)",
        Service::RekorV2 => "Transparency log (Rekor v2)",
        Service::Tsa => "Timestamp authority (RFC 3161)",
        Service::Tuf => "TUF repository",
        Service::Registry => "Registry (OCI)",
    };
    let row = |service: Service| {
        let url = page.addresses.url(service);
        (!url.is_empty()).then(|| [html("{}", &[&service.word()]), code(url), html("{}", &[&about(service)])])
    };
    let folder = page.folder.display().to_string();
    html(
        "<h2>Addresses</h2>{}<h2>State</h2>{}",
        &[
            &table(["Service", "Address", "What it is"], Service::ALL.into_iter().filter_map(row)),
            &facts([
                ("Folder", code(&folder)),
                ("What is trusted", code("trusted_root.json, root.json (TUF)")),
                ("What signs", code("signing_config.json, signing_config.rekor2.json")),
                ("A token", html("{}, for {}", &[&code("identity_token"), &code(&page.somebody)])),
                ("Variables", html("{}, {}", &[&code("env"), &code("env.cosign-2")])),
            ]),
        ],
    )
}

/// What to type.
pub(super) fn commands(page: &Page) -> Html {
    let env = quoted(&page.folder.join("env").display().to_string());
    let older = quoted(&page.folder.join("env.cosign-2").display().to_string());
    let folder = quoted(&page.folder.display().to_string());
    let signer = format!(
        "--certificate-identity {} --certificate-oidc-issuer {}",
        quoted(&page.somebody),
        page.addresses.url(Service::Oidc)
    );
    let image = format!("{}/app:1", page.addresses.registry());
    let blocks = [
        ("Let a shell use this sandbox", format!(". {env}")),
        (
            "Sign a file, and verify it",
            format!(
                "echo hello > hello.txt\n\
                 rcosign sign-blob --yes --bundle hello.json hello.txt\n\
                 rcosign verify-blob --bundle hello.json {signer} hello.txt"
            ),
        ),
        (
            "Sign as somebody else",
            format!(
                "SIGSTORE_ID_TOKEN=$(rcosign sandbox token --dir {folder} --email ann@example.com) \\\n  \
                 rcosign sign-blob --yes --bundle hello.json hello.txt"
            ),
        ),
        (
            "Log in with a browser instead of the token",
            "env -u SIGSTORE_ID_TOKEN rcosign sign-blob --yes --bundle hello.json hello.txt".to_owned(),
        ),
        (
            "Push an image, here one that holds a file, sign it, and verify it",
            format!(
                "rcosign upload blob -f hello.txt {image}\n\
                 rcosign sign --yes {image}\n\
                 rcosign verify {signer} {image}\n\
                 rcosign tree {image}"
            ),
        ),
    ];
    let block =
        |(what, commands): &(&str, String)| html("<h3>{}</h3><pre><code>{}</code></pre>", &[what, commands]);
    html(
        "<h2>Commands</h2><p>cosign 3 takes the same command lines. cosign 2 does too, after {}: without that it goes to Sigstore's \
         public services, whose log keeps what it is given for ever.</p>{}",
        &[&code(&format!(". {older}")), &blocks.iter().map(block).collect::<Html>()],
    )
}
