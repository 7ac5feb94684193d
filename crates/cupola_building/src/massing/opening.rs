//! Doors, windows and gaps: their position on walls, and the frames, panes and leaves in them.

use super::batch::{Batch, Frame};
use super::outline::{Outline, Piece};
use super::palette::{FRAME, GLASS, LEAF};
use crate::geometry::{
    Grid, P, Rect, add, bounds, cross, direction, distance_to_segment, dot, grown, left, length, scale, sub,
};
use crate::plan::{OpeningKind, PlanStorey, RoomKind, Walls};

/// Maximum distance of an opening's middle from its wall's centre line, in m.
const REACH_M: f64 = 0.25;
/// Height of wall above every opening, in m, which forms the lintel of a gap.
const LINTEL_M: f64 = 0.1;

/// Opening on its wall.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hole {
    pub(super) kind: OpeningKind,
    /// Middle, on the centre line.
    pub(super) middle: P,
    /// Direction along the wall, with the room that the opening leads into on the left.
    pub(super) along: P,
    pub(super) width: f64,
    /// Height of the lower edge above the floor, in m.
    pub(super) sill: f64,
    /// Height of the upper edge above the floor, in m.
    pub(super) head: f64,
    /// Total thickness of the wall, in m.
    pub(super) thickness: f64,
}

/// Part of an opening in one piece of wall.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    /// Start and end along the piece's centre line, in m from its start.
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) sill: f64,
    pub(super) head: f64,
    /// Whether the opening ends at each end of the cut instead of continuing in the next piece.
    pub(super) jambs: [bool; 2],
}

/// Openings of a storey, with a spatial index.
pub(super) struct Holes {
    pub(super) all: Vec<Hole>,
    grid: Grid,
}

impl Holes {
    /// Assigns every opening to the nearest wall. Openings far from all walls are left out.
    pub(super) fn new(storey: &PlanStorey, outline: &Outline, walls: &Walls) -> Self {
        let pieces: Vec<(usize, &Piece)> =
            outline.rooms.iter().flat_map(|room| room.pieces.iter().map(move |piece| (room.index, piece))).collect();
        let rects: Vec<Rect> = pieces.iter().map(|(_, p)| bounds(&p.line)).collect();
        let grid = Grid::new(&rects);
        let mut all = Vec::new();
        for opening in &storey.openings {
            let at = [opening.at.0, opening.at.1];
            let nearest = grid
                .near(grown(bounds([&at]), REACH_M))
                .into_iter()
                .map(|i| {
                    let (room, piece) = pieces[i];
                    let d = distance_to_segment(at, piece.line[0], piece.line[1]);
                    // Doors open out of the corridor: at equal distance the other room is preferred.
                    let kind = storey.rooms[room].kind;
                    let way = matches!(kind, RoomKind::Corridor | RoomKind::Lobby);
                    ((d * 100.0).round() as i64, way, i)
                })
                .min();
            let Some((distance, _, i)) = nearest else {
                continue;
            };
            let piece = pieces[i].1;
            let head = opening.head_m.min(storey.clear_height_m() - LINTEL_M);
            let sill = opening.sill_m.max(0.0);
            if distance > (REACH_M * 100.0) as i64
                || !(opening.width_m > 0.05 && opening.width_m < 1e4)
                || head.partial_cmp(&(sill + 0.05)) != Some(std::cmp::Ordering::Greater)
            {
                continue;
            }
            let along = direction(piece.line[0], piece.line[1]);
            let from_start = dot(sub(at, piece.line[0]), along);
            all.push(Hole {
                kind: opening.kind,
                middle: add(piece.line[0], scale(along, from_start)),
                along,
                width: opening.width_m,
                sill,
                head,
                thickness: if piece.shared { walls.interior_m } else { walls.exterior_m },
            });
        }
        let rects: Vec<Rect> = all.iter().map(|h| grown(bounds([&h.middle]), h.width * 0.5 + 0.1)).collect();
        Self { grid: Grid::new(&rects), all }
    }

    /// Returns the cuts of the openings in a piece, in order along it, without overlaps.
    pub(super) fn cuts(&self, piece: &Piece) -> Vec<Cut> {
        let [a, b] = piece.line;
        let u = direction(a, b);
        let whole = length(sub(b, a));
        let face = [0, 1].map(|k| dot(sub(piece.face[k], a), u));
        let (low, high) = (face[0].max(0.0), face[1].min(whole));
        let mut cuts: Vec<Cut> = self
            .grid
            .near(bounds(&piece.line))
            .into_iter()
            .map(|i| self.all[i])
            .filter(|h| cross(u, h.along).abs() < 0.03 && cross(u, sub(h.middle, a)).abs() < 0.06)
            .filter_map(|h| {
                let middle = dot(sub(h.middle, a), u);
                let (from, to) = (middle - h.width * 0.5, middle + h.width * 0.5);
                let goes_on =
                    [from < low - 1e-3 && face[0].abs() < 1e-6, to > high + 1e-3 && (face[1] - whole).abs() < 1e-6];
                let cut = Cut {
                    from: from.max(low),
                    to: to.min(high),
                    sill: h.sill,
                    head: h.head,
                    jambs: goes_on.map(|on| !on),
                };
                (cut.to - cut.from > 0.02).then_some(cut)
            })
            .collect();
        cuts.sort_by(|a, b| a.from.total_cmp(&b.from));
        let mut done = f64::NEG_INFINITY;
        cuts.retain(|cut| {
            let free = cut.from >= done;
            if free {
                done = cut.to + 1e-3;
            }
            free
        });
        cuts
    }
}

/// Returns middles and widths of the doors and gaps, which furniture must not obstruct.
pub(super) fn ways_through(holes: &Holes) -> impl Iterator<Item = (P, f64)> + '_ {
    holes.all.iter().filter(|h| h.kind != OpeningKind::Window).map(|h| (h.middle, h.width))
}

/// Adds frames and panes to windows, and frames and leaves to doors.
pub(super) fn fill(holes: &Holes, floor: f64, frames: &mut Batch, glass: &mut Batch, doors: &mut Batch) {
    for hole in &holes.all {
        match hole.kind {
            OpeningKind::Gap => {}
            OpeningKind::Window => window(hole, floor, frames, glass),
            OpeningKind::Door => door(hole, floor, doors),
        }
    }
}

fn window(hole: &Hole, floor: f64, frames: &mut Batch, glass: &mut Batch) {
    let frame = Frame::new(hole.middle, floor, hole.along);
    let (bar, deep) = (0.05, 0.035);
    let half = hole.width * 0.5;
    let (low, high) = (hole.sill, hole.head);
    if half < 0.15 || high - low < 0.25 {
        glass.cuboid(GLASS, &frame, [-half, -0.012, low], [half, 0.012, high]);
        return;
    }
    frames.cuboid(FRAME, &frame, [-half, -deep, low], [half, deep, low + bar]);
    frames.cuboid(FRAME, &frame, [-half, -deep, high - bar], [half, deep, high]);
    let (low, high) = (low + bar, high - bar);
    // The number of panes is odd, so that no mullion is in the middle of the view.
    let mut lights = (hole.width / 1.4).round().max(1.0) as usize;
    lights += 1 - lights % 2;
    let step = (hole.width - bar) / lights as f64;
    for k in 0..=lights {
        let u = -half + step * k as f64;
        frames.cuboid(FRAME, &frame, [u, -deep, low], [u + bar, deep, high]);
        if k < lights {
            let (from, to) = (u + bar, u + step);
            glass.cuboid(GLASS, &frame, [from, -0.012, low], [to, 0.012, high]);
        }
    }
}

fn door(hole: &Hole, floor: f64, doors: &mut Batch) {
    let frame = Frame::new(hole.middle, floor, hole.along);
    let half = hole.width * 0.5;
    let (low, high) = (hole.sill, hole.head);
    let bar = 0.05_f64.min(half * 0.2);
    let deep = hole.thickness * 0.5 + 0.01;
    for u in [-half, half - bar] {
        doors.cuboid(FRAME, &frame, [u, -deep, low], [u + bar, deep, high]);
    }
    let lintel = [half - bar, deep, high];
    doors.cuboid(FRAME, &frame, [-half + bar, -deep, high - bar], lintel);

    // The door is ajar, so that it is recognisable from above.
    let (sin, cos) = 28.0_f64.to_radians().sin_cos();
    let clear = hole.width - 2.0 * bar;
    let hinge = |u: f64| frame.at(u, 0.0);
    let into = left(hole.along);
    let swung = |sense: f64| add(scale(hole.along, sense * cos), scale(into, sin));
    let leaves = if hole.width > 1.4 {
        vec![(-half + bar, 1.0, clear * 0.5), (half - bar, -1.0, clear * 0.5)]
    } else {
        vec![(-half + bar, 1.0, clear)]
    };
    for (u, sense, long) in leaves {
        let leaf = Frame::new(hinge(u), floor, swung(sense));
        let top = [long, 0.02, high - bar - 0.005];
        doors.cuboid(LEAF, &leaf, [0.0, -0.02, low + 0.03], top);
    }
}
