//! Reading of glTF accessors. Every count and offset is checked against the bytes before memory is allocated.

use super::ReadError;
use super::buffer::{Source, slice};
use gltf::json::accessor::{Accessor, ComponentType, Type};
use gltf::json::validation::Checked;

/// Maximum number of elements of an accessor without a buffer view. Its elements are zeros, so the file size
/// does not limit their number.
const MAX_ZEROS: u64 = 1_000_000;

/// Checked properties of an accessor.
pub(super) struct Layout {
    pub(super) count: usize,
    component: ComponentType,
    normalized: bool,
    index: usize,
}

impl Layout {
    /// Checks index, type and component type of an accessor, and that its bytes exist.
    pub(super) fn of(accessors: &[Accessor], source: &Source, index: usize, type_: Type) -> Result<Self, ReadError> {
        let bad = |what: String| ReadError::damaged(format!("accessor {index} {what}"));
        let accessor = accessors.get(index).ok_or_else(|| bad("is referenced but does not exist".to_owned()))?;
        let component = match &accessor.component_type {
            Checked::Valid(component) => component.0,
            Checked::Invalid => return Err(bad("has an unknown component type".to_owned())),
        };
        if !matches!(&accessor.type_, Checked::Valid(given) if *given == type_) {
            return Err(bad(format!("is not a {type_:?}")));
        }
        let count = accessor.count.0;
        let size = (component.size() * type_.multiplicity()) as u64;
        match accessor.buffer_view {
            Some(view) => {
                let (bytes, stride) = source.view(view.value())?;
                let stride = stride.unwrap_or(size as usize) as u64;
                if stride < size {
                    return Err(bad(format!("has elements of {size} bytes at a stride of {stride} bytes")));
                }
                let offset = accessor.byte_offset.map_or(0, |o| o.0);
                let needed = match count.checked_sub(1) {
                    None => Some(0),
                    Some(steps) => steps.checked_mul(stride).and_then(|n| n.checked_add(size)),
                };
                if needed.and_then(|n| slice(bytes, offset, n)).is_none() {
                    return Err(bad(format!("has {count} elements, but its buffer view only {} bytes", bytes.len())));
                }
            }
            None if count > MAX_ZEROS => {
                return Err(bad(format!("has {count} elements and no buffer view")));
            }
            None => {}
        }
        Ok(Self {
            count: usize::try_from(count).map_err(|_| bad("is too large".to_owned()))?,
            component,
            normalized: accessor.normalized,
            index,
        })
    }

    /// Reads the elements as vectors of floats.
    pub(super) fn vectors<const N: usize>(
        &self,
        accessors: &[Accessor],
        source: &Source,
    ) -> Result<Vec<[f32; N]>, ReadError> {
        self.read(accessors, source, [0.0; N], N, |bytes| {
            let size = self.component.size();
            std::array::from_fn(|k| self.float(&bytes[k * size..(k + 1) * size]))
        })
    }

    /// Reads the elements as indices.
    pub(super) fn indices(&self, accessors: &[Accessor], source: &Source) -> Result<Vec<u32>, ReadError> {
        if !matches!(self.component, ComponentType::U8 | ComponentType::U16 | ComponentType::U32) {
            return Err(ReadError::damaged(format!(
                "accessor {} holds indices, but its component type is {:?}",
                self.index, self.component
            )));
        }
        self.read(accessors, source, 0, 1, whole)
    }

    fn read<T: Copy>(
        &self,
        accessors: &[Accessor],
        source: &Source,
        zero: T,
        components: usize,
        element: impl Fn(&[u8]) -> T,
    ) -> Result<Vec<T>, ReadError> {
        let accessor = &accessors[self.index];
        let size = self.component.size() * components;
        let mut out = match accessor.buffer_view {
            Some(view) => {
                let (bytes, stride) = source.view(view.value())?;
                let offset = accessor.byte_offset.map_or(0, |o| o.0);
                let bytes = usize::try_from(offset).ok().and_then(|o| bytes.get(o..)).unwrap_or_default();
                // `of` has checked that this number of elements exists.
                bytes
                    .chunks(stride.unwrap_or(size).max(1))
                    .filter(|chunk| chunk.len() >= size)
                    .take(self.count)
                    .map(|chunk| element(&chunk[..size]))
                    .collect()
            }
            None => vec![zero; self.count],
        };
        if out.len() != self.count {
            out.resize(self.count, zero);
        }
        if let Some(sparse) = &accessor.sparse {
            let bad = |what: &str| ReadError::damaged(format!("accessor {} {what}", self.index));
            if sparse.count.0 > self.count as u64 {
                return Err(bad("has more sparse values than elements"));
            }
            let index_size = match &sparse.indices.component_type {
                Checked::Valid(component) => component.0.size(),
                Checked::Invalid => return Err(bad("has sparse indices of an unknown type")),
            };
            let part = |view: usize, offset: u64, each: usize| -> Result<&[u8], ReadError> {
                let bytes = source.view(view)?.0;
                let needed = sparse.count.0.checked_mul(each as u64);
                needed.and_then(|n| slice(bytes, offset, n)).ok_or_else(|| bad("has too few bytes for sparse values"))
            };
            let indices = part(sparse.indices.buffer_view.value(), sparse.indices.byte_offset.0, index_size)?;
            let values = part(sparse.values.buffer_view.value(), sparse.values.byte_offset.0, size)?;
            for (at, value) in indices.chunks_exact(index_size).zip(values.chunks_exact(size)) {
                let slot = out.get_mut(whole(at) as usize).ok_or_else(|| bad("has a sparse index out of range"))?;
                *slot = element(value);
            }
        }
        Ok(out)
    }

    /// Converts one component to a float, by the glTF rules for normalised integers.
    fn float(&self, bytes: &[u8]) -> f32 {
        let (value, most): (f32, f32) = match (self.component, bytes) {
            (ComponentType::F32, &[a, b, c, d]) => return f32::from_le_bytes([a, b, c, d]),
            (ComponentType::I8, &[a]) => (f32::from(a as i8), 127.0),
            (ComponentType::U8, &[a]) => (f32::from(a), 255.0),
            (ComponentType::I16, &[a, b]) => (f32::from(i16::from_le_bytes([a, b])), 32_767.0),
            (ComponentType::U16, &[a, b]) => (f32::from(u16::from_le_bytes([a, b])), 65_535.0),
            (ComponentType::U32, &[a, b, c, d]) => (u32::from_le_bytes([a, b, c, d]) as f32, u32::MAX as f32),
            _ => return 0.0,
        };
        if self.normalized { (value / most).max(-1.0) } else { value }
    }
}

/// Converts one, two or four bytes to a number.
fn whole(bytes: &[u8]) -> u32 {
    match *bytes {
        [a] => u32::from(a),
        [a, b] => u32::from(u16::from_le_bytes([a, b])),
        [a, b, c, d] => u32::from_le_bytes([a, b, c, d]),
        _ => u32::MAX,
    }
}
