/** The thread in which machines run. */
import { expose } from 'comlink';
import { Bench } from './bench.ts';
import { browserEnvironment } from './environment.ts';

let files: ReadonlyMap<string, string> = new Map();
expose(new Bench(browserEnvironment, (file) => files.get(file)));

// The texts are wanted once somebody steps: machines do not wait for them.
void import('virtual:driver-sources').then((module) => {
  ({ files } = module);
});
