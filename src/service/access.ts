/** Who may pass a door: the question that every server asks before it reads a request. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../clock.js';
import type { Live } from './reloaded-files.js';
import type { AccessRefusal, Scope, TokenRegister } from './tokens.js';

export interface Refusal {
  readonly refusal: AccessRefusal;
  /** Says which scope is missing; nothing about tokens that exist. */
  readonly message: string;
  /** 401 or 403. */
  readonly httpStatus: number;
  /** WWW-Authenticate, RFC 6750 section 3. */
  readonly challenge: string;
}

export class AccessControl {
  /** Requests turned away, since the start. */
  readonly refused: Record<AccessRefusal, number> = { unauthenticated: 0, permission_denied: 0 };
  readonly #tokens: Live<TokenRegister> | undefined;
  readonly #clock: Clock;

  /** Without tokens every door is open. */
  constructor(tokens: Live<TokenRegister> | undefined, clock: Clock) {
    this.#tokens = tokens;
    this.#clock = clock;
  }

  /** `undefined`: come in. */
  refuse(authorization: string | undefined, scope: Scope): Refusal | undefined {
    if (this.#tokens === undefined) return undefined;
    const access = this.#tokens.value.check(authorization, scope, this.#clock() / 1000);
    if (access.granted) return undefined;
    const { refusal, message } = access;
    this.refused[refusal] += 1;
    const error = refusal === 'permission_denied' ? `, error="insufficient_scope", scope="${scope}"` : '';
    const challenge = `Bearer realm="telemetry-kit"${error}`;
    return { refusal, message, httpStatus: refusal === 'unauthenticated' ? 401 : 403, challenge };
  }

  /** Answers a request that may not pass; whether it did. */
  turnedAway(request: IncomingMessage, response: ServerResponse, scope: Scope): boolean {
    const refusal = this.refuse(request.headers.authorization, scope);
    if (refusal === undefined) return false;
    const headers = { 'content-type': 'text/plain; charset=utf-8', 'www-authenticate': refusal.challenge };
    response.writeHead(refusal.httpStatus, headers).end(`${refusal.message}\n`);
    return true;
  }
}
