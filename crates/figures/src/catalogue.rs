//! The texts of one language, out of a file of Project Fluent's format.
//!
//! Of that format a catalogue has texts, `{ $values }` and choices by a value, which its parser reads and
//! this module fills in. Its own runtime would choose plurals for any language and isolate the directions
//! of writing; two languages that are written from left to right need neither, nor its twelve crates.

mod faults;

use std::collections::HashMap;

use fluent_syntax::{
    ast::{
        Entry, Expression, InlineExpression, Message, Pattern, PatternElement, Variant, VariantKey,
    },
    parser,
};

pub use self::faults::faults;

/// What the caller's `Language`, which is `En` or `Id`, says of itself, with the files of its texts. Those that
/// figures need, such as `data_behind`, are among the caller's `texts!`.
#[macro_export]
macro_rules! catalogues {
    (En: $english:literal, Id: $indonesian:literal) => {
        impl $crate::Numbers for Language {
            fn decimal_mark(self) -> char {
                match self {
                    Self::En => '.',
                    Self::Id => ',',
                }
            }
        }

        impl Language {
            /// For the `lang` of a page.
            pub(crate) fn tag(self) -> &'static str {
                match self {
                    Self::En => "en",
                    Self::Id => "id",
                }
            }

            /// Its texts by their names.
            pub(crate) fn catalogue(self) -> &'static $crate::Catalogue {
                use ::std::sync::LazyLock;
                static ENGLISH: LazyLock<$crate::Catalogue> =
                    LazyLock::new(|| $crate::Catalogue::parse(include_str!($english)));
                static INDONESIAN: LazyLock<$crate::Catalogue> =
                    LazyLock::new(|| $crate::Catalogue::parse(include_str!($indonesian)));
                match self {
                    Self::En => &ENGLISH,
                    Self::Id => &INDONESIAN,
                }
            }

            pub(crate) fn page_of(self, parts: $crate::Parts) -> $crate::Page {
                let around = $crate::Surroundings {
                    title: &self.figures(),
                    name: &|number| self.figure(number),
                    nothing_to_draw: &self.nothing_to_draw(),
                    data_behind: &self.data_behind(),
                    by_hand: &self.by_hand(),
                };
                parts.page(self.tag(), [&self.findings(), &self.meaning()], &around)
            }

            /// The end of a report.
            pub(crate) fn disclosed(
                self,
                terms: &[$crate::Term],
                files: &[(String, String)],
            ) -> ::maud::Markup {
                let disclosure = $crate::Disclosure {
                    title: &self.disclosure(),
                    terms,
                    unknown: &self.unknown(),
                    files_title: &self.raw_files(),
                    files,
                };
                disclosure.render()
            }
        }
    };
}

/// Texts as methods of the caller's `Language`, which has a method `catalogue`: so the compiler knows every
/// name and every value. The list of them is for [`faults()`].
#[macro_export]
macro_rules! texts {
    ($(#[$when:meta])? $list:ident: $($name:ident $(($($value:ident),*))?,)*) => {
        impl Language {
            $(pub(crate) fn $name(self, $($($value: impl ::std::fmt::Display),*)?) -> String {
                let values = [$($((stringify!($value), $value.to_string())),*)?];
                self.catalogue().text(stringify!($name), &values)
            })*
        }
        $(#[$when])?
        pub(super) const $list: &[(&str, &[&str])] =
            &[$((stringify!($name), &[$($(stringify!($value)),*)?])),*];
    };
}

/// The same of texts of which each line is the head of a column.
#[macro_export]
macro_rules! heads {
    ($(#[$when:meta])? $list:ident: $($name:ident: $count:literal,)*) => {
        impl Language {
            $(pub(crate) fn $name(self) -> [&'static str; $count] {
                let mut lines = self.catalogue().lines(stringify!($name));
                ::std::array::from_fn(|_| lines.next().unwrap_or_default())
            })*
        }
        $(#[$when])?
        pub(super) const $list: &[(&str, usize)] = &[$((stringify!($name), $count)),*];
    };
}

pub struct Catalogue(HashMap<&'static str, Pattern<&'static str>>);

/// What is put into a text, each by its name.
pub type Values<'a> = [(&'a str, String)];

impl Catalogue {
    /// What cannot be read is left out; the test of the catalogues finds it.
    pub fn parse(file: &'static str) -> Self {
        let resource = parser::parse_runtime(file).unwrap_or_else(|(resource, _)| resource);
        let texts = resource.body.into_iter().filter_map(|entry| match entry {
            Entry::Message(Message { id, value: Some(pattern), .. }) => Some((id.name, pattern)),
            _ => None,
        });
        Self(texts.collect())
    }

    /// A text with its values. The name of one that is not there stands for it.
    pub fn text(&self, name: &str, values: &Values<'_>) -> String {
        let Some(pattern) = self.0.get(name) else { return name.to_owned() };
        let mut text = String::new();
        fill(pattern, values, &mut text);
        text
    }

    /// The values that a sentence was made with; `None` where it is not this text.
    pub fn values_in(&self, name: &str, sentence: &str) -> Option<Vec<(&str, String)>> {
        let (mut rest, mut values, mut open) = (sentence, Vec::new(), None);
        for element in &self.0.get(name)?.elements {
            match element {
                PatternElement::TextElement { value: text } => match open.take() {
                    Some(value) => {
                        let (before, after) = rest.split_once(&on_one_line(text))?;
                        values.push((value, before.to_owned()));
                        rest = after;
                    }
                    None => rest = rest.strip_prefix(&on_one_line(text))?,
                },
                PatternElement::Placeable {
                    expression: Expression::Inline(InlineExpression::VariableReference { id }),
                } => open = Some(id.name),
                PatternElement::Placeable { .. } => return None,
            }
        }
        match open {
            Some(value) => values.push((value, rest.to_owned())),
            None if rest.is_empty() => {}
            None => return None,
        }
        Some(values)
    }

    /// A text that has no values, line by line.
    pub fn lines(&self, name: &str) -> impl Iterator<Item = &'static str> {
        let elements = self.0.get(name).map_or(&[][..], |pattern| &pattern.elements);
        elements.iter().filter_map(|element| match element {
            PatternElement::TextElement { value } => Some(value.trim_end()),
            PatternElement::Placeable { .. } => None,
        })
    }
}

/// A line's end within a text is a space.
fn on_one_line(text: &str) -> String {
    text.replace('\n', " ")
}

fn fill(pattern: &Pattern<&str>, values: &Values<'_>, text: &mut String) {
    let value = |name: &str| {
        let value = values.iter().find(|(of, _)| *of == name);
        value.map_or("", |(_, value)| value.as_str())
    };
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { value } => *text += &on_one_line(value),
            PatternElement::Placeable { expression } => match expression {
                Expression::Inline(InlineExpression::VariableReference { id }) => {
                    *text += value(id.name);
                }
                Expression::Select {
                    selector: InlineExpression::VariableReference { id },
                    variants,
                } => {
                    if let Some(variant) = chosen(variants, value(id.name)) {
                        fill(&variant.value, values, text);
                    }
                }
                Expression::Inline(_) | Expression::Select { .. } => {}
            },
        }
    }
}

/// The variant of a count. English says `one` of 1 alone; Indonesian has one form for all.
fn chosen<'a>(variants: &'a [Variant<&str>], count: &str) -> Option<&'a Variant<&'a str>> {
    let is_meant = |variant: &&Variant<&str>| match variant.key {
        VariantKey::Identifier { name } => name == "one" && count == "1",
        VariantKey::NumberLiteral { value } => value == count,
    };
    variants.iter().find(is_meant).or_else(|| variants.iter().find(|variant| variant.default))
}
