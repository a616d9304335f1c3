//! `/api/v1/documents`.

use api_documents::{SaveRequest, TemplateSummary};
use serde_json::{Value, json};
use vara::domain::document::{DiffPart, Document, DocumentKind, DocumentStatus};
use vara::domain::{ArchiveScope, Download};
use vara::services::documents::{
    DocumentCheck, DocumentPatch, DocumentSigning, DocumentVersion, DocumentWithBody,
    FieldsRequest, NewDocument,
};
use vara::services::record::file_addresses::FileAddress;
use vara::store::VersionAbout;
use vara::templates::Template;

use crate::operation::Operation;

const ALL: &str = "/api/v1/documents";
const ONE: &str = "/api/v1/documents/{id}";
const VERSIONS: &str = "/api/v1/documents/{id}/versions";
const VERSION: &str = "/api/v1/documents/{id}/versions/{number}";

pub(super) fn operations() -> Vec<Operation> {
    let mut all = vec![list(), create(), read(), save(), change()];
    all.extend(fate());
    all.extend(versions());
    all.extend([copy(), export()]);
    all.extend(templates());
    all.extend(files());
    all
}

fn list() -> Operation {
    let kinds = DocumentKind::ALL.iter().map(|it| it.as_str());
    let statuses = DocumentStatus::ALL.iter().map(|it| it.as_str());
    Operation::new("get", ALL, "listDocuments", "List documents")
        .about("Without their texts, the last changed first. Those in the trash are listed where they are asked for.")
        .several("kind", "Only of these kinds.", &kinds.collect::<Vec<_>>())
        .several("status", "Only in these states.", &statuses.collect::<Vec<_>>())
        .page::<Document>("A page of documents.")
}

fn create() -> Operation {
    writes(Operation::new("post", ALL, "createDocument", "Create a document"))
        .about(
            "The text is Markdown of at most 64 KiB without HTML, pictures, and links that do not show their whole \
             address; lines end with LF, characters are composed (NFC). It is sealed with her data key. Made from a \
             template, it has the text of the template with the fields filled in; a required field that is not filled \
             in stands in it as `[[label]]`.",
        )
        .takes::<NewDocument>()
        .data::<DocumentWithBody>(201, "The document, with its first version.")
        .refuses(409, &["TOO_MANY_DOCUMENTS"])
        .refuses(413, &["TOO_LARGE"])
        .refuses(404, &["ACCOUNT_NOT_FOUND", "TEMPLATE_NOT_FOUND"])
}

fn templates() -> [Operation; 4] {
    let kinds = DocumentKind::ALL.iter().map(|it| it.as_str());
    let language = || json!({ "type": "string", "example": "de" });
    let id = json!({ "type": "string", "minLength": 1, "example": "notice-us-tida" });
    [
        Operation::new("get", "/api/v1/documents/templates", "listDocumentTemplates", "List the templates of documents")
            .about("Whoever reads `checkedBy` `null`: no lawyer has confirmed this text yet.")
            .several("kind", "Only of these kinds.", &kinds.collect::<Vec<_>>())
            .query("language", "Only in this language.", language())
            .data_list::<TemplateSummary>("The templates."),
        Operation::new("get", "/api/v1/documents/templates/{id}", "getDocumentTemplate", "Get a template of documents")
            .about("Its fields, its parts and the statements that are ticked before a text is signed.")
            .part("id", "The id of the template.", id)
            .query("language", "The language; English where there is no text in it.", language())
            .data::<Template>(200, "The template.")
            .refuses(404, &["TEMPLATE_NOT_FOUND"]),
        has_body(changes(Operation::new(
            "post",
            "/api/v1/documents/{id}/fields",
            "fillDocument",
            "Fill in fields of a document",
        )))
        .about(
            "For documents that were made from a template. Fields that are not named stay, `null` empties one. SharedParts \
             of the text that were changed by hand stay as they are and are named in `template.kept`. `If-Match` is \
             honoured where it is sent.",
        )
        .header("If-Match", "The `ETag` of the document.")
        .takes::<FieldsRequest>()
        .data::<DocumentWithBody>(200, "The document with its new version.")
        .refuses(404, &["TEMPLATE_NOT_FOUND"])
        .refuses(
            409,
            &["FROZEN", "TOO_MANY_VERSIONS", "DOCUMENT_IN_TRASH", "NOT_FROM_TEMPLATE", "TEMPLATE_CHANGED"],
        )
        .refuses(412, &["VERSION_CONFLICT"])
        .refuses(413, &["TOO_LARGE"]),
        one(Operation::new("post", "/api/v1/documents/{id}/check", "checkDocument", "Check a document"))
            .about(
                "Rules, not a model: what is missing, what is personal, what reads as a threat, what is in no field. \
                 Places are counted in characters.",
            )
            .data::<DocumentCheck>(200, "What was found.")
            .refuses(404, &["VERSION_NOT_FOUND", "ACCOUNT_NOT_FOUND"]),
    ]
}

fn read() -> Operation {
    one(Operation::new("get", ONE, "getDocument", "Get a document"))
        .about("The `ETag` is the revision, which every change moves on; it is sent back as `If-Match`.")
        .data::<DocumentWithBody>(200, "The document with its text.")
        .refuses(404, &["VERSION_NOT_FOUND", "ACCOUNT_NOT_FOUND"])
}

fn save() -> Operation {
    has_body(changes(Operation::new("put", ONE, "saveDocument", "Save the text of a document")))
        .about(
            "Saves a whole new text as a new version. `If-Match` must name the `ETag` of the document: 428 without it, \
             412 with the current version and revision if the document was changed meanwhile.",
        )
        .header("If-Match", "The `ETag` of the document.")
        .takes::<SaveRequest>()
        .data::<DocumentWithBody>(200, "The document with its new version.")
        .refuses(409, &["FROZEN", "LOCKED_TEXT_CHANGED", "TOO_MANY_VERSIONS", "DOCUMENT_IN_TRASH"])
        .refuses(412, &["VERSION_CONFLICT"])
        .refuses(413, &["TOO_LARGE"])
        .refuses(428, &["PRECONDITION_REQUIRED"])
}

fn change() -> Operation {
    has_body(changes(Operation::new(
        "patch",
        ONE,
        "changeDocument",
        "Change a document beside its text",
    )))
    .about("What is not named stays. `If-Match` is honoured where it is sent.")
    .header("If-Match", "The `ETag` of the document.")
    .takes::<DocumentPatch>()
    .data::<DocumentWithBody>(200, "The document after the change.")
    .refuses(409, &["DOCUMENT_IN_TRASH", "MISSING_FIELDS"])
    .refuses(412, &["VERSION_CONFLICT"])
}

fn fate() -> [Operation; 4] {
    let back = "/api/v1/documents/{id}/take-back";
    let erase = "/api/v1/documents/{id}/erase";
    [
        changes(Operation::new(
            "delete",
            ONE,
            "trashDocument",
            "Put a document into the trash",
        ))
        .about("It is erased from there after 30 days.")
        .data::<vara::http::Deleted>(200, "The document lies in the trash."),
        changes(Operation::new(
            "post",
            back,
            "takeBackDocument",
            "Take a document out of the trash",
        ))
        .data::<DocumentWithBody>(200, "The document as it was before."),
        changes(Operation::new(
            "post",
            erase,
            "eraseDocument",
            "Erase a document for good",
        ))
        .about("Removes all its versions.")
        .recent()
        .data::<vara::http::Deleted>(200, "The document is gone."),
        changes(Operation::new(
            "post",
            "/api/v1/documents/{id}/sign",
            "signDocument",
            "Sign a document",
        ))
        .about(
            "The version and its hash say what was read, the name is typed by her. The text cannot change any more; it \
             can be copied. Signed by the same name already, it stays as it is. A text that was made from a template \
             must be complete, and every statement of the one who signs ticked.",
        )
        .recent()
        .takes::<DocumentSigning>()
        .data::<DocumentWithBody>(200, "The signed document.")
        .refuses(
            409,
            &["FROZEN", "NOT_SIGNABLE", "DOCUMENT_IN_TRASH", "MISSING_FIELDS", "STATEMENTS_NOT_TICKED"],
        )
        .refuses(412, &["VERSION_CONFLICT"]),
    ]
}

fn versions() -> [Operation; 4] {
    let restore = "/api/v1/documents/{id}/versions/{number}/restore";
    let diff = "/api/v1/documents/{id}/diff";
    let unit = json!({ "type": "string", "enum": ["line", "word"], "default": "line" });
    [
        one(Operation::new("get", VERSIONS, "listDocumentVersions", "List the versions of a document"))
            .about(
                "Without their texts, the first first. Of a draft the last 50 are kept, and before those the first of \
                 each day.",
            )
            .data_list::<VersionAbout>("The versions that are kept."),
        one(Operation::new("get", VERSION, "getDocumentVersion", "Get a version of a document"))
            .part("number", "The number of the version.", number())
            .data::<DocumentVersion>(200, "The version with its text.")
            .refuses(404, &["VERSION_NOT_FOUND", "ACCOUNT_NOT_FOUND"]),
        changes(Operation::new("post", restore, "restoreDocumentVersion", "Restore a version of a document"))
            .about("Takes the text of an earlier version again, as a new version.")
            .part("number", "The number of the version.", number())
            .data::<DocumentWithBody>(200, "The document with its new version.")
            .refuses(404, &["VERSION_NOT_FOUND"])
            .refuses(409, &["FROZEN", "TOO_MANY_VERSIONS", "DOCUMENT_IN_TRASH"]),
        one(Operation::new("get", diff, "diffDocument", "Compare two versions of a document"))
            .about(
                "Equal parts and deletions together are the one text, equal parts and insertions the other. Texts of \
                 very many words are compared by lines.",
            )
            .query("from", "The earlier version; the one before `to` if it is not named.", number())
            .query("to", "The later version; the current one if it is not named.", number())
            .query("by", "What is compared.", unit)
            .data_list::<DiffPart>("The difference, in the order of the text.")
            .refuses(404, &["VERSION_NOT_FOUND", "ACCOUNT_NOT_FOUND"]),
    ]
}

fn copy() -> Operation {
    changes(Operation::new(
        "post",
        "/api/v1/documents/{id}/copy",
        "copyDocument",
        "Copy a document",
    ))
    .about("A new draft with the current text, title, links and language.")
    .data::<DocumentWithBody>(201, "The copy.")
    .refuses(409, &["TOO_MANY_DOCUMENTS"])
}

fn export() -> Operation {
    let format = json!({ "type": "string", "enum": ["md", "txt", "pdf", "docx"], "default": "md" });
    let paper = json!({ "type": "string", "enum": ["A4", "LETTER"], "default": "A4" });
    one(Operation::new("get", "/api/v1/documents/{id}/export", "exportDocument", "Export a document"))
        .about(
            "The same bytes for the same version. The name of the file is `document-` and the number of the document; \
             it says nothing of what is in it. Markdown and plain text are answered at once. PDF and DOCX are made in \
             the background: 202 with the file, whose address is asked for when it is `READY`.",
        )
        .query("format", "The form.", format)
        .query("paper", "The size of the pages of PDF and DOCX.", paper)
        .data::<Download>(202, "The file, which is being made or is there.")
        .refuses(429, &["TOO_MANY_WRITES"])
        .text("text/markdown", "The text.")
        .text("text/plain", "The text without marks.")
        .refuses(404, &["VERSION_NOT_FOUND", "ACCOUNT_NOT_FOUND"])
}

fn files() -> [Operation; 5] {
    let missing = ["FILE_NOT_FOUND"];
    let scopes = ArchiveScope::ALL.iter().map(|it| it.as_str());
    let scopes: Vec<&str> = scopes.collect();
    let token = json!({ "type": "string", "minLength": 1 });
    [
        Operation::new(
            "get",
            "/api/v1/documents/downloads/{id}",
            "getDownload",
            "Get how far a file is",
        )
        .about("A file can be fetched for 24 hours.")
        .any_id()
        .data::<Download>(200, "The file.")
        .refuses(404, &missing),
        writes(Operation::new(
            "post",
            "/api/v1/documents/downloads/{id}/address",
            "createDownloadAddress",
            "Create the address of a file",
        ))
        .about(
            "Under the address the file can be fetched once, within ten minutes, without a token. A file with `parts` is \
             fetched part by part, each by an address of its own. For an archive the password must have been entered \
             within the last 15 minutes.",
        )
        .any_id()
        .not_repeatable()
        .query("part", "The number of the part, from 1.", number())
        .data::<FileAddress>(201, "The address.")
        .refuses(400, &["VALIDATION_ERROR"])
        .refuses(403, &["STEP_UP_REQUIRED"])
        .refuses(404, &missing)
        .refuses(404, &["PART_NOT_FOUND", "ACCOUNT_NOT_FOUND"])
        .refuses(409, &["FILE_NOT_READY"]),
        Operation::new(
            "get",
            "/api/v1/documents/files/{token}",
            "fetchFile",
            "Fetch a file",
        )
        .open()
        .about("Uses the address up.")
        .part("token", "The last part of the address.", token)
        .bytes("application/pdf", "The file.")
        .bytes(
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "The file.",
        )
        .bytes("application/zip", "An archive in one piece.")
        .bytes("application/octet-stream", "A part of a file.")
        .refuses(404, &["FILE_NOT_FOUND", "ACCOUNT_NOT_FOUND"]),
        archive(Operation::new(
            "post",
            "/api/v1/documents/archives",
            "createArchive",
            "Create an archive of the record",
        ))
        .about(
            "A ZIP file of readable JSON with an `index.json`, made in the background: account, preferences, answers, \
             plan, pictures with their copies, findings, alerts, scans, linked accounts, documents with all versions, \
             evidence, requests and events. Passwords, tokens and secrets are not in it, and of evidence the bytes are \
             in its packs. An archive that is being made, or was asked for within 15 minutes, is answered again.",
        )
        .query("scope", "What is in it.", json!({ "type": "string", "enum": scopes, "default": "EVERYTHING" }))
        .refuses(400, &["VALIDATION_ERROR"]),
        archive(Operation::new(
            "get",
            "/api/v1/documents/export",
            "exportDocuments",
            "Export all documents",
        ))
        .about("Has an archive of all documents with their versions made, as `createArchive` with the scope `DOCUMENTS` does."),
    ]
}

fn archive(it: Operation) -> Operation {
    writes(it)
        .recent()
        .data::<Download>(202, "The archive, which is being made or is there.")
        .refuses(404, &["ACCOUNT_NOT_FOUND"])
}

fn one(it: Operation) -> Operation {
    it.any_id().refuses(404, &["DOCUMENT_NOT_FOUND"])
}

fn writes(it: Operation) -> Operation {
    it.refuses(429, &["TOO_MANY_WRITES"])
}

fn changes(it: Operation) -> Operation {
    writes(one(it)).refuses(404, &["VERSION_NOT_FOUND", "ACCOUNT_NOT_FOUND"])
}

fn has_body(it: Operation) -> Operation {
    it.refuses(400, &["VALIDATION_ERROR", "INVALID_JSON"])
        .refuses(413, &["FST_ERR_CTP_BODY_TOO_LARGE"])
}

fn number() -> Value {
    json!({ "type": "integer", "minimum": 1, "maximum": 999_999 })
}
