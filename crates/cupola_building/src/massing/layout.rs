//! Placement of furniture: inside the room, without overlap with doors or other furniture.

use super::batch::Frame;
use crate::geometry::{P, Rect, bounds, contains, direction, dot, edges, grown, left, length, segments_cross, sub};

/// Distance of furniture from walls, in m.
pub(super) const GAP_M: f64 = 0.05;

/// Room in its own axes, along its longest wall, with the occupied rectangles.
pub(super) struct Layout {
    /// Local axes in plan.
    frame: Frame,
    /// Floor polygon, in local coordinates.
    polygon: Vec<P>,
    /// Bounding rectangle, in local coordinates.
    pub(super) room: Rect,
    taken: Vec<Rect>,
}

/// Side of a room's rectangle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Low,
    Right,
    High,
    Left,
}

impl Layout {
    /// Returns the layout of a room, or `None` if its longest wall is too short. `inner` is the floor between
    /// the walls. `ways` holds the midpoint and the width of each door and gap, in m.
    pub(super) fn new(inner: &[P], floor: f64, ways: &[(P, f64)]) -> Option<Self> {
        let (a, b) = edges(inner).max_by(|x, y| {
            // Rounding makes the choice independent of the last bits of a length.
            let mm = |e: &(P, P)| (length(sub(e.1, e.0)) * 1000.0).round();
            mm(x).total_cmp(&mm(y))
        })?;
        let mut axis = direction(a, b);
        if length(axis) < 0.5 {
            return None;
        }
        if axis[0] < -1e-6 || (axis[0].abs() <= 1e-6 && axis[1] < 0.0) {
            axis = [-axis[0], -axis[1]];
        }
        let frame = Frame::new(a, floor, axis);
        let local = |p: P| {
            let d = sub(p, a);
            [dot(d, axis), dot(d, left(axis))]
        };
        let polygon: Vec<P> = inner.iter().map(|&p| local(p)).collect();
        let room = bounds(&polygon);
        let taken = ways
            .iter()
            .map(|&(p, width)| grown(bounds([&local(p)]), (width * 0.5 + 0.15).max(0.6)))
            .filter(|r| overlap(r, &grown(room, 0.5)))
            .collect();
        Some(Self { frame, polygon, room, taken })
    }

    /// Returns the extent along and across the longest wall, in m.
    pub(super) fn size(&self) -> [f64; 2] {
        [self.room[2] - self.room[0], self.room[3] - self.room[1]]
    }

    /// Occupies a rectangle if it is free. Returns a frame with its origin at the centre of the rectangle,
    /// and its second axis along the room's, turned by `quarters` times 90°.
    pub(super) fn take(&mut self, rect: Rect, quarters: usize) -> Option<Frame> {
        if !self.is_free(&rect) {
            return None;
        }
        self.taken.push(rect);
        let (u, v) = ((rect[0] + rect[2]) * 0.5, (rect[1] + rect[3]) * 0.5);
        Some(self.frame.placed(u, v, quarters))
    }

    /// Occupies a `wide` × `deep` rectangle with its back at a side, centred at `along` (0 to 1) of the side.
    /// In the returned frame the back is at `+deep / 2` of the second axis, and the front faces the room.
    pub(super) fn against(&mut self, side: Side, along: f64, wide: f64, deep: f64) -> Option<Frame> {
        let r = self.room;
        let (half, back) = (wide * 0.5, GAP_M + deep);
        let spread = |low: f64, high: f64| {
            let (from, to) = (low + half + GAP_M, high - half - GAP_M);
            from + (to - from) * along
        };
        let (u, v) = (spread(r[0], r[2]), spread(r[1], r[3]));
        let (rect, quarters) = match side {
            Side::High => ([u - half, r[3] - back, u + half, r[3] - GAP_M], 0),
            Side::Left => ([r[0] + GAP_M, v - half, r[0] + back, v + half], 1),
            Side::Low => ([u - half, r[1] + GAP_M, u + half, r[1] + back], 2),
            Side::Right => ([r[2] - back, v - half, r[2] - GAP_M, v + half], 3),
        };
        self.take(rect, quarters)
    }

    /// Returns the sides, ordered by number of doors and then by decreasing length.
    pub(super) fn sides(&self) -> [Side; 4] {
        let r = self.room;
        let strip = |side: Side| match side {
            Side::Low => [r[0], r[1], r[2], r[1] + 0.3],
            Side::High => [r[0], r[3] - 0.3, r[2], r[3]],
            Side::Left => [r[0], r[1], r[0] + 0.3, r[3]],
            Side::Right => [r[2] - 0.3, r[1], r[2], r[3]],
        };
        let [wide, deep] = self.size();
        let mut sides = [Side::High, Side::Low, Side::Left, Side::Right];
        sides.sort_by_key(|&side| {
            let doors = self.taken.iter().filter(|t| overlap(t, &strip(side))).count();
            let long = match side {
                Side::Low | Side::High => wide,
                Side::Left | Side::Right => deep,
            };
            (doors, -(long * 10.0).round() as i64)
        });
        sides
    }

    fn is_free(&self, rect: &Rect) -> bool {
        let [x0, y0, x1, y1] = *rect;
        let corners = [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
        let middle = [(x0 + x1) * 0.5, (y0 + y1) * 0.5];
        let inside = corners.iter().chain([&middle]).all(|&p| contains(&self.polygon, p));
        inside
            && !self.taken.iter().any(|t| overlap(t, rect))
            && !edges(&self.polygon).any(|(a, b)| {
                let within = |p: P| p[0] > x0 && p[0] < x1 && p[1] > y0 && p[1] < y1;
                within(a) || edges(&corners).any(|(c, d)| segments_cross(a, b, c, d))
            })
    }
}

fn overlap(a: &Rect, b: &Rect) -> bool {
    a[0] < b[2] - 1e-6 && b[0] < a[2] - 1e-6 && a[1] < b[3] - 1e-6 && b[1] < a[3] - 1e-6
}
