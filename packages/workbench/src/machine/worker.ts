/** The thread in which machines run. */
import { expose } from 'comlink';
import { Bench } from './bench.ts';
import { browserEnvironment } from './environment.ts';

// The texts are wanted once somebody steps: machines do not wait for them.
const sources = import('virtual:driver-sources').then(({ files }) => files);
expose(new Bench(browserEnvironment, sources));
