//! Which advice follows from her answers.

use super::templates::{PlanTemplate, RECIPES, Recipe};
use crate::{Choices, RiskLevel};

/// How many pieces of advice of one category may be chosen for their score.
const PER_CATEGORY: usize = 3;

/// What fills a plan that would be too short, and the place each takes when it is added for that.
const DEFAULTS: [Advice; 5] = [
    Advice::new(PlanTemplate::UploadPhotos, 2),
    Advice::new(PlanTemplate::ConnectAccounts, 2),
    Advice::new(PlanTemplate::DataBreaches, 2),
    Advice::new(PlanTemplate::AlertPreferences, 3),
    Advice::new(PlanTemplate::TwoFactor, 1),
];

/// A piece of advice and the place it takes: 1 comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advice {
    /// Which.
    pub template: PlanTemplate,
    /// Its place.
    pub place: u32,
}

impl Advice {
    const fn new(template: PlanTemplate, place: u32) -> Self {
        Self { template, place }
    }

    pub(super) fn of(template: PlanTemplate) -> Self {
        let place = template.recipe().priority;
        Self { template, place }
    }
}

/// How few and how many pieces of advice a plan has.
fn limits(risk: RiskLevel) -> (usize, usize) {
    match risk {
        RiskLevel::Low => (5, 6),
        RiskLevel::Medium => (5, 7),
        RiskLevel::High => (6, 8),
        RiskLevel::Critical => (7, 8),
    }
}

/// The advice that follows from what she chose, in the order she is shown it.
#[must_use]
pub fn advice(choices: &Choices) -> Vec<Advice> {
    let (least, most) = limits(choices.risk_level());
    let mut chosen: Vec<Advice> = best(choices, most).into_iter().map(Advice::of).collect();
    // A single grave answer calls for more than the defaults can fill; then whatever comes first.
    let mut others: Vec<Advice> = RECIPES.iter().map(|it| Advice::of(it.template)).collect();
    others.sort_by_key(|it| it.place);
    for advice in DEFAULTS.into_iter().chain(others) {
        if chosen.len() < least && chosen.iter().all(|it| it.template != advice.template) {
            chosen.push(advice);
        }
    }
    chosen.sort_by_key(|it| it.place);
    chosen
}

/// The advice for somebody who has answered nothing: the questions first, then the defaults.
///
/// The page computes its score from the share of items that are done, so a plan of the questions alone
/// would show full protection after a click.
#[must_use]
pub(super) fn unanswered() -> Vec<Advice> {
    let questions = [Advice::of(PlanTemplate::GettingStarted)];
    let mut chosen: Vec<Advice> = questions.into_iter().chain(DEFAULTS).collect();
    chosen.sort_by_key(|it| it.place);
    chosen
}

/// The templates her answers call for: the best of each category, then the best of the rest.
fn best(choices: &Choices, most: usize) -> Vec<PlanTemplate> {
    let ranked = ranked(choices);
    let mut chosen: Vec<&Recipe> = Vec::new();
    for per_category in [1, PER_CATEGORY] {
        for &recipe in &ranked {
            let alike = chosen.iter().filter(|it| it.category == recipe.category);
            let known = chosen.iter().any(|it| it.template == recipe.template);
            if chosen.len() < most && !known && alike.count() < per_category {
                chosen.push(recipe);
            }
        }
    }
    chosen.into_iter().map(|it| it.template).collect()
}

/// The templates with any trigger, best first.
fn ranked(choices: &Choices) -> Vec<&'static Recipe> {
    let mut scored: Vec<(usize, &Recipe)> = RECIPES
        .iter()
        .map(|it| (score(it, choices), it))
        .filter(|it| it.0 > 0)
        .collect();
    scored.sort_by_key(|(score, it)| (usize::MAX - score, it.priority));
    scored.into_iter().map(|it| it.1).collect()
}

/// Twice the score, so that its halves are whole: one for each trigger, and half as much again if
/// there are several.
fn score(recipe: &Recipe, choices: &Choices) -> usize {
    let matched = recipe
        .triggers
        .iter()
        .filter(|(question, values)| choices.has_any(question, values))
        .count();
    if matched >= 2 {
        matched * 3
    } else {
        matched * 2
    }
}
