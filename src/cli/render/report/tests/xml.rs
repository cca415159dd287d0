//! XML 1.0 without namespaces, DTD and comments inside of documents, and as much of XML Schema as junit-10.xsd uses; what is not known is a
//! panic.

use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    elements: Vec<Element>,
    text: String,
}

impl Element {
    pub fn children(&self, name: &str) -> Vec<&Element> {
        self.elements.iter().filter(|element| element.name == name).collect()
    }

    pub fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }
}

/// The root element of a document.
pub fn parse(text: &str) -> Element {
    assert!(
        text.chars().all(
            |c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
        ),
        "a character that XML does not have"
    );
    let mut rest = text.strip_prefix("<?xml").map_or(text, |rest| rest.split_once("?>").unwrap().1);
    rest = passed(rest);
    let (root, rest) = element(rest);
    assert!(passed(rest).is_empty(), "after the root: {rest}");
    root
}

/// Past white space and comments.
fn passed(text: &str) -> &str {
    let text = text.trim_start();
    text.strip_prefix("<!--").map_or(text, |rest| passed(rest.split_once("-->").unwrap().1))
}

fn element(text: &str) -> (Element, &str) {
    let rest = text.strip_prefix('<').unwrap_or_else(|| panic!("no element: {text}"));
    let end = rest.find([' ', '\n', '>', '/']).unwrap();
    let (name, mut rest) = rest.split_at(end);
    assert!(
        name.chars().all(|c| c.is_ascii_alphanumeric() || ":-".contains(c)) && !name.is_empty(),
        "{name}"
    );
    let mut element = Element { name: name.to_owned(), ..Element::default() };
    loop {
        rest = rest.trim_start();
        if let Some(rest) = rest.strip_prefix("/>") {
            return (element, rest);
        }
        if let Some(after) = rest.strip_prefix('>') {
            rest = after;
            break;
        }
        let (name, after) = rest.split_once("=\"").unwrap();
        let (value, after) = after.split_once('"').unwrap();
        assert!(!value.contains(['<', '\n']), "{value}");
        assert!(element.attributes.insert(name.to_owned(), decoded(value)).is_none(), "{name} twice");
        rest = after;
    }
    loop {
        let (text, after) = rest.split_at(rest.find('<').unwrap());
        assert!(!text.contains("]]>"), "{text}");
        element.text.push_str(&decoded(text));
        rest = after;
        if let Some(after) = rest.strip_prefix("</") {
            let (name, after) = after.split_once('>').unwrap();
            assert_eq!(name, element.name);
            return (element, after);
        }
        if rest.starts_with("<!--") {
            rest = rest.split_once("-->").unwrap().1;
            continue;
        }
        let (child, after) = self::element(rest);
        element.elements.push(child);
        rest = after;
    }
}

fn decoded(text: &str) -> String {
    let mut out = String::new();
    let mut parts = text.split('&');
    out.push_str(parts.next().unwrap());
    for part in parts {
        let (name, rest) = part.split_once(';').unwrap();
        out.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            other => panic!("&{other};"),
        });
        out.push_str(rest);
    }
    out
}

/// Checks a document against a schema.
pub fn check(schema: &str, root: &Element) {
    let schema = parse(schema);
    validate(&schema, declared(&schema, "xs:element", &root.name), root);
}

fn declared<'a>(schema: &'a Element, kind: &str, name: &str) -> &'a Element {
    let mut all = schema.children(kind).into_iter();
    all.find(|element| element.attribute("name") == name).unwrap_or_else(|| panic!("no {kind} {name}"))
}

fn validate(schema: &Element, declaration: &Element, value: &Element) {
    let declaration = match declaration.attribute("ref") {
        "" => declaration,
        name => declared(schema, "xs:element", name),
    };
    let kind = match (declaration.attribute("type"), declaration.children("xs:complexType").first()) {
        ("xs:string", None) => {
            assert!(value.elements.is_empty() && value.attributes.is_empty());
            return;
        }
        ("", Some(kind)) => *kind,
        (name, None) => declared(schema, "xs:complexType", name),
        other => panic!("{other:?}"),
    };
    if kind.attribute("mixed") != "true" {
        assert!(value.text.trim().is_empty(), "text in {}: {}", value.name, value.text);
    }
    let known: BTreeMap<_, _> =
        kind.children("xs:attribute").into_iter().map(|a| (a.attribute("name"), a)).collect();
    for (name, text) in &value.attributes {
        let attribute = known.get(name.as_str()).unwrap_or_else(|| panic!("{} has {name}", value.name));
        match attribute.attribute("type") {
            "xs:string" => {}
            // The pattern of that type, in words: digits in groups with commas between, a fraction.
            "SUREFIRE_TIME" => {
                assert!(text.chars().all(|c| c.is_ascii_digit() || ",.".contains(c)), "{text}")
            }
            other => panic!("{other}"),
        }
    }
    for (name, attribute) in known {
        assert!(
            attribute.attribute("use") != "required" || value.attributes.contains_key(name),
            "{} lacks {name}",
            value.name
        );
    }
    let model: Vec<_> = kind.elements.iter().filter(|element| element.name != "xs:attribute").collect();
    let left = match model[..] {
        [] => &value.elements[..],
        [group] => {
            let (fits, left) = consumed(schema, group, &value.elements);
            assert!(fits, "{} lacks something", value.name);
            left
        }
        _ => panic!("{} has several groups", value.name),
    };
    assert!(left.is_empty(), "{} must not be in {} there", left[0].name, value.name);
}

/// What a particle leaves of these elements, and whether there are enough for it.
fn consumed<'a>(schema: &Element, particle: &Element, mut elements: &'a [Element]) -> (bool, &'a [Element]) {
    let bound = |name: &str, usual: usize| match particle.attribute(name) {
        "" => usual,
        "unbounded" => usize::MAX,
        number => number.parse().unwrap(),
    };
    let (least, most) = (bound("minOccurs", 1), bound("maxOccurs", 1));
    let mut count = 0;
    while count < most {
        let Some(left) = once(schema, particle, elements).filter(|left| left.len() < elements.len()) else {
            break;
        };
        (elements, count) = (left, count + 1);
    }
    (count >= least || once(schema, particle, elements).is_some(), elements)
}

fn once<'a>(schema: &Element, particle: &Element, elements: &'a [Element]) -> Option<&'a [Element]> {
    match particle.name.as_str() {
        "xs:element" => {
            let name = match particle.attribute("ref") {
                "" => particle.attribute("name"),
                name => name,
            };
            let first = elements.first().filter(|element| element.name == name)?;
            validate(schema, particle, first);
            Some(&elements[1..])
        }
        "xs:sequence" => particle.elements.iter().try_fold(elements, |elements, part| {
            let (fits, left) = consumed(schema, part, elements);
            fits.then_some(left)
        }),
        "xs:choice" => {
            let tried = particle.elements.iter().map(|part| consumed(schema, part, elements));
            tried.filter(|(fits, _)| *fits).map(|(_, left)| left).min_by_key(|left| left.len())
        }
        other => panic!("{other}"),
    }
}
