use crate::curve::Table;
use crate::ed25519::{self, Curve25519};
use crate::message::{Audience, keccak};
use crate::p256::{self, P256};

/// What readings of a task have in common, worked out once.
pub struct Verifier {
    project_id: u64,
    audience: Option<(u64, [u8; 20], Audience)>,
    version: Option<(Vec<u8>, [u8; 32])>,
    ed25519: Option<Table<Curve25519>>,
    p256: Option<Table<P256>>,
}

impl Verifier {
    pub fn new(project_id: u64) -> Self {
        Self { project_id, audience: None, version: None, ed25519: None, p256: None }
    }

    /// The task's project in a registry. Panics where another reading was signed for another one.
    pub fn audience(&mut self, chain_id: u64, contract: [u8; 20]) -> &Audience {
        let new = || (chain_id, contract, Audience::new(chain_id, &contract, self.project_id));
        let (known_chain, known_contract, audience) = self.audience.get_or_insert_with(new);
        let same = *known_chain == chain_id && *known_contract == contract;
        assert!(same, "readings of one task have to be signed for one registry");
        audience
    }

    /// keccak256 of a version, nearly always the one before.
    pub fn version_hash(&mut self, version: &[u8]) -> [u8; 32] {
        match &self.version {
            Some((known, hash)) if known == version => *hash,
            _ => self.version.insert((version.to_vec(), keccak(version))).1,
        }
    }

    pub fn ed25519_holds(&mut self, key: &[u8; 32], signature: &[u8; 64], message: &[u8]) -> bool {
        ed25519::verifies(self.ed25519.get_or_insert_with(ed25519::base_table), key, signature, message)
    }

    pub fn p256_holds(&mut self, key: &[u8; 64], signature: &[u8; 64], hash: &[u8; 32]) -> bool {
        p256::verifies(self.p256.get_or_insert_with(p256::base_table), key, signature, hash)
    }
}
