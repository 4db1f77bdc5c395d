/** The one error of the decoders: the bytes are no trace request. Answered 400 or INVALID_ARGUMENT, never retried. */

export class UndecodableRequest extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UndecodableRequest';
  }
}
