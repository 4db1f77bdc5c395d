// @ts-check
/** Module hooks: whoever asks for the pool of noise gets the one that holds zeros. */

const ZERO_POOL = new URL('./noise-pool.mjs', import.meta.url).href;

/** @type {import('node:module').ResolveHook} */
export async function resolve(specifier, context, nextResolve) {
  const found = await nextResolve(specifier, context);
  return found.url.endsWith('/dist/src/privacy/noise-pool.js') ? { ...found, url: ZERO_POOL } : found;
}
