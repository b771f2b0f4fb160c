use guest_kit::word;
use sha3::{Digest, Keccak256};

/// keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"), of "W3bstream" and of "1". Hashes
/// that are always the same are written down: each costs 16,000 cycles.
const DOMAIN_TYPE: [u8; 32] = [
    0x8b, 0x73, 0xc3, 0xc6, 0x9b, 0xb8, 0xfe, 0x3d, 0x51, 0x2e, 0xcc, 0x4c, 0xf7, 0x59, 0xcc, 0x79, 0x23, 0x9f, 0x7b,
    0x17, 0x9b, 0x0f, 0xfa, 0xca, 0xa9, 0xa7, 0x5d, 0x52, 0x2b, 0x39, 0x40, 0x0f,
];
const DOMAIN_NAME: [u8; 32] = [
    0xad, 0xf1, 0xc9, 0xd6, 0x7f, 0x54, 0xa4, 0x9b, 0x64, 0xcc, 0x08, 0xcd, 0x91, 0xe2, 0x8a, 0x27, 0x52, 0x92, 0x9d,
    0xcb, 0x0f, 0x68, 0x00, 0x43, 0x91, 0xfa, 0xe7, 0x54, 0xb1, 0x3e, 0x25, 0x62,
];
const DOMAIN_VERSION: [u8; 32] = [
    0xc8, 0x9e, 0xfd, 0xaa, 0x54, 0xc0, 0xf2, 0x0c, 0x7a, 0xdf, 0x61, 0x28, 0x82, 0xdf, 0x09, 0x50, 0xf5, 0xa9, 0x51,
    0x63, 0x7e, 0x03, 0x07, 0xcd, 0xcb, 0x4c, 0x67, 0x2f, 0x29, 0x8b, 0x8b, 0xc6,
];
/// keccak256("Message(uint64 projectId,string version,string device,uint64 nonce,bytes32 payloadHash)")
const MESSAGE_TYPE: [u8; 32] = [
    0x18, 0xee, 0x8e, 0x0c, 0x17, 0xb9, 0x8f, 0x81, 0xcb, 0x89, 0xfd, 0x58, 0x1f, 0x0c, 0xba, 0xea, 0x33, 0xf1, 0xe9,
    0xfc, 0x51, 0x5d, 0x00, 0xe2, 0x2c, 0x71, 0xbb, 0xc1, 0x34, 0xb5, 0xa5, 0x85,
];

pub fn keccak(data: &[u8]) -> [u8; 32] {
    Keccak256::digest(data).into()
}

/// Whom a device signs for: a project of a registry.
pub struct Audience {
    separator: [u8; 32],
    project: [u8; 32],
    /// keccak256(abi.encode(domainSeparator, uint64 projectId)) >> 8
    pub scope: [u8; 32],
}

impl Audience {
    /// @param contract the registry, whose EIP-712 domain is `W3bstream`, version `1`
    pub fn new(chain_id: u64, contract: &[u8; 20], project_id: u64) -> Self {
        let mut address = [0; 32];
        address[12..].copy_from_slice(contract);
        let domain = [DOMAIN_TYPE, DOMAIN_NAME, DOMAIN_VERSION, word(chain_id), address];
        let (separator, project) = (keccak(domain.as_flattened()), word(project_id));
        let hash = keccak([separator, project].as_flattened());
        let mut scope = [0; 32];
        scope[1..].copy_from_slice(&hash[..31]);
        Self { separator, project, scope }
    }

    /// The EIP-712 digest of a message.
    pub fn digest(&self, message: &Message) -> [u8; 32] {
        let Message { version_hash, device, nonce, payload_hash } = *message;
        let words = [MESSAGE_TYPE, self.project, version_hash, keccak(device), word(nonce), payload_hash];
        let mut sealed = [0; 66];
        sealed[..2].copy_from_slice(&[0x19, 0x01]);
        sealed[2..34].copy_from_slice(&self.separator);
        sealed[34..].copy_from_slice(&keccak(words.as_flattened()));
        keccak(&sealed)
    }
}

/// What a device signs beside the project.
pub struct Message<'a> {
    /// keccak256 of the project's version.
    pub version_hash: [u8; 32],
    pub device: &'a [u8],
    pub nonce: u64,
    /// sha256 of the payload.
    pub payload_hash: [u8; 32],
}
