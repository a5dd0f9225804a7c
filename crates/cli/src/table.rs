//! Rows of cells in columns, as plain text; how much room there is for them.

use std::io;

use unicode_width::UnicodeWidthStr;

/// How long a line of standard output may be: as long as it likes where that is no terminal.
pub fn room() -> usize {
    let size = terminal_size::terminal_size_of(io::stdout());
    size.map(|(columns, _)| columns.0.into()).filter(|columns| *columns > 0).unwrap_or(usize::MAX)
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Side {
    Left,
    Right,
}

/// Between two columns.
const GAP: usize = 2;

/// Each column as wide as its widest cell; wide characters count twice.
pub fn aligned(sides: &[Side], rows: &[Vec<String>]) -> String {
    folded(sides, rows, usize::MAX)
}

/// The same in lines no longer than `room`: a table that is wider goes on below itself, each part with
/// the first column again. A cell that is too wide for a line is cut.
pub fn folded(sides: &[Side], rows: &[Vec<String>], room: usize) -> String {
    let width_of = |column: usize| rows.iter().map(|row| width(&row[column])).max();
    let mut widths: Vec<usize> =
        (0..sides.len()).map(|column| width_of(column).unwrap_or_default()).collect();
    let beside_first = room.saturating_sub(widths.first().map_or(0, |first| first + GAP));
    widths.iter_mut().skip(1).for_each(|width| *width = (*width).min(beside_first));
    let line = |row: &[String], columns: &[usize]| {
        let cells = columns.iter().map(|&at| pad(&row[at], sides[at], widths[at]));
        cells.collect::<Vec<_>>().join(&" ".repeat(GAP)).trim_end().to_owned() + "\n"
    };
    let part = |columns: Vec<usize>| rows.iter().map(|row| line(row, &columns)).collect::<String>();
    parts(&widths, room).into_iter().map(part).collect::<Vec<_>>().join("\n")
}

/// Which columns are in each part.
fn parts(widths: &[usize], room: usize) -> Vec<Vec<usize>> {
    let (mut parts, mut used) = (vec![vec![]], 0);
    for (column, width) in widths.iter().enumerate() {
        if column > 1 && used + width > room {
            parts.push(vec![0]);
            used = widths[0] + GAP;
        }
        used += width + GAP;
        parts.last_mut().expect("the first is there").push(column);
    }
    parts
}

pub fn width(text: &str) -> usize {
    text.width()
}

fn pad(cell: &str, side: Side, to: usize) -> String {
    if width(cell) > to {
        return cut(cell, to);
    }
    let blanks = " ".repeat(to.saturating_sub(width(cell)));
    match side {
        Side::Left => format!("{cell}{blanks}"),
        Side::Right => format!("{blanks}{cell}"),
    }
}

fn cut(cell: &str, to: usize) -> String {
    let fits = |end: &usize| width(&cell[..*end]) < to;
    let ends = cell.char_indices().map(|(end, _)| end);
    let end = ends.take_while(fits).last().unwrap_or_default();
    format!("{}\u{2026}", &cell[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stay_in_line_whatever_is_in_them() {
        let row = |name: &str, count: &str| vec![name.to_owned(), count.to_owned(), String::new()];
        let rows = [row("name", "count"), row("漢字.txt", "7"), row("a", "12")];
        let sides = [Side::Left, Side::Right, Side::Left];
        assert_eq!(aligned(&sides, &rows), "name      count\n漢字.txt      7\na            12\n");
    }
    #[test]
    fn a_table_that_is_too_wide_goes_on_below() {
        let rows =
            [["worker", "pid", "state", "request"], ["1", "77", "busy", "GET a-long-name.mkv"]];
        let rows = rows.map(|row| row.map(str::to_owned).to_vec());
        let sides = [Side::Right, Side::Right, Side::Left, Side::Left];
        assert_eq!(
            folded(&sides, &rows, 20),
            "worker  pid  state\n     1   77  busy\n\nworker  request\n     1  GET a-long-…\n"
        );
        assert_eq!(folded(&sides, &rows, 80), aligned(&sides, &rows));
    }
}
