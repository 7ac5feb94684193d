//! The meshes of the building. They are spawned once per scene and shown or hidden by storey.

use super::geometry::{color_of, floor_of, ground, lifted, line_mesh, merged, mesh_of};
use super::material::RoomPaint;
use crate::look::{Theme, ViewSettings};
use crate::timeline::OpenScene;
use bevy::camera::primitives::Aabb;
use bevy::light::{NotShadowCaster, NotShadowReceiver};
use bevy::mesh::MeshTag;
use bevy::prelude::*;
use cupola_building::{Building, Node, Role, feature_edges};
use cupola_twin::TwinIx;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The smallest angle between two faces that have an edge line, in degrees.
const EDGE_ANGLE: f32 = 30.0;

/// The floor of a room, which shows the colour of the room's value.
#[derive(Component, Clone, Copy, Debug)]
pub(super) struct RoomFloor {
    /// The node of the building.
    pub node: usize,
    /// The twin of the room.
    pub twin: Option<TwinIx>,
    /// The centre of the floor.
    pub centre: Vec3,
    /// The approximate width, in m: the square root of the area of the bounding rectangle.
    pub width_m: f32,
}

/// A piece of equipment.
#[derive(Component, Clone, Copy, Debug)]
pub(super) struct Equipment {
    /// The node of the building.
    pub node: usize,
    /// The twin of the node, if it has one.
    pub twin: Option<TwinIx>,
}

/// A part of the building that is shown or hidden by storey and role.
#[derive(Component, Clone, Copy, Debug)]
struct Layer {
    storey: Option<usize>,
    role: Role,
    /// Whether the part consists of edge lines instead of faces.
    is_edge: bool,
}

/// The vertical order of the storeys, by the number of their node.
#[derive(Resource, Default)]
pub(super) struct Storeys {
    by_node: BTreeMap<usize, Storey>,
    /// The distance by which each storey is lifted above the one below, in m. It is 0 unless the storeys stand apart.
    gap: f32,
    /// Whether all parts were shown after their bounds were known.
    settled: bool,
}

#[derive(Clone, Copy)]
struct Storey {
    /// The position in the vertical order; 0 is the lowest storey.
    rank: usize,
    /// The height of the floor, in m.
    floor: f32,
}

impl Storeys {
    fn rank(&self, storey: Option<usize>) -> Option<usize> {
        self.by_node.get(&storey?).map(|storey| storey.rank)
    }

    /// Returns the lift of the highest storey, in m.
    pub fn top_lift(&self) -> f32 {
        self.by_node.len().saturating_sub(1) as f32 * self.gap
    }

    /// Returns the lift of a storey, in m.
    pub fn lift(&self, storey: Option<usize>) -> f32 {
        self.rank(storey).map_or(0.0, |rank| rank as f32 * self.gap)
    }
}

/// The share of the height of walls that remains in a storey that is cut open.
const CUT: f32 = 0.36;
/// The gap between storeys that stand apart, as a multiple of the mean storey height.
const APART: f32 = 1.7;

/// The bounds of the building.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub(super) struct Extent {
    pub min: Vec3,
    pub max: Vec3,
}

/// The number of the node and the twin of each room. The position of a room is its mesh tag.
#[derive(Resource, Default)]
pub(super) struct Rooms(pub Vec<(usize, Option<TwinIx>)>);

#[derive(Resource)]
struct Palette {
    solid: Handle<StandardMaterial>,
    faded: Handle<StandardMaterial>,
    glass: Handle<StandardMaterial>,
    edge: Handle<StandardMaterial>,
    ghost: Handle<StandardMaterial>,
    ground: Handle<StandardMaterial>,
}

pub(super) struct BuildingPlugin;

impl Plugin for BuildingPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Storeys>()
            .init_resource::<Extent>()
            .init_resource::<Rooms>()
            .add_systems(PreStartup, setup)
            .add_systems(
                Update,
                (
                    spawn.run_if(resource_exists_and_changed::<OpenScene>),
                    tint.run_if(resource_changed::<ViewSettings>),
                    show,
                )
                    .chain()
                    .in_set(BuildingSystems),
            );
    }
}

/// The systems that spawn and show the building. Systems that place objects on the building run after them.
#[derive(SystemSet, Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct BuildingSystems;

fn setup(mut commands: Commands, mut materials: ResMut<Assets<StandardMaterial>>) {
    let matte = StandardMaterial { perceptual_roughness: 0.95, reflectance: 0.12, ..default() };
    let blend = StandardMaterial { alpha_mode: AlphaMode::Blend, ..matte.clone() };
    let flat = StandardMaterial { unlit: true, ..blend.clone() };
    commands.insert_resource(Palette {
        solid: materials.add(StandardMaterial { cull_mode: None, double_sided: true, ..matte }),
        faded: materials.add(StandardMaterial { cull_mode: None, double_sided: true, ..blend.clone() }),
        glass: materials.add(StandardMaterial { cull_mode: None, double_sided: true, ..blend.clone() }),
        edge: materials.add(flat.clone()),
        ghost: materials.add(flat),
        ground: materials.add(blend),
    });
}

/// Spawns faces with at least one entity per node, and edge lines with one entity per storey and group of roles.
fn spawn(
    mut commands: Commands,
    scene: Res<OpenScene>,
    old: Query<Entity, With<Layer>>,
    palette: Res<Palette>,
    paint: Res<RoomPaint>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut storeys: ResMut<Storeys>,
    mut extent: ResMut<Extent>,
    mut rooms: ResMut<Rooms>,
    mut targets: Query<(Option<&mut RoomFloor>, Option<&mut Equipment>), Or<(With<RoomFloor>, With<Equipment>)>>,
    mut shown: Local<Option<Arc<Building>>>,
) {
    if shown.as_ref().is_some_and(|shown| Arc::ptr_eq(shown, &scene.0.building)) {
        rebind(&scene.0.bindings, &mut rooms, &mut targets);
        return;
    }
    *shown = Some(scene.0.building.clone());
    old.iter().for_each(|entity| commands.entity(entity).despawn());
    let building = &scene.0.building;
    storeys.by_node = ranks(building);
    *extent = extent_of(building);
    rooms.0.clear();
    let mut lines: BTreeMap<(Option<usize>, u8, bool), Vec<[[f32; 3]; 2]>> = BTreeMap::new();
    for (number, node) in building.nodes.iter().enumerate() {
        let storey = node.storey.or((node.role == Role::Storey).then_some(number));
        let twin = scene.0.bindings[number];
        let layer = Layer { storey, role: node.role, is_edge: false };
        match node.role {
            // The view draws its own ground, and it draws no ceilings.
            Role::Ground | Role::Ceiling => continue,
            Role::Room => {
                let Some(floor) = floor_of(node) else { continue };
                let (min, max) = floor.bounds().unwrap_or_default();
                let centre = (Vec3::from(min) + Vec3::from(max)) / 2.0;
                let outline = feature_edges(&floor, EDGE_ANGLE);
                lines.entry((storey, ROOM_LINES, false)).or_default().extend(lifted(&outline, 0.01));
                let tag = MeshTag(rooms.0.len() as u32);
                rooms.0.push((number, twin));
                commands.spawn((
                    layer,
                    RoomFloor { node: number, twin, centre, width_m: ((max[0] - min[0]) * (max[2] - min[2])).sqrt() },
                    tag,
                    Mesh3d(meshes.add(mesh_of(&floor, None))),
                    MeshMaterial3d(paint.material.clone()),
                    NotShadowCaster,
                    NotShadowReceiver,
                ));
            }
            _ => {
                for part in merged(&node.parts) {
                    let glass = part.color[3] < 0.9 || node.role == Role::Glass;
                    let color = color_of(node.role, part.color);
                    let mesh = meshes.add(mesh_of(&part, Some(color)));
                    let material = if glass { palette.glass.clone() } else { palette.solid.clone() };
                    let mut entity = commands.spawn((layer, Mesh3d(mesh), MeshMaterial3d(material)));
                    if glass {
                        entity.insert(NotShadowCaster);
                    }
                    if let Role::Equipment | Role::Duct = node.role {
                        entity.insert(Equipment { node: number, twin });
                    }
                    let edges = feature_edges(&part, EDGE_ANGLE);
                    if node.role == Role::Slab {
                        lines.entry((storey, SLAB_LINES, true)).or_default().extend(&edges);
                    }
                    let group = match node.role {
                        Role::Roof => ROOF_LINES,
                        Role::Furniture | Role::Stair | Role::Glass => continue,
                        Role::Slab => SLAB_LINES,
                        Role::Equipment | Role::Duct => THING_LINES,
                        _ => WALL_LINES,
                    };
                    if group == THING_LINES {
                        // The edge lines of equipment are shown and hidden together with it.
                        spawn_lines(&mut commands, &mut meshes, layer, &edges, palette.edge.clone());
                        continue;
                    }
                    lines.entry((storey, group, false)).or_default().extend(&edges);
                }
            }
        }
    }
    for ((storey, group, ghost), segments) in lines {
        let role = match group {
            ROOM_LINES => Role::Room,
            ROOF_LINES => Role::Roof,
            SLAB_LINES => Role::Slab,
            _ => Role::Wall,
        };
        let material = if ghost { palette.ghost.clone() } else { palette.edge.clone() };
        let layer = Layer { storey, role, is_edge: false };
        let lines = spawn_lines(&mut commands, &mut meshes, layer, &segments, material);
        if ghost {
            commands.entity(lines).insert(Ghost);
        }
    }
    commands.spawn((
        Layer { storey: None, role: Role::Ground, is_edge: false },
        Mesh3d(meshes.add(ground(*extent))),
        MeshMaterial3d(palette.ground.clone()),
        NotShadowCaster,
    ));
}

/// Assigns the twins of a changed scene to the nodes of the same building.
fn rebind(
    bindings: &[Option<TwinIx>],
    rooms: &mut ResMut<Rooms>,
    targets: &mut Query<(Option<&mut RoomFloor>, Option<&mut Equipment>), Or<(With<RoomFloor>, With<Equipment>)>>,
) {
    if rooms.0.iter().all(|(node, twin)| bindings[*node] == *twin)
        && !targets
            .iter()
            .any(|(_, equipment)| equipment.is_some_and(|equipment| bindings[equipment.node] != equipment.twin))
    {
        return;
    }
    rooms.0.iter_mut().for_each(|(node, twin)| *twin = bindings[*node]);
    for (floor, equipment) in targets {
        if let Some(mut floor) = floor {
            floor.twin = bindings[floor.node];
        }
        if let Some(mut equipment) = equipment {
            equipment.twin = bindings[equipment.node];
        }
    }
}

fn spawn_lines(
    commands: &mut Commands,
    meshes: &mut Assets<Mesh>,
    layer: Layer,
    segments: &[[[f32; 3]; 2]],
    material: Handle<StandardMaterial>,
) -> Entity {
    let mesh = Mesh3d(meshes.add(line_mesh(segments)));
    let layer = Layer { is_edge: true, ..layer };
    commands.spawn((layer, mesh, MeshMaterial3d(material), NotShadowCaster, NotShadowReceiver)).id()
}

/// Lines that represent a storey that is not shown.
#[derive(Component)]
struct Ghost;

const ROOM_LINES: u8 = 0;
const SLAB_LINES: u8 = 1;
const WALL_LINES: u8 = 2;
const ROOF_LINES: u8 = 3;
const THING_LINES: u8 = 4;

fn ranks(building: &Building) -> BTreeMap<usize, Storey> {
    let storeys = building.storeys().into_iter().filter_map(|(node, floor)| Some((node, floor?)));
    storeys.enumerate().map(|(rank, (node, floor))| (node, Storey { rank, floor })).collect()
}

fn extent_of(building: &Building) -> Extent {
    let (mut min, mut max) = (Vec3::INFINITY, Vec3::NEG_INFINITY);
    let solid = building.nodes.iter().filter(|node| node.role != Role::Ground);
    for (low, high) in solid.filter_map(Node::bounds) {
        min = min.min(Vec3::from(low));
        max = max.max(Vec3::from(high));
    }
    if min.is_finite() { Extent { min, max } } else { Extent { min: Vec3::splat(-5.0), max: Vec3::splat(5.0) } }
}

/// Sets the colours of the materials for the theme.
fn tint(settings: Res<ViewSettings>, palette: Res<Palette>, mut materials: ResMut<Assets<StandardMaterial>>) {
    let dark = settings.theme == Theme::Dark;
    let mut set = |handle: &Handle<StandardMaterial>, color: Color| {
        if let Some(mut material) = materials.get_mut(handle)
            && material.base_color != color
        {
            material.base_color = color;
        }
    };
    set(&palette.solid, if dark { Color::srgb(0.86, 0.86, 0.87) } else { Color::WHITE });
    set(&palette.faded, Color::srgba(1.0, 1.0, 1.0, if dark { 0.10 } else { 0.22 }));
    set(&palette.edge, if dark { Color::srgba(0.02, 0.03, 0.04, 0.55) } else { Color::srgba(0.10, 0.12, 0.15, 0.45) });
    set(&palette.ghost, if dark { Color::srgba(0.75, 0.80, 0.88, 0.10) } else { Color::srgba(0.15, 0.18, 0.22, 0.14) });
    set(&palette.ground, if dark { Color::srgb_u8(0x22, 0x27, 0x30) } else { Color::srgb_u8(0xD2, 0xD6, 0xDC) });
}

/// Shows the building according to the view settings: complete storeys, cut storeys, faded walls, ghost lines.
fn show(
    settings: Res<ViewSettings>,
    mut storeys: ResMut<Storeys>,
    palette: Res<Palette>,
    extent: Res<Extent>,
    mut layers: Query<(Ref<Layer>, &mut Visibility, &mut Transform, Has<Ghost>, Option<&Aabb>)>,
    mut faces: Query<(&Layer, &mut MeshMaterial3d<StandardMaterial>), Without<Ghost>>,
) {
    let added = layers.iter().any(|(layer, ..)| layer.is_added());
    // The bounds of a new mesh are known one frame later.
    let measured = layers.iter().all(|(.., aabb)| aabb.is_some());
    if !settings.is_changed() && !added && (storeys.settled || !measured) {
        return;
    }
    storeys.settled = measured;
    let chosen = storeys.rank(settings.storey);
    let apart = settings.explode && chosen.is_none() && !settings.see_through;
    let count = storeys.by_node.len().max(1) as f32;
    storeys.gap = if apart && count > 1.0 { (extent.max.y - extent.min.y) / count * APART } else { 0.0 };
    let storeys = &*storeys;
    for (layer, mut visibility, mut transform, ghost, aabb) in &mut layers {
        let storey = layer.storey.and_then(|storey| storeys.by_node.get(&storey));
        let rank = storey.map(|storey| storey.rank);
        let cut = apart || (chosen.is_some() && rank == chosen);
        let whole = match (rank, chosen) {
            (Some(rank), Some(chosen)) if settings.isolate => rank == chosen,
            (Some(rank), Some(chosen)) => rank <= chosen,
            (None, Some(_)) => layer.storey.is_none(),
            _ => true,
        };
        // Objects under a ceiling would float above a storey that is cut open, so they are hidden.
        let hangs =
            storey.zip(aabb).is_some_and(|(storey, aabb)| aabb.center.y - aabb.half_extents.y > storey.floor + 1.3);
        let shown = match (layer.role, ghost) {
            (_, true) => !whole,
            (Role::Roof, _) => whole && !settings.see_through && !cut,
            (Role::Equipment | Role::Duct, _) if cut && hangs => false,
            (Role::Furniture | Role::Door, _) => whole && !settings.see_through,
            _ => whole,
        };
        visibility.set_if_neq(if shown { Visibility::Inherited } else { Visibility::Hidden });
        let mut wanted = Transform::from_xyz(0.0, storeys.lift(layer.storey), 0.0);
        if let (true, Role::Wall | Role::Glass | Role::Door | Role::Stair, Some(storey)) = (cut, layer.role, storey) {
            wanted.scale.y = CUT;
            wanted.translation.y += storey.floor * (1.0 - CUT);
        }
        transform.set_if_neq(wanted);
    }
    for (layer, mut material) in &mut faces {
        if layer.is_edge || layer.role == Role::Ground || material.0 == palette.glass {
            continue;
        }
        // The lowest slab is not faded, so that the building has a visible base.
        let covers = matches!(layer.role, Role::Wall | Role::Slab | Role::Stair | Role::Other)
            && !(layer.role == Role::Slab && storeys.rank(layer.storey) == Some(0));
        let wanted = if settings.see_through && covers { palette.faded.clone() } else { palette.solid.clone() };
        if material.0 != wanted {
            material.0 = wanted;
        }
    }
}
