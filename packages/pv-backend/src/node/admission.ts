/** Who may connect: decided on the request, before anything of WebSocket is done. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** An HTTP status and what it means to the peer. */
export interface Refusal {
  readonly status: 400 | 401 | 403 | 503;
  readonly reason: string;
}

/**
 * @param origins  of web pages that may connect, beside those of this machine; a program that is no
 * browser sends none.
 */
export function refusal(
  request: IncomingMessage,
  token: string,
  origins: readonly string[],
): Refusal | undefined {
  const { origin } = request.headers;
  if (origin !== undefined && !isOwn(origin) && !origins.includes(origin)) {
    return { status: 403, reason: 'This web page may not connect.' };
  }
  const given = tokenOf(request.url ?? '');
  if (given === undefined || !equal(given, token)) {
    return { status: 401, reason: 'The token is missing or wrong.' };
  }
  return undefined;
}

/** Who serves pages on this machine is its user; the page needs the token all the same. */
function isOwn(origin: string): boolean {
  return /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/.test(origin);
}

function tokenOf(path: string): string | undefined {
  const at = path.indexOf('?');
  return new URLSearchParams(at < 0 ? '' : path.slice(at)).get('token') ?? undefined;
}

/** In a time that tells nothing of where the two differ. */
function equal(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
