/** Where to listen, as `--listen` has it. */
import { isIP } from 'node:net';
import { InvalidArgumentError } from 'commander';

export interface ListenAddress {
  readonly host: string;
  /** 0: one that is free. */
  readonly port: number;
}

/** Parses `HOST:PORT`; an IPv6 host in brackets. */
export function listenAddress(text: string): ListenAddress {
  const [, bracketed, name, digits] = /^(?:\[([^\]]+)\]|([\w.-]+)):(\d+)$/.exec(text) ?? [];
  const host = bracketed ?? name;
  const port = Number(digits);
  if (host === undefined || port > 65535 || (bracketed !== undefined && isIP(bracketed) !== 6)) {
    throw new InvalidArgumentError(
      'It must be HOST:PORT, such as 127.0.0.1:7640 or [::1]:7640; port 0 is one that is free.',
    );
  }
  return { host, port };
}

/** Whether only programs of this machine can reach it. */
export function isLoopback({ host }: ListenAddress): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
