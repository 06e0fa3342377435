//! An in-memory terminal for tests of whole screens.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use console::strip_ansi_codes;
use indicatif::TermLike;

/// Rows of characters and a cursor. Long lines wrap. The grid grows downwards without scrolling.
#[derive(Clone, Debug)]
pub(super) struct Screen {
    height: u16,
    width: u16,
    grid: Arc<Mutex<Grid>>,
}

#[derive(Debug, Default)]
struct Grid {
    rows: Vec<Vec<char>>,
    row: usize,
    column: usize,
}

impl Screen {
    pub(super) fn new(height: u16, width: u16) -> Self {
        Self {
            height,
            width,
            grid: Arc::default(),
        }
    }

    /// The text on the screen, without empty lines at the end.
    pub(super) fn text(&self) -> String {
        let rows = self
            .grid()
            .rows
            .iter()
            .map(|row| row.iter().collect::<String>().trim_end().to_owned())
            .collect::<Vec<_>>();
        rows.join("\n").trim_end().to_owned()
    }

    fn grid(&self) -> MutexGuard<'_, Grid> {
        self.grid.lock().unwrap()
    }
}

impl Grid {
    fn put(&mut self, text: &str, width: usize) {
        for character in strip_ansi_codes(text).chars() {
            match character {
                '\n' => (self.row, self.column) = (self.row + 1, 0),
                '\r' => self.column = 0,
                _ => {
                    if self.column == width {
                        (self.row, self.column) = (self.row + 1, 0);
                    }
                    self.reach();
                    self.rows[self.row][self.column] = character;
                    self.column += 1;
                }
            }
        }
        self.reach();
    }

    fn reach(&mut self) {
        let rows = self.rows.len().max(self.row + 1);
        self.rows.resize(rows, Vec::new());
        let row = &mut self.rows[self.row];
        row.resize(row.len().max(self.column + 1), ' ');
    }
}

impl TermLike for Screen {
    fn width(&self) -> u16 {
        self.width
    }

    fn height(&self) -> u16 {
        self.height
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        let mut grid = self.grid();
        grid.row = grid.row.saturating_sub(n);
        Ok(())
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.grid().row += n;
        Ok(())
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.grid().column += n;
        Ok(())
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        let mut grid = self.grid();
        grid.column = grid.column.saturating_sub(n);
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.grid().put(&format!("{text}\n"), self.width.into());
        Ok(())
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.grid().put(text, self.width.into());
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        let mut grid = self.grid();
        let row = grid.row;
        if let Some(row) = grid.rows.get_mut(row) {
            row.clear();
        }
        grid.column = 0;
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}
