//! A figure: what it draws, what it finds, and the numbers behind it.

use maud::{Markup, html};

/// A drawing with its caption and its data.
pub struct Figure {
    pub title: String,
    /// What it shows, in numbers.
    pub caption: Markup,
    /// Nothing, where there is nothing to draw.
    pub drawing: Option<Markup>,
    pub data: Data,
}

/// The numbers behind a figure, as a table.
#[derive(Default)]
pub struct Data {
    pub heads: Vec<&'static str>,
    /// The columns at the left that hold words; the others hold numbers.
    pub words: usize,
    pub lines: Vec<Vec<String>>,
}

/// What a page says around each of its figures.
pub struct Surroundings<'a> {
    /// Above all of them.
    pub title: &'a str,
    /// `Figure 1` of 1.
    pub name: &'a dyn Fn(usize) -> String,
    pub nothing_to_draw: &'a str,
    pub data_behind: &'a str,
}

impl Figure {
    /// One that has nothing to draw.
    pub fn missing(title: String, why: &str) -> Self {
        Self { title, caption: html! { (why) }, drawing: None, data: Data::default() }
    }

    /// The anchor on the page is `figure-1` for the first.
    fn render(&self, number: usize, around: &Surroundings<'_>) -> Markup {
        html! {
            figure id=(format!("figure-{number}")) {
                h3 { ((around.name)(number)) ": " (self.title) }
                @match &self.drawing {
                    Some(drawing) => (drawing),
                    None => p.missing { (around.nothing_to_draw) },
                }
                figcaption { (self.caption) }
                @if !self.data.lines.is_empty() {
                    details { summary { (around.data_behind) } (self.data.render()) }
                }
            }
        }
    }
}

/// Figures numbered from 1, in a part of the page whose anchor is `figures`.
pub fn section(figures: &[Figure], around: &Surroundings<'_>) -> Markup {
    html! {
        section id="figures" {
            h2 { (around.title) }
            @for (number, figure) in (1..).zip(figures) { (figure.render(number, around)) }
        }
    }
}

impl Data {
    /// As a table that scrolls sideways where it is too wide.
    pub fn render(&self) -> Markup {
        let class = |column: usize| (column < self.words).then_some("words");
        html! {
            div.scroll tabindex="0" {
                table {
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

#[cfg(test)]
mod tests {
    use super::*;

    const AROUND: Surroundings<'_> = Surroundings {
        title: "Figures",
        name: &|number| format!("Figure {number}"),
        nothing_to_draw: "Nothing",
        data_behind: "Numbers",
    };

    #[test]
    fn a_figure_has_its_number_its_drawing_and_the_numbers_behind_it() {
        let line = ["down < up", "1.50"].map(str::to_owned).to_vec();
        let data = Data { heads: vec!["Way", "Seconds"], words: 1, lines: vec![line] };
        let (title, caption) = ("Time".to_owned(), html! { "All of it." });
        let drawing = Some(html! { svg {} });
        let page = Figure { title, caption, drawing, data }.render(2, &AROUND).0;
        for part in [
            "<figure id=\"figure-2\"><h3>Figure 2: Time</h3><svg></svg>",
            "<figcaption>All of it.</figcaption><details><summary>Numbers</summary>",
            "<th scope=\"col\" class=\"words\">Way</th><th scope=\"col\">Seconds</th>",
            "<td class=\"words\">down &lt; up</td><td>1.50</td>",
        ] {
            assert!(page.contains(part), "{part} is not in {page}");
        }
    }

    #[test]
    fn a_figure_that_is_missing_says_why_and_has_no_table() {
        let page = Figure::missing("Time".to_owned(), "Nobody measured").render(1, &AROUND).0;
        assert!(page.contains("<p class=\"missing\">Nothing</p><figcaption>Nobody measured<"));
        assert!(!page.contains("<details>"), "{page}");
    }
}
