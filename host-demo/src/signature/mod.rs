//! Signatures of customers as pictures: in a terminal window, and in a file.
//!
//! A signature is read where it lies, point by point; nothing of it is copied.

mod braille;
mod file;
mod svg;

pub use braille::braille;
pub use file::SignatureFile;
pub use svg::svg;

use proto_core::model::{Point, Signature};

/// The strokes, each a line from point to point. A point that lacks a coordinate is passed over.
fn strokes<'m>(
    signature: Signature<'m>,
) -> impl Iterator<Item = impl Iterator<Item = (i64, i64)> + use<'m>> + use<'m> {
    let place = |point: Point<'m>| Some((point.x()?, point.y()?));
    let strokes = signature.strokes().into_iter().flatten();
    strokes.map(move |stroke| stroke.points().into_iter().flatten().filter_map(place))
}

/// The smallest rectangle around all points: left, top, right, bottom.
fn bounds(signature: Signature<'_>) -> Option<[i64; 4]> {
    strokes(signature).flatten().fold(None, |bounds, (x, y)| {
        let [left, top, right, bottom] = bounds.unwrap_or([x, y, x, y]);
        Some([left.min(x), top.min(y), right.max(x), bottom.max(y)])
    })
}

#[cfg(test)]
mod tests {
    use proto_core::wire::json::Object;

    use super::*;

    /// A signature of 80 by 60 with these strokes.
    pub(super) fn drawn(strokes: &[&[(i64, i64)]]) -> String {
        let stroke = |points: &&[(i64, i64)]| {
            let points = points
                .iter()
                .map(|(x, y)| format!(r#"{{"x":{x},"y":{y}}}"#));
            let points = points.collect::<Vec<_>>().join(",");
            format!(r#"{{"points":[{points}]}}"#)
        };
        let strokes = strokes.iter().map(stroke).collect::<Vec<_>>().join(",");
        format!(r#"{{"width":80,"height":60,"strokes":[{strokes}]}}"#)
    }

    pub(super) fn signature(json: &str) -> Signature<'_> {
        Signature::of(Object::parse(json).unwrap())
    }

    #[test]
    fn what_lacks_a_coordinate_is_passed_over() {
        let json = r#"{"strokes":[{"points":[{"x":1},{"x":2,"y":3},7]},{},{"points":null}]}"#;
        assert_eq!(bounds(signature(json)), Some([2, 3, 2, 3]));
        assert_eq!(bounds(signature("{}")), None);
    }
}
