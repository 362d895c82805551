//! Signatures.

use crate::wire::object::objects;

objects! {
    /// A signature as lines (`protocol/model.md` §5 Signature2).
    Signature, SignatureDraft {
        /// The width of the canvas in pixels; -1 if it is not known.
        width: int = "width";
        /// The height of the canvas in pixels; -1 if it is not known.
        height: int = "height";
        /// One stroke per time that the pen went down.
        strokes: list(Stroke, StrokeDraft) = "strokes";
    }

    /// One line of a signature (`protocol/model.md` §5).
    Stroke, StrokeDraft {
        /// Its points.
        points: list(Point, PointDraft) = "points";
    }

    /// A point; the origin is top left (`protocol/model.md` §5).
    Point, PointDraft {
        /// To the right, in pixels.
        x: int = "x";
        /// Down, in pixels.
        y: int = "y";
    }
}
