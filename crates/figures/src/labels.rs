//! Names beside points, placed where they hide neither a point nor one another.

use maud::{Markup, html};

use crate::chart::{Frame, Point, line, text};

/// How wide a letter of a label is, and how tall its line, in units of the drawing.
const LETTER: f64 = 5.6;
const LINE: f64 = 11.0;
/// Half the side of the place that a mark takes.
const MARK_ROOM: f64 = 4.5;

/// A rectangle by its middle and half its sides.
struct Room {
    at: Point,
    half: Point,
}

impl Room {
    fn overlaps(&self, other: &Self) -> bool {
        (self.at.0 - other.at.0).abs() < self.half.0 + other.half.0
            && (self.at.1 - other.at.1).abs() < self.half.1 + other.half.1
    }

    fn is_within(&self, frame: &Frame) -> bool {
        self.at.0 - self.half.0 >= frame.left
            && self.at.0 + self.half.0 <= frame.width
            && self.at.1 - self.half.1 >= 0.0
            && self.at.1 + self.half.1 <= frame.bottom
    }
}

/// Each name as near to its point as it has room; one that is farther away has a line to it.
pub fn labels(frame: &Frame, points: &[Point], names: &[String]) -> Markup {
    html! {
        @for (point, room, name) in place(frame, points, names) {
            @if (room.at.1 - point.1).abs() > 1.5 * LINE { (line(point, room.at, "leader")) }
            (text((room.at.0, room.at.1 + 3.5), "middle", name))
        }
    }
}

fn place<'a>(
    frame: &Frame,
    points: &[Point],
    names: &'a [String],
) -> Vec<(Point, Room, &'a String)> {
    let mut placed: Vec<(Point, Room, &String)> = Vec::new();
    let marks: Vec<Room> =
        points.iter().map(|at| Room { at: *at, half: (MARK_ROOM, MARK_ROOM) }).collect();
    for (point, name) in points.iter().zip(names) {
        let half = (name.len() as f64 * LETTER / 2.0, LINE / 2.0);
        let is_free = |room: &Room| {
            let mut taken = marks.iter().chain(placed.iter().map(|(_, room, _)| room));
            room.is_within(frame) && !taken.any(|other| room.overlaps(other))
        };
        let room = around(*point, half).find(is_free);
        let room = room.unwrap_or(Room { at: (point.0, point.1 - LINE), half });
        placed.push((*point, room, name));
    }
    placed
}

/// Places for a label, the nearest first: right, left, above and below, then farther up and down.
fn around((x, y): Point, half: Point) -> impl Iterator<Item = Room> {
    let beside = half.0 + MARK_ROOM + 2.0;
    let rows = (0..12).flat_map(|step| [-1.0, 1.0].map(|side| side * f64::from(step) * LINE));
    let places = rows.flat_map(move |dy| [beside, -beside, 0.0].map(|dx| (x + dx, y + dy)));
    places.map(move |at| Room { at, half })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_points_that_are_close_together_do_not_hide_one_another() {
        let frame = Frame::panel(40.0, 270.0);
        let points: Vec<Point> = (0..8)
            .map(|index| (150.0 + f64::from(index), 120.0 + 2.0 * f64::from(index)))
            .collect();
        let names: Vec<String> = (0..8).map(|index| format!("process {index}")).collect();
        let placed = place(&frame, &points, &names);
        for (index, (_, room, name)) in placed.iter().enumerate() {
            assert!(room.is_within(&frame), "{name}");
            assert!(placed[..index].iter().all(|(_, other, _)| !room.overlaps(other)), "{name}");
        }
        let drawn = labels(&frame, &points, &names).0;
        assert!(names.iter().all(|name| drawn.contains(name)) && drawn.contains("leader"));
    }

    #[test]
    fn a_name_that_has_room_stands_right_of_its_point_or_left_where_the_frame_ends() {
        let frame = Frame::panel(40.0, 270.0);
        let names = ["async 1".to_owned()];
        let beside = |x: f64| place(&frame, &[(x, 100.0)], &names)[0].1.at.0 - x;
        assert!(beside(150.0) > 0.0 && beside(305.0) < 0.0);
    }
}
