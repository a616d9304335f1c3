//! Marks of generative AI: names, settings and source statements that image generators leave.
//!
//! A mark is evidence, its absence is not: one screenshot removes them all.
//! Names count only where a file names the program it was made with, so that a
//! caption about fireflies is no finding.

use super::bytes::contains;

/// Image generators, in lower-case letters, as they sign themselves.
const GENERATOR_NAMES: [&[u8]; 19] = [
    b"adobe firefly",
    b"automatic1111",
    b"bing image creator",
    b"comfyui",
    b"craiyon",
    b"dall-e",
    b"dall\xc2\xb7e",
    b"dreamstudio",
    b"easy diffusion",
    b"flux.1",
    b"fooocus",
    b"ideogram.ai",
    b"invokeai",
    b"leonardo.ai",
    b"midjourney",
    b"nightcafe",
    b"novelai",
    b"openai",
    b"stable diffusion",
];

/// The term of the IPTC's list of digital sources, alone or as the end of
/// `compositeWithTrainedAlgorithmicMedia`; and the credit lines of Google's programs.
const SOURCE_STATEMENTS: [&[u8]; 3] = [
    b"trainedalgorithmicmedia",
    b"made with google ai",
    b"edited with google ai",
];

/// PNG texts that only such programs write.
const GENERATOR_KEYWORDS: [&[u8]; 5] = [
    b"dream",
    b"generation_data",
    b"invokeai_graph",
    b"invokeai_metadata",
    b"sd-metadata",
];

/// How much of one text is looked at: the settings come after the words they
/// were made from.
const MAX_TEXT_BYTES: usize = 16 * 1024;

/// How far behind the name of an XMP property its value may start and end.
const MAX_PROPERTY_BYTES: usize = 160;

/// Whether the name of a program is that of an image generator.
pub(super) fn is_program(name: &[u8]) -> bool {
    let name = normalize(name);
    GENERATOR_NAMES.iter().any(|it| contains(&name, it))
}

/// Whether a text is the list of settings a picture was made with.
pub(super) fn is_generation_settings(text: &[u8]) -> bool {
    let text = normalize(text);
    let has = |part: &str| contains(&text, part.as_bytes());
    has("steps: ") && (has("sampler: ") || has("cfg scale: "))
}

/// Whether a text states where the picture comes from.
pub(super) fn has_source_statement(text: &[u8]) -> bool {
    let text = text.to_ascii_lowercase();
    SOURCE_STATEMENTS.iter().any(|it| contains(&text, it))
}

/// Whether an XMP packet states that its picture was generated, or names an image generator as its maker.
pub(super) fn is_marked_xmp(packet: &[u8]) -> bool {
    let name = b"CreatorTool";
    has_source_statement(packet)
        || packet
            .windows(name.len())
            .enumerate()
            .filter(|(_, part)| part == name)
            .any(|(at, _)| {
                let value = &packet[at + name.len()..];
                is_program(&value[..value.len().min(MAX_PROPERTY_BYTES)])
            })
}

/// Whether a PNG text is the mark of an image generator.
pub(super) fn is_marked_png_text(keyword: &[u8], text: &[u8]) -> bool {
    let keyword = keyword.to_ascii_lowercase();
    match keyword.as_slice() {
        b"software" | b"source" => is_program(text),
        // A graph of nodes.
        b"prompt" | b"workflow" => text.trim_ascii_start().starts_with(b"{"),
        b"parameters" | b"comment" | b"description" | b"usercomment" => {
            is_generation_settings(text)
        }
        other => GENERATOR_KEYWORDS.contains(&other),
    }
}

/// Lower-case letters without zeros, which makes UTF-16 readable as well.
fn normalize(text: &[u8]) -> Vec<u8> {
    text.iter()
        .take(MAX_TEXT_BYTES)
        .filter(|byte| **byte != 0)
        .map(u8::to_ascii_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_sign_in_their_own_way() {
        assert!(is_program(b"NovelAI\0"));
        assert!(is_program(b"Adobe Firefly 3"));
        assert!(is_program("DALL·E 3".as_bytes()));
        assert!(!is_program(b"Adobe Photoshop 26.0 (Windows)"));
        assert!(!is_program(b"GIMP"));
        assert!(!is_program(b""));
    }

    #[test]
    fn recipes_in_two_encodings() {
        let recipe = "a portrait\nSteps: 20, Sampler: Euler a, CFG scale: 7";
        let wide: Vec<u8> = recipe.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert!(is_generation_settings(recipe.as_bytes()));
        assert!(is_generation_settings(&[b"UNICODE\0", &wide[..]].concat()));
        assert!(!is_generation_settings(
            b"The steps: first the dough, then the oven"
        ));
    }

    #[test]
    fn xmp_counts_the_maker_and_the_statement() {
        assert!(is_marked_xmp(
            b"<d>http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia</d>"
        ));
        assert!(is_marked_xmp(
            b"<xmp:CreatorTool>Midjourney</xmp:CreatorTool>"
        ));
        assert!(is_marked_xmp(b"photoshop:Credit='Made with Google AI'"));
        assert!(!is_marked_xmp(
            b"<xmp:CreatorTool>Lightroom</xmp:CreatorTool>"
        ));
        assert!(!is_marked_xmp(
            b"<dc:title>My midjourney to Rome</dc:title>"
        ));
    }

    #[test]
    fn png_texts_by_their_keyword() {
        assert!(is_marked_png_text(
            b"prompt",
            b"{\"3\": {\"class_type\": \"KSampler\"}}"
        ));
        assert!(is_marked_png_text(
            b"parameters",
            b"x\nSteps: 8, CFG scale: 2"
        ));
        assert!(is_marked_png_text(b"sd-metadata", b""));
        assert!(!is_marked_png_text(b"prompt", b"What did you see today?"));
        assert!(!is_marked_png_text(b"Title", b"Stable Diffusion explained"));
    }
}
