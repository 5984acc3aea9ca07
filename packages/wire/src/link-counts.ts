/** What went over a connection, seen from one end. */
export interface LinkCounts {
  messagesSent: number;
  messagesReceived: number;
  bytesSent: number;
  bytesReceived: number;
  /** Bytes of coherent memory that publications carried. */
  bytesMirroredOut: number;
  bytesMirroredIn: number;
  /** Bytes that the device read and wrote outside of coherent memory. */
  bytesRead: number;
  bytesWritten: number;
  /** Times that this end's ring code rang the doorbell, or asked for an interrupt. */
  notifications: number;
  /** Publications that arrived though this end had asked to be left alone. */
  suppressed: number;
  frames: number;
}

export function noCounts(): LinkCounts {
  return {
    messagesSent: 0,
    messagesReceived: 0,
    bytesSent: 0,
    bytesReceived: 0,
    bytesMirroredOut: 0,
    bytesMirroredIn: 0,
    bytesRead: 0,
    bytesWritten: 0,
    notifications: 0,
    suppressed: 0,
    frames: 0,
  };
}

export function sumCounts(a: Readonly<LinkCounts>, b: Readonly<LinkCounts>): LinkCounts {
  const sum = noCounts();
  for (const name of Object.keys(sum) as (keyof LinkCounts)[]) {
    sum[name] = a[name] + b[name];
  }
  return sum;
}
