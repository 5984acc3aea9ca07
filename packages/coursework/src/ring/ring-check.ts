/** Checks of a half of a virtqueue, each by a section of VIRTIO 1.3 and with a peer of its own at the other end. */
import type { Check } from '../check/check.ts';

/** @param body  what the peer does, and has to see. */
export type RingCheck<P, Peer, Options> = (
  section: string,
  name: string,
  title: string,
  body: (peer: Peer) => void,
  options?: Options,
) => Check<P>;

/** @param peerOf  opens the part, with a peer at its other end. */
export function checksWith<P, Peer, Options>(
  peerOf: (part: P, options: Options | undefined) => Peer,
): RingCheck<P, Peer, Options> {
  return (section, name, title, body, options) => ({
    ...{ id: `virtio-1.3/${section}/${name}`, clause: `VIRTIO 1.3 §${section}`, title },
    run: (part) => {
      body(peerOf(part, options));
    },
  });
}

/** What no peer may do. It is refused, and the half is broken afterwards, and stays so. */
export function refusalsWith<P, Peer, Options>(
  check: RingCheck<P, Peer, Options>,
  mustRefuse: (what: string, peer: Peer) => void,
): RingCheck<P, Peer, Options> {
  return (section, name, title, does, options) => {
    const body = (peer: Peer): void => {
      does(peer);
      mustRefuse(title.replace(/\.$/, ''), peer);
    };
    return check(section, `refuses-${name}`, `Refused: ${title}`, body, options);
  };
}
