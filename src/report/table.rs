//! Tables of cells, and functions to write them: CSV for programs, text for people.

use std::io;

/// Writes a table as CSV. Cells are escaped so that a spreadsheet does not run them as formulas.
///
/// # Errors
/// If `output` cannot be written.
pub fn write_table(
    output: impl io::Write,
    header: Vec<String>,
    rows: impl Iterator<Item = Vec<Cell>>,
) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(output);
    let mut write = |cells: Vec<String>| {
        let written = writer.write_record(cells.iter().map(|cell| guarded(cell)));
        written.map_err(of_output)
    };
    write(header)?;
    for cells in rows {
        write(cells.iter().map(plain).collect())?;
    }
    writer.flush()
}

/// The I/O error of the output itself. Its kind shows whether the reader has closed the pipe.
fn of_output(error: csv::Error) -> io::Error {
    let message = error.to_string();
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        _ => io::Error::other(message),
    }
}

/// A cell of a table: a number, a text or null.
pub type Cell = serde_json::Value;

/// A text as a cell; null if it is empty.
pub(super) fn text(text: &str) -> Cell {
    if text.is_empty() { Cell::Null } else { text.into() }
}

/// A cell as text: whole numbers without a decimal point, an empty text for null.
pub fn plain(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::String(text) => text.clone(),
        Cell::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => exact(float),
            _ => number.to_string(),
        },
        other => other.to_string(),
    }
}

/// A number as text that parses to the same number.
///
/// Whole numbers have no decimal point; very large and very small numbers have an exponent.
fn exact(number: f64) -> String {
    if number == 0.0 || (1e-5..1e16).contains(&number.abs()) {
        number.to_string()
    } else {
        format!("{number:?}")
    }
}

/// A text as a cell of a Markdown table (GitHub Flavored Markdown, "Tables").
///
/// It is one line, without characters that end the cell or start HTML.
pub fn markdown(text: &str) -> String {
    let line = text.replace(['\n', '\r'], " ");
    line.replace('&', "&amp;").replace('<', "&lt;").replace('|', "\\|")
}

/// Prefixes a text with an apostrophe if a spreadsheet would run it as a formula.
fn guarded(cell: &str) -> String {
    // Spreadsheets skip leading blanks, and treat a tab as the end of a cell.
    let is_formula = cell.starts_with(['\t', '\r'])
        || (cell.trim_start().starts_with(['=', '+', '-', '@']) && cell.trim().parse::<f64>().is_err());
    if is_formula {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

/// A number rounded to four significant digits; whole numbers keep up to fifteen digits. Any other text is unchanged.
pub fn short(cell: &str) -> String {
    /// Larger numbers are hard to read.
    const LARGEST: f64 = 1e15;
    match cell.parse::<f64>() {
        Ok(number) if number.is_finite() && number.abs() >= LARGEST => scientific(number),
        Ok(number) if number.fract() != 0.0 && number.is_finite() => {
            let digits = (3 - number.abs().log10().floor() as i32).max(0) as usize;
            if digits > 7 {
                return scientific(number);
            }
            let text = format!("{number:.digits$}");
            if text.contains('.') {
                text.trim_end_matches('0').trim_end_matches('.').to_owned()
            } else {
                text
            }
        }
        _ => cell.to_owned(),
    }
}

/// A number in scientific notation: `3.2e300`, `1.235e-7`.
fn scientific(number: f64) -> String {
    let text = format!("{number:.3e}");
    match text.split_once('e') {
        Some((digits, exponent)) => format!("{}e{exponent}", digits.trim_end_matches('0').trim_end_matches('.')),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_a_spreadsheet_would_run_are_guarded() {
        let cells = [
            "=1+1", "+x", "-0.5", "-cmd", "@sum", "linear", "-1e-3", "  =1", "\t=1", "\rx", " -0.5",
        ];
        assert_eq!(
            cells.map(guarded),
            [
                "'=1+1", "'+x", "-0.5", "'-cmd", "'@sum", "linear", "-1e-3", "'  =1", "'\t=1", "'\rx", " -0.5"
            ]
        );
    }

    #[test]
    fn a_cell_of_markdown_is_one_cell() {
        assert_eq!(markdown("a|b\n<b>&"), "a\\|b &lt;b>&amp;");
    }

    #[test]
    fn numbers_read_back_as_the_same_and_stay_short() {
        for number in [0.0, 1.0, 0.1, 1e-5, 3.2e-6, 3.2e300, -1e16, 123_456_789.25, 5e-324] {
            let text = exact(number);
            assert_eq!(text.parse::<f64>(), Ok(number));
            assert!(text.len() < 25, "{text}");
        }
        assert_eq!(
            (exact(1.0), exact(0.000_01), exact(3.2e300)),
            ("1".to_owned(), "0.00001".to_owned(), "3.2e300".to_owned())
        );
    }

    #[test]
    fn numbers_are_shortened_for_people() {
        let cells = [
            "0.00031415926",
            "12",
            "0.8790000001",
            "1.5",
            "linear",
            "",
            "0.000000123456",
            "12345.67",
            "3.2e300",
            "1e-9",
            "123456789012345",
        ];
        let expected = [
            "0.0003142",
            "12",
            "0.879",
            "1.5",
            "linear",
            "",
            "1.235e-7",
            "12346",
            "3.2e300",
            "1e-9",
            "123456789012345",
        ];
        assert_eq!(cells.map(short), expected);
    }
}
