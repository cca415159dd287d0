//! Systems that build and test, where nobody can log in, and what each of them needs to give out tokens.

use std::ffi::OsString;

/// Such a system.
#[derive(Debug, PartialEq, Eq)]
pub struct Ci {
    /// What it is called.
    pub name: &'static str,
    /// The variable by which it is recognised.
    variable: &'static str,
    /// What is missing in its configuration where there is no token: each one line.
    pub advice: &'static [&'static str],
}

/// All that are known; the last one is what all of them have in common.
const ALL: &[Ci] = &[
    Ci {
        name: "GitHub Actions",
        variable: "GITHUB_ACTIONS",
        advice: &[
            "give the job the permission to ask for a token: `permissions:` with `id-token: write`",
            "jobs of pull requests from forks never get that permission",
        ],
    },
    Ci {
        name: "GitLab CI",
        variable: "GITLAB_CI",
        advice: &["give the job a token: `id_tokens:` with `SIGSTORE_ID_TOKEN:` and in it `aud: sigstore`"],
    },
    Ci {
        name: "Buildkite",
        variable: "BUILDKITE",
        advice: &["let the step see the variable BUILDKITE_AGENT_ACCESS_TOKEN, in containers too, or set \
             SIGSTORE_ID_TOKEN to the output of `buildkite-agent oidc request-token --audience sigstore`"],
    },
    Ci {
        name: "CircleCI",
        variable: "CIRCLECI",
        advice: &[
            "set SIGSTORE_ID_TOKEN to the output of `circleci run oidc get --claims '{\"aud\": \"sigstore\"}'`; \
             the tokens in CIRCLE_OIDC_TOKEN and CIRCLE_OIDC_TOKEN_V2 are made out to the organisation, not to Sigstore",
        ],
    },
    Ci {
        name: "Google Cloud Build",
        variable: "BUILDER_OUTPUT",
        advice: &[
            "name the service account whose token is wanted in GOOGLE_SERVICE_ACCOUNT_NAME, and let the account of \
             the build make tokens for it (roles/iam.serviceAccountOpenIdTokenCreator)",
        ],
    },
    Ci {
        name: "Azure Pipelines",
        variable: "TF_BUILD",
        advice: &["set SIGSTORE_ID_TOKEN to a token that is made out to `sigstore`"],
    },
    Ci {
        name: "Jenkins",
        variable: "JENKINS_URL",
        advice: &["set SIGSTORE_ID_TOKEN to a token that is made out to `sigstore`"],
    },
    Ci {
        name: "a CI system: the variable CI is set",
        variable: "CI",
        advice: &["set SIGSTORE_ID_TOKEN to a token that is made out to `sigstore`"],
    },
];

/// The one that this runs in. Set to nothing, to 0 or to false is not set.
pub fn here(variables: &dyn Fn(&str) -> Option<OsString>) -> Option<&'static Ci> {
    let is_set = |name: &str| {
        variables(name)
            .is_some_and(|value| !value.is_empty() && value != "0" && !value.eq_ignore_ascii_case("false"))
    };
    ALL.iter().find(|ci| is_set(ci.variable))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_is_recognised_before_what_all_of_them_say() {
        let here = |set: &'static [(&str, &str)]| {
            here(&move |name| set.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into()))
                .map(|ci| ci.name)
        };
        assert_eq!(here(&[]), None);
        assert_eq!(here(&[("CI", "false")]), None);
        assert_eq!(here(&[("CI", "")]), None);
        assert_eq!(here(&[("CI", "true"), ("GITHUB_ACTIONS", "true")]), Some("GitHub Actions"));
        assert_eq!(here(&[("CI", "true"), ("GITLAB_CI", "true")]), Some("GitLab CI"));
        assert_eq!(here(&[("CI", "1")]), Some("a CI system: the variable CI is set"));
    }
}
