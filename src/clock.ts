/** Time is an argument everywhere; this file holds its type and the one system source. */

/** Milliseconds since the Unix epoch. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();
