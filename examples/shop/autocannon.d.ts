/** The part of autocannon's interface that the examples use. */
declare module 'autocannon' {
  interface Request {
    readonly method: 'GET' | 'POST';
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  }

  interface Options {
    readonly url: string;
    readonly connections: number;
    readonly overallRate: number;
    /** Seconds; in place of `amount`. */
    readonly duration?: number;
    /** Requests in all. */
    readonly amount?: number;
    readonly requests: readonly Request[];
  }

  interface Result {
    readonly requests: { readonly total: number };
    readonly errors: number;
    readonly timeouts: number;
  }

  interface Run extends Promise<Result> {
    stop(): void;
  }

  export default function autocannon(options: Options): Run;
}
