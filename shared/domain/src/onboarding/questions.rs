//! The questions and their words. Ids, values and weights are the web app's, which has its own copy.

use super::{Choice, Question, QuestionType};

/// All questions, in the order they are asked.
pub static QUESTIONS: [Question; 8] = [
    Question {
        id: "online-presence",
        question: "How visible are you online?",
        description: "This helps us see which places matter most for you.",
        kind: QuestionType::SingleChoice,
        options: &[
            choice("minimal", "Hardly: few accounts, mostly private", 1),
            choice("moderate", "Somewhat: I post now and then", 2),
            choice("active", "Quite: I post often and many people see it", 3),
            choice(
                "public-figure",
                "Very: I am known publicly or for my work",
                4,
            ),
        ],
        order: 1,
        conditional_on: (),
    },
    Question {
        id: "harassment-experience",
        question: "Have you been harassed online?",
        description: "Share only what you are comfortable with. Any answer is fine.",
        kind: QuestionType::SingleChoice,
        options: &[
            choice("never", "No", 1),
            choice("rarely", "Once or twice", 2),
            choice("sometimes", "From time to time", 3),
            choice("frequently", "Often", 4),
        ],
        order: 2,
        conditional_on: (),
    },
    Question {
        id: "threat-concerns",
        question: "Is there something you worry about?",
        description: "Choose as many as you like, or none.",
        kind: QuestionType::MultipleChoice,
        options: &[
            choice("harassment", "Unwanted messages or comments", 1),
            choice("stalking", "Somebody following what I do", 2),
            choice("impersonation", "Somebody pretending to be me", 2),
            choice("image-misuse", "My photos being used without my consent", 3),
            choice("deepfakes", "Made-up pictures or videos of me", 4),
            choice(
                "doxxing",
                "My address or other private details being shared",
                3,
            ),
        ],
        order: 3,
        conditional_on: (),
    },
    Question {
        id: "photo-sharing",
        question: "How often do you post photos of yourself?",
        description: "On any network, in public or among friends.",
        kind: QuestionType::SingleChoice,
        options: &[
            choice("never", "Never", 1),
            choice("rarely", "A few times a year", 2),
            choice("sometimes", "A few times a month", 3),
            choice("frequently", "Every week or more", 4),
        ],
        order: 4,
        conditional_on: (),
    },
    Question {
        id: "relationship-concerns",
        question: "Is there a partner or former partner you feel uneasy about?",
        description: "Only you see your answer. You can leave it out.",
        kind: QuestionType::SingleChoice,
        options: &[
            choice("no-concerns", "No", 1),
            choice("past-concerns", "There was, in the past", 2),
            choice("current-mild", "Yes, a little", 3),
            choice("current-serious", "Yes, very much", 4),
        ],
        order: 5,
        conditional_on: (),
    },
    Question {
        id: "platform-count",
        question: "How many social networks do you use?",
        description: "A rough number is enough.",
        kind: QuestionType::SingleChoice,
        options: &[
            choice("1", "One", 1),
            choice("2-3", "Two or three", 2),
            choice("4-5", "Four or five", 3),
            choice("6+", "Six or more", 4),
        ],
        order: 6,
        conditional_on: (),
    },
    Question {
        id: "unauthorized-use",
        question: "Have your photos been used without your consent before?",
        description: "If you are not sure, say so; we can have a look together.",
        kind: QuestionType::SingleChoice,
        options: &[
            choice("no", "No", 1),
            choice("unsure", "I am not sure", 2),
            choice("yes-minor", "Yes, and it was soon settled", 3),
            choice("yes-serious", "Yes, and it weighed on me", 4),
        ],
        order: 7,
        conditional_on: (),
    },
    Question {
        id: "safety-priority",
        question: "What matters most to you right now?",
        description: "Your plan begins there. You can change your mind at any time.",
        kind: QuestionType::SingleChoice,
        options: &[
            choice("privacy", "Keeping my details private", 1),
            choice("images", "Looking after my photos", 2),
            choice("harassment", "Having fewer unwanted contacts", 3),
            choice("monitoring", "Being told when something turns up", 4),
        ],
        order: 8,
        conditional_on: (),
    },
];

const fn choice(value: &'static str, label: &'static str, risk_weight: u32) -> Choice {
    Choice {
        value,
        label,
        risk_weight,
    }
}
