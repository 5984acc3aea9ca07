/** The origin of a web page, as `--origin` has it. */
import { InvalidArgumentError } from 'commander';

/** Parses `http://HOST:PORT`, as browsers send it (RFC 6454 §6.2). */
export function webOrigin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.href !== `${url.origin}/`) {
    throw new InvalidArgumentError(
      'It must be the origin of a page, such as http://192.0.2.7:8080.',
    );
  }
  return url.origin;
}
