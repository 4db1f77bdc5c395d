/** Waits without keeping a finished application alive. */
export function pause(millis: number): Promise<void> {
  return new Promise((resolve) => {
    const timer: unknown = setTimeout(resolve, millis);
    // A number in browsers.
    if (typeof timer === 'object') (timer as { unref?: () => void } | null)?.unref?.();
  });
}
