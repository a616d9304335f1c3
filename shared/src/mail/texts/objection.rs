//! Page on which the recipient of a request to remove objects to it, without an account.

use super::escaped;

/// The page with the form, and what is filled in already.
#[derive(Clone, Copy, Debug, Default)]
pub struct ObjectionPage<'a> {
    /// The reference that stands in the text of the request.
    pub reference: &'a str,
    /// Why the request is wrong.
    pub reason: &'a str,
    /// How to reach who objects.
    pub contact: &'a str,
    /// Why the form was not taken.
    pub fault: Option<&'a str>,
}

impl ObjectionPage<'_> {
    /// The page.
    #[must_use]
    pub fn html(&self) -> String {
        let fault = self.fault.map_or_else(String::new, |it| {
            format!("<p role=\"alert\"><strong>{}</strong></p>", escaped(it))
        });
        format!(
            page!(
                "Object to a request",
                "<h1>Object to a request</h1>\
                 <p>Did you get a request through Vara to remove something, and do you think that it is wrong? Say so \
                 here. Nothing more is sent to you about it until two people at Vara have looked at it.</p>{fault}\
                 <form method=\"post\">\
                 <p><label>Reference, as it stands in the request<br>\
                 <input name=\"reference\" value=\"{reference}\" required maxlength=\"20\" placeholder=\"R-1A2B3C4D\"></label></p>\
                 <p><label>Why the request is wrong<br>\
                 <textarea name=\"reason\" required minlength=\"10\" maxlength=\"2000\" rows=\"10\" cols=\"60\">\n{reason}</textarea></label></p>\
                 <p><label>How we can reach you<br>\
                 <input name=\"contact\" value=\"{contact}\" required maxlength=\"200\"></label></p>\
                 <button>Send</button></form>\
                 <p>Whoever made the request does not see what you write here, nor who you are.</p>"
            ),
            fault = fault,
            reference = escaped(self.reference),
            reason = escaped(self.reason),
            contact = escaped(self.contact),
        )
    }
}

/// The page after that; the same for every reference.
pub const OBJECTION_TAKEN_PAGE: &str = page!(
    "Object to a request",
    "<p>Thank you. If there is a request with this reference, two people at Vara will look at it.</p>"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_still_there_and_is_never_markup() {
        let page = ObjectionPage {
            reference: "R-1A2B3C4D\" onfocus=\"x",
            reason: "</textarea><script>alert(1)</script>",
            contact: "'><b>",
            fault: Some("Please say in <10> words"),
        };
        let html = page.html();
        for markup in ["<script", "</textarea><s", "\" onfocus", "<b>", "<10>"] {
            assert!(!html.contains(markup), "{markup}");
        }
        assert!(html.contains("&lt;/textarea&gt;&lt;script&gt;alert(1)&lt;/script&gt;"));
        assert!(html.contains("role=\"alert\""));
        assert!(!ObjectionPage::default().html().contains("role=\"alert\""));
    }
}
