/** What `init` writes and where: one folder for each party, so that nobody carries what is not theirs. */
export const FOLDERS = {
  /** Goes with the application: nothing secret. */
  application: 'application',
  /** Goes to the receiver's machine: nothing secret. */
  receiver: 'receiver',
  /** Goes to the key holder's machine: the private key. */
  keyHolder: 'keyholder',
  /** Stays with the data owner, offline: the key that signs plans. */
  owner: 'owner',
  /** Where the two services meet while they share a machine. */
  run: 'run',
} as const;

export const FILES = {
  plan: 'plan.json',
  publicKey: 'public-key.json',
  privateKey: 'private-key.json',
  ownerKey: 'owner-key.json',
  passphrase: 'passphrase',
  wiring: 'telemetry.mjs',
  contributions: 'contributions',
  data: 'data',
  socket: 'key-holder.sock',
} as const;

/** Loopback ports; 4317 and 4318 are OTLP's own. */
export const DEFAULT_PORTS = {
  otlpGrpc: 4317,
  otlpHttp: 4318,
  prometheus: 9464,
  receiverAdmin: 9465,
  keyHolderAdmin: 9466,
} as const;
