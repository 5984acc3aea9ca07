/** The `doorbell` command. */
import { runCommand } from './command.ts';
import { exitCodes } from './exit-code.ts';

// Whoever reads the output may stop doing so: `doorbell list | head -1`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? exitCodes.DONE : exitCodes.UNAVAILABLE);
});

process.exitCode = await runCommand(process.argv.slice(2));
