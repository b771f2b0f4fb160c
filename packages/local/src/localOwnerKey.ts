/** First account of anvil's public mnemonic: owns projects on the local chain, where it is rich; worthless elsewhere. */
export const LOCAL_OWNER_KEY = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
