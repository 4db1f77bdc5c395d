/**
 * Products of many powers by buckets, over any representation of elements.
 * Reference: N. Pippenger, "On the evaluation of powers and monomials", SIAM J. Comput. 9(2), 1980.
 *
 * Window by window from the top: every element goes into the bucket of its digit; two running products give
 * prod bucket[d]^d; squarings lead to the next window. Exponents of different lengths share the buckets.
 *
 * Elements are units, and products are not: a product of two units costs so much less than others that a bucket
 * takes units two by two.
 */
import { bigIntToBytes, bitLength } from '../bytes.js';
import { planWindows, type ProductCosts, type Window } from './window-plan.js';

/**
 * Elements whose products are stored in numbered slots. An element stays valid until another product is stored
 * in its slot; arguments and result may share a slot.
 */
export interface SlotArithmetic<Element extends bigint | number> {
  readonly costs: ProductCosts;
  /** Called before a run: slots 0 to count - 1 will be used. */
  prepare(slotCount: number): void;
  multiply(slot: number, a: Element, b: Element): Element;
  square(slot: number, a: Element): Element;
  copy(slot: number, a: Element): Element;
}

export interface ElementPower<Element extends bigint | number> {
  readonly element: Element;
  /** Not negative. */
  readonly exponent: bigint;
}

/** The product of element^exponent, or `undefined` where every exponent is 0. The first window is never empty. */
export function multiplyPowers<Element extends bigint | number>(
  powers: readonly ElementPower<Element>[],
  arithmetic: SlotArithmetic<Element>,
): Element | undefined {
  const measured = powers
    .map(({ element, exponent }) => ({ element, exponent, bits: bitLength(exponent) }))
    .filter(({ bits }) => bits > 0)
    .sort((a, b) => b.bits - a.bits);
  const windows = planWindows(
    measured.map(({ bits }) => bits),
    arithmetic.costs,
  );
  const elements = measured.map(({ element }) => element);
  const digits = new Digits(measured.map(({ exponent }) => exponent));
  const run = new BucketRun(arithmetic, Math.max(0, ...windows.map(({ width }) => width)));
  for (const window of windows) run.add(window, elements, digits);
  digits.wipe();
  return run.total;
}

class BucketRun<Element extends bigint | number> {
  total: Element | undefined;
  readonly #arithmetic: SlotArithmetic<Element>;
  /** A bucket's slot is its digit; these are the slots behind. */
  readonly #coupleSlot: number;
  readonly #runningSlot: number;
  readonly #sumSlot: number;
  readonly #totalSlot: number;

  constructor(arithmetic: SlotArithmetic<Element>, maxWidth: number) {
    this.#arithmetic = arithmetic;
    this.#coupleSlot = 2 ** maxWidth;
    this.#runningSlot = this.#coupleSlot + 1;
    this.#sumSlot = this.#coupleSlot + 2;
    this.#totalSlot = this.#coupleSlot + 3;
    arithmetic.prepare(this.#coupleSlot + 4);
  }

  /** total = total^(2^width) * product of the window. */
  add(window: Window, elements: readonly Element[], digits: Digits): void {
    const product = this.#combine(this.#fill(window, elements, digits));
    const { total } = this;
    if (total === undefined) {
      this.total = product === undefined ? undefined : this.#arithmetic.copy(this.#totalSlot, product);
      return;
    }
    let power = total;
    for (let bit = 0; bit < window.width; bit += 1) power = this.#arithmetic.square(this.#totalSlot, power);
    this.total = product === undefined ? power : this.#arithmetic.multiply(this.#totalSlot, power, product);
  }

  /** The product of the elements of every digit. */
  #fill({ position, width, terms }: Window, elements: readonly Element[], digits: Digits): (Element | undefined)[] {
    const buckets = new Array<Element | undefined>(2 ** width);
    const single = new Array<Element | undefined>(2 ** width);
    for (let term = 0; term < terms; term += 1) {
      const digit = digits.at(term, position, width);
      const element = elements[term];
      if (digit === 0 || element === undefined) continue;
      const other = single[digit];
      single[digit] = other === undefined ? element : undefined;
      if (other !== undefined) buckets[digit] = this.#addCouple(digit, buckets[digit], other, element);
    }
    single.forEach((element, digit) => {
      if (element === undefined) return;
      const held = buckets[digit];
      buckets[digit] = held === undefined ? element : this.#arithmetic.multiply(digit, held, element);
    });
    return buckets;
  }

  #addCouple(digit: number, held: Element | undefined, a: Element, b: Element): Element {
    if (held === undefined) return this.#arithmetic.multiply(digit, a, b);
    return this.#arithmetic.multiply(digit, held, this.#arithmetic.multiply(this.#coupleSlot, a, b));
  }

  /** prod bucket[d]^d = the product of all products of the buckets from d up. */
  #combine(buckets: readonly (Element | undefined)[]): Element | undefined {
    let running: Element | undefined;
    let product: Element | undefined;
    for (let digit = buckets.length - 1; digit > 0; digit -= 1) {
      const bucket = buckets[digit];
      if (bucket !== undefined) {
        running = running === undefined ? bucket : this.#arithmetic.multiply(this.#runningSlot, running, bucket);
      }
      if (running === undefined) continue;
      product = product === undefined ? running : this.#arithmetic.multiply(this.#sumSlot, product, running);
    }
    return product;
  }
}

/** The digits of many exponents: little-endian bytes side by side, with room to read three at any place. */
class Digits {
  readonly #stride: number;
  readonly #bytes: Uint8Array;

  /** The longest exponent comes first. */
  constructor(exponents: readonly bigint[]) {
    const width = Math.ceil(bitLength(exponents[0] ?? 0n) / 8);
    this.#stride = width + 2;
    this.#bytes = new Uint8Array(this.#stride * exponents.length);
    exponents.forEach((exponent, index) => {
      const bytes = bigIntToBytes(exponent, width).reverse();
      this.#bytes.set(bytes, index * this.#stride);
      bytes.fill(0);
    });
  }

  /** `width` bits (at most 17) of an exponent from `position`. */
  at(index: number, position: number, width: number): number {
    const offset = index * this.#stride + (position >> 3);
    const bytes = this.#bytes;
    const word = (bytes[offset] ?? 0) | ((bytes[offset + 1] ?? 0) << 8) | ((bytes[offset + 2] ?? 0) << 16);
    return (word >> (position & 7)) & ((1 << width) - 1);
  }

  wipe(): void {
    this.#bytes.fill(0);
  }
}
