//! The tables as a workbook for spreadsheet programs: a sheet for each mode, numbers as numbers.

use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError,
};

use super::table;
use crate::{
    language::Language,
    plan::{Mode, mode_name},
    results::Run,
};

/// Columns that hold a number, and how it is shown.
const NUMBERS: [(usize, &str); 5] = [(0, "0"), (3, "0"), (4, "0"), (5, "0.000000"), (6, "#,##0")];

/// In characters, as the nine columns need them.
const WIDTHS: [f64; 9] = [9.0, 12.0, 10.0, 12.0, 12.0, 16.0, 18.0, 26.0, 26.0];

pub(super) fn xlsx(run: &Run, language: Language) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    // The day of the run, not of the rendering: made again from the same files it is the same file.
    let day = run.environment.started.get(..10).unwrap_or_default();
    if let Ok(day) = ExcelDateTime::parse_from_str(day) {
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&day));
    }
    for mode in run.modes() {
        let sheet = workbook.add_worksheet();
        sheet.set_name(mode_name(mode))?;
        fill(sheet, run, mode, language)?;
    }
    if run.modes().is_empty() {
        // A workbook must have a sheet.
        workbook.add_worksheet();
    }
    workbook.save_to_buffer()
}

fn fill(
    sheet: &mut Worksheet,
    run: &Run,
    mode: Option<Mode>,
    language: Language,
) -> Result<(), XlsxError> {
    let marks = language.marks(&run.marks());
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
    let head = Format::new().set_bold().set_text_wrap().set_align(FormatAlign::Top);
    for (column, (name, width)) in (0..).zip(language.columns().into_iter().zip(WIDTHS)) {
        sheet.write_with_format(line, column, name, &head)?;
        sheet.set_column_width(column, width)?;
    }
    sheet.set_freeze_panes(line + 1, 0)?;
    for row in run.rows(mode) {
        line += 1;
        for (index, text) in table::fields(&row, language).into_iter().enumerate() {
            write_field(sheet, line, index, &text)?;
        }
    }
    sheet.write(line + 2, 0, language.notes())?;
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
