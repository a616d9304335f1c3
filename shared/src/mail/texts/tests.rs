//! Every text as it is sent, and what none of them may say.

use super::*;

/// What would tell somebody who reads her mail why she is with us.
const FORBIDDEN: [&str; 36] = [
    "vara", "protect", "picture", "photo", "image", "upload", "intimate", "deepfake", "leak",
    "breach", "abuse", "harass", "stalk", "victim", "survivor", "scan", "alert", "match", "found",
    "face", "porn", "nude", "sexual", "revenge", "partner", "danger", "safe", "threat", "urgent",
    "warning", "violen", "police", "monitor", "watch", "misuse", "takedown",
];

fn all() -> [Mail; 10] {
    let link = || "<link>".to_owned();
    [
        Mail::Confirmation { link: link() },
        Mail::AccountExists { link: link() },
        Mail::Recovery { link: link() },
        Mail::Code {
            code: "<code>".into(),
        },
        Mail::PasswordChanged,
        Mail::PasswordUndo { link: link() },
        Mail::AddressChanged { link: link() },
        Mail::AccountClosed { link: link() },
        Mail::Question {
            yes: link(),
            no: "<no>".into(),
            later: Some("<later>".into()),
        },
        Mail::Update {
            link: link(),
            stop: "<stop>".into(),
        },
    ]
}

/// Everything that leaves us by another way than the app, with what is hers left out.
fn everything() -> Vec<String> {
    let mails = all().map(|it| format!("{}\n{}", it.subject(), it.text()));
    let event = update_event(Timestamp::parse("2026-11-20T12:00:00Z").unwrap());
    let event = event.replace("2026-11-20T12:00:00.000Z", "");
    let pages = [
        STOP_PAGE,
        STOPPED_PAGE,
        USED_LINK_PAGE,
        RESTORE_PAGE,
        RESTORED_PAGE,
        RESTORE_TAKEN_PAGE,
        PASSWORD_UNDO_PAGE,
        PASSWORD_UNDONE_PAGE,
        ADDRESS_UNDO_PAGE,
        ADDRESS_UNDONE_PAGE,
    ];
    let pages = pages.map(str::to_owned);
    let answers = MailAnswer::ALL.map(|it| it.0);
    let asked = answers.map(question_page).into_iter();
    let asked = asked.chain(answers.map(answered_page)).map(str::to_owned);
    let pages = pages.into_iter().chain(link_pages()).chain(asked);
    let pages = pages.map(|it| it.replace("utf-8", ""));
    mails.into_iter().chain(pages).chain([event]).collect()
}

/// The page of every kind of link.
fn link_pages() -> Vec<String> {
    let page = |kind, account, voids_password| LinkPage {
        kind,
        account,
        voids_password,
        fields: [
            ("token", "<token>"),
            ("type", kind.as_str()),
            ("redirect_to", "<page>"),
        ],
    };
    let pages = [
        page(LinkKind::Recovery, Some("<account>"), false),
        page(LinkKind::Recovery, None, false),
        page(LinkKind::SignUp, Some("<account>"), false),
        page(LinkKind::SignUp, Some("<account>"), true),
        page(LinkKind::SignUp, None, false),
    ];
    pages.iter().map(LinkPage::html).collect()
}

#[test]
fn nothing_in_a_page_of_a_link_is_taken_for_a_part_of_it() {
    let odd = "\"><script>alert('&')</script>{button}{fields}";
    let page = LinkPage {
        kind: LinkKind::Recovery,
        account: Some(odd),
        voids_password: false,
        fields: [("token", odd), ("type", odd), ("redirect_to", odd)],
    };
    let html = page.html();
    assert!(
        !html.contains("<script") && !html.contains("\">&"),
        "{html}"
    );
    assert_eq!(html.matches("<form").count(), 1);
    assert_eq!(html.matches("<button").count(), 1, "{html}");
    assert_eq!(html.matches("<input").count(), 3, "{html}");
}

#[test]
fn the_texts_are_these() {
    let golden = include_str!("../texts.golden.txt");
    assert_eq!(everything().join("\n---\n"), golden.trim_end_matches('\n'));
}

#[test]
fn no_text_says_what_she_uses() {
    for text in everything() {
        let low = text.to_lowercase();
        for word in FORBIDDEN {
            assert!(!low.contains(word), "{text:?} says {word:?}");
        }
        assert!(!low.contains("http"), "{text:?} has an address of its own");
        assert!(
            !low.chars().any(|it| it.is_ascii_digit()),
            "{text:?} has numbers"
        );
    }
}

#[test]
fn subjects_tell_kinds_apart_and_texts_hold_their_link() {
    let subjects: std::collections::BTreeSet<_> = all().iter().map(Mail::subject).collect();
    assert_eq!(subjects.len(), all().len());
    for mail in all() {
        let held = match mail {
            Mail::PasswordChanged => "Forgot password",
            Mail::Code { .. } => "<code>",
            _ => "<link>",
        };
        assert_eq!(mail.text().matches(held).count(), 1, "{mail:?}");
        assert_eq!(
            mail.text().contains("<later>"),
            matches!(mail, Mail::Question { .. })
        );
        let stops = mail.text().matches("<stop>").count();
        assert_eq!(stops, usize::from(mail.stop().is_some()), "{mail:?}");
    }
}
