/** Numbers as text: decimals of plans and configurations, fractions of ledgers, listening addresses, positions. */
import { formatAddress, parseAddress } from '../../../src/cli/addresses.js';
import { TelemetryKitError } from '../../../src/errors.js';
import { anchorOf } from '../../../src/keyholder/anchor.js';
import { decimalToNumber, parseDecimal } from '../../../src/math/decimal.js';
import { compareRational, formatRational, parseRational, parseRationalFraction } from '../../../src/math/rational.js';
import { promise, type Target } from '../target.js';
import { bytesOf, readOr, textOf } from './texts.js';

export const numbers: Target = {
  name: 'number',
  form: 'text',
  seeds: () =>
    ['0', '1', '0.1', '1e-6', '20', '-0.25', '1/3', '123456789012345678901234567890', '1e30', '+5e10'].map(bytesOf),
  words: ['e', 'E', '.', '-', '+', '/', '0', '9999999999', '00'],
  check: (input) => {
    const text = textOf(input);
    const value = readOr([TelemetryKitError], () => parseRational(text))?.value;
    const fraction = readOr([TelemetryKitError], () => parseRationalFraction(text))?.value;
    for (const each of [value, fraction]) {
      if (each === undefined) continue;
      promise(compareRational(parseRationalFraction(formatRational(each)), each) === 0, 'is written as another number');
    }
    const decimal = readOr([TelemetryKitError], () => parseDecimal(text))?.value;
    if (decimal !== undefined) promise(!Number.isNaN(decimalToNumber(decimal)), 'a decimal that is no number');
    return value === undefined && fraction === undefined && decimal === undefined ? 'refused' : 'accepted';
  },
};

export const addresses: Target = {
  name: 'address',
  form: 'text',
  seeds: () => ['127.0.0.1:4318', '[::1]:0', 'localhost:65535', '0.0.0.0:80'].map(bytesOf),
  words: ['[', ']', ':', '65536', '::'],
  check: (input) => {
    const address = readOr([TelemetryKitError], () => parseAddress(textOf(input)))?.value;
    if (address === undefined) return 'refused';
    const again = parseAddress(formatAddress(address));
    promise(again.host === address.host && again.port === address.port, 'is written as another address');
    return 'accepted';
  },
};

export const positions: Target = {
  name: 'ledger-position',
  form: 'text',
  seeds: () => [`7 ${'A'.repeat(43)}`, `1000000000000000 ${'-_'.repeat(21)}A`].map(bytesOf),
  check: (input) => {
    const [sequence, ...hash] = textOf(input).split(' ');
    const position = anchorOf(sequence, hash.join(' '));
    if (position === undefined) return 'refused';
    promise(Number.isSafeInteger(position.sequence) && position.sequence > 0, 'a position that no ledger has');
    return 'accepted';
  },
};
