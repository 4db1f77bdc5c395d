// @ts-check
/**
 * `node --import` this before the key holder's command to get a key holder that adds no noise. It exists for tests of
 * exact totals and nowhere else: it replaces a module of the build while it is loaded, and the package has neither this
 * file nor any option, variable or argument that does the same (test/package/no-noise-switch.test.ts).
 */
import { register } from 'node:module';

register('./hooks.mjs', import.meta.url);
