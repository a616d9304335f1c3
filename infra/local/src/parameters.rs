//! The template's parameters that are the same wherever it is raised from here.

/// Keys that the stand-ins take, and limits.
pub(crate) const PARAMETERS: [(&str, &str); 11] = [
    ("WebOrigins", "http://localhost:3000,http://localhost:5173"),
    ("PostDomain", "post.vara.test"),
    ("TineyeApiKey", "local-key"),
    ("GoogleVisionApiKey", "local-key"),
    ("SerpapiApiKey", "local-key"),
    ("FacecheckApiKey", "local-key"),
    ("HibpApiKey", "local-key"),
    ("EngineAllowances", vara_engines::ALLOWANCES),
    // All calls come from one address here, and load is measured here. Sign-in keeps a limit that a
    // test can reach.
    ("RateLimit", "100000000"),
    ("RateLimitAuth", "1200"),
    ("RateLimitUser", "100000000"),
];
