/**
 * `telemetry-kit/keyholder`: private keys and the process that holds them. Nothing that the application or
 * the receiver loads imports this.
 */
export { exportPrivateJwk, importPrivateKey, type PrivateJwk } from '../paillier/foreign-private-key.js';
export { PrivateKey } from '../paillier/private-key.js';
export type { CeilingOptions } from './ceilings.js';
export { generatePrivateKey, type GenerateKeyOptions } from './generate-key.js';
export { openOwnerSeed, openPrivateKey, sealOwnerSeed, sealPrivateKey } from './key-at-rest.js';
export type { LedgerEntry } from './ledger-entry.js';
export type { PeriodSpending, ReleaseCounts } from './audit-summary.js';
export { exportLedger, verifyLedgerExport, type LedgerVerification } from './ledger-export.js';
export { openLedger, type Ledger } from './ledger.js';
export type { SealedSecret } from './sealed-secret.js';
export { writeSecretFile } from './secret-file.js';
export type { KeyHolderListen, ServerTls } from './server.js';
export { ledgerPath, startKeyHolder, type KeyHolderOptions, type RunningKeyHolder } from './start.js';
