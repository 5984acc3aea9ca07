export { driverFolder, driverNames, driverSource, filesOf } from './driver-files.ts';
export { driverSha256, hashFolder } from './driver-hash.ts';
export { labEnvironment } from './environment.ts';
export { checkGpu, openGpuDevice } from './webgpu.ts';
