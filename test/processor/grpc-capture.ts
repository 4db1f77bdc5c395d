/** A loopback OTLP/gRPC endpoint that keeps every message it is sent. */
import { Server, ServerCredentials, type UntypedHandleCall } from '@grpc/grpc-js';

const EXPORT = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';

export class GrpcCapture {
  readonly messages: Buffer[] = [];
  readonly #server = new Server();
  #port = 0;

  static async start(): Promise<GrpcCapture> {
    const capture = new GrpcCapture();
    const same = (bytes: Buffer): Buffer => bytes;
    const method = {
      path: EXPORT,
      requestStream: false,
      responseStream: false,
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    };
    const handle = (call: { request: Buffer }, done: (error: null, answer: Buffer) => void): void => {
      capture.messages.push(call.request);
      done(null, Buffer.alloc(0));
    };
    capture.#server.addService({ Export: method }, { Export: handle as UntypedHandleCall });
    capture.#port = await new Promise((resolve, reject) => {
      capture.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      );
    });
    return capture;
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.#port)}`;
  }

  stop(): void {
    this.#server.forceShutdown();
  }
}
