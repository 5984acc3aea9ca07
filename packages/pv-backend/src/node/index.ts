export { hostClock } from './host-clock.ts';
export { listenWebSocket, type WebSocketListener } from './listen-websocket.ts';
export type { ListenOptions, PeerLimits } from './listen-options.ts';
export type { DeviceModule, ThreadDevice, ThreadSurroundings } from '../thread-server.ts';
export { workerProgram } from './worker-program.ts';
