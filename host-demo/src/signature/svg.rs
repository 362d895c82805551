//! A signature as Scalable Vector Graphics.

use std::fmt::Write as _;

use proto_core::model::Signature;

use super::{bounds, strokes};

/// How thick a line is, in pixels of the terminal.
const PEN: i64 = 3;

/// The signature as an SVG picture: the canvas of the terminal, or larger if a line leaves it.
#[must_use]
pub fn svg(signature: Signature<'_>) -> String {
    let canvas = |size: Option<i64>| size.unwrap_or(0).max(0);
    let (width, height) = (canvas(signature.width()), canvas(signature.height()));
    let [left, top, right, bottom] = bounds(signature).unwrap_or([0, 0, width, height]);
    let (left, top) = (left.min(0), top.min(0));
    let wide = right.max(width).saturating_sub(left).max(1);
    let high = bottom.max(height).saturating_sub(top).max(1);
    let mut picture = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"{left} {top} {wide} {high}\">\n\
         <path fill=\"none\" stroke=\"black\" stroke-width=\"{PEN}\" stroke-linecap=\"round\" \
         stroke-linejoin=\"round\" d=\"",
    );
    for stroke in strokes(signature) {
        let mut points = 0;
        for (x, y) in stroke {
            let pen = if points == 0 { 'M' } else { 'L' };
            let _ = write!(picture, "{pen}{x} {y}");
            points += 1;
        }
        if points == 1 {
            // A line of no length is a dot, because its ends are round.
            picture.push_str("h0");
        }
    }
    picture.push_str("\"/>\n</svg>\n");
    picture
}

#[cfg(test)]
mod tests {
    use super::super::tests::{drawn, signature};
    use super::*;

    #[test]
    fn strokes_become_lines_and_points_dots() {
        let json = drawn(&[&[(1, 2), (3, 4), (5, 6)], &[], &[(7, 8)]]);
        let picture = svg(signature(&json));
        assert!(picture.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
        assert!(picture.contains(" d=\"M1 2L3 4L5 6M7 8h0\"/>"), "{picture}");
        assert!(picture.contains("viewBox=\"0 0 80 60\""), "{picture}");
        assert!(picture.ends_with("</svg>\n"));
    }

    #[test]
    fn a_line_that_leaves_the_canvas_makes_the_picture_larger() {
        let picture = svg(signature(&drawn(&[&[(-10, -20), (100, 70)]])));
        assert!(picture.contains("viewBox=\"-10 -20 110 90\""), "{picture}");
        assert!(svg(signature("{}")).contains("viewBox=\"0 0 1 1\""));
    }
}
