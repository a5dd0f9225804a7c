//! A figure: what it draws, what it finds, and the numbers behind it.

use maud::{Markup, html};

use crate::table::Data;

/// A drawing with its caption and its data.
pub struct Figure {
    pub title: String,
    /// What it shows, in numbers.
    pub caption: Markup,
    /// Nothing, where there is nothing to draw.
    pub drawing: Option<Markup>,
    pub data: Data,
}

/// What a page says around each of its figures.
pub struct Surroundings<'a> {
    /// Above all of them.
    pub title: &'a str,
    /// `Figure 1` of 1.
    pub name: &'a dyn Fn(usize) -> String,
    pub nothing_to_draw: &'a str,
    pub data_behind: &'a str,
    /// How values are read off by mouse and keyboard; shown where the page's script runs.
    pub by_hand: &'a str,
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

/// Figures numbered from 1: the first, for the first screen, and a part of the page with the others, whose anchor is
/// `figures`.
pub(crate) fn shown(figures: &[Figure], around: &Surroundings<'_>) -> [Markup; 2] {
    let Some((first, others)) = figures.split_first() else { return [html! {}, html! {}] };
    let first = html! {
        (first.render(1, around))
        p.lead.by-script hidden { (around.by_hand) }
    };
    let others = html! {
        @if !others.is_empty() {
            section id="figures" {
                h2 { (around.title) }
                @for (number, figure) in (2..).zip(others) { (figure.render(number, around)) }
            }
        }
    };
    [first, others]
}

/// Walks through a figure whose panels have time across: what is still to come is hidden. Its bars are hinted shapes
/// of two, the wait and what came after it. Shown where the page's script runs.
pub struct Player<'a> {
    pub play: &'a str,
    pub pause: &'a str,
    /// To the next moment at which anything changes.
    pub step: &'a str,
    /// What the slider moves.
    pub time: &'a str,
    /// Of each panel, with `{waiting}`, `{served}` and `{done}`.
    pub state: &'a str,
    /// Where the axes end.
    pub end_s: f64,
}

impl Player<'_> {
    pub fn render(&self) -> Markup {
        html! {
            div.player.by-script hidden data-end=(self.end_s) data-pause=(self.pause) data-state=(self.state) {
                button type="button" { (self.play) }
                button type="button" { (self.step) }
                input type="range" min="0" max="1" step="any" value="1" aria-label=(self.time);
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
        by_hand: "Hover",
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
    fn a_player_is_hidden_until_a_script_runs_it_and_has_all_its_words() {
        let player = Player {
            play: "Play",
            pause: "Pause",
            step: "Step",
            time: "Time",
            state: "{waiting} wait",
            end_s: 4.5,
        };
        let page = player.render().0;
        for part in [
            "<div class=\"player by-script\" hidden data-end=\"4.5\" data-pause=\"Pause\"",
            "data-state=\"{waiting} wait\"",
            "<button type=\"button\">Play</button><button type=\"button\">Step</button><input type=\"range\"",
            "aria-label=\"Time\">",
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
