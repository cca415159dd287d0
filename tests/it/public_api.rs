//! What the crate shows, as text: every change of `docs/reference/public-api.txt` is one that somebody meant.
//! `RCOSIGN_BLESS=1 cargo test --test it public_api` writes it anew.

use std::collections::BTreeSet;
use std::path::PathBuf;

use syn::spanned::Spanned;

use crate::support::repository;

const LISTING: &str = "docs/reference/public-api.txt";

#[test]
fn the_public_api_is_the_listed_one() {
    let found = listing();
    let path = repository().join(LISTING);
    if std::env::var_os("RCOSIGN_BLESS").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    let listed = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    let missing: Vec<_> = listed.lines().filter(|line| !found.lines().any(|l| l == *line)).collect();
    let new: Vec<_> = found.lines().filter(|line| !listed.lines().any(|l| l == *line)).collect();
    assert!(
        found == listed,
        "the public API and {LISTING} differ; if that is meant, run `RCOSIGN_BLESS=1 cargo test --test it public_api`\n\
         no longer there: {missing:#?}\nnew: {new:#?}"
    );
}

/// The rooms are private, and the crate's root shows nothing but the face and, hidden, the program and the tests' view.
#[test]
fn nothing_but_the_face_is_public() {
    let root = syn::parse_file(&std::fs::read_to_string(repository().join("src/lib.rs")).unwrap()).unwrap();
    let hidden = |attributes: &[syn::Attribute]| attributes.iter().any(|a| text(a) == "#[doc(hidden)]");
    let mut shown = Vec::new();
    for item in &root.items {
        match item {
            syn::Item::Use(item) if is_public(&item.vis) && !hidden(&item.attrs) => {
                shown.push(text(&item.tree))
            }
            syn::Item::Mod(item) if is_public(&item.vis) && !hidden(&item.attrs) => shown.push(text(item)),
            syn::Item::Use(_) | syn::Item::Mod(_) => {}
            other => shown.push(text(other)),
        }
    }
    assert_eq!(shown, ["api::*"]);
}

/// No path of another crate than `std` and none into the rooms stands in what is listed.
#[test]
fn no_foreign_type_is_public() {
    let exported = exported();
    let known = ["Self", "String", "Vec", "Option", "Result", "Box", "Pin", "SystemTime", "T", "E"];
    for line in listing().lines() {
        for word in line.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':') {
            assert!(!word.contains("::") || std_path(word), "`{word}` in `{line}`");
        }
        // Types in signatures are exported, or the standard library's.
        let Some((_, signature)) = line.split_once("fn ") else { continue };
        for word in signature.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':') {
            let plain = word.rsplit("::").next().unwrap_or_default();
            let a_type = plain.starts_with(|c: char| c.is_ascii_uppercase());
            let fine = exported.contains(plain)
                || known.contains(&plain)
                || ["Into", "Error", "Send", "Sync", "Item", "Iterator", "IntoIterator", "Read"]
                    .contains(&plain);
            assert!(!a_type || fine, "`{word}` in `{line}`");
        }
    }
}

fn std_path(word: &str) -> bool {
    let first = word.split("::").next().unwrap_or_default();
    // `Policy::key` and the like name what is listed.
    ["std", "io", "fmt", "Self"].contains(&first) || exported().contains(first)
}

/// Names that `src/api/mod.rs` exports.
fn exported() -> BTreeSet<String> {
    let file = parse("mod.rs");
    let mut names = BTreeSet::new();
    for item in &file.items {
        if let syn::Item::Use(item) = item
            && is_public(&item.vis)
        {
            leaves(&item.tree, &mut names);
        }
    }
    names
}

fn leaves(tree: &syn::UseTree, names: &mut BTreeSet<String>) {
    match tree {
        syn::UseTree::Path(path) => leaves(&path.tree, names),
        syn::UseTree::Name(name) => {
            names.insert(name.ident.to_string());
        }
        syn::UseTree::Rename(rename) => {
            names.insert(rename.rename.to_string());
        }
        syn::UseTree::Group(group) => group.items.iter().for_each(|tree| leaves(tree, names)),
        syn::UseTree::Glob(_) => panic!("the face names what it exports"),
    }
}

fn listing() -> String {
    let exported = exported();
    let mut lines = BTreeSet::new();
    for path in std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !["mod.rs", "tests.rs"].contains(&name.as_str()) {
            let file = parse(&name);
            let inner = from_the_rooms(&file);
            file.items.iter().for_each(|item| list(item, &exported, &inner, &mut lines));
        }
    }
    for name in &exported {
        let there = lines.iter().any(|line: &String| {
            line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name)
        });
        assert!(there, "{name} is exported, and this test does not see where it is made");
    }
    let mut out = lines.into_iter().collect::<Vec<_>>().join("\n");
    out.push('\n');
    out
}

/// Names that a file takes from the rooms: a `From` of one of these is nothing that anybody outside can call.
fn from_the_rooms(file: &syn::File) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for item in &file.items {
        if let syn::Item::Use(item) = item
            && text(&item.tree).starts_with("crate::")
        {
            leaves(&item.tree, &mut names);
        }
    }
    names
}

fn list(
    item: &syn::Item,
    exported: &BTreeSet<String>,
    inner: &BTreeSet<String>,
    lines: &mut BTreeSet<String>,
) {
    match item {
        syn::Item::Struct(item) if is_public(&item.vis) => {
            head(&item.ident, &item.attrs, &format!("struct {}{}", item.ident, text(&item.generics)), lines);
            for field in item.fields.iter().filter(|field| is_public(&field.vis)) {
                lines.insert(format!("struct {}: field {}", item.ident, text(field)));
            }
        }
        syn::Item::Enum(item) if is_public(&item.vis) => {
            head(&item.ident, &item.attrs, &format!("enum {}{}", item.ident, text(&item.generics)), lines);
            for variant in &item.variants {
                let fields = variant.fields.iter().map(plain_field).collect::<Vec<_>>().join(", ");
                let fields = match variant.fields {
                    syn::Fields::Named(_) => format!(" {{ {fields} }}"),
                    syn::Fields::Unnamed(_) => format!("({fields})"),
                    syn::Fields::Unit => String::new(),
                };
                let mark = non_exhaustive(&variant.attrs);
                lines.insert(format!("enum {}: {}{fields}{mark}", item.ident, variant.ident));
            }
        }
        syn::Item::Trait(item) if is_public(&item.vis) => {
            let bounds = item.supertraits.iter().map(text).collect::<Vec<_>>().join(" + ");
            lines.insert(format!("trait {}: {bounds}", item.ident));
            for member in &item.items {
                let syn::TraitItem::Fn(member) = member else { panic!("only functions are expected") };
                let provided = if member.default.is_some() { " { .. }" } else { "" };
                lines.insert(format!("trait {}: {}{provided}", item.ident, text(&member.sig)));
            }
        }
        syn::Item::Fn(item) if is_public(&item.vis) => {
            lines.insert(text(&item.sig));
        }
        syn::Item::Type(item) if is_public(&item.vis) => {
            lines.insert(format!("type {}{} = {}", item.ident, text(&item.generics), text(&item.ty)));
        }
        syn::Item::Impl(item) => list_impl(item, exported, inner, lines),
        _ => {}
    }
}

fn list_impl(
    item: &syn::ItemImpl,
    exported: &BTreeSet<String>,
    inner: &BTreeSet<String>,
    lines: &mut BTreeSet<String>,
) {
    let of = text(&item.self_ty);
    let name = of.split('<').next().unwrap().to_owned();
    if !exported.contains(&name) {
        return;
    }
    if let Some((_, path, _)) = &item.trait_ {
        let path = text(path);
        let argument = path.split_once('<').map_or("", |(_, rest)| rest.trim_end_matches('>'));
        let first = argument.split("::").next().unwrap_or_default();
        if !inner.contains(first) && first != "crypto" {
            lines.insert(format!("impl {path} for {name}"));
        }
        return;
    }
    for member in &item.items {
        let syn::ImplItem::Fn(member) = member else { panic!("only functions are expected in {name}") };
        if is_public(&member.vis) {
            let feature = member.attrs.iter().find(|a| a.path().is_ident("cfg")).map(text);
            let feature = feature.map(|f| format!(" {f}")).unwrap_or_default();
            lines.insert(format!("{name}: {}{feature}", text(&member.sig)));
        }
    }
}

fn head(name: &syn::Ident, attributes: &[syn::Attribute], words: &str, lines: &mut BTreeSet<String>) {
    lines.insert(format!("{words}{}", non_exhaustive(attributes)));
    for attribute in attributes.iter().filter(|a| a.path().is_ident("derive")) {
        let syn::Meta::List(list) = &attribute.meta else { continue };
        for derived in list.tokens.to_string().split(',').map(str::trim) {
            let derived = if derived.ends_with("Error") { "std::error::Error" } else { derived };
            lines.insert(format!("impl {derived} for {name}"));
        }
    }
}

/// A field of a variant, without its attributes.
fn plain_field(field: &syn::Field) -> String {
    match &field.ident {
        Some(name) => format!("{name}: {}", text(&field.ty)),
        None => text(&field.ty),
    }
}

fn non_exhaustive(attributes: &[syn::Attribute]) -> &'static str {
    if attributes.iter().any(|a| a.path().is_ident("non_exhaustive")) { ", non-exhaustive" } else { "" }
}

fn is_public(visibility: &syn::Visibility) -> bool {
    matches!(visibility, syn::Visibility::Public(_))
}

/// The source of a piece of syntax, in one line.
fn text(piece: &impl Spanned) -> String {
    let source = piece.span().source_text().unwrap_or_default();
    source
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace(",)", ")")
        .replace("( ", "(")
        .replace(", )", ")")
}

fn folder() -> PathBuf {
    repository().join("src/api")
}

fn parse(name: &str) -> syn::File {
    syn::parse_file(&std::fs::read_to_string(folder().join(name)).unwrap()).unwrap()
}
