/**
 * What the receiver takes from an `ExportTraceServiceRequest` (OTLP 1.11): how many spans there are and the
 * envelopes they carry. Everything else is skipped without being kept, so that a body costs no more memory
 * than its own bytes, whatever it contains.
 */

/** The two encodings of OTLP/HTTP. gRPC carries the first. */
export type OtlpEncoding = 'protobuf' | 'json';

export interface ExtractedEnvelopes {
  /** All spans of the request, with and without an envelope. */
  readonly spans: number;
  /** The envelope of every span that carries one, as it was sent. */
  readonly envelopes: readonly string[];
  /** Spans whose envelope attribute is no string, or is there twice. */
  readonly malformed: number;
}

/** Gathers the envelopes span by span; used by both decoders so that they agree. */
export class EnvelopeCollector {
  #spans = 0;
  #malformed = 0;
  readonly #envelopes: string[] = [];

  /** @param found the values under the envelope's key on one span; `undefined` for a value of another type. */
  addSpan(found: readonly (string | undefined)[]): void {
    this.#spans += 1;
    const [envelope] = found;
    if (found.length === 0) return;
    if (found.length > 1 || envelope === undefined) this.#malformed += 1;
    else this.#envelopes.push(envelope);
  }

  result(): ExtractedEnvelopes {
    return { spans: this.#spans, envelopes: this.#envelopes, malformed: this.#malformed };
  }
}
