//! What a plan can be made of, and its words. All of them are here.

use serde::{Deserialize, Serialize};

use super::category::Category;
use crate::ids::named;
use crate::{PlanItemId, UserId};

/// A piece of advice. Its name is what is stored; its words are looked up when they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names say it")]
pub enum PlanTemplate {
    UploadPhotos,
    DeepfakeDetection,
    PhotoAudience,
    ConnectAccounts,
    TwoFactor,
    ConnectedApps,
    RenewPasswords,
    DataBreaches,
    ProfileVisibility,
    DataBrokers,
    DigitalFootprint,
    SafetyContacts,
    KeepEvidence,
    EmergencyResources,
    AlertPreferences,
    WatchFollowers,
    ImpersonationDetection,
    /// Before she has answered anything.
    GettingStarted,
    /// While alerts wait for her.
    OpenAlerts,
}

impl PlanItemId {
    /// The item of this advice in the plan of `user`.
    #[must_use]
    pub fn of(user: UserId, template: PlanTemplate) -> Self {
        Self::from(named(&format!("plan-item/{user}/{template:?}")))
    }
}

/// Answers of which any one calls for a template: a question and its values.
pub(super) type Trigger = (&'static str, &'static [&'static str]);

/// A template with all that belongs to it.
#[derive(Debug)]
pub(super) struct Recipe {
    pub(super) template: PlanTemplate,
    pub(super) category: Category,
    /// 1 comes first.
    pub(super) priority: u32,
    pub(super) title: &'static str,
    pub(super) description: &'static str,
    pub(super) triggers: &'static [Trigger],
}

const ACTIVE: Trigger = ("online-presence", &["active", "public-figure"]);
const VISIBLE: Trigger = ("online-presence", &["moderate", "active", "public-figure"]);
const HARASSED: Trigger = ("harassment-experience", &["sometimes", "frequently"]);
const HARASSED_OFTEN: Trigger = ("harassment-experience", &["frequently"]);
const POSTS: Trigger = ("photo-sharing", &["sometimes", "frequently"]);
const UNEASY: Trigger = (
    "relationship-concerns",
    &["past-concerns", "current-mild", "current-serious"],
);
const UNEASY_NOW: Trigger = (
    "relationship-concerns",
    &["current-mild", "current-serious"],
);
const MISUSED_BADLY: Trigger = ("unauthorized-use", &["yes-serious"]);

/// The seventeen of the contract, in its order, which settles ties.
pub(super) static RECIPES: [Recipe; 17] = [
    Recipe {
        template: PlanTemplate::UploadPhotos,
        category: Category::ImageProtection,
        priority: 2,
        title: "Add the photos you want watched",
        description: "Choose a few photos that show your face well. We look for copies of them and tell you what we find.",
        triggers: &[
            POSTS,
            (
                "threat-concerns",
                &["image-misuse", "deepfakes", "impersonation"],
            ),
            ("unauthorized-use", &["yes-minor", "yes-serious", "unsure"]),
            ("safety-priority", &["images"]),
        ],
    },
    Recipe {
        template: PlanTemplate::DeepfakeDetection,
        category: Category::ImageProtection,
        priority: 1,
        title: "Have altered pictures looked for",
        description: "Ask us to look for edited and made-up versions of your photos too, not only for plain copies.",
        triggers: &[("threat-concerns", &["deepfakes"]), ACTIVE, MISUSED_BADLY],
    },
    Recipe {
        template: PlanTemplate::PhotoAudience,
        category: Category::ImageProtection,
        priority: 3,
        title: "Review who can see and save your photos",
        description: "Look through your albums and posts, and limit who can open or download them where the network lets you.",
        triggers: &[POSTS, ("threat-concerns", &["image-misuse"])],
    },
    Recipe {
        template: PlanTemplate::ConnectAccounts,
        category: Category::AccountSecurity,
        priority: 2,
        title: "Connect your social accounts",
        description: "Tell us which profiles are really yours, so that we can tell them apart from others that use your name.",
        triggers: &[
            ("platform-count", &["2-3", "4-5", "6+"]),
            VISIBLE,
            ("threat-concerns", &["impersonation", "stalking"]),
        ],
    },
    Recipe {
        template: PlanTemplate::TwoFactor,
        category: Category::AccountSecurity,
        priority: 1,
        title: "Turn on two-step sign-in",
        description: "Begin with your e-mail account, then your social accounts. A password alone is then no longer enough to get in.",
        triggers: &[HARASSED, UNEASY, ACTIVE],
    },
    Recipe {
        template: PlanTemplate::ConnectedApps,
        category: Category::AccountSecurity,
        priority: 3,
        title: "Check which apps can use your accounts",
        description: "Open the list of connected apps in each account and remove those you do not know or no longer use.",
        triggers: &[("platform-count", &["4-5", "6+"]), HARASSED],
    },
    Recipe {
        template: PlanTemplate::RenewPasswords,
        category: Category::AccountSecurity,
        priority: 2,
        title: "Renew your passwords",
        description: "Give every account a new password of its own, from a device that only you use. A password manager makes it easy.",
        triggers: &[UNEASY, ("threat-concerns", &["stalking", "doxxing"])],
    },
    Recipe {
        template: PlanTemplate::DataBreaches,
        category: Category::PrivacySettings,
        priority: 2,
        title: "Check for data breaches",
        description: "See whether your e-mail address was part of a known breach, so that you know which passwords to change.",
        triggers: &[
            ("safety-priority", &["privacy", "monitoring"]),
            VISIBLE,
            ("threat-concerns", &["doxxing"]),
        ],
    },
    Recipe {
        template: PlanTemplate::ProfileVisibility,
        category: Category::PrivacySettings,
        priority: 2,
        title: "Review who can see your profiles",
        description: "Decide for each network who sees your posts, your friends and your contact details.",
        triggers: &[
            ACTIVE,
            ("threat-concerns", &["stalking", "doxxing"]),
            ("safety-priority", &["privacy"]),
        ],
    },
    Recipe {
        template: PlanTemplate::DataBrokers,
        category: Category::PrivacySettings,
        priority: 3,
        title: "Have your details removed from people-search sites",
        description: "These sites list addresses and phone numbers. Most of them remove an entry when you ask.",
        triggers: &[("threat-concerns", &["doxxing", "stalking"]), UNEASY_NOW],
    },
    Recipe {
        template: PlanTemplate::DigitalFootprint,
        category: Category::PrivacySettings,
        priority: 3,
        title: "See what the web shows about you",
        description: "Search for your name, your handles and your phone number, and note what you would rather not find there.",
        triggers: &[ACTIVE, ("safety-priority", &["privacy"])],
    },
    Recipe {
        template: PlanTemplate::SafetyContacts,
        category: Category::EmergencyPlanning,
        priority: 1,
        title: "Choose people you can call",
        description: "Agree with one or two people you trust how you reach each other, and on a word that means you need help.",
        triggers: &[UNEASY_NOW, HARASSED_OFTEN],
    },
    Recipe {
        template: PlanTemplate::KeepEvidence,
        category: Category::EmergencyPlanning,
        priority: 2,
        title: "Decide how you keep evidence",
        description: "Screenshots with address and date, kept where only you can reach them, help you later if you want to report something.",
        triggers: &[UNEASY_NOW, HARASSED, MISUSED_BADLY],
    },
    Recipe {
        template: PlanTemplate::EmergencyResources,
        category: Category::EmergencyPlanning,
        priority: 2,
        title: "Know where you find support",
        description: "Look up the helpline and the advice centre near you, and keep their numbers where you find them quickly.",
        triggers: &[
            ("relationship-concerns", &["current-serious"]),
            HARASSED_OFTEN,
        ],
    },
    Recipe {
        template: PlanTemplate::AlertPreferences,
        category: Category::MonitoringSetup,
        priority: 2,
        title: "Choose how we tell you",
        description: "Decide what you want to hear about, when, and through which channel is safe for you.",
        triggers: &[("safety-priority", &["monitoring"]), HARASSED],
    },
    Recipe {
        template: PlanTemplate::WatchFollowers,
        category: Category::MonitoringSetup,
        priority: 3,
        title: "Keep an eye on your followers",
        description: "Look through new followers now and then, and remove those you do not want there.",
        triggers: &[("threat-concerns", &["stalking", "harassment"]), ACTIVE],
    },
    Recipe {
        template: PlanTemplate::ImpersonationDetection,
        category: Category::MonitoringSetup,
        priority: 1,
        title: "Have copies of your profile looked for",
        description: "Ask us to watch for profiles that use your name or your photos.",
        triggers: &[
            ("threat-concerns", &["impersonation"]),
            ("online-presence", &["public-figure"]),
            ("unauthorized-use", &["yes-minor", "yes-serious"]),
        ],
    },
];

static GETTING_STARTED: Recipe = Recipe {
    template: PlanTemplate::GettingStarted,
    category: Category::GettingStarted,
    priority: 1,
    title: "Answer a few questions",
    description: "They take about three minutes. Your plan is then made for you, and you can leave out whatever you like.",
    triggers: &[],
};

static OPEN_ALERTS: Recipe = Recipe {
    template: PlanTemplate::OpenAlerts,
    category: Category::MonitoringSetup,
    priority: 2,
    title: "Look through your alerts",
    description: "Some alerts are waiting for you.",
    triggers: &[],
};

impl PlanTemplate {
    pub(super) fn recipe(self) -> &'static Recipe {
        match self {
            Self::GettingStarted => &GETTING_STARTED,
            Self::OpenAlerts => &OPEN_ALERTS,
            // The table is in the order of the names, which a test holds.
            _ => &RECIPES[self as usize],
        }
    }
}
