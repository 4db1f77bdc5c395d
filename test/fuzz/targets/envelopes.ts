/** Envelopes: the text of the attribute, its header, its components, and for some the proofs as well. */
import { equalBytesPublic, fromBase64Url } from '../../../src/bytes.js';
import { systemRandom } from '../../../src/random.js';
import { addressEnvelope, type AddressBook } from '../../../src/wire/address.js';
import { decodeEnvelope, encodeEnvelope, writeHeader } from '../../../src/wire/envelope.js';
import { openEnvelope } from '../../../src/wire/open-envelope.js';
import { REJECTION_REASONS } from '../../../src/wire/rejection.js';
import { EnvelopeVerifier } from '../../../src/wire/verify.js';
import { coalescedMembers } from '../../../src/plan/layout.js';
import { honest } from '../../corpus/envelope-rows.js';
import { coalesced, KEYS, open, PLANS, shop } from '../../corpus/plans.js';
import { promise, type Target } from '../target.js';
import { bytesOf, textOf } from './texts.js';

const BOOK: AddressBook = {
  plans: new Map(PLANS.map((plan) => [plan.hashText, plan])),
  keys: new Map(KEYS.map((each) => [each.kid, each])),
};
const flushed = coalesced.reports[0]!.measurements[0]!;
const verifier = new EnvelopeVerifier(PLANS, KEYS);
/** Proofs take milliseconds each: of envelopes with a good header they are checked for one in so many. */
const PROOFS_ONE_IN = 64;
let withGoodHeader = 0;

export const envelopes: Target = {
  name: 'envelope',
  form: 'base64url',
  seeds: () => [
    bytesOf(honest(shop)),
    bytesOf(honest(coalesced, { members: [coalescedMembers(flushed, 3, [2n, 1n])], spanBound: 3 })),
    bytesOf(honest(open, { labels: ['search'], members: [[1], [1]] })),
    bytesOf(honest(open, { labels: ['\u00e4\u{1f600}'], members: [[0], [0]] })),
  ],
  check: (input) => {
    const bytes = decodeEnvelope(textOf(input));
    if (bytes === undefined) return 'refused';
    promise(encodeEnvelope(bytes) === textOf(input), 'one value has two encodings');
    const addressed = addressEnvelope(bytes, BOOK);
    const header = verifier.readHeader(bytes);
    if (typeof addressed === 'string') {
      promise(!header.ok && header.reason === addressed, 'the header has two verdicts');
      promise(REJECTION_REASONS.includes(addressed), 'a reason outside of the closed set');
      return 'refused';
    }
    promise(header.ok, 'the header has two verdicts');
    const written = new Uint8Array(bytes.length);
    const { kid, planHash, ...rest } = addressed.header;
    const end = writeHeader(written, { ...rest, kid: digestOf(kid), planHash: digestOf(planHash) });
    promise(end === addressed.headerEnd, 'the header ends elsewhere when it is written again');
    promise(equalBytesPublic(written.subarray(0, end), bytes.subarray(0, end)), 'the header is written in another way');
    openEnvelope(addressed);
    withGoodHeader += 1;
    if (withGoodHeader % PROOFS_ONE_IN !== 0) return 'accepted';
    const [alone, [together]] = [verifier.verify(bytes), verifier.verifyMany([bytes], systemRandom)];
    promise(alone.ok === together?.ok, 'single and batch verification disagree');
    return 'accepted';
  },
};

function digestOf(text: string): Uint8Array {
  return fromBase64Url(text) ?? new Uint8Array(0);
}
