//! What the figures are drawn with: scales, axes and marks, as SVG whose colours come from the page's
//! style, so that they follow dark mode and print.
//!
//! A `class` is a name of that style (`page.css`), or one that the program adds: `grid`, `band`, `diagonal`
//! and `mean` are for what explains; `run`, `whisker`, `fill` and `pale`, with `s0` to `s5` behind them, are
//! for a series.

use maud::{Markup, html};

/// Ticks that a linear axis has, about.
const TICKS: f64 = 5.0;
/// From this many decades up a logarithmic axis marks powers of ten only.
const DECADES_MANY: f64 = 2.5;
/// Half the size of a mark.
const MARK: f64 = 4.0;
/// How many marks, colours and dashes the style tells apart; after that they begin again.
pub const SERIES: usize = 6;

/// Which place along an axis a value has.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    kind: Kind,
    /// The values at both ends, which are ticks.
    low: f64,
    high: f64,
    /// Where those are drawn.
    from: f64,
    to: f64,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Linear { step: f64 },
    Logarithmic,
}

impl Scale {
    /// From zero to a tick at or above `max`.
    pub fn from_zero(max: f64, from: f64, to: f64) -> Self {
        Self::linear(0.0, max, from, to)
    }

    /// From a tick at or below `min` to one at or above `max`.
    pub fn linear(min: f64, max: f64, from: f64, to: f64) -> Self {
        let room =
            if max > min && (max - min).is_finite() { max - min } else { max.abs().max(1.0) };
        let step = round_step(room / TICKS);
        // A tick that rounding has put a hair beyond the value is one all the same.
        let low = (min / step + 1e-9).floor() * step;
        let high = ((max / step - 1e-9).ceil() * step).max(low + step);
        Self { kind: Kind::Linear { step }, low, high, from, to }
    }

    /// Of values above zero: from 1, 2 or 5 times a power of ten at or below `min` to one at or
    /// above `max`. A single such value is in the middle.
    pub fn logarithmic(min: f64, max: f64, from: f64, to: f64) -> Self {
        let is_usable = min > 0.0 && max.is_finite();
        let (min, max) = if is_usable { (min, max.max(min)) } else { (1.0, 10.0) };
        let steps = decade_steps(min, max);
        let low = steps.iter().rposition(|step| *step <= min * (1.0 + 1e-9)).unwrap_or_default();
        let high = steps.iter().position(|step| *step >= max * (1.0 - 1e-9)).unwrap_or_default();
        let [low, high] = if low < high { [low, high] } else { [low.saturating_sub(1), low + 1] };
        let step = |at: usize, otherwise| steps.get(at).copied().unwrap_or(otherwise);
        let (low, high) = (step(low, min), step(high, max * 10.0));
        Self { kind: Kind::Logarithmic, low, high, from, to }
    }

    /// Where a value is drawn; outside the ends for one that is outside of them.
    pub fn at(&self, value: f64) -> f64 {
        let share = match self.kind {
            Kind::Linear { .. } => (value - self.low) / (self.high - self.low),
            Kind::Logarithmic => (value / self.low).ln() / (self.high / self.low).ln(),
        };
        self.from + share * (self.to - self.from)
    }

    /// The values at both ends.
    pub fn ends(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    pub fn ticks(&self) -> Vec<f64> {
        match self.kind {
            Kind::Linear { step } => {
                let count = ((self.high - self.low) / step).round() as u32;
                (0..=count).map(|index| self.low + f64::from(index) * step).collect()
            }
            Kind::Logarithmic => {
                let is_inside = |tick: &f64| {
                    (self.low * (1.0 - 1e-9)..=self.high * (1.0 + 1e-9)).contains(tick)
                };
                let mut ticks = decade_steps(self.low, self.high);
                ticks.retain(is_inside);
                if (self.high / self.low).log10() >= DECADES_MANY {
                    ticks.retain(|tick| (tick.log10() - tick.log10().round()).abs() < 1e-9);
                }
                ticks
            }
        }
    }
}

/// 1, 2, 2.5 or 5 times a power of ten, at or above the length.
fn round_step(length: f64) -> f64 {
    let decade = 10_f64.powf(length.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0].map(|factor| factor * decade);
    steps.into_iter().find(|step| *step >= length * (1.0 - 1e-9)).unwrap_or(10.0 * decade)
}

/// 1, 2 and 5 of all decades that the values are in, and of those beside them.
fn decade_steps(min: f64, max: f64) -> Vec<f64> {
    let (first, last) = (min.log10().floor() as i32, max.log10().ceil() as i32);
    let decades = (first - 1..=last + 1).map(|decade| 10_f64.powi(decade));
    decades.flat_map(|decade| [1.0, 2.0, 5.0].map(|factor| factor * decade)).collect()
}

/// Of no values zero, where most axes begin.
pub fn largest(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().fold(0.0, f64::max)
}

/// A drawing and the part of it that the axes enclose, in units of its view box.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    pub width: f64,
    pub height: f64,
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
}

/// How wide the drawings of a figure are together, and how far apart: as on a screen of 1280 pixels, so that a
/// unit is a pixel there.
const CARD: f64 = 1086.0;
const GAP: f64 = 16.0;
/// A single drawing has its caption beside it.
const ALONE: f64 = 620.0;

impl Frame {
    /// One of three panels abreast, with its plot inside, which has room at its left for labels of this width.
    pub fn panel(label_width: f64, height: f64) -> Self {
        Self::abreast(3, label_width, height)
    }

    /// One of so many panels that fill the figure's width.
    pub fn abreast(columns: usize, label_width: f64, height: f64) -> Self {
        let width = match columns {
            0 | 1 => ALONE,
            _ => ((CARD + GAP) / columns as f64 - GAP).floor(),
        };
        // Half of the last tick's label is to the right of it.
        let (right, bottom) = (width - 13.0, height - 34.0);
        Self { width, height, left: label_width, right, top: 10.0, bottom }
    }

    /// The drawing in its panel. `title` is what a reader who cannot see it is told.
    pub fn draw(&self, title: &str, content: &Markup) -> Markup {
        let view = format!("0 0 {} {}", px(self.width), px(self.height));
        html! {
            div.panel {
                h4 { (title) }
                svg viewBox=(view) role="img" aria-label=(title) { (content) }
            }
        }
    }

    /// Ticks with labels at the left, lines across, and what is counted above them.
    pub fn y_axis(&self, scale: &Scale, label: impl Fn(f64) -> String) -> Markup {
        html! {
            @for tick in scale.ticks() {
                (line((self.left, scale.at(tick)), (self.right, scale.at(tick)), "grid"))
                (text((self.left - 5.0, scale.at(tick) + 3.5), "end", &label(tick)))
            }
        }
    }

    /// Ticks with labels below, lines down, and what is counted below them.
    pub fn x_axis(&self, scale: &Scale, label: impl Fn(f64) -> String, unit: &str) -> Markup {
        html! {
            @for tick in scale.ticks() {
                (line((scale.at(tick), self.top), (scale.at(tick), self.bottom), "grid"))
                (text((scale.at(tick), self.bottom + 15.0), "middle", &label(tick)))
            }
            (self.x_unit(unit))
        }
    }

    /// What is counted along the axis, in words below its middle.
    pub fn x_unit(&self, unit: &str) -> Markup {
        let middle = f64::midpoint(self.left, self.right);
        text((middle, self.bottom + 30.0), "middle", unit)
    }
}

/// A place in a drawing.
pub type Point = (f64, f64);

pub fn line(from: Point, to: Point, class: &str) -> Markup {
    html! {
        line.(class) x1=(px(from.0)) y1=(px(from.1)) x2=(px(to.0)) y2=(px(to.1)) {}
    }
}

/// `anchor` says which end of it is at the place, as in SVG: `start`, `middle` or `end`.
pub fn text(at: Point, anchor: &str, words: &str) -> Markup {
    html! { text x=(px(at.0)) y=(px(at.1)) text-anchor=(anchor) { (words) } }
}

pub fn bar(from: Point, to: Point, class: &str) -> Markup {
    // What took no time at all is still there.
    let width = (to.0 - from.0).max(0.0);
    html! {
        rect.(class) x=(px(from.0)) y=(px(from.1)) width=(px(width)) height=(px(to.1 - from.1)) {}
    }
}

/// Points joined by lines.
pub fn path(points: &[Point], class: &str) -> Markup {
    let places: Vec<String> =
        points.iter().map(|(x, y)| format!("{},{}", px(*x), px(*y))).collect();
    html! { polyline.(class) points=(places.join(" ")) {} }
}

/// What points joined by lines enclose.
pub fn area(points: &[Point], class: &str) -> Markup {
    let places: Vec<String> =
        points.iter().map(|(x, y)| format!("{},{}", px(*x), px(*y))).collect();
    html! { polygon.(class) points=(places.join(" ")) {} }
}

/// Where what was expected (`x`) and what was measured (`y`) are the same, and the band around it in which they
/// differ by no more than the share `off` of what was expected. Both scales have the same ends.
pub fn agreement(x: &Scale, y: &Scale, off: f64) -> Markup {
    let (low, high) = x.ends();
    let (above, below) = (1.0 + off, 1.0 - off);
    let corners = [
        (low, low),
        (low, above * low),
        (high / above, high),
        (high, high),
        (high, below * high),
        (low / below, low),
    ];
    html! {
        (area(&corners.map(|(expected, measured)| (x.at(expected), y.at(measured))), "band"))
        (path(&[(x.at(low), y.at(low)), (x.at(high), y.at(high))], "diagonal"))
    }
}

/// How many of so many panels stand abreast, so that the lines are full where they can be.
pub fn abreast(panels: usize) -> usize {
    match panels {
        ..=5 => panels.max(1),
        _ => [4, 3, 5].into_iter().find(|columns| panels.is_multiple_of(*columns)).unwrap_or(4),
    }
}

/// Panels that share the width of their figure, so many abreast; six at most.
pub fn panels(columns: usize, panels: impl IntoIterator<Item = Markup>) -> Markup {
    let class = format!("panels c{}", columns.clamp(1, ABREAST_MAX));
    html! { div.(class) { @for panel in panels { (panel) } } }
}

/// More panels than these go on in the next line.
pub const ABREAST_MAX: usize = 6;

/// A shape with the value that is shown where a mouse rests on it, or the keyboard's cursor stands.
pub fn hinted(hint: &str, shape: &Markup) -> Markup {
    html! { g { title { (hint) } (shape) } }
}

/// The mark of a series, told apart by form and colour, with its value.
pub fn mark(series: usize, at: Point, hint: &str) -> Markup {
    shaped(series, series, at, hint)
}

/// A mark whose form says something else than its colour.
pub fn shaped(shape: usize, series: usize, at: Point, hint: &str) -> Markup {
    let class = format!("mark s{}", series % SERIES);
    html! { path.(class) d=(form(shape, at)) { @if !hint.is_empty() { title { (hint) } } } }
}

/// Circle, square, triangle, diamond, triangle upside down, cross.
fn form(series: usize, (x, y): Point) -> String {
    let corners = |corners: &[Point]| {
        let at = |(dx, dy): &Point| format!("{} {}", px(x + dx * MARK), px(y + dy * MARK));
        format!("M{}Z", corners.iter().map(at).collect::<Vec<_>>().join("L"))
    };
    match series % SERIES {
        0 => {
            let (left, r, d) = (px(x - MARK), px(MARK), px(2.0 * MARK));
            format!("M{left} {}a{r} {r} 0 1 0 {d} 0a{r} {r} 0 1 0 -{d} 0Z", px(y))
        }
        1 => corners(&[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]),
        2 => corners(&[(0.0, -1.2), (1.15, 0.9), (-1.15, 0.9)]),
        3 => corners(&[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)]),
        4 => corners(&[(0.0, 1.2), (1.15, -0.9), (-1.15, -0.9)]),
        _ => corners(&[(-1.2, -0.4), (1.2, -0.4), (1.2, 0.4), (-1.2, 0.4)]),
    }
}

/// One of many values of a series.
pub fn dot(series: usize, at: Point, radius: f64) -> Markup {
    let class = format!("dot s{}", series % SERIES);
    html! { circle.(class) cx=(px(at.0)) cy=(px(at.1)) r=(px(radius)) {} }
}

/// Around a dot that stands out.
pub fn ring(at: Point) -> Markup {
    html! { circle.ring cx=(px(at.0)) cy=(px(at.1)) r="4" {} }
}

/// A swatch and what it stands for, for each series.
pub fn legend(entries: &[(Markup, String)]) -> Markup {
    html! {
        ul.legend {
            @for (swatch, words) in entries {
                li { svg viewBox="0 0 24 12" aria-hidden="true" { (swatch) } (words) }
            }
        }
    }
}

/// Tenths of a unit are finer than any screen.
fn px(length: f64) -> String {
    let text = format!("{length:.1}");
    let short = text.strip_suffix(".0").unwrap_or(&text);
    if short == "-0" { "0".to_owned() } else { short.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_scale_ends_at_round_ticks_around_the_values() {
        let ticks = |min, max| Scale::linear(min, max, 0.0, 1.0).ticks();
        assert_eq!(ticks(0.0, 7.3), [0.0, 2.0, 4.0, 6.0, 8.0]);
        assert_eq!(ticks(0.0, 1100.0), [0.0, 250.0, 500.0, 750.0, 1000.0, 1250.0]);
        assert_eq!(ticks(655.0, 810.0), [650.0, 700.0, 750.0, 800.0, 850.0]);
        for max in [0.0, f64::NAN, 1e-9, 1e12] {
            let scale = Scale::from_zero(max, 0.0, 100.0);
            assert!((2..=7).contains(&scale.ticks().len()), "{max}: {:?}", scale.ticks());
            assert!(scale.at(0.0).abs() < 1e-9, "{max}");
        }
    }

    #[test]
    fn a_scale_may_grow_upwards_on_the_screen() {
        let scale = Scale::from_zero(10.0, 200.0, 100.0);
        assert_eq!((scale.at(0.0), scale.at(scale.ends().1)), (200.0, 100.0));
    }

    #[test]
    fn a_logarithmic_scale_has_ticks_at_one_two_and_five() {
        let scale = Scale::logarithmic(3.0, 40.0, 0.0, 100.0);
        let ticks: Vec<String> = scale.ticks().into_iter().map(px).collect();
        assert_eq!(ticks, ["2", "5", "10", "20", "50"]);
        assert!((scale.at(10.0) - 50.0).abs() < 1e-9);
        let single = Scale::logarithmic(100.0, 100.0, 0.0, 100.0);
        assert_eq!(single.ends(), (50.0, 200.0));
        assert!((single.at(100.0) - 50.0).abs() < 1e-9);
        // Of many decades only the powers of ten have room.
        assert_eq!(Scale::logarithmic(0.001, 10.0, 0.0, 1.0).ticks().len(), 5);
        for (min, max) in [(5.0, 5.0), (0.0, 0.0), (f64::NAN, 1.0), (1.0, f64::INFINITY)] {
            let scale = Scale::logarithmic(min, max, 0.0, 1.0);
            assert!(scale.ticks().len() >= 2, "{min} {max}: {scale:?}");
        }
    }

    #[test]
    fn panels_fill_their_lines_and_the_width_of_their_figure() {
        assert_eq!([0, 1, 5, 6, 8, 16, 10, 7].map(abreast), [1, 1, 5, 3, 4, 4, 5, 4]);
        for columns in 2..=ABREAST_MAX {
            let widths = Frame::abreast(columns, 40.0, 200.0).width * columns as f64;
            let width = widths + GAP * (columns - 1) as f64;
            assert!((CARD - 6.0..=CARD).contains(&width), "{columns}: {width}");
        }
        let drawn = panels(2, [html! { "a" }, html! { "b" }]).0;
        assert_eq!(drawn, "<div class=\"panels c2\">ab</div>");
    }

    #[test]
    fn a_form_says_something_else_than_a_colour_and_a_value_stands_behind_its_shape() {
        let drawn = shaped(1, 3, (10.0, 10.0), "5 < 6").0;
        assert!(drawn.starts_with("<path class=\"mark s3\""), "{drawn}");
        assert!(drawn.contains("<title>5 &lt; 6</title>"), "{drawn}");
        assert_ne!(form(1, (10.0, 10.0)), form(3, (10.0, 10.0)));
        let drawn = hinted("12 s", &bar((0.0, 0.0), (1.0, 1.0), "fill")).0;
        assert!(drawn.starts_with("<g><title>12 s</title><rect"), "{drawn}");
    }

    #[test]
    fn lengths_are_short() {
        assert_eq!([1.0, 0.26, -0.01].map(px), ["1", "0.3", "0"]);
    }
}
