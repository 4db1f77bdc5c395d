/** A BLOB of a row: libsql gives a Buffer from get() and an ArrayBuffer from all() and iterate(), pg a Buffer. */
export function blobBytes(blob: Uint8Array | ArrayBuffer): Uint8Array {
  return new Uint8Array(blob);
}
