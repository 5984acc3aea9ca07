/** The thread in which machines run. */
import { expose } from 'comlink';
import { files } from 'virtual:drivers';
import { Bench } from './bench.ts';
import { browserEnvironment } from './environment.ts';

expose(new Bench(browserEnvironment, (file) => files.get(file)));
