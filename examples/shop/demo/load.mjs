// @ts-check
/** Drives the shop with a real HTTP load client at a fixed rate. */
import autocannon from 'autocannon';

const REQUESTS_PER_SECOND = 10;
const A_DAY = 24 * 3600;

/** A repeating mix: two checkouts of three succeed, customers of all plans, all buttons. */
const REQUESTS = Array.from({ length: 60 }, (_, index) =>
  index % 2 === 0
    ? post('/checkout', { customer: index / 2, amount: index % 3 === 0 ? 900 : 120 })
    : post('/use-feature', { customer: index, button: [0, 1, 0, 2, 0][((index - 1) / 2) % 5] }),
);

/**
 * @param {string} path
 * @param {object} body
 */
function post(path, body) {
  return {
    method: /** @type {const} */ ('POST'),
    path,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
}

/**
 * @param {number} port of the shop
 * @param {number | undefined} seconds how long; `undefined`: until stopped
 * @returns {{ finished: Promise<{ requests: number, errors: number }>, stop(): void }}
 */
export function startLoad(port, seconds) {
  const run = autocannon({
    url: `http://127.0.0.1:${String(port)}`,
    connections: 1,
    overallRate: REQUESTS_PER_SECOND,
    requests: REQUESTS,
    ...(seconds === undefined ? { duration: A_DAY } : { amount: seconds * REQUESTS_PER_SECOND }),
  });
  return {
    finished: run.then(({ requests, errors, timeouts }) => ({ requests: requests.total, errors: errors + timeouts })),
    stop: () => run.stop(),
  };
}
