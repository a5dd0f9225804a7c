//! Rows of cells in columns, as plain text.

use ratatui::text::Line;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// Each column as wide as its widest cell; wide characters count twice.
pub(crate) fn aligned(sides: &[Side], rows: &[Vec<String>]) -> String {
    let width_of = |column: usize| rows.iter().map(|row| width(&row[column])).max();
    let widths: Vec<usize> =
        (0..sides.len()).map(|column| width_of(column).unwrap_or_default()).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(sides).zip(&widths);
        let cells: Vec<String> =
            cells.map(|((cell, side), width)| pad(cell, *side, *width)).collect();
        cells.join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

pub(crate) fn width(text: &str) -> usize {
    Line::raw(text).width()
}

fn pad(cell: &str, side: Side, to: usize) -> String {
    let blanks = " ".repeat(to.saturating_sub(width(cell)));
    match side {
        Side::Left => format!("{cell}{blanks}"),
        Side::Right => format!("{blanks}{cell}"),
    }
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
}
