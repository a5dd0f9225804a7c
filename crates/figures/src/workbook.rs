//! Tables as a workbook for spreadsheet programs: a sheet for each table, numbers as numbers.

use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError,
};

/// A table.
pub struct SheetContent {
    pub name: String,
    /// What limits its use; stands above it.
    pub marks: Vec<String>,
    pub columns: Vec<Column>,
    /// Each with as many fields as there are columns; one that is empty stays empty.
    pub rows: Vec<Vec<String>>,
    /// What stands below it.
    pub notes: String,
}

pub struct Column {
    pub head: String,
    /// In characters.
    pub width: f64,
    /// How numbers are shown; `None` where the column holds words.
    pub numbers: Option<&'static str>,
}

/// `day` is that of the run, not of the rendering: made again from the same files it is the same file.
pub fn xlsx(day: &str, sheets: &[SheetContent]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    if let Ok(day) = ExcelDateTime::parse_from_str(day) {
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&day));
    }
    for content in sheets {
        let sheet = workbook.add_worksheet();
        sheet.set_name(&content.name)?;
        fill(sheet, content)?;
    }
    if sheets.is_empty() {
        // A workbook must have a sheet.
        workbook.add_worksheet();
    }
    workbook.save_to_buffer()
}

fn fill(sheet: &mut Worksheet, content: &SheetContent) -> Result<(), XlsxError> {
    let mut line = 0;
    let warning = Format::new().set_bold().set_font_color("C00000");
    for mark in &content.marks {
        sheet.write_with_format(line, 0, mark, &warning)?;
        line += 1;
    }
    let bold = Format::new().set_bold().set_text_wrap().set_align(FormatAlign::Top);
    for (index, Column { head, width, .. }) in (0..).zip(&content.columns) {
        sheet.write_with_format(line, index, head, &bold)?;
        sheet.set_column_width(index, *width)?;
    }
    sheet.set_freeze_panes(line + 1, 0)?;
    for row in &content.rows {
        line += 1;
        for (index, (column, text)) in (0..).zip(content.columns.iter().zip(row)) {
            write_field(sheet, line, index, column, text)?;
        }
    }
    sheet.write(line + 2, 0, &content.notes)?;
    Ok(())
}

fn write_field(
    sheet: &mut Worksheet,
    line: u32,
    index: u16,
    column: &Column,
    text: &str,
) -> Result<(), XlsxError> {
    match (column.numbers, text.parse::<f64>()) {
        (Some(shown), Ok(number)) => {
            let format = Format::new().set_num_format(shown);
            sheet.write_with_format(line, index, number, &format)?;
        }
        _ if text.is_empty() => {}
        _ => {
            sheet.write(line, index, text)?;
        }
    }
    Ok(())
}
