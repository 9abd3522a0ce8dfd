//! Tables as kubectl prints them: capital headers, three spaces between columns, no lines.

use std::borrow::Cow;

/// What stands between two columns.
const GUTTER: &str = "   ";

/// Rows under headers; as many cells in each row as there are headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    headers: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table.
    pub fn new(headers: impl IntoIterator<Item = &'static str>) -> Self {
        Self { headers: headers.into_iter().collect(), rows: Vec::new() }
    }

    /// Adds a row; cells beyond the headers are dropped, missing ones are empty.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut cells: Vec<String> = cells.into_iter().collect();
        cells.resize(self.headers.len(), String::new());
        self.rows.push(cells);
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as text; the last column is not padded.
    pub fn render(&self, headers: bool) -> String {
        let header =
            headers.then(|| self.headers.iter().map(|header| Cow::Borrowed(*header)).collect::<Vec<_>>());
        let rows = self.rows.iter().map(|row| row.iter().map(|cell| harmless(cell)).collect::<Vec<_>>());
        let lines: Vec<Vec<Cow<'_, str>>> = header.into_iter().chain(rows).collect();
        let width =
            |column: usize| lines.iter().filter_map(|line| Some(line.get(column)?.chars().count())).max();
        let widths: Vec<usize> = (0..self.headers.len()).filter_map(width).collect();
        lines.iter().map(|line| rendered(line, &widths)).collect()
    }
}

fn rendered(line: &[Cow<'_, str>], widths: &[usize]) -> String {
    let cells: Vec<String> = line.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
    format!("{}\n", cells.join(GUTTER).trim_end())
}

/// A cell that may hold text of a peer: no control character moves the cursor, no empty cell shifts the columns.
fn harmless(cell: &str) -> Cow<'_, str> {
    if cell.is_empty() {
        Cow::Borrowed("-")
    } else if cell.chars().any(char::is_control) {
        Cow::Owned(
            cell.chars()
                .flat_map(|c| if c.is_control() { c.escape_debug().collect() } else { vec![c] })
                .collect(),
        )
    } else {
        Cow::Borrowed(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_and_nothing_trails() {
        let mut table = Table::new(["NAME", "MODE"]);
        table.row(["a".to_owned(), "STRICT".to_owned()]);
        table.row(["länger".to_owned()]);
        table.row(["x\u{1b}[2J".to_owned(), "y\n".to_owned(), "beyond".to_owned()]);
        let expect = "NAME         MODE\na            STRICT\nlänger       -\nx\\u{1b}[2J   y\\n\n";
        assert_eq!(table.render(true), expect);
        assert_eq!(table.render(false), expect.split_once('\n').unwrap().1);
    }
}
