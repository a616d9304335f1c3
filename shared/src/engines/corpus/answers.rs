//! Answers of servers that mean no good, and bytes that are no picture or one that nobody should open.

use super::super::fetch::FetchRefusal::{
    self, NotAPicture, Redirects, Status, TooLarge, Unreachable,
};

/// A picture of one pixel.
pub(in super::super) const GIF: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";

/// What a server sends: everything, or a beginning and then one piece after the other without end.
#[derive(Clone)]
pub(in super::super) struct ServerAnswer {
    pub(in super::super) what: &'static str,
    pub(in super::super) first: Vec<u8>,
    pub(in super::super) endless: Option<Vec<u8>>,
    pub(in super::super) want: FetchRefusal,
}

fn whole(what: &'static str, first: impl Into<Vec<u8>>, want: FetchRefusal) -> ServerAnswer {
    ServerAnswer {
        what,
        first: first.into(),
        endless: None,
        want,
    }
}

fn endless(
    what: &'static str,
    first: &str,
    piece: impl Into<Vec<u8>>,
    want: FetchRefusal,
) -> ServerAnswer {
    ServerAnswer {
        endless: Some(piece.into()),
        ..whole(what, first, want)
    }
}

fn http(head: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {head}\r\nconnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

fn image(kind: &str, body: &[u8]) -> Vec<u8> {
    http(&format!("200 OK\r\ncontent-type: {kind}"), body)
}

/// Answers that are refused for what they say or are.
pub(in super::super) fn answers() -> Vec<ServerAnswer> {
    let mut all = statuses();
    all.extend(types());
    all.extend(lengths());
    all.extend(no_http());
    all
}

fn statuses() -> Vec<ServerAnswer> {
    let codes = [
        201, 202, 203, 204, 205, 206, 226, 400, 401, 402, 403, 404, 407, 410, 416, 418, 429, 451,
        500, 502, 503, 504, 599,
    ];
    let mut all: Vec<_> = codes
        .map(|code| {
            let head = format!("{code} X\r\ncontent-type: image/gif");
            whole("a status", http(&head, GIF), Status(code))
        })
        .into();
    for code in [300, 301, 302, 303, 304, 305, 306, 307, 308, 399] {
        let head = format!("{code} X\r\ncontent-type: image/gif");
        all.push(whole(
            "a redirect to nowhere",
            http(&head, GIF),
            Status(code),
        ));
        let around = format!("{code} X\r\nlocation: ?");
        all.push(whole(
            "a redirect in a circle",
            http(&around, b""),
            Redirects,
        ));
    }
    let odd = b"HTTP/1.1 302 X\r\nlocation: http://\xff\xfe/\r\nconnection: close\r\n\r\n";
    all.push(whole("a redirect that is no text", *odd, Status(302)));
    all
}

fn types() -> Vec<ServerAnswer> {
    let claims = [
        "",
        "text/html",
        "text/plain",
        "application/octet-stream",
        "application/json",
        "application/pdf",
        "video/mp4",
        "multipart/x-mixed-replace",
        "imagex/gif",
        "x-image/gif",
        "text/html, image/gif",
    ];
    let mut all: Vec<_> = claims
        .map(|claim| {
            whole(
                "a picture that says it is none",
                image(claim, GIF),
                NotAPicture,
            )
        })
        .into();
    all.push(whole(
        "a picture of no type",
        http("200 OK", GIF),
        NotAPicture,
    ));
    for (what, bytes) in no_pictures() {
        for claim in [
            "image/jpeg",
            "IMAGE/PNG; charset=utf-8",
            "image/svg+xml",
            "image/*",
        ] {
            all.push(whole(what, image(claim, bytes), NotAPicture));
        }
    }
    for coding in ["gzip", "deflate", "br", "zstd", "compress"] {
        let head = format!("200 OK\r\ncontent-type: image/gif\r\ncontent-encoding: {coding}");
        let packed = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03";
        all.push(whole("a packed body", http(&head, packed), NotAPicture));
    }
    all
}

/// Things that are sent as pictures.
fn no_pictures() -> [(&'static str, &'static [u8]); 18] {
    [
        ("nothing", b""),
        ("one byte", b"G"),
        ("half a name", b"GIF8"),
        ("a page", b"<!doctype html><script>alert(1)</script>"),
        ("a page behind spaces", b"\n\n   <html>GIF89a"),
        ("a drawing with a script", b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>"),
        ("a drawing that reads files", b"<?xml version=\"1.0\"?><!DOCTYPE svg [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><svg>&x;</svg>"),
        ("PostScript", b"%!PS-Adobe-3.0 EPSF-3.0\n(/etc/passwd) (r) file"),
        ("a script for ImageMagick", b"push graphic-context\nviewbox 0 0 1 1\nfill 'url(https://e.example/\"|id)'"),
        ("a document", b"%PDF-1.7\n"),
        ("an archive", b"PK\x03\x04GIF89a"),
        ("a program", b"\x7fELF\x02\x01\x01"),
        ("another program", b"MZ\x90\x00"),
        ("a film", b"\x00\x00\x00\x18ftypmp42"),
        ("a playlist", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd"),
        ("a TIFF", b"II*\x00\x08\x00\x00\x00"),
        ("a BMP", b"BM\x00\x00\x00\x00"),
        ("an ICO", b"\x00\x00\x01\x00\x01\x00"),
    ]
}

fn lengths() -> Vec<ServerAnswer> {
    let long = |length: &str| {
        let head = format!("200 OK\r\ncontent-type: image/gif\r\ncontent-length: {length}");
        http(&head, GIF)
    };
    let chunked = |body: &str| {
        let head = "200 OK\r\ncontent-type: image/gif\r\ntransfer-encoding: chunked";
        http(head, body.as_bytes())
    };
    vec![
        whole("a length above what we take", long("10485761"), TooLarge),
        whole("a length of a gigabyte", long("1073741824"), TooLarge),
        whole("the longest length", long("9223372036854775807"), TooLarge),
        whole("more promised than sent", long("999"), Unreachable),
        whole("less promised than a name", long("3"), NotAPicture),
        whole("nothing promised", long("0"), NotAPicture),
        whole("a length below nothing", long("-1"), Unreachable),
        whole("a length in words", long("many"), Unreachable),
        whole("a length in hex", long("0x20"), Unreachable),
        whole(
            "a length beyond numbers",
            long("99999999999999999999999"),
            Unreachable,
        ),
        whole("two lengths", long("10\r\ncontent-length: 35"), Unreachable),
        whole("two lengths in one", long("10, 35"), Unreachable),
        whole(
            "pieces of a size beyond numbers",
            chunked("FFFFFFFFFFFFFFFFFF\r\nGIF89a"),
            Unreachable,
        ),
        whole("pieces of no size", chunked("GIF89a\r\n"), Unreachable),
        whole(
            "pieces of a size below nothing",
            chunked("-6\r\nGIF89a\r\n0\r\n\r\n"),
            Unreachable,
        ),
        whole(
            "pieces that break off",
            chunked("20\r\nGIF89a"),
            Unreachable,
        ),
        whole(
            "a picture larger than we take",
            image("image/gif", &large()),
            TooLarge,
        ),
        endless(
            "a picture without end",
            "HTTP/1.1 200 OK\r\ncontent-type: image/gif\r\n\r\nGIF89a",
            [0; 65536],
            TooLarge,
        ),
        endless(
            "pieces without end",
            "HTTP/1.1 200 OK\r\ncontent-type: image/gif\r\ntransfer-encoding: chunked\r\n\r\n",
            piece(),
            TooLarge,
        ),
    ]
}

fn large() -> Vec<u8> {
    [GIF, &vec![0; 10 * 1024 * 1024]].concat()
}

fn piece() -> Vec<u8> {
    [b"10000\r\n".as_slice(), &[0; 65536], b"\r\n"].concat()
}

fn no_http() -> Vec<ServerAnswer> {
    let crowd: String = (0..200).map(|at| format!("x-{at}: 1\r\n")).collect();
    let long = format!("x: {}\r\n", "x".repeat(2 * 1024 * 1024));
    let with = |head: &str| {
        http(
            &format!("200 OK\r\ncontent-type: image/gif\r\n{head}a: b"),
            GIF,
        )
    };
    vec![
        whole("nothing at all", "", Unreachable),
        whole(
            "a greeting of another service",
            "SSH-2.0-OpenSSH_9.9\r\n",
            Unreachable,
        ),
        whole(
            "a greeting of a mail server",
            "220 mail.example ESMTP\r\n",
            Unreachable,
        ),
        whole(
            "an answer of a store",
            "-ERR wrong number of arguments for 'get' command\r\n",
            Unreachable,
        ),
        whole("an answer of the oldest web", GIF, Unreachable),
        whole(
            "an encrypted answer",
            "\u{15}\u{3}\u{1}\u{0}\u{2}\u{2}\u{46}",
            Unreachable,
        ),
        whole(
            "a newer protocol",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            Unreachable,
        ),
        whole(
            "a protocol that is none",
            "HTTP/9.9 200 OK\r\n\r\n",
            Unreachable,
        ),
        whole(
            "a status that is none",
            "HTTP/1.1 20 OK\r\n\r\n",
            Unreachable,
        ),
        whole(
            "half a head",
            "HTTP/1.1 200 OK\r\ncontent-type: ima",
            Unreachable,
        ),
        whole("a crowd of headers", with(&crowd), Unreachable),
        whole("a header of megabytes", with(&long), Unreachable),
        whole("a header that is none", with("\u{0}: x\r\n"), Unreachable),
        whole(
            "another protocol from here on",
            http("101 X\r\nupgrade: h2c\r\nconnection: upgrade", GIF),
            Status(101),
        ),
        endless(
            "a head without end",
            "HTTP/1.1 200 OK\r\n",
            "x: y\r\n".repeat(1000),
            Unreachable,
        ),
        endless(
            "a line without end",
            "HTTP/1.1 200 ",
            "x".repeat(65536),
            Unreachable,
        ),
    ]
}

/// Answers that are refused for how they come. Each keeps the line open.
pub(in super::super) fn slow_answers() -> Vec<(&'static str, Vec<u8>, Vec<u8>)> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: image/gif\r\n";
    let text = |it: &str| it.as_bytes().to_vec();
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n");
    vec![
        ("silence", vec![], vec![]),
        ("a head and silence", text(head), vec![]),
        (
            "a body that never comes",
            text(&format!("{head}content-length: 9\r\n\r\n")),
            vec![],
        ),
        (
            "a body that stops",
            text(&format!("{head}content-length: 99\r\n\r\nGIF89a")),
            vec![],
        ),
        (
            "a body in drops",
            text(&format!("{head}\r\nGIF89a")),
            text("x"),
        ),
        ("pieces in drops", text(&chunked), text("1\r\nx\r\n")),
        ("a head in drops", text("HTTP/1.1 200 OK\r\nx: "), text("x")),
        ("a status in drops", text("HTTP/1.1 2"), text("0")),
        (
            "wait and wait",
            vec![],
            text("HTTP/1.1 102 Processing\r\n\r\n"),
        ),
        (
            "go on and on",
            vec![],
            text("HTTP/1.1 100 Continue\r\n\r\n"),
        ),
    ]
}

/// Bytes that begin as a picture and are none, or one that must not be opened. The fetcher looks at
/// beginnings only; what opens pictures refuses these.
pub(in super::super) fn pictures_that_are_none() -> Vec<(&'static str, Vec<u8>)> {
    let gif = |width: u16, height: u16, rest: &[u8]| {
        [
            b"GIF89a".as_slice(),
            &width.to_le_bytes(),
            &height.to_le_bytes(),
            rest,
        ]
        .concat()
    };
    let png = |width: u32, height: u32, depth: u8, colour: u8| {
        let mut chunk = b"IHDR".to_vec();
        chunk.extend(width.to_be_bytes());
        chunk.extend(height.to_be_bytes());
        chunk.extend([depth, colour, 0, 0, 0]);
        let sum = crc(&chunk).to_be_bytes();
        [
            b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0d".as_slice(),
            &chunk,
            &sum,
            b"\x00\x00\x00\x00IDAT\x35\xaf\x06\x1e\x00\x00\x00\x00IEND\xaeB`\x82",
        ]
        .concat()
    };
    let jpeg = |width: u16, height: u16| {
        let sides = [height.to_be_bytes(), width.to_be_bytes()].concat();
        [
            b"\xff\xd8\xff\xc0\x00\x11\x08".as_slice(),
            &sides,
            b"\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01\xff\xd9",
        ]
        .concat()
    };
    let webp = |bits: [u8; 4]| {
        [
            b"RIFF\x1e\x00\x00\x00WEBPVP8L\x11\x00\x00\x00\x2f".as_slice(),
            &bits,
            &[0; 12],
        ]
        .concat()
    };
    vec![
        (
            "a script that begins as a GIF",
            b"GIF89a=1;alert(document.domain);//".to_vec(),
        ),
        (
            "a page that begins as a GIF",
            b"GIF89a<html><script>alert(1)</script>".to_vec(),
        ),
        (
            "a page that begins as a JPEG",
            b"\xff\xd8\xff\xe0<?php system($_GET['c']); ?>".to_vec(),
        ),
        (
            "an archive that begins as a PNG",
            b"\x89PNG\r\n\x1a\nPK\x03\x04".to_vec(),
        ),
        ("a name and nothing else", b"\x89PNG\r\n\x1a\n".to_vec()),
        (
            "a container and nothing else",
            b"RIFF\x04\x00\x00\x00WEBP".to_vec(),
        ),
        (
            "a GIF of four gigapixels",
            gif(
                65535,
                65535,
                b"\x00\x00\x00,\x00\x00\x00\x00\xff\xff\xff\xff\x00\x02\x02D\x01\x00;",
            ),
        ),
        ("a GIF of no pixel", gif(0, 0, b"\x00\x00\x00;")),
        ("a GIF without a frame", gif(9, 9, b"\x00\x00\x00;")),
        (
            "a PNG of four exapixels",
            png(u32::MAX >> 1, u32::MAX >> 1, 16, 6),
        ),
        ("a PNG of ten gigapixels", png(100_000, 100_000, 8, 2)),
        ("a PNG as thin as a line", png(50_000_000, 1, 1, 0)),
        ("a PNG of no pixel", png(0, 0, 8, 2)),
        ("a PNG without pixels", png(100, 100, 8, 2)),
        ("a JPEG of four gigapixels", jpeg(65500, 65500)),
        ("a JPEG without pixels", jpeg(64, 64)),
        ("a JPEG of no pixel", jpeg(0, 0)),
        (
            "a WebP of hundreds of megapixels",
            webp([0xff, 0xff, 0xff, 0x0f]),
        ),
        ("a WebP without pixels", webp([0x63, 0xc0, 0x18, 0x00])),
    ]
}

/// The check sum of a PNG's chunk.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0xEDB8_8320 & (sum & 1).wrapping_neg())
        })
    })
}
