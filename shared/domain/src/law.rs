//! Laws a request to remove can rest on, and how long the recipient has after it was received.

use crate::named_values::named_values;

named_values! {
    /// What a request to remove rests on.
    Law {
        /// The TAKE IT DOWN Act of the United States, section 3.
        UsTida = "US_TIDA",
        /// The Digital Millennium Copyright Act of the United States, 17 U.S.C. 512(c).
        UsDmca = "US_DMCA",
        /// The Digital Services Act of the European Union, article 16.
        EuDsa = "EU_DSA",
        /// The Online Safety Act of the United Kingdom, section 10(3A).
        UkOsa = "UK_OSA",
        /// The Information Technology Rules of India, rule 3(2)(b).
        InIt = "IN_IT",
        /// The General Data Protection Regulation, article 17: erasure.
        #[serde(rename = "GDPR_17")]
        Gdpr17 = "GDPR_17",
        /// The General Data Protection Regulation, article 21: objection.
        #[serde(rename = "GDPR_21")]
        Gdpr21 = "GDPR_21",
        /// The Online Safety Act of Australia; the regulator gives the notice.
        AuEsafety = "AU_ESAFETY",
        /// No law: the recipient's own terms.
        Terms = "TERMS",
    }
}

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

impl Law {
    /// How long after receipt the recipient has, in seconds. Terms have what the catalogue says of the recipient.
    ///
    /// Hours are hours: no law but the counter-notice of the DMCA, which is not ours to wait for, counts business days.
    #[must_use]
    pub fn clock_seconds(self) -> Option<i64> {
        match self {
            Self::UsTida | Self::UkOsa => Some(48 * HOUR),
            Self::UsDmca | Self::EuDsa => Some(72 * HOUR),
            Self::InIt => Some(2 * HOUR),
            Self::Gdpr17 | Self::Gdpr21 => Some(30 * DAY),
            Self::AuEsafety => Some(24 * HOUR),
            Self::Terms => None,
        }
    }

    /// Whether it may be preselected. A notice under the DMCA can hand her name and address to the uploader.
    #[must_use]
    pub fn may_be_default(self) -> bool {
        self != Self::UsDmca
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_terms_have_no_clock_and_only_the_dmca_is_never_a_default() {
        for law in Law::ALL {
            assert_eq!(law.clock_seconds().is_none(), *law == Law::Terms);
            assert_eq!(law.may_be_default(), *law != Law::UsDmca);
            assert_eq!(law.as_str().parse(), Ok(*law));
            let json = serde_json::to_value(law).expect("JSON");
            assert_eq!(json, law.as_str());
        }
    }
}
