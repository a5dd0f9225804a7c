//! What is wrong with a catalogue, for the test of a program that has one.

use std::collections::{BTreeMap, BTreeSet};

use fluent_syntax::{
    ast::{Entry, Expression, InlineExpression, Pattern, PatternElement},
    parser,
};

/// In words: what cannot be read or filled in, and each text that it lacks, that nothing asks for, that has
/// other values than are put into it, or not a line for each head.
pub fn faults(file: &str, asked: &[(&str, &[&str])], heads: &[(&str, usize)]) -> Vec<String> {
    let (texts, mut faults) = texts_of(file);
    let asked: BTreeMap<&str, &[&str]> = asked.iter().copied().collect();
    let heads: BTreeMap<&str, usize> = heads.iter().copied().collect();
    for name in asked.keys().chain(heads.keys()).filter(|name| !texts.contains_key(*name)) {
        faults.push(format!("it lacks {name}"));
    }
    for (name, pattern) in &texts {
        match (asked.get(name), heads.get(name)) {
            (Some(values), _) => faults.extend(fault_of_text(name, pattern, values)),
            (None, Some(count)) if pattern.elements.len() != *count => {
                faults.push(format!("{name} has {} lines, not {count}", pattern.elements.len()));
            }
            (None, Some(_)) => {}
            (None, None) => faults.push(format!("nothing asks for {name}")),
        }
    }
    faults
}

fn texts_of(file: &str) -> (BTreeMap<&str, Pattern<&str>>, Vec<String>) {
    let (resource, errors) = match parser::parse(file) {
        Ok(resource) => (resource, Vec::new()),
        Err(partial) => partial,
    };
    let mut faults: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let mut texts = BTreeMap::new();
    for entry in resource.body {
        let Entry::Message(message) = entry else { continue };
        let name = message.id.name;
        if !message.attributes.is_empty() {
            faults.push(format!("{name} has attributes"));
        }
        let Some(text) = message.value else {
            faults.push(format!("{name} is empty"));
            continue;
        };
        if texts.insert(name, text).is_some() {
            faults.push(format!("{name} is there twice"));
        }
    }
    (texts, faults)
}

fn fault_of_text(name: &str, pattern: &Pattern<&str>, expected: &[&str]) -> Option<String> {
    let mut parts = Parts::default();
    parts.add(pattern);
    let expected: BTreeSet<&str> = expected.iter().copied().collect();
    if parts.has_more {
        Some(format!("{name} has more than values to fill in"))
    } else if parts.values != expected {
        Some(format!("{name} has the values {:?}, and gets {expected:?}", parts.values))
    } else if parts.said.contains(['<', '>', '&']) {
        Some(format!("{name} would need escaping"))
    } else {
        None
    }
}

/// What is put into a text, and what it says itself, whichever of its variants is chosen.
#[derive(Default)]
struct Parts<'a> {
    values: BTreeSet<&'a str>,
    said: String,
    /// Something that a catalogue does not fill in.
    has_more: bool,
}

impl<'a> Parts<'a> {
    fn add(&mut self, pattern: &Pattern<&'a str>) {
        for element in &pattern.elements {
            match element {
                PatternElement::TextElement { value } => self.said += value,
                PatternElement::Placeable { expression: Expression::Inline(inline) } => {
                    self.add_value(inline);
                }
                PatternElement::Placeable {
                    expression: Expression::Select { selector, variants },
                } => {
                    variants.iter().for_each(|variant| self.add(&variant.value));
                    self.add_value(selector);
                }
            }
        }
    }

    fn add_value(&mut self, inline: &InlineExpression<&'a str>) {
        match inline {
            InlineExpression::VariableReference { id } => {
                self.values.insert(id.name);
            }
            _ => self.has_more = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_catalogue_is_told_all_that_is_wrong_with_it() {
        let file = "right = { $a } of { $b }\nwrong = { $c }\nshort =\n    one\n    two\nmore = x\n\
                    tag = a <b>\ncall = { NUMBER($a) }\nright = again { $a }\n";
        let asked: &[(&str, &[&str])] = &[
            ("right", &["a", "b"]),
            ("wrong", &["a"]),
            ("lacking", &[]),
            ("tag", &[]),
            ("call", &[]),
        ];
        assert_eq!(
            faults(file, asked, &[("short", 3)]),
            [
                "right is there twice",
                "it lacks lacking",
                "call has more than values to fill in",
                "nothing asks for more",
                "right has the values {\"a\"}, and gets {\"a\", \"b\"}",
                "short has 2 lines, not 3",
                "tag would need escaping",
                "wrong has the values {\"c\"}, and gets {\"a\"}",
            ]
        );
        assert_eq!(faults("right = { $a }\n", &[("right", &["a"])], &[]), [""; 0]);
    }
}
