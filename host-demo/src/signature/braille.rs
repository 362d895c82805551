//! A signature in a terminal window: eight dots a character.

use proto_core::model::Signature;

use super::{bounds, strokes};

/// The first of the 256 braille patterns; each bit is a dot.
const BLANK: u32 = 0x2800;
/// Dots of one character, across and down.
const ACROSS: usize = 2;
const DOWN: usize = 4;
/// The bit of each dot, row by row (Unicode, "Braille Patterns").
const BITS: [[u8; ACROSS]; DOWN] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// The signature, drawn as large as `columns` and `rows` of characters allow; one line of text a row. Empty if
/// there are no points.
#[must_use]
pub fn braille(signature: Signature<'_>, columns: usize, rows: usize) -> String {
    let Some([left, top, right, bottom]) = bounds(signature) else {
        return String::new();
    };
    // What comes from the terminal may be as wide as an i64: no difference of it fits one.
    let (left, top) = (left as f64, top as f64);
    let (width, height) = (right as f64 - left, bottom as f64 - top);
    let most = |cells: usize, dots: usize| (cells.max(1) * dots - 1) as f64;
    let fit = |room: f64, size: f64| if size > 0.0 { room / size } else { f64::MAX };
    let scale = fit(most(columns, ACROSS), width).min(fit(most(rows, DOWN), height));
    // A single dot has no size, whatever it is multiplied with.
    let to_dot = |value: f64| (value * scale).round() as usize;
    let mut picture = Picture::new(to_dot(width), to_dot(height));
    for stroke in strokes(signature) {
        let mut from = None;
        for (x, y) in stroke {
            let to = (to_dot(x as f64 - left), to_dot(y as f64 - top));
            picture.line(from.unwrap_or(to), to);
            from = Some(to);
        }
    }
    picture.text()
}

/// Dots, eight in a cell.
struct Picture {
    columns: usize,
    cells: Vec<u8>,
}

impl Picture {
    /// A picture whose last dot is this one.
    fn new(x: usize, y: usize) -> Self {
        let columns = x / ACROSS + 1;
        Self {
            columns,
            cells: vec![0; columns * (y / DOWN + 1)],
        }
    }

    fn dot(&mut self, x: usize, y: usize) {
        let cell = self.cells.get_mut(y / DOWN * self.columns + x / ACROSS);
        if let Some(cell) = cell {
            *cell |= BITS[y % DOWN][x % ACROSS];
        }
    }

    /// A straight line: a dot for each step along its longer side.
    fn line(&mut self, from: (usize, usize), to: (usize, usize)) {
        let steps = from.0.abs_diff(to.0).max(from.1.abs_diff(to.1));
        let between = |from: usize, to: usize, step: usize| match steps {
            0 => to,
            // Rounded to the nearest.
            _ => (2 * (from * (steps - step) + to * step) + steps) / (2 * steps),
        };
        for step in 0..=steps {
            self.dot(between(from.0, to.0, step), between(from.1, to.1, step));
        }
    }

    fn text(&self) -> String {
        let rows = self.cells.chunks(self.columns).map(|row| {
            let row = row
                .iter()
                .filter_map(|cell| char::from_u32(BLANK + u32::from(*cell)));
            row.collect::<String>()
        });
        rows.collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{drawn, signature};
    use super::*;

    #[test]
    fn a_picture_is_drawn_with_lines_between_the_points() {
        // A house with a door, and a dot for the sun.
        let house = drawn(&[
            &[(0, 59), (0, 25), (25, 0), (50, 25), (50, 59), (0, 59)],
            &[(20, 59), (20, 40), (30, 40), (30, 59)],
            &[(75, 5)],
        ]);
        let golden = "\
⠀⠀⠀⢀⠔⠑⢄⠀⠀⠀⠀⠀⠀⠀⠠
⠀⢀⠔⠁⠀⠀⠀⠱⡀⠀⠀⠀⠀⠀⠀
⡔⠁⠀⠀⠀⠀⠀⠀⠈⢢⠀⠀⠀⠀⠀
⡇⠀⠀⠀⠀⠀⠀⠀⠀⢸⠀⠀⠀⠀⠀
⡇⠀⠀⠀⡏⠉⡇⠀⠀⢸⠀⠀⠀⠀⠀
⣇⣀⣀⣀⣇⣀⣇⣀⣀⣸⠀⠀⠀⠀⠀";
        let picture = braille(signature(&house), 24, 6);
        assert_eq!(picture, golden);
    }

    #[test]
    fn one_point_is_one_dot_and_none_is_nothing() {
        assert_eq!(braille(signature(&drawn(&[&[(7, 7)]])), 40, 10), "⠁");
        assert_eq!(braille(signature(&drawn(&[&[]])), 40, 10), "");
        assert_eq!(braille(signature("{}"), 40, 10), "");
    }

    #[test]
    fn a_picture_fits_whatever_comes() {
        let far = drawn(&[&[(i64::MIN, i64::MAX), (i64::MAX, i64::MIN), (0, 0)]]);
        for (columns, rows) in [(0, 0), (1, 1), (80, 12), (5, 40)] {
            let picture = braille(signature(&far), columns, rows);
            assert!(picture.lines().count() <= rows.max(1), "{picture}");
            let widest = picture.lines().map(|line| line.chars().count()).max();
            assert!(widest <= Some(columns.max(1)), "{picture}");
        }
        let flat = drawn(&[&[(0, 5), (100, 5)]]);
        assert_eq!(braille(signature(&flat), 3, 3), "⠉⠉⠉");
    }
}
