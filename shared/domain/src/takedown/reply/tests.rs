use proptest::prelude::*;

use super::super::next;
use super::*;

fn kind(text: &str) -> ReplyKind {
    sort_reply("Re: Request", text, false).kind
}

#[test]
fn mails_are_sorted_by_their_own_words() {
    use ReplyKind::{Acknowledgement, NeedsInfo, Other, SaysRemoved, Unable};
    for (text, wanted) in [
        (
            "We have received your report and will review it.",
            Acknowledgement,
        ),
        (
            "Thank you for contacting us.\nYour ticket is open.",
            Acknowledgement,
        ),
        ("The content has been\nremoved.", SaysRemoved),
        ("We have removed the post you reported.", SaysRemoved),
        ("The content does not violate our rules.", Unable),
        ("The picture has not been removed.", Unable),
        ("Please provide the exact link.", NeedsInfo),
        ("We are unable to locate it.", NeedsInfo),
        ("We will tell you once it has been removed.", Other),
        (
            "If it was removed, you will hear from us. We received your report.",
            Acknowledgement,
        ),
        (
            "If you have more, please provide it. We have received your mail.",
            Acknowledgement,
        ),
        ("We removed one. Please provide the other links.", Other),
        (
            "We removed one. The other does not violate our rules.",
            Other,
        ),
        ("Hello", Other),
        ("", Other),
        // What is quoted is hers.
        (
            "We have received it.\n> it has been removed\n> please provide",
            Acknowledgement,
        ),
        (
            "Noted.\n\nOn Monday, Ana wrote:\nIt must have been removed by now.",
            Other,
        ),
        ("-----Original Message-----\nhas been removed", Other),
    ] {
        assert_eq!(kind(text), wanted, "{text}");
    }
    let automatic = sort_reply("", "Your content has been removed.", true);
    assert_eq!(automatic.kind, Acknowledgement);
}

#[test]
fn the_number_of_the_recipient_is_found_and_ours_is_not() {
    for (subject, wanted) in [
        ("[#123456] We have it", Some("123456")),
        ("Ticket ID: AB-1234 opened", Some("AB-1234")),
        ("Your case number is 00098765.", Some("00098765")),
        ("Request (R-1A2B3C4D)", None),
        ("Reference: hello", None),
        ("In 2026 we move", None),
        ("case 1", None),
    ] {
        let sorted = sort_reply(subject, "", false);
        assert_eq!(sorted.ticket.as_deref(), wanted, "{subject}");
    }
    let in_text = sort_reply("Re:", "We opened ticket #4711-B for you", true);
    assert_eq!(in_text.ticket.as_deref(), Some("4711-B"));
}

#[test]
fn no_mail_makes_a_request_gone_or_refused_and_each_event_is_one_of_the_table() {
    for kind in ReplyKind::ALL {
        for state in TakedownState::ALL {
            let Some(event) = kind.event(*state) else {
                continue;
            };
            let after = next(*state, event).expect("a transition of the table");
            assert!(
                !matches!(after, TakedownState::Gone | TakedownState::Refused),
                "{kind:?} {state:?}"
            );
        }
    }
}

proptest! {
    #[test]
    fn no_text_breaks_the_rules(subject in "\\PC*", text in "(?s).*", automatic: bool) {
        let sorted = sort_reply(&subject, &text, automatic);
        prop_assert!(sorted.ticket.is_none_or(|it| it.len() <= MAX_TICKET_CHARS));
    }
}
