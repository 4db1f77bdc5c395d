/** tinypool's type declarations name the browser's `Worker`, which a program for Node alone does not know. */
interface Worker {
  readonly resourceLimits?: object;
}
