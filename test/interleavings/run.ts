/** `node --import tsx test/interleavings/run.ts --help` */
import { command } from './command.ts';

const { exitCode, stdout, stderr } = await command(process.argv.slice(2));
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = exitCode;
