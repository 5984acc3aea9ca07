/** Of transports, here and in coursework: a virtio function that does what a test says. */
export { TestFunction, type Where } from './test-function.ts';
