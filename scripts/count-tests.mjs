// count-tests.mjs REPORT.json: prints `PASSED FAILED` of a vitest JSON report.
import { readFileSync } from 'node:fs';

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const unloaded = report.testResults.filter(
  (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
).length;
const failed = report.numFailedTests + unloaded;
process.stdout.write(`${report.numPassedTests} ${failed === 0 && !report.success ? 1 : failed}\n`);
