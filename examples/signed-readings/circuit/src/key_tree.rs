use halo2_base::{
    halo2_proofs::halo2curves::{
        bn256::Fr,
        secp256k1::{Fp, Secp256k1Affine},
    },
    utils::{CurveAffineExt, decompose_biguint, fe_to_biguint},
};
use halo2_kit::poseidon;

/// Levels between leaf and root: the tree has 2^8 places.
pub const DEPTH: usize = 8;
/// A coordinate is three limbs of this many bits, lowest first.
pub(crate) const LIMB_BITS: usize = 88;
pub(crate) const LIMBS: usize = 3;

/// The registered keys of a project. Empty places hold 0.
pub struct KeyTree {
    /// From the leaves up; each level only as far as it is not empty.
    levels: Vec<Vec<Fr>>,
    /// An empty subtree's root, by level.
    empty: Vec<Fr>,
}

impl KeyTree {
    /// The tree of at most 256 keys, in order; whatever is beyond them has no place.
    pub fn new(keys: &[Secp256k1Affine]) -> Self {
        let empty: Vec<_> =
            std::iter::successors(Some(Fr::zero()), |below| Some(node(*below, *below)))
                .take(DEPTH + 1)
                .collect();
        let mut levels: Vec<Vec<Fr>> = vec![keys.iter().take(1 << DEPTH).map(leaf).collect()];
        for (level, nothing) in empty.iter().enumerate().take(DEPTH) {
            let pairs = levels[level].chunks(2);
            levels.push(
                pairs
                    .map(|pair| node(pair[0], *pair.get(1).unwrap_or(nothing)))
                    .collect(),
            );
        }
        KeyTree { levels, empty }
    }

    pub fn root(&self) -> Fr {
        self.at(DEPTH, 0)
    }

    /// The siblings on a place's way to the root, lowest first.
    pub fn path(&self, index: u8) -> [Fr; DEPTH] {
        std::array::from_fn(|level| self.at(level, (usize::from(index) >> level) ^ 1))
    }

    fn at(&self, level: usize, place: usize) -> Fr {
        self.levels[level]
            .get(place)
            .copied()
            .unwrap_or(self.empty[level])
    }
}

/// A key's leaf: Poseidon of the limbs of x, then of y.
pub fn leaf(key: &Secp256k1Affine) -> Fr {
    let (x, y) = key.into_coordinates();
    let limbs =
        |coordinate: Fp| decompose_biguint::<Fr>(&fe_to_biguint(&coordinate), LIMBS, LIMB_BITS);
    poseidon(&[limbs(x), limbs(y)].concat())
}

/// The node above two.
pub fn node(left: Fr, right: Fr) -> Fr {
    poseidon(&[left, right])
}

/// The root above a leaf.
pub fn root_from(leaf: Fr, index: u8, path: &[Fr; DEPTH]) -> Fr {
    path.iter()
        .enumerate()
        .fold(leaf, |below, (level, sibling)| {
            if index >> level & 1 == 1 {
                node(*sibling, below)
            } else {
                node(below, *sibling)
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Device;
    use halo2_base::halo2_proofs::halo2curves::secp256k1::Fq;

    #[test]
    fn every_place_leads_to_the_root() {
        let keys: Vec<_> = (1..=5)
            .map(|secret| Device::open(Fq::from(secret)).key)
            .collect();
        let tree = KeyTree::new(&keys);
        for (index, key) in keys.iter().enumerate() {
            let index = index as u8;
            assert_eq!(root_from(leaf(key), index, &tree.path(index)), tree.root());
            assert_ne!(
                root_from(leaf(key), index ^ 1, &tree.path(index)),
                tree.root()
            );
        }
        assert_eq!(root_from(Fr::zero(), 200, &tree.path(200)), tree.root());
        assert_ne!(KeyTree::new(&keys[..4]).root(), tree.root());
    }

    #[test]
    fn no_keys_make_a_tree_too() {
        let nothing = (0..DEPTH).fold(Fr::zero(), |below, _| node(below, below));
        assert_eq!(KeyTree::new(&[]).root(), nothing);
    }
}
