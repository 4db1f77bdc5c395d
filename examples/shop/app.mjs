// @ts-check
/**
 * A small shop over HTTP. Business code as anyone writes it: it sets attributes on spans, some of them
 * sensitive, and knows nothing about sealing. Customers' plans and the features they use appear in span
 * attributes only, never in an answer, a URL or a log.
 */
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { SpanStatusCode, trace } from '@opentelemetry/api';

const tracer = trace.getTracer('shop');

/** Which plan a customer is on: every fifth pays yearly, every second of the others monthly. */
const PLANS = ['enterprise-annual-7', 'team-monthly-12', 'free-forever-tier', 'team-monthly-12', 'free-forever-tier'];
/** What the buttons of the shop's page do; the page sends the button's number. */
const FEATURES = ['dashboard-realtime', 'export-quarterly-pdf', 'import-ledger-csv'];

/**
 * @param {{ port: number }} options port 0 takes any free one
 * @returns {Promise<import('node:http').Server>} listening on the loopback interface
 */
export function startShop({ port }) {
  const server = createServer((request, response) => {
    handle(request, response).catch(() => {
      answer(response, 400, { error: 'send a JSON object' });
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
async function handle(request, response) {
  switch (`${request.method ?? ''} ${request.url ?? ''}`) {
    case 'POST /checkout': {
      checkout(await bodyOf(request), response);
      return;
    }
    case 'POST /use-feature': {
      recordFeature(await bodyOf(request), response);
      return;
    }
    default: {
      answer(response, 404, { error: 'try POST /checkout or POST /use-feature' });
      return;
    }
  }
}

/**
 * Sells a cart: `{ "customer": number, "amount": number }`. Amounts over the card's limit are declined.
 * @param {Record<string, unknown>} order
 * @param {import('node:http').ServerResponse} response
 */
function checkout(order, response) {
  tracer.startActiveSpan('checkout', (span) => {
    const accepted = Number(order['amount']) <= 500;
    span.setAttribute('customer.plan', planOf(Number(order['customer'])));
    span.setAttribute('checkout.success', accepted);
    if (!accepted) span.setStatus({ code: SpanStatusCode.ERROR, message: 'card declined' });
    span.end();
    answer(response, accepted ? 200 : 402, { accepted });
  });
}

/**
 * Counts a click: `{ "customer": number, "button": number }`.
 * @param {Record<string, unknown>} click
 * @param {import('node:http').ServerResponse} response
 */
function recordFeature(click, response) {
  tracer.startActiveSpan('use-feature', (span) => {
    span.setAttribute('feature.used', FEATURES[Number(click['button']) % FEATURES.length] ?? 'unknown');
    span.end();
    answer(response, 200, { recorded: true });
  });
}

/** @param {number} customer */
function planOf(customer) {
  return PLANS[customer % PLANS.length] ?? 'free-forever-tier';
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @returns {Promise<Record<string, unknown>>}
 */
async function bodyOf(request) {
  const body = await json(request);
  if (typeof body !== 'object' || body === null) throw new Error('not an object');
  return /** @type {Record<string, unknown>} */ (body);
}

/**
 * @param {import('node:http').ServerResponse} response
 * @param {number} status
 * @param {object} body
 */
function answer(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
