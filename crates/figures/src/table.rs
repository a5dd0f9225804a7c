//! Tables: numbers behind a figure, and the rows that people hand in, in groups, with what each is judged by.
//!
//! A row is opened by the `details` in its last field. What it holds is the row below it, which the style shows
//! then, so that it may be as wide as the table; a browser without `:has` shows all of them.

use maud::{Markup, html};

/// Shades of a field, from the smallest number to the largest.
const HEATS: f64 = 5.0;

/// The numbers behind a figure, as a table.
#[derive(Default)]
pub struct Data {
    pub heads: Vec<&'static str>,
    /// The columns at the left that hold words; the others hold numbers.
    pub words: usize,
    pub lines: Vec<Vec<String>>,
}

/// Rows in groups, as wide as the page.
pub struct Table<'a> {
    pub heads: Vec<&'a str>,
    /// The columns that hold words; the others hold numbers.
    pub words: &'a [usize],
    pub groups: Vec<Group>,
    /// What opens a row; nothing where no row has more.
    pub details: &'a str,
}

pub struct Group {
    /// Nothing where there is one group.
    pub title: String,
    pub rows: Vec<Line>,
}

pub struct Line {
    /// Its place on the page.
    pub anchor: Option<String>,
    pub fields: Vec<Field>,
    /// What the row is judged by; shown when it is opened.
    pub more: Markup,
}

/// With its shade, where it has one.
pub struct Field {
    pub content: Markup,
    pub heat: Option<u8>,
}

impl Data {
    /// As a table that scrolls sideways where it is too wide.
    pub fn render(&self) -> Markup {
        let class = |column: usize| (column < self.words).then_some("words");
        html! {
            div.scroll tabindex="0" {
                table.sortable {
                    thead { tr {
                        @for (column, head) in self.heads.iter().enumerate() {
                            th scope="col" class=[class(column)] { (head) }
                        }
                    } }
                    tbody {
                        @for fields in &self.lines {
                            tr { @for (column, field) in fields.iter().enumerate() {
                                td class=[class(column)] { (field) }
                            } }
                        }
                    }
                }
            }
        }
    }
}

impl Table<'_> {
    pub fn render(&self) -> Markup {
        html! {
            div.whole tabindex="0" {
                table.rows.sortable {
                    thead { tr {
                        @for (column, head) in self.heads.iter().enumerate() {
                            th scope="col" class=[self.class(column)] { (head) }
                        }
                        @if self.has_details() { td {} }
                    } }
                    @for group in &self.groups { (self.group(group)) }
                }
            }
        }
    }

    fn has_details(&self) -> bool {
        !self.details.is_empty()
    }

    fn columns(&self) -> usize {
        self.heads.len() + usize::from(self.has_details())
    }

    fn class(&self, column: usize) -> Option<&'static str> {
        self.words.contains(&column).then_some("words")
    }

    fn group(&self, group: &Group) -> Markup {
        html! {
            tbody {
                @if !group.title.is_empty() {
                    tr.group { th scope="rowgroup" colspan=(self.columns()) { (group.title) } }
                }
                @for row in &group.rows { (self.row(row)) }
            }
        }
    }

    fn row(&self, row: &Line) -> Markup {
        html! {
            tr id=[row.anchor.as_deref()] {
                @for (column, Field { content, heat }) in row.fields.iter().enumerate() {
                    @let class = self.class(column).map(str::to_owned);
                    td class=[class.or_else(|| heat.map(|heat| format!("heat{heat}")))] { (content) }
                }
                @if self.has_details() { td { details { summary { (self.details) } } } }
            }
            @if self.has_details() { tr.more { td colspan=(self.columns()) { (row.more) } } }
        }
    }
}

impl Field {
    pub fn plain(content: Markup) -> Self {
        Self { content, heat: None }
    }
}

/// The shade of each number among the others: from 0 to 4, in equal ratios. None where all are the same.
pub fn heats(values: &[Option<f64>]) -> Vec<Option<u8>> {
    let logs = || values.iter().flatten().filter(|value| **value > 0.0).map(|value| value.ln());
    let (low, high) = logs()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), log| (low.min(log), high.max(log)));
    let shade = |value: f64| ((value.ln() - low) / (high - low) * HEATS).min(HEATS - 1.0) as u8;
    let heat = |value: &Option<f64>| value.filter(|value| *value > 0.0 && high > low).map(shade);
    values.iter().map(heat).collect()
}

/// Notes below a table, numbered in the order in which they are first needed.
pub struct Footnotes {
    /// Before their anchors: a page has several tables.
    name: String,
    texts: Vec<String>,
}

impl Footnotes {
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), texts: Vec::new() }
    }

    /// The number of a note, as a link to it. The same text is one note.
    pub fn mark(&mut self, text: &str) -> Markup {
        let known = self.texts.iter().position(|other| other == text);
        let index = known.unwrap_or(self.texts.len());
        if known.is_none() {
            self.texts.push(text.to_owned());
        }
        html! { sup { a href={ "#" (self.anchor(index)) } { (index + 1) } } }
    }

    /// All that were needed.
    pub fn render(&self) -> Markup {
        html! {
            @if !self.texts.is_empty() {
                ol.footnotes {
                    @for (index, text) in self.texts.iter().enumerate() {
                        li id=(self.anchor(index)) { (text) }
                    }
                }
            }
        }
    }

    fn anchor(&self, index: usize) -> String {
        format!("{}-note-{}", self.name, index + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_in_its_group_and_what_it_is_judged_by_is_the_row_below_it() {
        let field = |content: &str, heat| Field { content: html! { (content) }, heat };
        let row = Line {
            anchor: Some("thread-1".to_owned()),
            fields: vec![field("down < up", None), field("1.5", Some(3))],
            more: html! { "range" },
        };
        let group = Group { title: "10 MB".to_owned(), rows: vec![row] };
        let heads = vec!["Way", "Seconds"];
        let table = Table { heads, words: &[0], groups: vec![group], details: "details" };
        let page = table.render().0;
        for part in [
            "<th scope=\"col\" class=\"words\">Way</th><th scope=\"col\">Seconds</th><td></td>",
            "<tbody><tr class=\"group\"><th scope=\"rowgroup\" colspan=\"3\">10 MB</th></tr>",
            "<tr id=\"thread-1\"><td class=\"words\">down &lt; up</td><td class=\"heat3\">1.5</td>",
            "<summary>details</summary></details></td></tr>\
             <tr class=\"more\"><td colspan=\"3\">range</td></tr>",
        ] {
            assert!(page.contains(part), "{part} is not in {page}");
        }
    }

    #[test]
    fn shades_go_from_the_smallest_number_to_the_largest_in_equal_ratios() {
        let shades = heats(&[Some(1.0), None, Some(10.0), Some(100.0), Some(0.0)]);
        assert_eq!(shades, [Some(0), None, Some(2), Some(4), None]);
        assert_eq!(heats(&[Some(2.0), Some(2.0)]), [None, None]);
    }

    #[test]
    fn the_same_note_has_one_number_and_a_link_to_it() {
        let mut notes = Footnotes::new("thread");
        assert_eq!(notes.render().0, "");
        let marks = ["a", "b", "a"].map(|text| notes.mark(text).0);
        assert_eq!(marks[0], marks[2]);
        assert!(marks[1].contains("href=\"#thread-note-2\">2<"), "{}", marks[1]);
        let list = notes.render().0;
        assert!(list.contains("<li id=\"thread-note-1\">a</li><li id=\"thread-note-2\">b</li>"));
    }
}
