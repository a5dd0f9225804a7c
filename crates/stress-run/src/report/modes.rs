//! Which mode is faster: under each load the modes, each with its best pool, and what is sure of it.

use maud::{Markup, html};

use super::facts::Facts;

/// The columns that hold words: the operation, the mode and the verdict.
const WORDS: [usize; 3] = [0, 3, 9];

/// Nothing where there is one mode, or none can be compared.
pub(super) fn section(facts: &Facts<'_>) -> Markup {
    let (language, modes) = (facts.language, &facts.modes_compared);
    let loads = modes.loads();
    let class = |column: usize| WORDS.contains(&column).then_some("words");
    let heads = language.mode_columns();
    html! {
        @if !loads.is_empty() {
            section id="modes" {
                h2 { (language.which_mode()) }
                ul { @for sentence in modes.load_by_load(language) { li { (sentence) } } }
                p { (language.mode_notes()) }
                div.scroll tabindex="0" {
                    table {
                        thead { tr {
                            th scope="col" class="words" { (language.screen_columns()[1]) }
                            @for (index, head) in heads.iter().enumerate() {
                                th scope="col" class=[class(index + 1)] { (head) }
                            }
                        } }
                        tbody {
                            @for load in &loads {
                                @for (place, fields) in load.fields(language).iter().enumerate() {
                                    tr.first[place == 0] {
                                        td class="words" { (load.operation()) }
                                        @for (index, field) in fields.iter().enumerate() {
                                            td class=[class(index + 1)] { (field) }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
