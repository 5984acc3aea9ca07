/** Files as they are read and written: the code for it is loaded when there is one. */
export { decodePng, encodePng, loadTrace, saveTrace } from '@doorbell/lab';
