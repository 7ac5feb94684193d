//! GLB container, and the bytes of buffers from the GLB, a `data:` URI, or a file in the same folder.

use super::ReadError;
use gltf::json::Root;
use std::borrow::Cow;

/// Returns the JSON of a file and, for a GLB, its binary chunk.
pub(super) fn container(bytes: &[u8]) -> Result<(&[u8], Option<&[u8]>), ReadError> {
    if bytes.is_empty() {
        return Err(ReadError::damaged("the file is empty"));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if !bytes.starts_with(b"glTF") {
        let first = bytes.iter().find(|b| !b.is_ascii_whitespace());
        return match first {
            Some(b'{') => Ok((bytes, None)),
            _ => Err(ReadError::new("this is neither a .glb nor a .gltf file", "open a glTF 2.0 file")),
        };
    }
    let word = |at: usize| {
        let four = bytes.get(at..at.checked_add(4)?)?;
        Some(u32::from_le_bytes(four.try_into().ok()?))
    };
    let cut_off = || ReadError::damaged(format!("the GLB ends after {} bytes", bytes.len()));
    match word(4).ok_or_else(cut_off)? {
        2 => {}
        version => {
            return Err(ReadError::new(
                format!("the file has GLB version {version}; only version 2 is supported"),
                "export the model as glTF 2.0",
            ));
        }
    }
    let length = word(8).ok_or_else(cut_off)? as usize;
    if length > bytes.len() {
        return Err(ReadError::damaged(format!(
            "the GLB header declares {length} bytes, the file has {}",
            bytes.len()
        )));
    }
    let (mut json, mut binary) = (None, None);
    let mut at = 12;
    while at < length {
        let size = word(at).ok_or_else(cut_off)? as usize;
        let kind = word(at + 4).ok_or_else(cut_off)?.to_le_bytes();
        let end = (at + 8).checked_add(size).filter(|&end| end <= length);
        let Some(chunk) = end.and_then(|end| bytes.get(at + 8..end)) else {
            return Err(ReadError::damaged(format!(
                "the chunk of {size} bytes at byte {at} extends beyond the end of the GLB"
            )));
        };
        match &kind {
            b"JSON" if json.is_none() => json = Some(chunk),
            b"BIN\0" if binary.is_none() => binary = Some(chunk),
            // The standard requires readers to ignore unknown chunks.
            _ => {}
        }
        // Chunks start at multiples of four bytes.
        at = (at + 8 + size).next_multiple_of(4);
    }
    let json = json.ok_or_else(|| ReadError::damaged("the GLB has no JSON chunk"))?;
    Ok((json, binary))
}

/// Buffers and their buffer views.
pub(super) struct Source<'a> {
    root: &'a Root,
    buffers: Vec<Cow<'a, [u8]>>,
}

impl<'a> Source<'a> {
    pub(super) fn load(
        root: &'a Root,
        binary: Option<&'a [u8]>,
        resolve: &mut dyn FnMut(&str) -> Result<Vec<u8>, String>,
    ) -> Result<Self, ReadError> {
        let mut buffers = Vec::new();
        for (i, buffer) in root.buffers.iter().enumerate() {
            let bytes: Cow<'a, [u8]> = match (&buffer.uri, binary) {
                (Some(uri), _) => Cow::Owned(fetch(i, uri, resolve)?),
                (None, Some(binary)) if i == 0 => Cow::Borrowed(binary),
                _ => {
                    return Err(ReadError::damaged(format!("buffer {i} has no URI and the file has no bytes for it")));
                }
            };
            if (bytes.len() as u64) < buffer.byte_length.0 {
                return Err(ReadError::damaged(format!(
                    "buffer {i} declares {} bytes, but has {}",
                    buffer.byte_length.0,
                    bytes.len()
                )));
            }
            buffers.push(bytes);
        }
        Ok(Self { root, buffers })
    }

    /// Returns the bytes of a buffer view, and its stride.
    pub(super) fn view(&self, index: usize) -> Result<(&[u8], Option<usize>), ReadError> {
        let bad = |what: &str| ReadError::damaged(format!("buffer view {index} {what}"));
        let view = self.root.buffer_views.get(index).ok_or_else(|| bad("is referenced but does not exist"))?;
        let buffer =
            self.buffers.get(view.buffer.value()).ok_or_else(|| bad("refers to a buffer that does not exist"))?;
        let offset = view.byte_offset.map_or(0, |o| o.0);
        let bytes =
            slice(buffer, offset, view.byte_length.0).ok_or_else(|| bad("extends beyond the end of its buffer"))?;
        Ok((bytes, view.byte_stride.map(|s| s.0)))
    }
}

/// Returns `count` bytes from `offset`, or `None` if they do not exist.
pub(super) fn slice(bytes: &[u8], offset: u64, count: u64) -> Option<&[u8]> {
    let end = usize::try_from(offset.checked_add(count)?).ok()?;
    bytes.get(usize::try_from(offset).ok()?..end)
}

fn fetch(
    index: usize,
    uri: &str,
    resolve: &mut dyn FnMut(&str) -> Result<Vec<u8>, String>,
) -> Result<Vec<u8>, ReadError> {
    if let Some(data) = uri.strip_prefix("data:") {
        let decoded =
            data.split_once(',').filter(|(kind, _)| kind.ends_with(";base64")).and_then(|(_, text)| base64(text));
        return decoded.ok_or_else(|| ReadError::damaged(format!("the data URI of buffer {index} is not base64")));
    }
    let name = percent_decoded(uri).filter(|name| is_beside(name));
    let Some(name) = name else {
        let shown: String = uri.chars().take(80).collect();
        return Err(ReadError::new(
            format!("buffer {index} has the URI {shown:?}, which is not a file in the same folder"),
            "export as .glb, or put the .bin file into the same folder",
        ));
    };
    resolve(&name).map_err(|error| {
        ReadError::new(
            format!("buffer {index}, file {name:?}: {error}"),
            "put the .bin file into the same folder, or export as .glb",
        )
    })
}

/// Returns whether a name stays in the folder of the file on every system: relative, without a scheme or
/// `..`.
fn is_beside(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('/')
        && !name.contains(['\\', ':', '\0'])
        && !name.chars().any(char::is_control)
        && name.split('/').all(|part| part != ".." && !part.is_empty())
}

/// Decodes percent-encoding. Returns `None` if the result is not UTF-8.
fn percent_decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || char::from(rest.next()?).to_digit(16);
            out.push((digit()? * 16 + digit()?) as u8);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

/// Decodes RFC 4648 base64, with or without padding.
fn base64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=').as_bytes();
    if text.len() % 4 == 1 {
        return None;
    }
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for group in text.chunks(4) {
        let mut bits = 0_u32;
        for byte in group {
            let value = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return None,
            };
            bits = (bits << 6) | u32::from(value);
        }
        bits <<= 6 * (4 - group.len());
        out.extend_from_slice(&bits.to_be_bytes()[1..group.len()]);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_decoded() {
        assert_eq!(base64("Q3Vwb2xh").as_deref(), Some(&b"Cupola"[..]));
        assert_eq!(base64("Q3Vwb2w=").as_deref(), Some(&b"Cupol"[..]));
        assert_eq!(base64("Q3Vwbw==").as_deref(), Some(&b"Cupo"[..]));
        assert_eq!(base64("").as_deref(), Some(&b""[..]));
        assert_eq!(base64("Q"), None);
        assert_eq!(base64("Q3V!"), None);
    }

    #[test]
    fn only_files_beside_are_asked_for() {
        let mut asked = Vec::new();
        for uri in [
            "a.bin",
            "sub/my%20a.bin",
            "../a.bin",
            "%2e%2e/a.bin",
            "/etc/passwd",
            "file:///etc/passwd",
            "http://x/a.bin",
            "C:\\a.bin",
            "a%00.bin",
            "%ff",
            "a%2",
            "",
            "sub//a.bin",
        ] {
            let mut resolve = |name: &str| {
                asked.push(name.to_owned());
                Ok(Vec::new())
            };
            let _ = fetch(0, uri, &mut resolve);
        }
        assert_eq!(asked, ["a.bin", "sub/my a.bin"]);
    }
}
