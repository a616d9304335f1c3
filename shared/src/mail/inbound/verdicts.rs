//! What the mail service found out about a mail: the headers that it writes above all others.
//!
//! Whoever wrote the mail can write such headers too, but only below. So only the block at the top counts, and of each
//! header the first.

use mail_parser::Message;

use crate::domain::takedown::guards::registrable_domain;

/// Headers that the mail service writes, in lower case.
const OWN: [&str; 8] = [
    "return-path",
    "received",
    "x-ses-spam-verdict",
    "x-ses-virus-verdict",
    "received-spf",
    "authentication-results",
    "x-ses-receipt",
    "x-ses-dkim-signature",
];

/// By which name the mail service signs its results.
const SERVICE: &str = "amazonses.com";

/// What was found out about a mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailVerdicts {
    /// It is spam.
    pub is_spam: bool,
    /// It holds a virus.
    pub has_virus: bool,
    /// Its sender's domain says that it is not of it (DMARC).
    pub fails_dmarc: bool,
    /// The domains that it is provably of, by DMARC, DKIM or SPF.
    pub domains: Vec<String>,
}

impl MailVerdicts {
    /// Whether a mail by this address is provably of its domain, and harmless.
    #[must_use]
    pub fn prove(&self, address: &str) -> bool {
        let domain = registrable_domain(address.rsplit('@').next().unwrap_or_default());
        let is_proved = self
            .domains
            .iter()
            .any(|it| registrable_domain(it) == domain);
        is_proved && !self.is_spam && !self.has_virus && !self.fails_dmarc
    }
}

/// The verdicts at the top of a mail.
pub(super) fn of(mail: &Message<'_>) -> MailVerdicts {
    let top = mail
        .headers_raw()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim()));
    let top = top.take_while(|it| OWN.contains(&it.0.as_str()));
    let top: Vec<(String, &str)> = top.collect();
    let first = |name: &str| top.iter().find(|it| it.0 == name).map(|it| it.1);
    let says = |name: &str, word: &str| first(name).is_some_and(|it| it.eq_ignore_ascii_case(word));
    let results = first("authentication-results").unwrap_or_default();
    let (fails_dmarc, domains) = results_of(results);
    MailVerdicts {
        is_spam: !says("x-ses-spam-verdict", "PASS"),
        has_virus: !says("x-ses-virus-verdict", "PASS"),
        fails_dmarc,
        domains,
    }
}

/// Whether DMARC failed, and which domains are proved (RFC 8601).
fn results_of(header: &str) -> (bool, Vec<String>) {
    let unfolded = header.replace(['\r', '\n', '\t'], " ");
    let mut parts = unfolded.split(';').map(str::trim);
    let mut fails_dmarc = false;
    let mut domains = Vec::new();
    if parts.next() != Some(SERVICE) {
        return (fails_dmarc, domains);
    }
    let mut last_method = "";
    for part in parts {
        let (head, rest) = part.split_once(' ').unwrap_or((part, ""));
        let (method, result) = head.split_once('=').unwrap_or((head, ""));
        let property = |name: &str| {
            let mut words = rest.split_whitespace();
            let found = words.find_map(|it| it.strip_prefix(name));
            found
                .and_then(|it| it.rsplit('@').next())
                .map(str::to_lowercase)
        };
        match (method, result) {
            ("dmarc", "fail") => fails_dmarc = true,
            ("dmarc", "pass") => domains.extend(property("header.from=")),
            ("dkim", "pass") => {
                domains.extend(property("header.i=").or_else(|| property("header.d=")));
            }
            // The mail service tells the sender of SPF in a part of its own.
            ("envelope-from", sender) if last_method == "spf-pass" => {
                domains.extend(sender.rsplit('@').next().map(str::to_lowercase));
            }
            _ => {}
        }
        last_method = match (method, result) {
            ("spf", "pass") => {
                domains.extend(property("smtp.mailfrom="));
                domains.extend(property("envelope-from="));
                "spf-pass"
            }
            ("client-ip" | "helo" | "envelope-from", _) => last_method,
            _ => "",
        };
    }
    (fails_dmarc, domains)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_those_of_the_mail_service() {
        let header = "amazonses.com; spf=pass (spfCheck: domain of b.example designates 1.2.3.4 as permitted sender) client-ip=1.2.3.4; envelope-from=bounce@mail.b.example; helo=mail.b.example; dkim=pass header.i=@b.example; dmarc=pass header.from=b.example;";
        assert_eq!(
            results_of(header),
            (
                false,
                vec![
                    "mail.b.example".into(),
                    "b.example".into(),
                    "b.example".into()
                ]
            )
        );
        assert_eq!(
            results_of(
                "amazonses.com; spf=fail; envelope-from=a@b.example; dkim=fail header.i=@b.example; dmarc=fail header.from=b.example"
            ),
            (true, vec![])
        );
        assert_eq!(
            results_of("evil.example; dkim=pass header.i=@b.example"),
            (false, vec![])
        );
        assert_eq!(results_of(""), (false, vec![]));
    }
}
