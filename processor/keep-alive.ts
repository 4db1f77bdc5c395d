/**
 * The worker that computes randomness never keeps the event loop running, so that it cannot hold a finished
 * application back. Whoever waits for it does: otherwise an application whose last act is to wait would end
 * before what it waits for.
 */
const LONG_MILLIS = 2 ** 30;

export async function keepAliveUntil<Result>(awaited: Promise<Result>): Promise<Result> {
  const timer = setInterval(() => undefined, LONG_MILLIS);
  try {
    return await awaited;
  } finally {
    clearInterval(timer);
  }
}

/** True if `awaited` resolved within `millis`. */
export async function resolvesWithin(awaited: Promise<void>, millis: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const expired = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), millis);
  });
  try {
    return await Promise.race([awaited.then(() => true), expired]);
  } finally {
    clearTimeout(timer);
  }
}
