export { BackendUnavailable, type UnavailableCode } from './backend-unavailable.ts';
export { connectWebSocket, type ConnectOptions } from './connect-websocket.ts';
export { hostClock } from './host-clock.ts';
export { impair, type Impairment } from './impaired-connection.ts';
export { startWorkerBackend, type WorkerBackend, type WorkerRequest } from './worker-backend.ts';
