use guest_kit::sha256;

pub const DEPTH: usize = 8;

/// The root of the tree in which a key stands at an index: leaf = sha256(0x00 || algorithm || key), node = sha256(0x01 || left || right).
///
/// @param path siblings, from the leaf upwards
pub fn root_of(algorithm: u8, key: &[u8], index: u8, path: &[[u8; 32]; DEPTH]) -> [u8; 32] {
    let leaf = sha256(&[&[0, algorithm], key].concat());
    path.iter().enumerate().fold(leaf, |node, (level, sibling)| {
        let (left, right) = if index >> level & 1 == 0 { (&node, sibling) } else { (sibling, &node) };
        sha256(&[&[1], &left[..], right].concat())
    })
}
