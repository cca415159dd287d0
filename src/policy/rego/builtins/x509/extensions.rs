//! Extensions of certificates (RFC 5280 section 4.2), and what Go makes of those that it knows.

use regorus::Value;

use super::alternative::Names;
use super::constraints::Constraints;
use super::reader::{
    self, BOOLEAN, Der, Fault, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, Read, SEQUENCE, constructed,
    primitive,
};
use super::values::{bytes, dotted, identifier, list, object, text, texts};

/// An extension as it stands.
pub(super) struct Extension {
    pub(super) id: Vec<u64>,
    critical: bool,
    pub(super) value: Vec<u8>,
}

/// All of them, and what they say.
#[derive(Default)]
pub(super) struct Extensions {
    all: Vec<Extension>,
    pub(super) names: Names,
    constraints: Constraints,
    /// Whether there are name constraints.
    pub(super) has_constraints: bool,
    /// keyUsage; bit n of the extension is bit n here.
    pub(super) key_usage: u64,
    /// basicConstraints: whether it is there, whether it says CA, and the length of paths: -1 for none.
    pub(super) has_basic: bool,
    pub(super) is_ca: bool,
    pub(super) path_length: i64,
    /// extKeyUsage, by Go's numbers, and what has none.
    pub(super) purposes: Vec<u64>,
    pub(super) other_purposes: Vec<Vec<u64>>,
    pub(super) authority_key: Option<Vec<u8>>,
    pub(super) subject_key: Option<Vec<u8>>,
    /// Those that are critical and that Go does not know.
    pub(super) unhandled: Vec<Vec<u64>>,
    /// Whether there is something about policies beyond their names.
    pub(super) governs_policies: bool,
    policies: Option<Vec<Vec<u64>>>,
    mappings: Vec<(Vec<u64>, Vec<u64>)>,
    explicit_policy: Option<i64>,
    no_mapping: Option<i64>,
    no_any_policy: Option<i64>,
    revocation_lists: Vec<String>,
    ocsp: Vec<String>,
    issuers: Vec<String>,
}

/// Purposes of keys, in the order of Go's numbers.
const PURPOSES: [&[u64]; 14] = [
    &[2, 5, 29, 37, 0],
    &[1, 3, 6, 1, 5, 5, 7, 3, 1],
    &[1, 3, 6, 1, 5, 5, 7, 3, 2],
    &[1, 3, 6, 1, 5, 5, 7, 3, 3],
    &[1, 3, 6, 1, 5, 5, 7, 3, 4],
    &[1, 3, 6, 1, 5, 5, 7, 3, 5],
    &[1, 3, 6, 1, 5, 5, 7, 3, 6],
    &[1, 3, 6, 1, 5, 5, 7, 3, 7],
    &[1, 3, 6, 1, 5, 5, 7, 3, 8],
    &[1, 3, 6, 1, 5, 5, 7, 3, 9],
    &[1, 3, 6, 1, 4, 1, 311, 10, 3, 3],
    &[2, 16, 840, 1, 113_730, 4, 1],
    &[1, 3, 6, 1, 4, 1, 311, 2, 1, 22],
    &[1, 3, 6, 1, 4, 1, 311, 61, 1, 1],
];
const AUTHORITY_INFORMATION: [u64; 9] = [1, 3, 6, 1, 5, 5, 7, 1, 1];
const OCSP: [u64; 9] = [1, 3, 6, 1, 5, 5, 7, 48, 1];
const ISSUERS: [u64; 9] = [1, 3, 6, 1, 5, 5, 7, 48, 2];

impl Extension {
    pub(super) fn read(mut fields: Der<'_>) -> Read<Self> {
        let id = fields.identifier()?;
        let critical = fields.has(BOOLEAN) && fields.boolean()?;
        Ok(Self { id, critical, value: fields.within(OCTET_STRING)?.0.to_vec() })
    }

    pub(super) fn shown(&self) -> Value {
        object([
            ("Critical", self.critical.into()),
            ("Id", identifier(&self.id)),
            ("Value", bytes(&self.value)),
        ])
    }
}

impl Extensions {
    pub(super) fn of(all: Vec<Extension>) -> Read<Self> {
        let mut made = Self::default();
        for extension in &all {
            let known = match *extension.id.as_slice() {
                [2, 5, 29, last] => made.standard(last, extension)?,
                ref id if *id == AUTHORITY_INFORMATION => {
                    made.authority_information(extension)?;
                    true
                }
                _ => false,
            };
            if extension.critical && !known {
                made.unhandled.push(extension.id.clone());
            }
        }
        made.all = all;
        Ok(made)
    }

    /// Whether there is one with subject alternative names, and what it holds.
    pub(super) fn alternative_names(&self) -> Option<&[u8]> {
        self.all
            .iter()
            .find(|extension| extension.id == [2, 5, 29, 17])
            .map(|extension| extension.value.as_slice())
    }

    /// An extension 2.5.29.x; whether it is known.
    fn standard(&mut self, last: u64, extension: &Extension) -> Read<bool> {
        let mut value = Der(&extension.value);
        match last {
            14 => {
                refuse(extension.critical)?;
                self.subject_key = Some(value.within(OCTET_STRING)?.0.to_vec());
            }
            15 => self.key_usage = key_usage(value)?,
            17 => {
                self.names = Names::read(value)?;
                return Ok(!self.names.is_empty());
            }
            19 => self.basic(value.within(SEQUENCE)?)?,
            30 => {
                self.has_constraints = true;
                self.constraints = Constraints::read(value, extension.critical)?;
                return Ok(!self.constraints.has_others);
            }
            31 => self.revocation_lists = revocation_lists(value.within(SEQUENCE)?)?,
            32 => self.policies = Some(policies(value.within(SEQUENCE)?)?),
            33 => self.policy_mappings(value.within(SEQUENCE)?)?,
            35 => {
                refuse(extension.critical)?;
                self.authority_key = value.within(SEQUENCE)?.optional(primitive(0))?.map(|id| id.0.to_vec());
            }
            36 => self.policy_constraints(value.within(SEQUENCE)?)?,
            37 => self.purposes(value.within(SEQUENCE)?)?,
            54 => {
                self.no_any_policy = Some(value.small()?);
                self.governs_policies = true;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn basic(&mut self, mut fields: Der<'_>) -> Read<()> {
        self.has_basic = true;
        self.is_ca = fields.has(BOOLEAN) && fields.boolean()?;
        self.path_length = -1;
        if fields.has(INTEGER) {
            self.path_length = fields.small()?;
            refuse(self.path_length < 0)?;
        }
        Ok(())
    }

    fn purposes(&mut self, mut list: Der<'_>) -> Read<()> {
        while !list.is_empty() {
            let purpose = list.identifier()?;
            match PURPOSES.iter().zip(0..).find(|(known, _)| **known == purpose) {
                Some((_, number)) => self.purposes.push(number),
                None => self.other_purposes.push(purpose),
            }
        }
        Ok(())
    }

    fn policy_constraints(&mut self, mut fields: Der<'_>) -> Read<()> {
        self.governs_policies = true;
        let mut number = |tag| fields.optional(tag)?.map(|content| reader::signed(content.0)).transpose();
        self.explicit_policy = number(primitive(0))?;
        self.no_mapping = number(primitive(1))?;
        Ok(())
    }

    fn policy_mappings(&mut self, mut list: Der<'_>) -> Read<()> {
        self.governs_policies = true;
        while !list.is_empty() {
            let mut pair = list.within(SEQUENCE)?;
            let mut policy = || {
                let arcs = reader::arcs(pair.within(OBJECT_IDENTIFIER)?.0);
                arcs.ok_or_else(|| Fault::Undecided("a certificate with policies of odd names".to_owned()))
            };
            let (issuer, subject) = (policy()?, policy()?);
            self.mappings.push((issuer, subject));
        }
        Ok(())
    }

    fn authority_information(&mut self, extension: &Extension) -> Read<()> {
        refuse(extension.critical)?;
        let mut list = Der(&extension.value).within(SEQUENCE)?;
        while !list.is_empty() {
            let mut fields = list.within(SEQUENCE)?;
            let method = fields.identifier()?;
            let Some(place) = fields.optional(primitive(6))? else { continue };
            match method == OCSP {
                true => self.ocsp.push(text(place.0)?),
                false if method == ISSUERS => self.issuers.push(text(place.0)?),
                false => {}
            }
        }
        Ok(())
    }

    /// The members of a certificate that come from extensions.
    pub(super) fn shown(&self) -> Vec<(Value, Value)> {
        let arcs = |all: &[Vec<u64>]| list(all.iter().map(|arcs| identifier(arcs)));
        let id = |id: &Option<Vec<u8>>| id.as_deref().map_or(Value::Null, bytes);
        let zero = |number: Option<i64>| Value::from(number == Some(0));
        let number = |number: Option<i64>| Value::from(number.unwrap_or_default());
        // An arc of more than 31 bits is nothing that the older list of names can hold.
        let named = self.policies.as_ref().map(|policies| {
            let small = policies.iter().filter(|arcs| reader::is_small(arcs));
            Value::from(small.map(|arcs| identifier(arcs)).collect::<Vec<_>>())
        });
        let mappings = self.mappings.iter().map(|(issuer, subject)| {
            object([("IssuerDomainPolicy", dotted(issuer)), ("SubjectDomainPolicy", dotted(subject))])
        });
        let members = [
            ("AuthorityKeyId", id(&self.authority_key)),
            ("BasicConstraintsValid", self.has_basic.into()),
            ("CRLDistributionPoints", texts(&self.revocation_lists)),
            ("ExtKeyUsage", list(self.purposes.iter().map(|purpose| Value::from(*purpose)))),
            ("Extensions", list(self.all.iter().map(Extension::shown))),
            ("ExtraExtensions", Value::Null),
            ("InhibitAnyPolicy", number(self.no_any_policy)),
            ("InhibitAnyPolicyZero", zero(self.no_any_policy)),
            ("InhibitPolicyMapping", number(self.no_mapping)),
            ("InhibitPolicyMappingZero", zero(self.no_mapping)),
            ("IsCA", self.is_ca.into()),
            ("IssuingCertificateURL", texts(&self.issuers)),
            ("KeyUsage", self.key_usage.into()),
            ("MaxPathLen", self.path_length.into()),
            ("MaxPathLenZero", (self.has_basic && self.path_length == 0).into()),
            ("OCSPServer", texts(&self.ocsp)),
            ("Policies", list(self.policies.iter().flatten().map(|arcs| dotted(arcs)))),
            ("PolicyIdentifiers", named.unwrap_or(Value::Null)),
            ("PolicyMappings", list(mappings)),
            ("RequireExplicitPolicy", number(self.explicit_policy)),
            ("RequireExplicitPolicyZero", zero(self.explicit_policy)),
            ("SubjectKeyId", id(&self.subject_key)),
            ("UnhandledCriticalExtensions", arcs(&self.unhandled)),
            ("UnknownExtKeyUsage", arcs(&self.other_purposes)),
        ];
        let own = members.map(|(name, value)| (Value::from(name), value));
        own.into_iter().chain(self.constraints.shown()).collect()
    }
}

fn refuse(wrong: bool) -> Read<()> {
    if wrong { Err(Fault::Wrong) } else { Ok(()) }
}

fn key_usage(mut value: Der<'_>) -> Read<u64> {
    let bits = value.bits()?;
    let is_set = |bit: usize| bits.bytes.get(bit / 8).is_some_and(|byte| byte >> (7 - bit % 8) & 1 == 1);
    Ok((0..9).filter(|bit| is_set(*bit)).fold(0, |sum, bit| sum | 1 << bit))
}

/// The URIs at the beginning of each distribution point.
fn revocation_lists(mut points: Der<'_>) -> Read<Vec<String>> {
    let mut found = Vec::new();
    while !points.is_empty() {
        let Some(mut name) = points.within(SEQUENCE)?.optional(constructed(0))? else { continue };
        let mut names = name.within(constructed(0))?;
        while names.has(primitive(6)) {
            found.push(text(names.within(primitive(6))?.0)?);
        }
    }
    Ok(found)
}

fn policies(mut list: Der<'_>) -> Read<Vec<Vec<u64>>> {
    let mut found: Vec<Vec<u64>> = Vec::new();
    while !list.is_empty() {
        let content = list.within(SEQUENCE)?.within(OBJECT_IDENTIFIER)?.0;
        let policy = match reader::arcs(content) {
            Some(policy) => policy,
            None if content.len() > 9 => {
                return Err(Fault::Undecided("a certificate with policies of odd names".to_owned()));
            }
            None => return Err(Fault::Wrong),
        };
        refuse(found.contains(&policy))?;
        found.push(policy);
    }
    Ok(found)
}
