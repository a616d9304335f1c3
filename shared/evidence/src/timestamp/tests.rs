use serde_json::Value;

use super::*;

struct Authorities {
    base: String,
    a: Authority,
    client: reqwest::Client,
}

impl Authorities {
    async fn start() -> Self {
        let base = vara_engines::start().await.expect("a port");
        let said: Value =
            serde_json::from_str(&vara_engines::time_stamp_authorities(&base)).expect("JSON");
        let root = said[0]["roots"][0].as_str().expect("a root");
        use base64::Engine as _;
        let root = base64::engine::general_purpose::STANDARD
            .decode(root)
            .expect("Base64");
        let policy = said[0]["policies"][0].as_str().expect("a policy");
        Self {
            base,
            a: Authority {
                roots: vec![root],
                intermediates: Vec::new(),
                policies: vec![policy.to_owned()],
            },
            client: reqwest::Client::new(),
        }
    }

    async fn ask(&self, path: &str, request: &[u8]) -> Vec<u8> {
        let asked = self
            .client
            .post(format!("{}/_tsa/{path}", self.base))
            .body(request.to_vec());
        let reply = asked.send().await.expect("an answer");
        reply.bytes().await.expect("bytes").to_vec()
    }
}

fn a_request() -> Vec<u8> {
    request(&[9; 32], [0, 0x80, 1, 2, 3, 4, 5, 6]).expect("a request")
}

#[test]
fn a_request_is_read_as_it_is_written() {
    for first in [0, 1, 0x7f, 0x80, 0xff] {
        let der = request(&[9; 32], [first, 0, 0, 0, 0, 0, 0, 1]).expect("a request");
        let (hash, nonce) = read_request(&der).expect("a request");
        assert_eq!((hash, nonce.len()), ([9; 32], 8), "{first}");
    }
    assert_eq!(read_request(b""), None);
}

#[tokio::test]
async fn stamps_with_both_kinds_of_keys_are_believed() {
    let authorities = Authorities::start().await;
    for name in ["a", "b"] {
        let request = a_request();
        let answer = authorities.ask(name, &request).await;
        let stamp = verify(&request, &answer, &authorities.a).expect("a time stamp");
        let wanted = std::slice::from_ref(&stamp.policy);
        assert_eq!(authorities.a.policies, wanted);
        assert!(stamp.certificate_ends > stamp.at);
        // The stamp of another hash, or of the same at another time, is none.
        let other = request_of_other();
        assert_eq!(
            verify(&other, &answer, &authorities.a),
            Err(StampFault::WrongImprint)
        );
    }
}

fn request_of_other() -> Vec<u8> {
    request(&[8; 32], [0, 0x80, 1, 2, 3, 4, 5, 6]).expect("a request")
}

#[tokio::test]
async fn every_mistake_is_told() {
    let authorities = Authorities::start().await;
    let request = a_request();
    for (path, fault) in [
        ("a/wrong-nonce", StampFault::WrongNonce),
        ("b/wrong-imprint", StampFault::WrongImprint),
        ("a/wrong-certificate", StampFault::WrongCertificate),
        ("b/wrong-signature", StampFault::WrongSignature),
        ("a/expired", StampFault::Untrusted),
        ("a/wide", StampFault::WrongUsage),
        ("a/refused", StampFault::Refused(2)),
        ("a/html", StampFault::NotAnAnswer),
    ] {
        let answer = authorities.ask(path, &request).await;
        assert_eq!(
            verify(&request, &answer, &authorities.a),
            Err(fault),
            "{path}"
        );
    }
    let answer = authorities.ask("a", &request).await;
    let strange = Authority {
        roots: Vec::new(),
        ..authorities.a.clone()
    };
    assert_eq!(
        verify(&request, &answer, &strange),
        Err(StampFault::Untrusted)
    );
    let strict = Authority {
        policies: vec!["1.2.3".into()],
        ..authorities.a.clone()
    };
    assert_eq!(
        verify(&request, &answer, &strict),
        Err(StampFault::WrongPolicy)
    );
}

#[tokio::test]
async fn no_changed_or_cut_answer_is_believed_and_none_panics() {
    let authorities = Authorities::start().await;
    let request = a_request();
    for name in ["a", "b"] {
        let answer = authorities.ask(name, &request).await;
        let stamp = verify(&request, &answer, &authorities.a).expect("a time stamp");
        for at in 0..answer.len() {
            assert!(
                verify(&request, &answer[..at], &authorities.a).is_err(),
                "cut at {at}"
            );
            let mut changed = answer.clone();
            changed[at] ^= 0x55;
            let verified = verify(&request, &changed, &authorities.a);
            // The numbers of versions, say, are not signed: what is vouched for stays the same.
            let says_the_same = verified.as_ref() == Ok(&stamp);
            assert!(
                verified.is_err() || says_the_same,
                "changed at {at} of {name}: {verified:?}"
            );
        }
    }
}
