//! The tables as a workbook for spreadsheet programs: a sheet for each table, numbers as numbers.

use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError,
};

use super::table::Part;
use crate::{language::Language, results::Run};

/// Columns that hold a number, and how it is shown.
const NUMBERS: [(usize, &str); 6] =
    [(0, "0"), (2, "0"), (3, "0"), (4, "0"), (5, "0.000000"), (6, "#,##0")];

/// In characters, as the nine columns need them.
const WIDTHS: [f64; 9] = [9.0, 12.0, 10.0, 12.0, 12.0, 16.0, 18.0, 26.0, 26.0];

pub(super) fn xlsx(run: &Run, language: Language) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    // The day of the run, not of the rendering: made again from the same files it is the same file.
    let day = run.environment.started.get(..10).unwrap_or_default();
    if let Ok(day) = ExcelDateTime::parse_from_str(day) {
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&day));
    }
    let parts = Part::all(run);
    for part in &parts {
        let sheet = workbook.add_worksheet();
        sheet.set_name(part.name())?;
        fill(sheet, run, *part, language)?;
    }
    if parts.is_empty() {
        // A workbook must have a sheet.
        workbook.add_worksheet();
    }
    workbook.save_to_buffer()
}

fn fill(sheet: &mut Worksheet, run: &Run, part: Part, language: Language) -> Result<(), XlsxError> {
    let marks = run.marks().lines(language);
    let mut line = 0;
    for mark in marks {
        sheet.write_with_format(
            line,
            0,
            mark,
            &Format::new().set_bold().set_font_color("C00000"),
        )?;
        line += 1;
    }
    let widths = part.columns(WIDTHS, WIDTHS[2]);
    let head = Format::new().set_bold().set_text_wrap().set_align(FormatAlign::Top);
    for (column, (name, width)) in (0..).zip(part.heads(language).into_iter().zip(widths)) {
        sheet.write_with_format(line, column, name, &head)?;
        sheet.set_column_width(column, width)?;
    }
    sheet.set_freeze_panes(line + 1, 0)?;
    for row in part.rows(run) {
        line += 1;
        for (index, text) in part.fields(&row, language).into_iter().enumerate() {
            write_field(sheet, line, index, &text)?;
        }
    }
    sheet.write(line + 2, 0, language.table_notes())?;
    Ok(())
}

/// An empty field stays empty.
fn write_field(
    sheet: &mut Worksheet,
    line: u32,
    index: usize,
    text: &str,
) -> Result<(), XlsxError> {
    let column = u16::try_from(index).expect("there are nine columns");
    let number = NUMBERS.iter().find(|(column, _)| *column == index);
    match (number, text.parse::<f64>()) {
        (Some((_, shown)), Ok(number)) => {
            sheet.write_with_format(line, column, number, &Format::new().set_num_format(*shown))?;
        }
        _ if text.is_empty() => {}
        _ => {
            sheet.write(line, column, text)?;
        }
    }
    Ok(())
}
