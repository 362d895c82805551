//! A signature, as a customer draws it.

use std::f64::consts::TAU;

use proto_core::model::{PointDraft, SignatureDraft, StrokeDraft};
use proto_core::wire::Nested;

use super::random::Random;

/// The strokes of a signature: each a line of points, to the right and down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Drawn(Vec<Vec<(i64, i64)>>);

/// The canvas in pixels, as terminals have it (`protocol/model.md` §5).
const WIDTH: i64 = 799;
const HEIGHT: i64 = 666;

/// How many points the name has.
const NAME_POINTS: u32 = 240;
/// How many the line under it has.
const LINE_POINTS: u32 = 40;

impl Drawn {
    /// A name of loops that get flatter, a dot, and a line under it.
    pub(super) fn new(random: &mut Random) -> Self {
        let mut between =
            |low: u32, high: u32| f64::from(low) + random.below(u64::from(high - low + 1)) as f64;
        let loops = between(5, 9);
        let height = between(70, 120);
        let lean = between(0, 60);
        let name = (0..NAME_POINTS).map(|n| {
            let way = f64::from(n) / f64::from(NAME_POINTS);
            let turn = way * loops * TAU;
            let size = height * (1.0 - 0.6 * way) * (1.0 + 0.3 * (turn * 0.37).sin());
            let x = 110.0 + 520.0 * way + 0.4 * size * turn.sin() + lean * (1.0 - turn.cos()) / 2.0;
            let y = 340.0 - 0.5 * size * (1.0 - turn.cos()) + 25.0 * (way * TAU).sin();
            (x, y)
        });
        let slope = between(0, 40) - 20.0;
        let line = (0..LINE_POINTS).map(|n| {
            let way = f64::from(n) / f64::from(LINE_POINTS);
            (
                90.0 + 600.0 * way,
                430.0 - slope * way + 12.0 * (way * TAU).sin(),
            )
        });
        let dot = (between(500, 640), between(200, 240));
        let dot = [dot, (dot.0 + 4.0, dot.1 + 5.0)];
        Self(vec![
            name.map(on_canvas).collect(),
            dot.into_iter().map(on_canvas).collect(),
            line.map(on_canvas).collect(),
        ])
    }

    /// Hands a signature over, if there is one; the parts that it borrows live here.
    pub(super) fn with_draft<R>(
        drawn: Option<&Self>,
        write: impl FnOnce(Option<SignatureDraft<'_>>) -> R,
    ) -> R {
        let Some(Self(strokes)) = drawn else {
            return write(None);
        };
        let points: Vec<Vec<_>> = strokes
            .iter()
            .map(|stroke| stroke.iter().map(|point| draft(*point)).collect())
            .collect();
        let strokes: Vec<_> = points
            .iter()
            .map(|points| StrokeDraft {
                points: Some(Nested::Draft(points.as_slice())),
                more: &[],
            })
            .collect();
        write(Some(SignatureDraft {
            width: Some(WIDTH),
            height: Some(HEIGHT),
            strokes: Some(Nested::Draft(strokes.as_slice())),
            more: &[],
        }))
    }
}

fn on_canvas((x, y): (f64, f64)) -> (i64, i64) {
    let pixel = |value: f64, limit: i64| (value.round() as i64).clamp(0, limit - 1);
    (pixel(x, WIDTH), pixel(y, HEIGHT))
}

fn draft((x, y): (i64, i64)) -> PointDraft<'static> {
    PointDraft {
        x: Some(x),
        y: Some(y),
        more: &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_has_many_points_on_the_canvas_and_repeats_with_its_seed() {
        let drawn = Drawn::new(&mut Random::new(7));
        assert_eq!(drawn, Drawn::new(&mut Random::new(7)));
        assert_ne!(drawn, Drawn::new(&mut Random::new(8)));
        let points: Vec<_> = drawn.0.iter().flatten().copied().collect();
        assert!(points.len() > 250);
        let wide = points.iter().map(|(x, _)| *x);
        let high = points.iter().map(|(_, y)| *y);
        assert!(wide.clone().max() < Some(WIDTH) && high.clone().max() < Some(HEIGHT));
        // It is drawn, not a dot: it takes up most of the width and a good part of the height.
        assert!(wide.clone().max().unwrap() - wide.min().unwrap() > WIDTH / 2);
        assert!(high.clone().max().unwrap() - high.min().unwrap() > HEIGHT / 6);
    }
}
