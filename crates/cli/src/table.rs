//! Rows of cells in columns, as plain text; how much room there is for them.

use std::io;

use crate::text::{lines, width};

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

/// The same in a frame, under heads that are broken between words where they would take too much room;
/// nothing else is broken or cut.
pub fn framed<R: AsRef<[String]>>(
    heads: &[&str],
    right_aligned: &[usize],
    rows: &[R],
    room: usize,
) -> String {
    let least = |column: usize| {
        let cells = rows.iter().map(|row| row.as_ref()[column].as_str());
        heads[column].split(' ').chain(cells).map(width).max().unwrap_or_default()
    };
    let mut widths: Vec<usize> = (0..heads.len()).map(least).collect();
    // Besides the cells there are a blank between two columns and a bar at each end.
    let mut left = room.saturating_sub(widths.iter().sum::<usize>() + heads.len() + 1);
    for (width_of_column, head) in widths.iter_mut().zip(heads) {
        let more = width(head).saturating_sub(*width_of_column);
        if more <= left {
            *width_of_column += more;
            left -= more;
        }
    }
    let line = |cell: &dyn Fn(usize) -> String| {
        let side = |at| if right_aligned.contains(&at) { Side::Right } else { Side::Left };
        let cells = (0..heads.len()).map(|at| pad(&cell(at), side(at), widths[at]));
        format!("│{}│\n", cells.collect::<Vec<_>>().join(" "))
    };
    let rule = |start: &str, middle: &str, end: &str| {
        let len = widths.iter().sum::<usize>() + heads.len() - 1;
        format!("{start}{}{end}\n", middle.repeat(len))
    };
    let broken: Vec<_> =
        heads.iter().zip(&widths).map(|(head, width)| lines(head, *width)).collect();
    let height = broken.iter().map(Vec::len).max().unwrap_or_default();
    let of_head = |at: usize| line(&|column| broken[column].get(at).cloned().unwrap_or_default());
    let of_row = |row: &R| line(&|column| row.as_ref()[column].clone());
    let head: String = (0..height).map(of_head).collect();
    let body: String = rows.iter().map(of_row).collect();
    [rule("┌", "─", "┐"), head, rule("╞", "═", "╡"), body, rule("└", "─", "┘")].concat()
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

    #[test]
    fn heads_are_broken_where_a_frame_is_narrow() {
        let rows = [["1", "download", "7.69"], ["12", "upload", "10"]];
        let rows = rows.map(|row| row.map(str::to_owned));
        let heads = ["Row", "What is done", "Goodput (MiB/s)"];
        let narrow = "\
┌────────────────────────┐
│Row What is done Goodput│
│                 (MiB/s)│
╞════════════════════════╡
│  1 download        7.69│
│ 12 upload            10│
└────────────────────────┘
";
        assert_eq!(framed(&heads, &[0, 2], &rows, 27), narrow);
        let wide = framed(&heads, &[0, 2], &rows, 80);
        assert!(wide.contains("│Row What is done Goodput (MiB/s)│"), "{wide}");
    }
}
