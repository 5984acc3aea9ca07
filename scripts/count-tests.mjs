// node scripts/count-tests.mjs REPORT FAILED_STAGES [FILE...], in the repository's root
//
// Adds up the vitest JSON reports: REPORT of each package, and the FILEs. Prints `N passed, N failed`;
// exits 0 if all is well. What kept tests from being run is a failure too: a file that did not load, a
// report that is not there, a stage of .ci/run that failed.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [report, failedStages, ...more] = process.argv.slice(2);
const packages = [...readdirSync('packages').map((name) => join('packages', name)), 'test'].filter(
  (folder) => existsSync(join(folder, 'package.json')),
);

let passed = 0;
let failed = 0;
for (const file of [...packages.map((folder) => join(folder, report)), ...more]) {
  if (!existsSync(file)) {
    failed += 1;
    continue;
  }
  const { testResults, numPassedTests, numFailedTests } = JSON.parse(readFileSync(file, 'utf8'));
  passed += numPassedTests;
  failed += numFailedTests;
  failed += testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  ).length;
}
// A failed test fails the test stage as well: that is one failure, not two.
failed = Math.max(failed, Number(failedStages));
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
