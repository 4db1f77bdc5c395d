// @ts-check
/**
 * Looks for sensitive texts in a stream of bytes, however they may be written: plain, UTF-16, hex, percent,
 * JSON escapes and base64 at each of its three alignments. A text cut in two by a chunk border is found too.
 */

/** @typedef {{ readonly text: string, readonly encoding: string, readonly bytes: Buffer }} Pattern */

/** Shorter texts would be found by chance. */
const LEAST_LENGTH = 12;

/**
 * Every way of writing the texts that is searched for.
 * @param {readonly string[]} texts
 * @returns {Pattern[]}
 */
export function patternsOf(texts) {
  return texts.flatMap((text) => {
    if (text.length < LEAST_LENGTH) throw new Error(`"${text}" is too short to be told from chance`);
    return Object.entries(writings(text)).map(([encoding, bytes]) => ({ text, encoding, bytes: Buffer.from(bytes) }));
  });
}

/**
 * @param {string} text
 * @returns {Record<string, string | Buffer>}
 */
function writings(text) {
  const bytes = Buffer.from(text, 'utf8');
  const hex = bytes.toString('hex');
  const percent = [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  const escapes = Array.from(text, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`).join(
    '',
  );
  return {
    plain: text,
    'upper case': text.toUpperCase(),
    'utf-16 little-endian': Buffer.from(text, 'utf16le'),
    'utf-16 big-endian': Buffer.from(text, 'utf16le').swap16(),
    'hex, lower case': hex,
    'hex, upper case': hex.toUpperCase(),
    'percent, lower case': percent,
    'percent, upper case': percent.toUpperCase(),
    'JSON escapes': escapes,
    ...base64Writings(bytes),
  };
}

/**
 * Base64 of a text inside a longer one depends on its position modulo 3: the characters that also carry
 * neighbouring bytes are left out, the rest is the same wherever the text stands.
 * @param {Buffer} bytes
 * @returns {Record<string, string>}
 */
function base64Writings(bytes) {
  const entries = [0, 1, 2].flatMap((alignment) => {
    const shifted = Buffer.concat([Buffer.alloc(alignment), bytes]);
    const first = Math.ceil((alignment * 8) / 6);
    const last = Math.floor((shifted.length * 8) / 6);
    const standard = shifted.toString('base64').slice(first, last);
    const url = shifted.toString('base64url').slice(first, last);
    return [
      [`base64, alignment ${String(alignment)}`, standard],
      [`base64url, alignment ${String(alignment)}`, url],
    ];
  });
  return Object.fromEntries(entries);
}

/** Scans one stream; make one for each connection. */
export class LeakScanner {
  /** Bytes seen. */
  bytesScanned = 0;
  #tail = Buffer.alloc(0);
  #patterns;
  #longest;

  /** @param {readonly Pattern[]} patterns */
  constructor(patterns) {
    this.#patterns = patterns;
    this.#longest = Math.max(...patterns.map(({ bytes }) => bytes.length));
  }

  /**
   * The patterns found in this chunk or across its border with the one before, each once.
   * @param {Uint8Array} chunk
   * @returns {Pattern[]}
   */
  scan(chunk) {
    this.bytesScanned += chunk.length;
    const window = Buffer.concat([this.#tail, chunk]);
    const alreadySeen = this.#tail.length;
    this.#tail = window.subarray(Math.max(0, window.length - (this.#longest - 1)));
    return this.#patterns.filter(({ bytes }) => {
      // An occurrence that ended before this chunk was reported with the chunk before.
      const earliest = Math.max(0, alreadySeen - bytes.length + 1);
      return window.includes(bytes, earliest);
    });
  }
}
