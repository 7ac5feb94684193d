//! The unpacked size of a zip file, from its central directory, without unpacking it.
//!
//! Source: PKWARE, APPNOTE.TXT, sections 4.3.12 to 4.3.16 and 4.5.3.

/// The length of the end of central directory record without its comment, in bytes.
const END: usize = 22;
/// The length of a central directory header without name, extra field and comment, in bytes.
const ENTRY: usize = 46;

/// Returns the sum of the unpacked sizes in the central directory, in bytes, or `None` if no directory is found. A
/// wrong size in the directory is not detected.
pub(super) fn unpacked_size(bytes: &[u8]) -> Option<u64> {
    let last = bytes.len().checked_sub(END)?;
    let first = last.saturating_sub(usize::from(u16::MAX));
    let end = (first..=last).rev().find(|at| starts(bytes, *at, b"PK\x05\x06"))?;
    let mut at = usize::try_from(directory(bytes, end)?).ok()?;
    let mut sum: u64 = 0;
    while starts(bytes, at, b"PK\x01\x02") {
        let [name, extra, comment] = [28, 30, 32].map(|field| number(bytes, at.saturating_add(field), 2));
        let (name, extra, comment) = (name? as usize, extra? as usize, comment? as usize);
        let size = match number(bytes, at + 24, 4)? {
            // The size is the first number of the ZIP64 extra field, which has the id 1.
            0xffff_ffff => large_size(bytes.get(at + ENTRY + name..at + ENTRY + name + extra)?)?,
            size => size,
        };
        sum = sum.saturating_add(size);
        at += ENTRY + name + extra + comment;
    }
    Some(sum)
}

/// Returns the offset of the central directory.
fn directory(bytes: &[u8], end: usize) -> Option<u64> {
    let offset = number(bytes, end + 16, 4)?;
    if offset != 0xffff_ffff {
        // Data may precede the archive. The offset in the record does not include it, so the directory is searched
        // immediately before the record.
        let length = usize::try_from(number(bytes, end + 12, 4)?).ok()?;
        let behind = end.checked_sub(length)?;
        return Some(if starts(bytes, behind, b"PK\x01\x02") { behind as u64 } else { offset });
    }
    let locator = end.checked_sub(20).filter(|at| starts(bytes, *at, b"PK\x06\x07"))?;
    let record = usize::try_from(number(bytes, locator + 8, 8)?).ok()?;
    if starts(bytes, record, b"PK\x06\x06") { number(bytes, record.checked_add(48)?, 8) } else { None }
}

fn large_size(extra: &[u8]) -> Option<u64> {
    let mut at = 0;
    loop {
        let (id, length) = (number(extra, at, 2)?, number(extra, at + 2, 2)?);
        if id == 1 {
            return number(extra, at + 4, 8);
        }
        at += 4 + length as usize;
    }
}

fn starts(bytes: &[u8], at: usize, signature: &[u8; 4]) -> bool {
    bytes.get(at..).is_some_and(|rest| rest.starts_with(signature))
}

/// Returns the little-endian number of `length` bytes at `at`.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let field = bytes.get(at..at.checked_add(length)?)?;
    Some(field.iter().rev().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(size: u32, extra: &[u8]) -> Vec<u8> {
        let mut entry = vec![0; ENTRY];
        entry[..4].copy_from_slice(b"PK\x01\x02");
        entry[24..28].copy_from_slice(&size.to_le_bytes());
        entry[30..32].copy_from_slice(&(extra.len() as u16).to_le_bytes());
        entry.extend_from_slice(extra);
        entry
    }

    fn archive(before: &[u8], entries: &[Vec<u8>]) -> Vec<u8> {
        let directory = entries.concat();
        let mut end = vec![0; END];
        end[..4].copy_from_slice(b"PK\x05\x06");
        end[12..16].copy_from_slice(&(directory.len() as u32).to_le_bytes());
        [before, &directory, &end, b"comment"].concat()
    }

    #[test]
    fn sums_what_the_directory_says() {
        let mut extra = vec![9, 0, 1, 0, 7, 1, 0, 8, 0];
        extra.extend_from_slice(&5_000_000_000_u64.to_le_bytes());
        let entries = [entry(1000, &[]), entry(u32::MAX, &extra), entry(1, &[])];
        assert_eq!(unpacked_size(&archive(b"something", &entries)), Some(5_000_001_001));
        assert_eq!(unpacked_size(&archive(b"", &[])), Some(0));
    }

    #[test]
    fn a_file_that_is_no_archive_has_no_size() {
        let whole = archive(b"", &[entry(u32::MAX, &[9, 0, 1, 0, 7])]);
        for end in 0..=whole.len() {
            assert!(unpacked_size(&whole[..end]).is_none_or(|size| size == 0), "{end}");
        }
        assert_eq!(unpacked_size(b"PK\x05\x06"), None);
        assert_eq!(unpacked_size(&[0xff; 70_000]), None);
    }
}
