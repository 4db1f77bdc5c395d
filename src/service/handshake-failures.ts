/** TLS connections that ended before their handshake did: a wrong certificate, none, an old version, no TLS at all. */
export class HandshakeFailures {
  #count = 0;

  /** Since the start, over all ports of the service. */
  get count(): number {
    return this.#count;
  }

  readonly note = (): void => {
    this.#count += 1;
  };
}
