/** `telemetry-kit/paillier`: public keys and standard ciphertexts. The private part is `telemetry-kit/keyholder`. */
export { addCiphertexts, addPlaintext, ciphertextFromBytes, ciphertextToBytes, isCiphertext } from './ciphertext.js';
export { exportPublicJwk, importPublicKey, type PublicJwk } from './foreign-public-key.js';
export { Encryptor } from './encrypt.js';
export { KEY_SIZES, PublicKey, type KeySize, type PublicKeyOptions } from './public-key.js';
export { decodeSlots, encodeSlots, slotCapacity } from './slots.js';
