export { ChangedBytes } from './changed-bytes.ts';
export {
  type AnsweredName,
  decode,
  encodeRequest,
  encodeResponse,
  type Message,
  openReadResponse,
  type RequestFields,
  type ResponseFields,
} from './codec.ts';
export type { Connection } from './connection.ts';
export * from './limits.ts';
export { type Handlers, Link } from './link.ts';
export { type LinkCounts, noCounts, sumCounts } from './link-counts.ts';
export { access, errorCodes } from './messages.ts';
export { NotificationFilter } from './notification-filter.ts';
export { connectionPair } from './connection-pair.ts';
export { Publication } from './publication.ts';
export { Doorbells, MAX_DOORBELLS, type ThreadLoop } from './doorbells.ts';
export { type MessageSocket, SocketConnection } from './socket-connection.ts';
export { ThreadConnection, type ThreadPort } from './thread-connection.ts';
export { threadLoopOf, wallClockOf } from './host-time.ts';
export { HINT, NO_QUEUE, PublishedIndices } from './published-indices.ts';
export { eachRange, type Ranges } from './ranges.ts';
export { referencePages } from './reference.ts';
export { Violation } from './violation.ts';
export { CLOSE_MS, closeReason, SUBPROTOCOL } from './web-socket.ts';
export { WallClock, type WallTimers } from './wall-clock.ts';
export { WireError } from './wire-error.ts';
