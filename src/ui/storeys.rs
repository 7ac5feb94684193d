//! The storeys of a building, from the lowest to the highest.

use cupola_building::{Building, Role};

/// The nodes that are storeys, lowest first.
pub fn of(building: &Building) -> Vec<usize> {
    let mut storeys: Vec<usize> =
        (0..building.nodes.len()).filter(|node| building.nodes[*node].role == Role::Storey).collect();
    // Exporters list them in any order; where their contents lie decides, and the file's order where that is unknown.
    storeys.sort_by(|a, b| base(building, *a).total_cmp(&base(building, *b)));
    storeys
}

/// The height of what belongs to a storey, metres: the lowest point of its rooms, or of anything in it.
fn base(building: &Building, storey: usize) -> f32 {
    let lowest = |rooms_only: bool| {
        let nodes = building.nodes.iter().filter(|node| node.storey == Some(storey));
        let nodes = nodes.filter(|node| !rooms_only || node.role == Role::Room);
        nodes.filter_map(|node| node.bounds()).map(|(min, _)| min[1]).min_by(f32::total_cmp)
    };
    lowest(true).or_else(|| lowest(false)).unwrap_or(0.0)
}

/// The storey above; above the highest there is the whole building, above that the lowest.
pub fn above(storeys: &[usize], current: Option<usize>) -> Option<usize> {
    match current.and_then(|current| storeys.iter().position(|storey| *storey == current)) {
        Some(at) => storeys.get(at + 1).copied(),
        None => storeys.first().copied(),
    }
}

/// The storey below; below the lowest there is the whole building, below that the highest.
pub fn below(storeys: &[usize], current: Option<usize>) -> Option<usize> {
    match current.and_then(|current| storeys.iter().position(|storey| *storey == current)) {
        Some(at) => at.checked_sub(1).map(|at| storeys[at]),
        None => storeys.last().copied(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cupola_building::{Node, Part};

    fn node(name: &str, role: Role, storey: usize, height: f32) -> Node {
        let part = Part { positions: vec![[0.0, height, 0.0]], ..Default::default() };
        let parts = if role == Role::Room { vec![part] } else { Vec::new() };
        Node { name: name.into(), role, storey: Some(storey), parts, ..Default::default() }
    }

    #[test]
    fn storeys_are_in_order_of_height() {
        let nodes = vec![
            node("Level 2", Role::Storey, 0, 0.0),
            node("Room 2.01", Role::Room, 0, 3.2),
            node("Level 1", Role::Storey, 2, 0.0),
            node("Room 1.01", Role::Room, 2, 0.0),
        ];
        let building = Building { name: String::new(), nodes };
        assert_eq!(of(&building), [2, 0]);
    }

    #[test]
    fn going_up_and_down_comes_round() {
        let storeys = [4, 7, 9];
        assert_eq!(above(&storeys, Some(4)), Some(7));
        assert_eq!(above(&storeys, Some(9)), None);
        assert_eq!(above(&storeys, None), Some(4));
        assert_eq!(below(&storeys, Some(4)), None);
        assert_eq!(below(&storeys, None), Some(9));
        assert_eq!(below(&[], None), None);
    }
}
