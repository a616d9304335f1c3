use proptest::prelude::*;

use super::*;

/// A mail with the headers of the mail service above it.
fn stored(results: &str, mail: &str) -> Vec<u8> {
    let text = format!(
        "Return-Path: <bounce@b.example>\n\
         Received: from mail.b.example by inbound-smtp.eu-central-1.amazonaws.com with SMTP id abc for c-x@post.example; Mon, 30 Nov 2026 12:00:00 +0000 (UTC)\n\
         X-SES-Spam-Verdict: PASS\nX-SES-Virus-Verdict: PASS\n\
         Received-SPF: pass (spfCheck)\n\
         Authentication-Results: amazonses.com; {results};\n\
         X-SES-RECEIPT: x\n{mail}"
    );
    text.replace('\n', "\r\n").into_bytes()
}

const PROVED: &str = "spf=pass client-ip=1.2.3.4; envelope-from=a@b.example; dkim=pass header.i=@b.example; dmarc=pass header.from=b.example";

fn read(mail: &str) -> InboundMail {
    InboundMail::read(stored(PROVED, mail)).unwrap()
}

#[test]
fn a_reply_is_read_with_its_thread_and_what_proves_it() {
    let mail = read(
        "From: Abuse <Abuse@B.example>\nTo: someone <C-Y@post.example>\nSubject: =?utf-8?q?Re:_caf=C3=A9?=\n\
         Message-ID: <m1@b.example>\nIn-Reply-To: <one@email.amazonses.com>\nReferences: <c-tag@post.example> <one@email.amazonses.com>\n\
         Auto-Submitted: auto-replied\nContent-Type: text/plain; charset=utf-8\n\nWe have it.\n\nBye\n",
    );
    assert_eq!(mail.from.as_deref(), Some("abuse@b.example"));
    assert_eq!(mail.to, ["c-x@post.example", "c-y@post.example"]);
    assert_eq!(
        (&*mail.subject, &*mail.text),
        ("Re: café", "We have it.\n\nBye")
    );
    assert!(
        mail.answers.contains(&"c-tag@post.example".to_owned()),
        "{:?}",
        mail.answers
    );
    assert!(mail.is_automatic && mail.delivery.is_none());
    assert!(mail.verdicts.prove("abuse@b.example") && mail.verdicts.prove("x@mail.b.example"));
    assert!(!mail.verdicts.prove("abuse@other.example"));
    let again = read("From: x@b.example\nMessage-ID: <m1@b.example>\n\nOther words");
    assert_eq!(mail.id, again.id, "by its Message-ID");
}

#[test]
fn what_the_writer_puts_below_proves_nothing() {
    let forged = "Authentication-Results: amazonses.com; dkim=pass header.i=@bank.example\nFrom: a@bank.example\nAuthentication-Results: amazonses.com; dmarc=pass header.from=bank.example\n\nx";
    let mail = InboundMail::read(stored("spf=none; dkim=none; dmarc=none", forged)).unwrap();
    assert!(!mail.verdicts.prove("a@bank.example"));
    let alone = "From: a@bank.example\nX-SES-Spam-Verdict: PASS\nX-SES-Virus-Verdict: PASS\nAuthentication-Results: amazonses.com; dmarc=pass header.from=bank.example\n\nx";
    let mail = InboundMail::read(alone.as_bytes().to_vec()).unwrap();
    assert!(
        !mail.verdicts.prove("a@bank.example"),
        "they are not at the top"
    );
    let failed = format!("{PROVED}; dmarc=fail header.from=b.example");
    let mail = InboundMail::read(stored(&failed, "From: a@b.example\n\nx")).unwrap();
    assert!(!mail.verdicts.prove("a@b.example"));
    for verdict in ["X-SES-Spam-Verdict", "X-SES-Virus-Verdict"] {
        let mail = stored(PROVED, "From: a@b.example\n\nx");
        let mail = String::from_utf8(mail).unwrap();
        let mail = mail.replace(&format!("{verdict}: PASS"), &format!("{verdict}: FAIL"));
        let mail = InboundMail::read(mail.into_bytes()).unwrap();
        assert!(!mail.verdicts.prove("a@b.example"), "{verdict}");
    }
    let two = read("From: a@b.example, c@d.example\n\nx");
    assert_eq!(two.from, None, "by several is by nobody");
    let twice = read("From: a@b.example\nFrom: c@d.example\n\nx");
    assert_eq!(twice.from, None);
}

#[test]
fn a_delivery_report_is_read() {
    let report = |action: &str, status: &str| {
        read(&format!(
            "From: MAILER-DAEMON@b.example\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=q\n\n\
             --q\nContent-Type: text/plain\n\nNo such user.\n\
             --q\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; b.example\n\nFinal-Recipient: rfc822; abuse@b.example\nAction: {action}\nStatus: {status}\n\n--q--\n"
        ))
    };
    let failed = report("failed", "5.1.1 (no such user)");
    let told = failed.delivery.clone().unwrap();
    assert!(told.is_failure());
    assert_eq!(failed.text, "No such user.");
    assert!(!report("delayed", "4.4.7").delivery.unwrap().is_failure());
    assert!(
        report("failed", "4.4.7").delivery.unwrap().is_failure(),
        "time is over"
    );
}

#[test]
fn of_html_the_words_are_kept_and_nothing_else() {
    let mail = read(
        "From: a@b.example\nContent-Type: text/html\n\n<html><head><style>p{}</style><script>alert(1)</script></head><body><p>It has been <b>removed</b>.</p><img src=\"https://b.example/pixel\"></body></html>",
    );
    assert!(mail.text.contains("It has been removed."), "{}", mail.text);
    assert!(
        !mail.text.contains('<') && !mail.text.contains("pixel") && !mail.text.contains("alert")
    );
}

#[test]
fn hostile_mails_cost_one_mail_and_no_more() {
    let nested = "Content-Type: message/rfc822\r\n\r\n".repeat(20_000);
    let boundaries: String = (0..5_000)
        .map(|it| format!("Content-Type: multipart/mixed; boundary=b{it}\r\n\r\n--b{it}\r\n"))
        .collect();
    let open = format!(
        "Content-Type: multipart/mixed; boundary=\"{}\"\r\n\r\n--",
        "x".repeat(100_000)
    );
    let many = format!("From: {}\r\n\r\nx", "a@b.example, ".repeat(20_000));
    let tags = format!("Content-Type: text/html\r\n\r\n{}", "<div>".repeat(40_000));
    let words = format!("Subject: {}\r\n\r\nx", "=?utf-8?q?=00=FF?= ".repeat(10_000));
    let long = format!("Subject: a\r\n\r\n{}", "y".repeat(2 * MAX_MAIL_BYTES));
    for (name, mail) in [
        ("nested", nested),
        ("boundaries", boundaries),
        ("open", open),
        ("many", many),
        ("tags", tags),
        ("words", words),
        ("long", long),
        ("nothing", String::new()),
        ("no headers", "\r\n\r\n".to_owned()),
    ] {
        if let Ok(mail) = InboundMail::read(mail.into_bytes()) {
            assert!(mail.text.chars().count() <= MAX_TEXT_CHARS, "{name}");
            assert!(mail.subject.chars().count() <= MAX_LINE_CHARS, "{name}");
            assert!(mail.to.len() <= MAX_ADDRESSES, "{name}");
            assert!(!mail.verdicts.prove("a@b.example"), "{name}");
        }
    }
    let zeros = InboundMail::read(vec![0; 1000]);
    assert!(zeros.is_err() || zeros.is_ok_and(|it| it.from.is_none()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_bytes_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..2000), cut in 0_usize..600) {
        let _ = InboundMail::read(bytes);
        let whole = stored(PROVED, "From: a@b.example\nContent-Type: multipart/report; boundary=q\n\n--q\nContent-Type: message/delivery-status\n\nAction: failed\n\n--q--\n");
        let cut = whole.get(..cut).unwrap_or(&whole).to_vec();
        let _ = InboundMail::read(cut);
    }
}

#[tokio::test]
async fn what_the_stand_in_stores_is_read_as_what_the_service_stores() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (sender, mut mails) = tokio::sync::mpsc::unbounded_channel();
    let beside = vara_engines::Beside {
        gateway: None,
        mails: Some(sender),
    };
    tokio::spawn(vara_engines::serve_beside(
        listener,
        beside,
        std::future::pending::<()>(),
    ));
    let mut written = async |mail: serde_json::Value| {
        let request = reqwest::Client::new().post(format!("{base}/_mail/inbound"));
        let reply = request.body(mail.to_string()).send().await.unwrap();
        assert_eq!(reply.status(), 202);
        InboundMail::read(mails.recv().await.unwrap().bytes).unwrap()
    };
    let (to, from) = ("c-x@post.vara.test", "abuse@b.example");
    let mail =
        written(serde_json::json!({ "to": to, "from": from, "text": "It is gone.\nBye" })).await;
    assert_eq!(mail.from.as_deref(), Some(from));
    assert!(mail.to.contains(&to.to_owned()) && mail.verdicts.prove(from));
    assert_eq!(
        (&*mail.text, mail.is_automatic),
        ("It is gone.\nBye", false)
    );
    let forged = serde_json::json!({ "to": to, "from": from, "proved": false });
    assert!(!written(forged).await.verdicts.prove(from));
    let report = serde_json::json!({ "to": to, "from": from, "text": "No.", "delivery": "failed" });
    let report = written(report).await;
    assert!(report.delivery.is_some_and(|it| it.is_failure()) && report.is_automatic);
    assert_eq!(report.text, "No.");
}
